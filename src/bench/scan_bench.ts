// Nanoseconds per row of turning lineitem into pages, by columns, qual and path, beside PostgreSQL's own
// count(*) and the floor of touching the same bytes. The extension's pg_fusion_scan_bench does the work
// in one backend, path after path within each run, so the ratios survive a busy machine.
import { defined } from "#base/assert.js";
import { CommandError } from "#cluster/command_error.js";
import { Connection, quoteLiteral } from "#cluster/connection.js";
import type { ClusterPlaces } from "#cluster/places.js";
import { median, rounded } from "./statistics.js";

export interface ScanReport {
  readonly rows: number;
  readonly scans: readonly ScanMeasurement[];
}

/** Medians per row of the table, whatever the qual lets through. */
export interface ScanMeasurement {
  readonly columns: number;
  readonly qual: QualName;
  readonly touch_cpu_ns: number;
  readonly heap_cpu_ns: number;
  readonly executor_cpu_ns: number;
  readonly heap_wall_ns: number;
  readonly executor_wall_ns: number;
  /** Two producers on the same scan: CPU of both, and the time until both had ended. */
  readonly pair_cpu_ns: number;
  readonly pair_wall_ns: number;
  readonly touch_wall_ns: number;
  /** Two processes touching the same bytes: what memory and processors allow two of anything. */
  readonly touch_pair_wall_ns: number;
  /** A word of each cache line, by one and by two: no scan is faster than its heap comes out of memory. */
  readonly lines_wall_ns: number;
  readonly lines_pair_wall_ns: number;
  readonly count_wall_ns: number;
  /** PostgreSQL's count(*) by two: its leader and one worker. */
  readonly count_pair_wall_ns: number;
}

/** Column counts whose costs the design quotes. */
const columnCounts = [1, 4, 7, 16];

/** Shares of lineitem a date range lets through. */
const quals = {
  all: undefined,
  "50%": "l_shipdate <= date '1995-06-17'",
  "2%": "l_shipdate >= date '1995-01-01' AND l_shipdate < date '1995-02-18'",
} as const;
export type QualName = keyof typeof quals;

/** What the extension calls its paths. */
const paths = {
  touch: "touch",
  heap: "heap batches",
  executor: "executor",
  pair: "two producers",
  touchPair: "touch by two",
  lines: "lines",
  linesPair: "lines by two",
} as const;
const nanosecondsPerMs = 1e6;

interface PathTimes {
  readonly cpu: number;
  readonly wall: number;
}

async function timePaths(
  connection: Connection,
  columns: number,
  qual: string | undefined,
  runs: number,
): Promise<ReadonlyMap<string, PathTimes>> {
  const condition = qual === undefined ? "NULL" : quoteLiteral(qual);
  const call = `pg_fusion_scan_bench('lineitem', ${columns}, NULL, ${runs}, ${condition}, NULL)`;
  const { rows } = await connection.query(`SELECT * FROM ${call} AS m(path, rows, cpu, wall)`);
  const names = new Set(rows.map(([path]) => path ?? ""));
  return new Map(
    [...names].map((name) => {
      const own = rows.filter(([path]) => path === name);
      const middle = (at: number) => rounded(median(own.map((row) => Number(row[at]))));
      return [name, { cpu: middle(2), wall: middle(3) }];
    }),
  );
}

/** Median of PostgreSQL's count(*) in milliseconds, with so many parallel workers. */
async function timeCount(
  connection: Connection,
  qual: string | undefined,
  runs: number,
  workers: number,
): Promise<number> {
  await connection.execute(`SET max_parallel_workers_per_gather = ${workers}`);
  const text = `SELECT count(*) FROM lineitem${qual === undefined ? "" : ` WHERE ${qual}`}`;
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    await connection.query(text);
    times.push(performance.now() - start);
  }
  return median(times);
}

async function checkFunction(connection: Connection): Promise<void> {
  const found = "SELECT EXISTS (SELECT FROM pg_proc WHERE proname = 'pg_fusion_scan_bench')";
  if ((await connection.value(found)) === "t") return;
  throw new CommandError(
    "this server has no pg_fusion_scan_bench function.",
    "Run: npm run build && npx pg-fusion up",
  );
}

/** Runs the bench on lineitem of one database; `onScan` sees each line as soon as it is known. */
export async function benchScan(
  places: ClusterPlaces,
  database: string,
  runs: number,
  onScan: (measurement: ScanMeasurement) => void,
): Promise<ScanReport> {
  const connection = await Connection.open(places, database, {
    max_parallel_workers_per_gather: "0",
    "pg_fusion.enable": "off",
  });
  try {
    await checkFunction(connection);
    const rows = Number(await connection.value("SELECT count(*) FROM lineitem"));
    const scans: ScanMeasurement[] = [];
    for (const [name, qual] of Object.entries(quals) as [QualName, string | undefined][]) {
      const countPairMs = await timeCount(connection, qual, runs, 1);
      const countMs = await timeCount(connection, qual, runs, 0);
      for (const columns of columnCounts) {
        const times = await timePaths(connection, columns, qual, runs);
        const of = (path: keyof typeof paths) => defined(times.get(paths[path]), `times of ${path}`);
        const measurement: ScanMeasurement = {
          columns,
          qual: name,
          touch_cpu_ns: of("touch").cpu,
          heap_cpu_ns: of("heap").cpu,
          executor_cpu_ns: of("executor").cpu,
          heap_wall_ns: of("heap").wall,
          executor_wall_ns: of("executor").wall,
          pair_cpu_ns: of("pair").cpu,
          pair_wall_ns: of("pair").wall,
          touch_wall_ns: of("touch").wall,
          touch_pair_wall_ns: of("touchPair").wall,
          lines_wall_ns: of("lines").wall,
          lines_pair_wall_ns: of("linesPair").wall,
          count_wall_ns: rounded((countMs * nanosecondsPerMs) / rows),
          count_pair_wall_ns: rounded((countPairMs * nanosecondsPerMs) / rows),
        };
        scans.push(measurement);
        onScan(measurement);
      }
    }
    return { rows, scans };
  } finally {
    await connection.close();
  }
}
