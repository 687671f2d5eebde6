// Times TPC-H queries three ways in turn within one run: PostgreSQL alone without and with two parallel workers, and
// pg_fusion; rows are compared in both protocols. PostgreSQL gets a limited time for a query: without secondary indexes
// some take it many minutes. Only ratios within a run mean something on a shared machine.
import { assert } from "#base/assert.js";
import { CommandError } from "#cluster/command_error.js";
import { Connection, serverErrorOf } from "#cluster/connection.js";
import type { Answer, Protocol, ServerError } from "#cluster/connection.js";
import type { ClusterPlaces } from "#cluster/places.js";
import { queryText } from "#tpch/queries.js";
import { hasOuterOrderBy, sameAnswer } from "./compare_rows.js";
import { createForeignKeyIndexes, dropForeignKeyIndexes, withIndexesFor } from "./foreign_keys.js";
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
  /** In the simple and in the extended protocol. */
  readonly rows_equal: boolean;
  /** The limit, where PostgreSQL had not finished by then. */
  readonly postgres_ms: number;
  readonly postgres_at_limit: boolean;
  readonly postgres_parallel_ms: number;
  readonly postgres_parallel_at_limit: boolean;
  /** Null when pg_fusion refused the query. */
  readonly fusion_ms: number | null;
  /** Whose plan ran for pg_fusion: with `auto` it may be PostgreSQL's. */
  readonly ran_in: "pg_fusion" | "postgres";
  /** Secondary indexes that PostgreSQL had for the rows to compare with; none where it finished without. */
  readonly compared_with_indexes: readonly string[];
}

export interface TpchBenchOptions {
  readonly places: ClusterPlaces;
  readonly database: string;
  readonly queries: readonly string[];
  readonly runs: number;
  /** For PostgreSQL's plan of a query. */
  readonly limitMs: number;
  /** Gives every foreign key an index, and pg_fusion the choice of PostgreSQL's plan. */
  readonly indexes: boolean;
  readonly onRefused: (query: string, error: ServerError) => void;
}

/** PostgreSQL's plans alone get a limited time. */
const unlimited = "SET statement_timeout = 0";

/** How the server is asked to run a query; both sides may use the same number of processes. */
const contenders = {
  postgres: "SET pg_fusion.enable = off; SET max_parallel_workers_per_gather = 0",
  parallel: "SET pg_fusion.enable = off; SET max_parallel_workers_per_gather = 2",
  fusion: `SET pg_fusion.enable = on; SET max_parallel_workers_per_gather = 2; ${unlimited}`,
  automatic: `SET pg_fusion.enable = auto; SET max_parallel_workers_per_gather = 2; ${unlimited}`,
} as const;
type Contender = keyof typeof contenders;
const alone: readonly Contender[] = ["postgres", "parallel"];
const protocols: readonly Protocol[] = ["simple", "extended"];

const QUERY_CANCELED = "57014";
const FEATURE_NOT_SUPPORTED = "0A000";

/** One query's rounds: who still takes part, how long each took, and whether all gave the same rows. */
class QueryBench {
  rowsEqual = true;
  comparedWith: readonly string[] = [];
  private readonly connection: Connection;
  private readonly options: TpchBenchOptions;
  private readonly query: string;
  private readonly text: string;
  private readonly times = new Map<Contender, number[]>();
  private readonly stopped = new Set<Contender>();
  private expected: Answer | undefined;

  constructor(connection: Connection, query: string, options: TpchBenchOptions) {
    this.connection = connection;
    this.options = options;
    this.query = query;
    this.text = queryText(query);
  }

  async run(contender: Contender, protocol: Protocol, isTimed: boolean): Promise<void> {
    if (this.stopped.has(contender)) return;
    try {
      await this.connection.execute(`SET statement_timeout = ${this.options.limitMs}`);
      await this.connection.execute(contenders[contender]);
      const start = performance.now();
      const answer = await this.connection.query(this.text, protocol);
      const ms = performance.now() - start;
      if (isTimed) this.times.set(contender, [...this.times.get(contender) ?? [], ms]);
      this.compare(answer);
    } catch (thrown) {
      this.stop(contender, thrown);
    }
  }

  /** The rows do not depend on indexes: with them PostgreSQL finishes where it did not without. */
  async findExpected(): Promise<void> {
    if (this.expected !== undefined) return;
    await this.connection.execute(contenders.parallel);
    await withIndexesFor(this.connection, this.text, async (indexes) => {
      this.comparedWith = indexes;
      this.compare(await this.connection.query(this.text));
    });
  }

  async ranIn(contender: Contender): Promise<"pg_fusion" | "postgres"> {
    await this.connection.execute(contenders[contender]);
    if (this.stopped.has(contender)) return "pg_fusion";
    const { rows } = await this.connection.query(`EXPLAIN ${this.text}`);
    return rows.some(([line]) => line?.includes("PgFusionScan") === true) ? "pg_fusion" : "postgres";
  }

  isStopped(contender: Contender): boolean {
    return this.stopped.has(contender);
  }

  /** The median of the rounds, or the limit. */
  msOf(contender: Contender): number {
    return this.stopped.has(contender) ? this.options.limitMs : rounded(median(this.times.get(contender) ?? []));
  }

  private compare(answer: Answer): void {
    this.expected ??= answer;
    this.rowsEqual &&= sameAnswer(this.expected, answer, hasOuterOrderBy(this.text));
  }

  private stop(contender: Contender, thrown: unknown): void {
    const error = serverErrorOf(thrown);
    const isOwn = !alone.includes(contender);
    if (error?.code !== (isOwn ? FEATURE_NOT_SUPPORTED : QUERY_CANCELED)) throw thrown;
    this.stopped.add(contender);
    if (!isOwn) return;
    this.options.onRefused(this.query, error);
    this.rowsEqual = false;
  }
}

/** One query: a warm-up round in both protocols, then `runs` rounds in turn. */
async function benchQuery(connection: Connection, query: string, options: TpchBenchOptions): Promise<QueryReport> {
  const own: Contender = options.indexes ? "automatic" : "fusion";
  const bench = new QueryBench(connection, query, options);
  for (const contender of alone) await bench.run(contender, "simple", false);
  await bench.findExpected();
  for (const protocol of protocols) await bench.run(own, protocol, false);
  const ranIn = await bench.ranIn(own);
  for (let round = 0; round < options.runs; round++)
    for (const contender of [...alone, own]) await bench.run(contender, "simple", true);
  return {
    query,
    rows_equal: bench.rowsEqual,
    postgres_ms: bench.msOf("postgres"),
    postgres_at_limit: bench.isStopped("postgres"),
    postgres_parallel_ms: bench.msOf("parallel"),
    postgres_parallel_at_limit: bench.isStopped("parallel"),
    fusion_ms: bench.isStopped(own) ? null : bench.msOf(own),
    ran_in: ranIn,
    compared_with_indexes: bench.comparedWith,
  };
}

/** A limit counts as the time: the mean is then a lower bound, too. */
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
  assert(options.limitMs > 0, "a query needs some time");
  const connection = await Connection.open(options.places, options.database);
  const queries: QueryReport[] = [];
  try {
    await checkExtension(connection);
    await dropForeignKeyIndexes(connection);
    if (options.indexes) await createForeignKeyIndexes(connection);
    for (const query of options.queries) {
      const report = await benchQuery(connection, query, options);
      queries.push(report);
      onQuery(report);
    }
    if (options.indexes) await dropForeignKeyIndexes(connection);
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
