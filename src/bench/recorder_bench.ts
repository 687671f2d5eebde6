// What recording costs: the same statements with the flight recorder off and on, and with captures at both levels, in
// turn on connections of their own. Elapsed time as a median, processor time of backend and worker as a lower quartile:
// what else the machine does only ever adds to it. A percent shows in the latter, if at all.
import { Connection } from "#cluster/connection.js";
import type { ClusterPlaces } from "#cluster/places.js";
import { queryText } from "#tpch/queries.js";
import { cpuNs } from "./process_cpu.js";
import { lowerQuartile, median, rounded } from "./statistics.js";

/** How a connection records; the first is what the others are compared with. */
export const recorders = ["off", "on", "control", "full"] as const;
export type Recorder = (typeof recorders)[number];

const settings: Readonly<Record<Recorder, Readonly<Record<string, string>>>> = {
  off: { "pg_fusion.flight_recorder": "off" },
  on: { "pg_fusion.flight_recorder": "on" },
  control: { "pg_fusion.capture": "control" },
  full: { "pg_fusion.capture": "full", "pg_fusion.capture_limit": "4GB" },
};

export interface RecorderReport {
  readonly statement: string;
  readonly rounds: number;
  /** Median. */
  readonly elapsed_ms: Readonly<Record<Recorder, number>>;
  /** Lower quartile. */
  readonly cpu_ms: Readonly<Record<Recorder, number>>;
  /** Processor time compared with that of "off". */
  readonly cpu_ratio: Readonly<Record<Recorder, number>>;
}

export interface RecorderBenchOptions {
  readonly places: ClusterPlaces;
  readonly database: string;
  readonly runs: number;
  /** Rounds of the short statement, which needs more. */
  readonly shortRuns: number;
}

const shortStatement = "SELECT count(*) FROM nation";
const warmUps = 5;
/** Captures are measured in every so many rounds: they cost more than a percent, and take their time. */
const ROUNDS_PER_CAPTURE = 5;

type Times = Readonly<Record<Recorder, { readonly elapsed: number[]; readonly cpu: number[] }>>;

interface Side {
  readonly connection: Connection;
  /** The backend and the worker. */
  readonly pids: readonly number[];
}

const byRecorder = <T>(make: (recorder: Recorder) => T): Record<Recorder, T> =>
  ({ off: make("off"), on: make("on"), control: make("control"), full: make("full") });

async function timeRounds(
  sides: Readonly<Record<Recorder, Side>>, text: string, rounds: number,
): Promise<Times> {
  const times: Times = byRecorder(() => ({ elapsed: [], cpu: [] }));
  for (let round = -warmUps; round < rounds; round++) {
    // Whoever comes first in a round may find colder caches: it is somebody else each time.
    const first = ((round % recorders.length) + recorders.length) % recorders.length;
    for (const recorder of [...recorders.slice(first), ...recorders.slice(0, first)]) {
      if (recorder !== "off" && recorder !== "on" && round % ROUNDS_PER_CAPTURE !== 0) continue;
      const { connection, pids } = sides[recorder];
      const [start, cpuBefore] = [performance.now(), cpuNs(pids)];
      await connection.query(text);
      if (round < 0) continue;
      times[recorder].elapsed.push(performance.now() - start);
      times[recorder].cpu.push((cpuNs(pids) - cpuBefore) / 1e6);
    }
  }
  return times;
}

function report(statement: string, times: Times): RecorderReport {
  const cpu = byRecorder((recorder) => lowerQuartile(times[recorder].cpu));
  return {
    statement,
    rounds: times.off.cpu.length,
    elapsed_ms: byRecorder((recorder) => rounded(median(times[recorder].elapsed))),
    cpu_ms: byRecorder((recorder) => rounded(cpu[recorder])),
    cpu_ratio: byRecorder((recorder) => rounded(cpu[recorder] / cpu.off)),
  };
}

/** Times a short statement and TPC-H's Q1 and Q6 under each recorder; tells each result as it is there. */
export async function benchRecorder(
  { places, database, runs, shortRuns }: RecorderBenchOptions, tell: (report: RecorderReport) => void,
): Promise<readonly RecorderReport[]> {
  const sides: Partial<Record<Recorder, Side>> = {};
  const reports: RecorderReport[] = [];
  try {
    for (const recorder of recorders) {
      // Parallel workers come and go, and their processor time with them.
      const serial = { "pg_fusion.enable": "on", max_parallel_workers_per_gather: "0" };
      const connection = await Connection.open(places, database, { ...serial, ...settings[recorder] });
      const { rows } = await connection.query("SELECT pg_backend_pid(), worker_pid FROM pg_fusion_audit()");
      sides[recorder] = { connection, pids: (rows[0] ?? []).map(Number) };
    }
    const statements = [
      ["short", shortStatement, shortRuns], ["q1", queryText("q1"), runs], ["q6", queryText("q6"), runs],
    ] as const;
    for (const [name, text, rounds] of statements) {
      const times = await timeRounds(sides as Record<Recorder, Side>, text, rounds);
      const one = report(name, times);
      reports.push(one);
      tell(one);
    }
  } finally {
    for (const { connection } of Object.values(sides)) await connection.close();
  }
  return reports;
}
