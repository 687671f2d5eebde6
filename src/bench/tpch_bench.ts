// Times TPC-H queries three ways in turn within one run: PostgreSQL alone without and with two
// parallel workers, and pg_fusion. Only ratios within a run mean something on a shared machine.
import { CommandError } from "#cluster/command_error.js";
import { Connection, serverErrorOf } from "#cluster/connection.js";
import type { Answer, ServerError } from "#cluster/connection.js";
import type { ClusterPlaces } from "#cluster/places.js";
import { queryText } from "#tpch/queries.js";
import { hasOuterOrderBy, sameAnswer } from "./compare_rows.js";
import { geometricMean, median, rounded } from "./statistics.js";

/** The report's shape is read by other programs: names stay as they are. */
export interface TpchReport {
  readonly queries: readonly QueryReport[];
  readonly geomean: {
    readonly vs_postgres: number | null;
    readonly vs_postgres_parallel: number | null;
  };
}

export interface QueryReport {
  readonly query: string;
  readonly rows_equal: boolean;
  readonly postgres_ms: number;
  readonly postgres_parallel_ms: number;
  /** Null when pg_fusion refused the query. */
  readonly fusion_ms: number | null;
}

export interface TpchBenchOptions {
  readonly places: ClusterPlaces;
  readonly database: string;
  readonly queries: readonly string[];
  readonly runs: number;
  readonly onRefused: (query: string, error: ServerError) => void;
}

/** How the server is asked to run a query; both sides may use the same number of processes. */
const contenders = {
  postgres: "SET pg_fusion.enable = off; SET max_parallel_workers_per_gather = 0",
  parallel: "SET pg_fusion.enable = off; SET max_parallel_workers_per_gather = 2",
  fusion: "SET pg_fusion.enable = on; SET max_parallel_workers_per_gather = 2",
} as const;
type Contender = keyof typeof contenders;
const order: readonly Contender[] = ["postgres", "parallel", "fusion"];

interface Timed {
  readonly answer: Answer;
  readonly ms: number;
}

async function timeOnce(connection: Connection, contender: Contender, text: string): Promise<Timed> {
  await connection.execute(contenders[contender]);
  const start = performance.now();
  const answer = await connection.query(text);
  return { answer, ms: performance.now() - start };
}

/** One query: a warm-up round that also compares the rows, then `runs` rounds in turn. */
async function benchQuery(
  connection: Connection,
  query: string,
  options: TpchBenchOptions,
): Promise<QueryReport> {
  const text = queryText(query);
  const ordered = hasOuterOrderBy(text);
  const times: Record<Contender, number[]> = { postgres: [], parallel: [], fusion: [] };
  let active = order;
  let rowsEqual = true;
  for (let round = 0; round <= options.runs; round++) {
    let expected: Answer | undefined;
    for (const contender of active) {
      try {
        const { answer, ms } = await timeOnce(connection, contender, text);
        if (round > 0) times[contender].push(ms);
        expected ??= answer;
        rowsEqual &&= sameAnswer(expected, answer, ordered);
      } catch (error) {
        const refusal = serverErrorOf(error);
        if (contender !== "fusion" || refusal?.code !== "0A000") throw error;
        options.onRefused(query, refusal);
        rowsEqual = false;
        active = order.filter((other) => other !== "fusion");
      }
    }
  }
  return {
    query,
    rows_equal: rowsEqual,
    postgres_ms: rounded(median(times.postgres)),
    postgres_parallel_ms: rounded(median(times.parallel)),
    fusion_ms: times.fusion.length > 0 ? rounded(median(times.fusion)) : null,
  };
}

function meanRatio(
  reports: readonly QueryReport[],
  base: "postgres_ms" | "postgres_parallel_ms",
): number | null {
  const ratios = reports.flatMap((report) =>
    report.fusion_ms === null ? [] : [report[base] / report.fusion_ms],
  );
  return ratios.length > 0 ? rounded(geometricMean(ratios)) : null;
}

/** Without the extension its settings are accepted and mean nothing: PostgreSQL would race itself. */
async function checkExtension(connection: Connection): Promise<void> {
  const known = "SELECT EXISTS (SELECT FROM pg_settings WHERE name = 'pg_fusion.worker_script')";
  if ((await connection.value(known)) === "t") return;
  throw new CommandError(
    "this server runs without the extension; there is nothing to compare.",
    "Run: npm run build && npx pg-fusion up",
  );
}

/** Runs the bench; `onQuery` sees each query's report as soon as it is known. */
export async function benchTpch(
  options: TpchBenchOptions,
  onQuery: (report: QueryReport) => void,
): Promise<TpchReport> {
  const connection = await Connection.open(options.places, options.database);
  const queries: QueryReport[] = [];
  try {
    await checkExtension(connection);
    for (const query of options.queries) {
      const report = await benchQuery(connection, query, options);
      queries.push(report);
      onQuery(report);
    }
  } finally {
    await connection.close();
  }
  return {
    queries,
    geomean: {
      vs_postgres: meanRatio(queries, "postgres_ms"),
      vs_postgres_parallel: meanRatio(queries, "postgres_parallel_ms"),
    },
  };
}
