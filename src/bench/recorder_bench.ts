// What recording costs: the same statements with the flight recorder off and on, and with captures at both levels, in
// turn on connections of their own. Each round gives one ratio to the round's own "off", so that what else the machine
// does meanwhile hits both sides alike; the median of the ratios is the answer.
import { defined } from "#base/assert.js";
import { Connection } from "#cluster/connection.js";
import type { ClusterPlaces } from "#cluster/places.js";
import { queryText } from "#tpch/queries.js";
import { median, rounded } from "./statistics.js";

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
  /** Median of the times, in milliseconds. */
  readonly ms: Readonly<Record<Recorder, number>>;
  /** Median over the rounds of a time divided by the same round's "off". */
  readonly ratio: Readonly<Record<Recorder, number>>;
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

type Times = Readonly<Record<Recorder, number[]>>;

const byRecorder = <T>(make: (recorder: Recorder) => T): Record<Recorder, T> =>
  ({ off: make("off"), on: make("on"), control: make("control"), full: make("full") });

async function timeRounds(
  connections: Readonly<Record<Recorder, Connection>>, text: string, rounds: number,
): Promise<Times> {
  const times: Times = byRecorder(() => []);
  for (let round = -warmUps; round < rounds; round++) {
    // Whoever comes first in a round may find colder caches: it is somebody else each time.
    const first = ((round % recorders.length) + recorders.length) % recorders.length;
    for (const recorder of [...recorders.slice(first), ...recorders.slice(0, first)]) {
      const start = performance.now();
      await connections[recorder].query(text);
      if (round >= 0) times[recorder].push(performance.now() - start);
    }
  }
  return times;
}

function report(statement: string, times: Times): RecorderReport {
  const ratios = byRecorder((recorder) =>
    times[recorder].map((ms, round) => ms / defined(times.off[round], "every round has its off")));
  return {
    statement,
    rounds: times.off.length,
    ms: byRecorder((recorder) => rounded(median(times[recorder]))),
    ratio: byRecorder((recorder) => rounded(median(ratios[recorder]))),
  };
}

/** Times a short statement and TPC-H's Q1 and Q6 under each recorder; tells each result as it is there. */
export async function benchRecorder(
  { places, database, runs, shortRuns }: RecorderBenchOptions, tell: (report: RecorderReport) => void,
): Promise<readonly RecorderReport[]> {
  const connections: Partial<Record<Recorder, Connection>> = {};
  const reports: RecorderReport[] = [];
  try {
    for (const recorder of recorders)
      connections[recorder] = await Connection.open(
        places, database, { "pg_fusion.enable": "on", ...settings[recorder] });
    const statements = [
      ["short", shortStatement, shortRuns], ["q1", queryText("q1"), runs], ["q6", queryText("q6"), runs],
    ] as const;
    for (const [name, text, rounds] of statements) {
      const times = await timeRounds(connections as Record<Recorder, Connection>, text, rounds);
      const one = report(name, times);
      reports.push(one);
      tell(one);
    }
  } finally {
    for (const connection of Object.values(connections)) await connection.close();
  }
  return reports;
}
