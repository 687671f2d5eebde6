// `pg-fusion bench tpch|scan|latency|recorder`: brings the server and the scale up, runs the bench, prints a table
// and writes the JSON. The measuring is in src/bench.
import { writeFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { barsOfPlanning, barsOfQueries, barsOfScans } from "#bench/bars.js";
import type { Bar } from "#bench/bars.js";
import { benchLatency } from "#bench/latency_bench.js";
import { benchPlanning, joinedTables } from "#bench/planning_bench.js";
import { benchRecorder, recorders } from "#bench/recorder_bench.js";
import type { PlanningReports } from "#bench/planning_bench.js";
import { benchScan } from "#bench/scan_bench.js";
import { benchTpch } from "#bench/tpch_bench.js";
import type { QueryReport } from "#bench/tpch_bench.js";
import { CommandError } from "#cluster/command_error.js";
import { parseQueries } from "#tpch/queries.js";
import type { Arguments } from "./arguments.js";
import { bringSession, openSession } from "./session.js";

const defaultRuns = 5;
/** Short statements need more for a 99th percentile. */
const defaultLatencyRuns = 300;
/** Each run of the planning bench plans ten joins of twelve tables. */
const latencyRunsPerPlanning = 10;
/** Differences of a percent need more rounds than factors do. */
const defaultRecorderRuns = 30;
const shortRunsPerRun = 20;
const defaultScale = "1";
/** PostgreSQL finishes what it reads once or twice in much less; what takes longer takes many minutes. */
const defaultLimitSeconds = 60;
const limitSecondsMax = 86_400;
/** A bench of more rounds than this was a typing mistake. */
const runsMax = 1000;

function parseRuns(text: string | undefined, otherwise = defaultRuns): number {
  const runs = text === undefined ? otherwise : Number(text);
  if (Number.isInteger(runs) && runs >= 1 && runs <= runsMax) return runs;
  throw new CommandError(`--runs ${text} is not possible.`, `Choose 1 to ${runsMax}.`);
}

function parseLimitMs(text: string | undefined): number {
  const seconds = text === undefined ? defaultLimitSeconds : Number(text);
  const limitMs = Math.round(seconds * 1000);
  if (limitMs >= 1 && seconds <= limitSecondsMax) return limitMs;
  throw new CommandError(`--limit ${text} is not possible.`, `Choose 0.001 to ${limitSecondsMax} seconds.`);
}

function print(cells: readonly string[], widths: readonly number[]): void {
  const line = cells.map((cell, at) => {
    const width = widths[at] ?? 0;
    return at === 0 ? cell.padEnd(width) : cell.padStart(width);
  });
  process.stdout.write(`${line.join("  ").trimEnd()}\n`);
}

const ms = (value: number | null) => (value === null ? "refused" : value.toFixed(1));
const times = (value: number | null) => (value === null ? "-" : `${value.toFixed(2)}x`);

function writeJson(file: string | undefined, report: unknown): void {
  if (file !== undefined) writeFileSync(file, `${JSON.stringify(report, undefined, 2)}\n`);
}

/** Each promise beside its figure; others at work on the machine make elapsed times worse, and are named for that. */
function printBars(bars: readonly Bar[]): void {
  const widths = [54, 8, 14, 6];
  const load = loadavg().map((value) => value.toFixed(1)).join(", ");
  process.stdout.write("\n");
  print(["bar", "figure", "promised", ""], widths);
  for (const { what, figure, sense, bound, holds } of bars)
    print([what, figure.toFixed(2), `${sense} ${bound.toFixed(2)}`, holds ? "holds" : "MISSED"], widths);
  process.stdout.write(`processors: ${availableParallelism()}; load over 1, 5 and 15 minutes: ${load}\n`);
}

function tpchCells(report: QueryReport): readonly string[] {
  const { fusion_ms: own, postgres_ms: one, postgres_parallel_ms: two } = report;
  const sides = [
    { base: one, isLimit: report.postgres_at_limit },
    { base: two, isLimit: report.postgres_parallel_at_limit },
  ];
  const least = (isLimit: boolean, text: string) => (isLimit ? `> ${text}` : text);
  const bases = sides.map(({ base, isLimit }) => least(isLimit, ms(base)));
  const ratios = sides.map(({ base, isLimit }) => (own === null ? "-" : least(isLimit, times(base / own))));
  const verdict = own === null ? "-" : report.rows_equal ? "equal" : "DIFFER";
  const indexes = report.compared_with_indexes;
  const how = indexes.length === 0 ? "" : ` (PostgreSQL's with indexes on ${indexes.join(", ")})`;
  return [report.query, ...bases, ms(own), ...ratios, report.ran_in, verdict + how];
}

async function runTpch(given: Arguments): Promise<number> {
  const queries = parseQueries(given.values.queries ?? "all");
  const runs = parseRuns(given.values.runs);
  const limitMs = parseLimitMs(given.values.limit);
  const indexes = given.flags.has("indexes");
  const session = openSession(given);
  const database = await bringSession(session, given);
  const widths = [7, 12, 12, 12, 10, 10, 10, 6];
  if (indexes) process.stdout.write("an index on every foreign key; pg_fusion.enable = auto\n");
  print(["query", "postgres ms", "parallel ms", "pg_fusion ms", "vs pg", "vs par.", "ran in", "rows"], widths);
  const report = await benchTpch(
    {
      places: session.places,
      database,
      queries,
      runs,
      limitMs,
      indexes,
      onRefused: (query, error) => process.stderr.write(`${query}: ${error.message}\n`),
    },
    (one) => print(tpchCells(one), widths),
  );
  const { vs_postgres: alone, vs_postgres_parallel: parallel } = report.geomean;
  print(["geomean", "", "", "", times(alone), times(parallel), "", ""], widths);
  const bars = barsOfQueries(report, indexes);
  printBars(bars);
  writeJson(given.values.json, { ...report, bars });
  return report.queries.every((query) => query.fusion_ms !== null && query.rows_equal) ? 0 : 1;
}

async function runScan(given: Arguments): Promise<number> {
  const session = openSession(given);
  const database = await bringSession(session, given);
  const runs = parseRuns(given.values.runs);
  const widths = [7, 5, 6, 6, 8, 8, 10, 10, 6, 6, 6, 6, 6, 6, 6, 9];
  process.stdout.write(
    "CPU ns per row of lineitem; count(*), one and two producers in elapsed ns; what two gain: producers, the same\n" +
      "by CPU (with two free processors), processes that touch the same bytes or a word of each cache line,\n" +
      "PostgreSQL's count(*); and the time in which two bring the heap's cache lines from memory, in that of two\n" +
      "producers\n",
  );
  const costs = ["touch", "heap", "executor", "count(*)", "heap/exec.", "heap/touch", "one", "two"];
  print(["columns", "rows", ...costs, "gain", "by CPU", "touch", "lines", "count", "lines/two"], widths);
  const report = await benchScan(session.places, database, runs, (one) => {
    const { touch_cpu_ns: touch, heap_cpu_ns: heap, executor_cpu_ns: executor } = one;
    const costs = [touch, heap, executor, one.count_wall_ns].map((ns) => ns.toFixed(1));
    const ratios = [heap / executor, heap / touch].map((ratio) => ratio.toFixed(2));
    const elapsed = [one.heap_wall_ns, one.pair_wall_ns].map((ns) => ns.toFixed(1));
    const gains = [
      one.heap_wall_ns / one.pair_wall_ns,
      (2 * heap) / one.pair_cpu_ns,
      one.touch_wall_ns / one.touch_pair_wall_ns,
      one.lines_wall_ns / one.lines_pair_wall_ns,
      one.count_wall_ns / one.count_pair_wall_ns,
      one.lines_pair_wall_ns / one.pair_wall_ns,
    ].map((gain) => gain.toFixed(2));
    print([String(one.columns), one.qual, ...costs, ...ratios, ...elapsed, ...gains], widths);
  });
  const bars = barsOfScans(report);
  printBars(bars);
  writeJson(given.values.json, { ...report, bars });
  return 0;
}

function printPlanning({ joins, prepared }: PlanningReports): void {
  const cells = (values: readonly number[]) => values.map((value) => value.toFixed(2));
  const widths = [14, 10, 10, 10, 10];
  process.stdout.write(`\nplanning a join of ${joinedTables} tables, and processor time of backend and worker\n`);
  print(["", "first ms", "p50 ms", "cpu ms", "pg ms"], widths);
  for (const { shape, first_ms: first, planning_ms: own, cpu_ms: cpu, postgres_ms: postgres } of joins)
    print([shape, ...cells([first, own, cpu, postgres])], widths);
  process.stdout.write("\nexecutions of a prepared statement, and how often the second and later ones planned\n");
  print(["", "first ms", "p50 ms", "executed", "planned"], widths);
  for (const { statement, first_ms: first, later_ms: later, executions, plannings } of prepared)
    print([statement, ...cells([first, later]), String(executions), String(plannings)], widths);
}

async function runLatency(given: Arguments): Promise<number> {
  const runs = parseRuns(given.values.runs, defaultLatencyRuns);
  const session = openSession(given);
  const database = await bringSession(session, given);
  const report = await benchLatency(session.places, database, runs);
  const widths = [12, 8, 8, 8];
  print([report.statement], []);
  print(["", "p50 ms", "p90 ms", "p99 ms"], widths);
  for (const name of ["postgres", "fusion"] as const) {
    const { p50_ms: half, p90_ms: most, p99_ms: nearlyAll } = report[name];
    print([name, ...[half, most, nearlyAll].map((value) => value.toFixed(2))], widths);
  }
  const planningRuns = Math.ceil(runs / latencyRunsPerPlanning);
  const planning = await benchPlanning(session.places, database, planningRuns);
  printPlanning(planning);
  const bars = barsOfPlanning(planning);
  printBars(bars);
  writeJson(given.values.json, { ...report, planning, bars });
  return 0;
}

async function runRecorder(given: Arguments): Promise<number> {
  const session = openSession(given);
  const database = await bringSession(session, given);
  const runs = parseRuns(given.values.runs, defaultRecorderRuns);
  const widths = [9, ...Array.from({ length: 11 }, () => 8)];
  process.stdout.write("processor milliseconds of backend and worker, compared with off; elapsed milliseconds\n");
  print(["statement", ...recorders, "on", "control", "full", ...recorders], widths);
  const options = { places: session.places, database, runs, shortRuns: runs * shortRunsPerRun };
  const reports = await benchRecorder(options, ({ statement, cpu_ms: cpu, cpu_ratio: ratio, elapsed_ms: elapsed }) => {
    const ratios = [ratio.on, ratio.control, ratio.full].map((value) => `${value.toFixed(3)}x`);
    const columns = [cpu, elapsed].map((one) => recorders.map((recorder) => one[recorder].toFixed(2)));
    print([statement, ...(columns[0] ?? []), ...ratios, ...(columns[1] ?? [])], widths);
  });
  writeJson(given.values.json, reports);
  return 0;
}

/** Runs one bench at its scale, 1 unless told otherwise. */
export async function runBench(given: Arguments): Promise<number> {
  const [kind] = given.words;
  // A short statement costs the same at every scale: whatever is loaded will do.
  if (kind === "latency") return runLatency(given);
  const values = { scale: defaultScale, ...given.values };
  const scaled = { ...given, values };
  if (kind === "tpch") return runTpch(scaled);
  if (kind === "scan") return runScan(scaled);
  if (kind === "recorder") return runRecorder(scaled);
  throw new CommandError("bench what?", "npx pg-fusion bench tpch | scan | latency | recorder");
}
