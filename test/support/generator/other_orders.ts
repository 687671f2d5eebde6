// Where SQL leaves the order of rows free, which of several failing rows comes first is free as well. Whether an error
// is one of those is asked of PostgreSQL: it must raise this very error itself, for the same statement over tables that
// hold the same rows in another order, or by another plan. Columns of the select list that raise none on any row may be
// left out for that, since they change no order that anybody asked for. Read next: compare.ts.
import type { Client } from "pg";
import { answer, type Answer } from "../answers.js";
import { relationStatements } from "./schema.js";
import { type Query, type Select, textOf } from "./tree.js";
import { rollBack } from "./ways.js";

type Failure = Extract<Answer, { kind: "error" }>;

/** Of a dozen failing values each should come first in some order. */
const orders = ["id DESC", ..."abcdefghijklmnopqrstuvw".split("").map((salt) => `md5('${salt}' || id)`)];

const schemaOf = (index: number): string => `generated_order_${index}`;

const plans = [
  [], ["enable_hashagg"], ["enable_sort"], ["enable_hashjoin"], ["enable_mergejoin"], ["enable_nestloop"],
  ["enable_hashjoin", "enable_mergejoin"], ["enable_hashjoin", "enable_nestloop"], ["enable_seqscan"],
] as const;

/** What shows where a row stands in its table. */
const placed = /ctid|tableoid|xmax|TABLESAMPLE/;

/** Makes the tables in other orders, in schemas of their own. */
async function makeOrders(client: Client): Promise<void> {
  const { rowCount } = await client.query("SELECT FROM pg_namespace WHERE nspname = $1", [schemaOf(orders.length - 1)]);
  if (rowCount !== 0) return;
  for (const [index, order] of orders.entries()) {
    await client.query(`DROP SCHEMA IF EXISTS ${schemaOf(index)} CASCADE; CREATE SCHEMA ${schemaOf(index)}`);
    await client.query(`SET search_path = ${schemaOf(index)}, public`);
    // Rows of a table's parts may come in any order as well, which PostgreSQL's own is not.
    for (const statement of relationStatements(order, index % 2 === 1)) await client.query(statement);
  }
  await client.query("RESET search_path");
}

/** Drops what `otherOrderRaises` made. */
export async function dropOrders(client: Client): Promise<void> {
  for (const index of orders.keys()) await client.query(`DROP SCHEMA IF EXISTS ${schemaOf(index)} CASCADE`);
}

/** The statement, and it with only those columns that fail on some row. */
async function candidates(client: Client, query: Query): Promise<readonly Query[]> {
  if (query.node !== "select" || query.distinct || query.distinctOn > 0 || query.limit !== "") return [query];
  const failing: Select["targets"][number][] = [];
  for (const target of query.targets) {
    const alone = { ...query, targets: [target] };
    if ((await answer(client, textOf(alone), "simple")).kind === "error") failing.push(target);
  }
  return failing.length === 0 || failing.length === query.targets.length
    ? [query] : [query, { ...query, targets: failing }];
}

/** Whether PostgreSQL raises the error for the statement over the same rows in some other order. */
export async function otherOrderRaises(client: Client, query: Query, error: Failure): Promise<boolean> {
  const wanted = JSON.stringify(error);
  if (placed.test(textOf(query))) return false;
  await makeOrders(client);
  for (const candidate of await candidates(client, query))
    for (const index of orders.keys())
      for (const settings of plans) {
        const off = settings.map((setting) => `; SET LOCAL ${setting} = off`).join("");
        await client.query(`BEGIN; SET LOCAL search_path = ${schemaOf(index)}, public${off}`);
        const found = await answer(client, textOf(candidate), "simple");
        await rollBack(client);
        if (JSON.stringify(found) === wanted) return true;
      }
  return false;
}
