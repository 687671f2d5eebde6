// Sessions of suites that compare pg_fusion with PostgreSQL in the same session and look at what the scans did. The
// server is that of throwaway_cluster.ts; nothing here knows a table.
import pg from "pg";
import { expect } from "vitest";
import { defined } from "#base/assert.js";

export interface Failure {
  readonly code: string | undefined;
  readonly message: string;
}

export type Outcome = { readonly rows: readonly unknown[] } | Failure;

export const outcome = (running: Promise<pg.QueryArrayResult>): Promise<Outcome> =>
  running.then(({ rows }) => ({ rows }), ({ code, message }: Failure) => ({ code, message }));

/** All that were opened here. */
const sessions: pg.Client[] = [];

/** A session that ran these statements; all else is as the server has it. */
export async function session(statements = ""): Promise<pg.Client> {
  const client = new pg.Client();
  sessions.push(client);
  client.on("error", () => undefined);
  await client.connect();
  if (statements !== "") await client.query(statements);
  return client;
}

/** Ends those of this suite that are open yet. */
export async function endSessions(): Promise<void> {
  for (const client of sessions) await client.end();
}

const workersOf = new WeakMap<pg.Client, number>();

/** A session in which the engine runs everything, with up to `workers` beside the leader. */
export async function connect(workers = 4): Promise<pg.Client> {
  const client = await session(`SET pg_fusion.enable = on; SET max_parallel_workers_per_gather = ${workers}`);
  workersOf.set(client, workers);
  return client;
}

export const run = (client: pg.Client, text: string): Promise<Outcome> =>
  outcome(client.query({ text, rowMode: "array" }));

/** The statement's answer by PostgreSQL alone, without workers, in the same session. */
export async function plainly(client: pg.Client, text: string): Promise<Outcome> {
  await client.query("SET pg_fusion.enable = off; SET max_parallel_workers_per_gather = 0");
  const answer = await run(client, text);
  const workers = workersOf.get(client) ?? 0;
  await client.query(`SET pg_fusion.enable = on; SET max_parallel_workers_per_gather = ${workers}`);
  return answer;
}

export async function same(client: pg.Client, text: string): Promise<void> {
  expect(await run(client, text)).toEqual(await plainly(client, text));
}

/** The same where no order is asked for. */
export async function sameRows(client: pg.Client, text: string): Promise<void> {
  const sorted = (answer: Outcome): unknown =>
    "rows" in answer ? answer.rows.map((row) => JSON.stringify(row)).sort() : answer;
  expect(sorted(await run(client, text))).toEqual(sorted(await plainly(client, text)));
}

/** A node of a plan as EXPLAIN writes it in JSON, as far as suites go by it. */
interface PlanNode {
  readonly Plans?: readonly PlanNode[];
  readonly Scans?: readonly Scan[];
}

export interface Scan {
  readonly Path: string;
  readonly Reason?: string;
  readonly "Producers Planned": number;
  readonly "Producers Launched": number;
  readonly "Rows Produced": number;
  readonly "Leader Rows": number;
  readonly "Leader Only"?: string;
  readonly Plan: PlanNode;
}

/** Those of the topmost execution of the engine. */
function scansIn(plan: PlanNode): readonly Scan[] {
  return plan.Scans ?? scansIn(defined(plan.Plans?.[0], "an execution of the engine"));
}

/** What EXPLAIN ANALYZE says of the statement's scans, in leaf order. */
export async function scansOf(client: pg.Client, text: string): Promise<readonly Scan[]> {
  const { rows } = await client.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${text}`);
  return scansIn(rows[0]["QUERY PLAN"][0].Plan);
}

/** Of the execution that makes the rows of the statement's first scan (`pg_fusion inside`). */
export async function scansInside(client: pg.Client, text: string): Promise<readonly Scan[]> {
  const [outer] = await scansOf(client, text);
  return scansIn(defined(outer, "a scan").Plan);
}

/** Of the only one. */
export async function scanOf(client: pg.Client, text: string): Promise<Scan> {
  const [scan] = await scansOf(client, text);
  return defined(scan, "a scan");
}
