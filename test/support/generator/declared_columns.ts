// Columns as a statement declares them. Under the simple protocol PostgreSQL describes those of its plan instead: where
// all arms of a UNION ALL but one are seen to be empty, that arm's type modifiers, though no statement's description
// says them. Either is PostgreSQL's. Read next: compare.ts.
import type { Client } from "pg";
import { answer, type Answer } from "../answers.js";
import { type Query, textOf } from "./tree.js";
import { rollBack } from "./ways.js";

type Rows = Extract<Answer, { kind: "rows" }>;

const declared = `SELECT attname || ':' || atttypid || ':' || atttypmod FROM pg_attribute
  WHERE attrelid = 'pg_temp.declared'::regclass AND attnum > 0 ORDER BY attnum`;

/** Whether two answers differ in nothing but type modifiers, of which the second has those the statement declares. */
export async function isAsDeclared(client: Client, query: Query, expected: Rows, actual: Rows): Promise<boolean> {
  if (JSON.stringify(expected.rows) !== JSON.stringify(actual.rows)) return false;
  await client.query("BEGIN");
  const made = await answer(client, `CREATE TEMP VIEW declared AS ${textOf(query)}`, "simple");
  const found = made.kind === "rows" ? await answer(client, declared, "simple") : made;
  await rollBack(client);
  return found.kind === "rows" && found.rows.join() === actual.columns.join();
}
