// What planning costs: joins of twelve tables in the shapes that searches for an order are compared by, each time with
// another constant, so that no answer kept by either side serves; and prepared statements, whose plans are kept.
// Nothing of a join's execution is in it. Read next: latency_bench.ts, src/optimizer/joinorder.
import { assert, defined } from "#base/assert.js";
import { Connection } from "#cluster/connection.js";
import type { ClusterPlaces } from "#cluster/places.js";
import { cpuNs } from "./process_cpu.js";
import { median, rounded } from "./statistics.js";

/** A bound is promised for joins of so many. */
export const joinedTables = 12;

export interface PlanningReport {
  readonly shape: string;
  /** The first statement of the shape, in a session that has planned others. */
  readonly first_ms: number;
  /** As PostgreSQL counts its planner, the worker's answer included: medians. */
  readonly planning_ms: number;
  readonly postgres_ms: number;
  /** Of backend and worker, for the whole EXPLAIN. */
  readonly cpu_ms: number;
}

export interface PreparedReport {
  readonly statement: string;
  readonly executions: number;
  /** Times pg_fusion's planner was asked, the statement's first execution not counted. */
  readonly plannings: number;
  /** The first execution, which plans, and the median of the others. */
  readonly first_ms: number;
  readonly later_ms: number;
}

export interface PlanningReports {
  readonly joins: readonly PlanningReport[];
  readonly prepared: readonly PreparedReport[];
}

/** Two tables and, of each, the column that is compared. */
interface Equality {
  readonly tables: readonly [number, number];
  readonly columns: readonly [number, number];
}

const numbers = Array.from({ length: joinedTables }, (_, index) => index + 1);

/** An equality with columns of its own, so that none follows from others. */
const own = (one: number, other: number): Equality => ({ tables: [one, other], columns: [other, one] });

const chain = numbers.slice(1).map((other) => own(other - 1, other));

interface Shape {
  readonly shape: string;
  readonly equalities: readonly Equality[];
}

const shapes: readonly Shape[] = [
  { shape: "chain", equalities: chain },
  { shape: "cycle", equalities: [...chain, own(1, joinedTables)] },
  { shape: "star", equalities: numbers.slice(1).map((other) => own(1, other)) },
  { shape: "clique", equalities: numbers.flatMap((one) => numbers.slice(one).map((other) => own(one, other))) },
  // Every two tables are joined, by what follows from the rest.
  { shape: "one key", equalities: numbers.slice(1).map((other) => ({ tables: [1, other], columns: [1, 1] })) },
];

/** The first statements of a shape let the worker's compiler find what is often run. */
const warmUps = 15;

function joinOf(equalities: readonly Equality[], condition: string): string {
  const conditions = equalities.map(({ tables: [one, other], columns: [left, right] }) =>
    `t${one}.c${left} = t${other}.c${right}`);
  const tables = numbers.map((number) => `planning_${number} t${number}`).join(", ");
  return `SELECT count(*) FROM ${tables} WHERE ${[...conditions, condition].join(" AND ")}`;
}

/** Tables of this session alone, of different sizes; column n of table m is for the equality with table n. */
async function createTables(connection: Connection): Promise<void> {
  const columns = numbers.map((number) => `c${number} int`).join(", ");
  for (const number of numbers) {
    const values = numbers.map((other) => `(i * ${other}) % ${40 * number}`).join(", ");
    const rows = `SELECT ${values} FROM generate_series(1, ${100 * (1 + ((number * 7) % joinedTables))}) i`;
    await connection.execute(`CREATE TEMP TABLE planning_${number} (${columns});
      INSERT INTO planning_${number} ${rows}; ANALYZE planning_${number}`);
  }
}

interface Explained {
  readonly elapsedMs: number;
  readonly cpuMs: number;
}

async function explained(connection: Connection, pids: readonly number[], text: string): Promise<Explained> {
  const before = cpuNs(pids);
  const document = await connection.value(`EXPLAIN (SUMMARY, FORMAT JSON) ${text}`);
  const cpuMs = (cpuNs(pids) - before) / 1e6;
  const [plan] = JSON.parse(defined(document, "EXPLAIN answers")) as readonly { "Planning Time": number }[];
  return { elapsedMs: defined(plan, "a statement has a plan")["Planning Time"], cpuMs };
}

async function pidsOf(connection: Connection): Promise<readonly number[]> {
  const { rows } = await connection.query("SELECT pg_backend_pid(), worker_pid FROM pg_fusion_audit()");
  return (rows[0] ?? []).map(Number);
}

async function timeShape(
  connection: Connection, { shape, equalities }: Shape, runs: number,
): Promise<PlanningReport> {
  const pids = await pidsOf(connection);
  const fusion: Explained[] = [];
  const postgresMs: number[] = [];
  let constant = 0;
  const once = async (enable: string): Promise<Explained> => {
    constant += 1;
    await connection.execute(`SET pg_fusion.enable = ${enable}`);
    return explained(connection, pids, joinOf(equalities, `t1.c1 > -${constant}`));
  };
  const first = await once("on");
  for (let run = 1 - warmUps; run < runs; run++) {
    const measured = await once("on");
    const { elapsedMs } = await once("off");
    if (run < 0) continue;
    fusion.push(measured);
    postgresMs.push(elapsedMs);
  }
  return {
    shape,
    first_ms: rounded(first.elapsedMs),
    planning_ms: rounded(median(fusion.map(({ elapsedMs }) => elapsedMs))),
    postgres_ms: rounded(median(postgresMs)),
    cpu_ms: rounded(median(fusion.map(({ cpuMs }) => cpuMs))),
  };
}

/** Setting pg_fusion.enable would drop kept plans: a counter is read by another session. */
async function plannings(connection: Connection): Promise<number> {
  return Number(await connection.value(
    "SELECT value FROM pg_fusion_metrics() WHERE component = 'planner' AND metric = 'requests'"));
}

interface Prepared {
  readonly statement: string;
  readonly types: string;
  readonly condition: string;
  readonly given: string;
}

const preparedStatements: readonly Prepared[] = [
  { statement: "no parameters", types: "", condition: "t1.c1 > 50", given: "" },
  { statement: "one parameter", types: "(int)", condition: "t1.c1 > $1", given: "(50)" },
];

async function timePrepared(
  connection: Connection, observer: Connection, { statement, types, condition, given }: Prepared, runs: number,
): Promise<PreparedReport> {
  const execution = async (): Promise<number> => {
    const start = performance.now();
    await connection.query(`EXECUTE bench_planning${given}`);
    return performance.now() - start;
  };
  // PostgreSQL keeps a plan for any value of a parameter when it is told to, else where it finds that it costs no more.
  await connection.execute("SET pg_fusion.enable = on; SET plan_cache_mode = force_generic_plan");
  await connection.execute(`PREPARE bench_planning${types} AS ${joinOf(chain, condition)}`);
  const first = await execution();
  const before = await plannings(observer);
  const later: number[] = [];
  for (let run = 0; run < runs; run++) later.push(await execution());
  const asked = (await plannings(observer)) - before;
  await connection.execute("DEALLOCATE bench_planning");
  assert(asked >= 0, "a counter grows");
  return {
    statement, executions: runs, plannings: asked, first_ms: rounded(first), later_ms: rounded(median(later)),
  };
}

/** Plans each shape `runs` times, and runs each prepared statement as often. */
export async function benchPlanning(places: ClusterPlaces, database: string, runs: number): Promise<PlanningReports> {
  const connection = await Connection.open(places, database, { "pg_fusion.enable": "off" });
  const observer = await Connection.open(places, database, { "pg_fusion.enable": "off" });
  try {
    await createTables(connection);
    const joins: PlanningReport[] = [];
    for (const shape of shapes) joins.push(await timeShape(connection, shape, runs));
    const prepared: PreparedReport[] = [];
    for (const each of preparedStatements) prepared.push(await timePrepared(connection, observer, each, runs));
    return { joins, prepared };
  } finally {
    await connection.close();
    await observer.close();
  }
}
