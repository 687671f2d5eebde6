// What the project promises of its benches, as bars beside the figures of one run: how low a cost, how high a gain. Not
// a verdict: the figures of one run on a busy machine may miss a bar that a quiet one holds. Printed by src/cli.
import { assert } from "#base/assert.js";
import type { PlanningReports } from "./planning_bench.js";
import type { ScanMeasurement, ScanReport } from "./scan_bench.js";
import { rounded } from "./statistics.js";
import type { QueryReport, TpchReport } from "./tpch_bench.js";

export interface Bar {
  readonly what: string;
  readonly figure: number;
  readonly sense: "at most" | "at least";
  readonly bound: number;
  readonly holds: boolean;
}

/** Costs of the batch path, in those of the executor path with the same columns. */
const executorShares = new Map([[1, 0.35], [4, 0.3], [7, 0.35], [16, 0.35]]);
const selectiveShare = 0.4;
const touchFactor = 4.5;
const touchColumns = 4;
const pairGain = 1.7;

/** Milliseconds for a join of twelve tables. */
const planningMs = 50;

const queryGains = new Map([["q1", 8], ["q6", 4]]);
const meanGain = 3;
const leastGain = 0.8;
const leastGainWithIndexes = 0.7;

function bar(what: string, figure: number, sense: Bar["sense"], bound: number): Bar {
  assert(Number.isFinite(figure), "a bar needs a figure");
  const holds = sense === "at most" ? figure <= bound : figure >= bound;
  return { what, figure: rounded(figure), sense, bound, holds };
}

function scanBars(scan: ScanMeasurement): readonly Bar[] {
  const which = `${scan.columns} ${scan.columns === 1 ? "column" : "columns"} of ${scan.qual} rows`;
  const share = scan.heap_cpu_ns / scan.executor_cpu_ns;
  const shareOf = (bound: number) => bar(`heap batches / executor, ${which}`, share, "at most", bound);
  if (scan.qual === "2%") return [shareOf(selectiveShare)];
  if (scan.qual !== "all") return [];
  const bound = executorShares.get(scan.columns);
  const touch = bar(`heap batches / touching, ${which}`, scan.heap_cpu_ns / scan.touch_cpu_ns, "at most", touchFactor);
  const elapsed = scan.heap_wall_ns / scan.pair_wall_ns;
  const byCpu = (2 * scan.heap_cpu_ns) / scan.pair_cpu_ns;
  return [
    ...(bound === undefined ? [] : [shareOf(bound)]),
    ...(scan.columns === touchColumns ? [touch] : []),
    bar(`two producers / one, ${which}, elapsed`, elapsed, "at least", pairGain),
    bar(`two producers / one, ${which}, by CPU`, byCpu, "at least", pairGain),
  ];
}

/** Of the rows a qual leaves half of nothing is promised. */
export function barsOfScans(report: Pick<ScanReport, "scans">): readonly Bar[] {
  return report.scans.flatMap(scanBars);
}

/** Planning anew, and not at all. */
export function barsOfPlanning({ joins, prepared }: PlanningReports): readonly Bar[] {
  const times = joins.flatMap(({ shape, planning_ms: elapsed, cpu_ms: cpu }) => [
    bar(`planning: ${shape}, ms elapsed`, elapsed, "at most", planningMs),
    bar(`planning: ${shape}, ms by CPU`, cpu, "at most", planningMs),
  ]);
  const kept = prepared.map(({ statement, plannings }) =>
    bar(`plannings of a kept plan, ${statement}`, plannings, "at most", 0));
  return [...times, ...kept];
}

/** Against PostgreSQL with two parallel workers; where it reached its limit, the gain is at least what is stated. */
export function barsOfQueries(report: TpchReport, indexes: boolean): readonly Bar[] {
  const gains = report.queries.flatMap(({ query, fusion_ms: own, postgres_parallel_ms: base }: QueryReport) =>
    own === null ? [] : [{ query, gain: base / own }],
  );
  const bars = gains.flatMap(({ query, gain }) => {
    const bound = indexes ? undefined : queryGains.get(query);
    return bound === undefined ? [] : [bar(query, gain, "at least", bound)];
  });
  const mean = report.geomean.vs_postgres_parallel;
  const lowest = [...gains].sort((a, b) => a.gain - b.gain)[0];
  if (mean === null || lowest === undefined) return bars;
  return [
    ...bars,
    ...(indexes ? [] : [bar("geometric mean", mean, "at least", meanGain)]),
    bar(`lowest (${lowest.query})`, lowest.gain, "at least", indexes ? leastGainWithIndexes : leastGain),
  ];
}
