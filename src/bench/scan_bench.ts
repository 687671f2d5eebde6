// Nanoseconds per row of turning lineitem into pages, by number of columns and by path, beside
// PostgreSQL's own count(*). The extension's pg_fusion_scan_bench does the work in one backend.
import { Connection } from "#cluster/connection.js";
import type { ClusterPlaces } from "#cluster/places.js";
import { CommandError } from "#cluster/command_error.js";
import { median, rounded } from "./statistics.js";

export interface ScanReport {
  readonly rows: number;
  readonly count_star_ns: number;
  readonly paths: readonly { readonly path: string; readonly columns: number; readonly ns: number }[];
}

/** Column counts whose costs the design quotes. */
const columnCounts = [1, 4, 7, 16];
const paths = ["executor", "heap"];
const nanosecondsPerMs = 1e6;

/** Median ns per row of an action that reads the whole table. */
async function nsPerRow(
  rows: number,
  runs: number,
  action: () => Promise<unknown>,
): Promise<number> {
  await action();
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    await action();
    times.push(performance.now() - start);
  }
  return rounded((median(times) * nanosecondsPerMs) / rows);
}

/** The scan paths this build of the extension can time. */
async function availablePaths(connection: Connection): Promise<readonly string[]> {
  const found = await connection.value("SELECT to_regproc('pg_fusion_scan_bench') IS NOT NULL");
  if (found === "t") return paths;
  throw new CommandError("this build of the extension has no pg_fusion_scan_bench function.");
}

/** Runs the bench on lineitem of one database, without parallel workers on either side. */
export async function benchScan(
  places: ClusterPlaces,
  database: string,
  runs: number,
): Promise<ScanReport> {
  const connection = await Connection.open(places, database, {
    max_parallel_workers_per_gather: "0",
    "pg_fusion.enable": "off",
  });
  try {
    const rows = Number(await connection.value("SELECT count(*) FROM lineitem"));
    const countStar = await nsPerRow(rows, runs, () =>
      connection.query("SELECT count(*) FROM lineitem"),
    );
    const measured: { path: string; columns: number; ns: number }[] = [];
    for (const path of await availablePaths(connection)) {
      for (const columns of columnCounts) {
        const call = `SELECT pg_fusion_scan_bench('lineitem', ${columns}, '${path}')`;
        const ns = await nsPerRow(rows, runs, () => connection.query(call));
        measured.push({ path, columns, ns });
      }
    }
    return { rows, count_star_ns: countStar, paths: measured };
  } finally {
    await connection.close();
  }
}
