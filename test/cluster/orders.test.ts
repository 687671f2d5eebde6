// Orders of enums, of times with time zone and of names in the engine, as PostgreSQL alone has them: comparisons,
// windows, min() and max(), limits of subqueries; and prepared statements while ALTER TYPE adds values in between. The
// server is that of throwaway_cluster.ts.
import { readFileSync } from "node:fs";
import type pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connect, outcome, plainly, sameRows } from "../support/fusion_session.js";

let client: pg.Client;
beforeAll(async () => {
  client = await connect(0);
  await client.query("SET pg_fusion.enable = off; DROP SCHEMA IF EXISTS orders CASCADE; CREATE SCHEMA orders");
  await client.query("SET search_path = orders; SET timezone = 'Europe/Berlin'");
  // One by one: a value is of use when the transaction that added it is over.
  for (const text of readFileSync(new URL("./orders_schema.sql", import.meta.url), "utf8").split(/;\n/))
    await client.query(text);
  await client.query("SET pg_fusion.enable = on");
}, 60_000);
afterAll(async () => {
  await client.query("DROP SCHEMA orders CASCADE");
  await client.end();
});

const keyed = ["mood", "rises"] as const;

const statements: readonly string[] = [
  ...keyed.flatMap((each) => [
    `SELECT team, min(${each}), max(${each}), count(*) FROM people GROUP BY 1`,
    `SELECT min(${each}), max(${each}) FROM people WHERE id < 0`,
    `SELECT max(${each}) FILTER (WHERE team = 3), min(${each})
       FROM people JOIN (VALUES (1), (2), (3)) v (t) ON t = team`,
    `SELECT p.id, m.least FROM people p JOIN (SELECT team, min(${each}) AS least FROM people GROUP BY team) m
       ON m.team = p.team AND p.${each} > m.least`,
  ]),
  ...[...keyed, "nick"].flatMap((each) => [
    `SELECT id, row_number() OVER (PARTITION BY team ORDER BY ${each}, id) FROM people`,
    `SELECT id, rank() OVER (ORDER BY ${each} DESC NULLS LAST), dense_rank() OVER (ORDER BY ${each}) FROM people`,
    `SELECT id, first_value(${each}) OVER (PARTITION BY team ORDER BY ${each} DESC NULLS LAST, id) FROM people`,
    `SELECT count(*) FROM people a JOIN people b ON a.team = b.team AND a.${each} < b.${each}`,
    `SELECT a.id, count(b.id) FROM people a LEFT JOIN people b ON a.id = b.team AND a.${each} >= b.${each} GROUP BY 1`,
    `SELECT count(*) FROM people a, (SELECT id, ${each} FROM people ORDER BY ${each} DESC, id LIMIT 40) b
       WHERE a.id = b.id`,
    `SELECT team, ${each}, count(*) FROM people GROUP BY 1, 2 ORDER BY ${each} NULLS FIRST, team LIMIT 30`,
  ]),
  `SELECT team, mode() WITHIN GROUP (ORDER BY mood), percentile_disc(0.5) WITHIN GROUP (ORDER BY mood)
     FROM people GROUP BY 1`,
  "SELECT team, string_agg(nick, ',' ORDER BY mood DESC, id), array_agg(id ORDER BY rises, id) FROM people GROUP BY 1",
  "SELECT count(*) FROM people a JOIN people b ON a.team = b.id AND a.mood <= 'glad' AND b.mood > 'sad'",
  "SELECT id, count(*) OVER (ORDER BY rises RANGE BETWEEN '1 hour' PRECEDING AND CURRENT ROW) FROM people",
];

test.each(statements)("%s", async (text) => {
  await sameRows(client, text);
});

test("the engine orders by keys", async () => {
  for (const [text, key] of [
    [statements[0], "min(rank(mood))"], [statements[4], "max(key(rises))"],
    ["SELECT count(*) FROM people a JOIN people b ON a.team = b.team AND a.nick < b.nick", "text(nick)"],
  ] as const) {
    const { rows } = await client.query(`EXPLAIN VERBOSE ${text}`);
    expect(rows.map((row: Record<string, string>) => row["QUERY PLAN"]).join("\n"), text).toContain(key);
  }
});

test("a prepared statement follows the values that a type gets", async () => {
  const text = "SELECT team, min(mood), max(mood) FROM people WHERE id > $1 GROUP BY team";
  await client.query("SET plan_cache_mode = force_generic_plan");
  const check = async (): Promise<void> => {
    const answer = await outcome(client.query({ name: "moods", text, values: [0], rowMode: "array" }));
    const expected = await plainly(client, text.replace("$1", "0"));
    const sorted = (rows: typeof answer): unknown =>
      ("rows" in rows ? rows.rows.map((row) => JSON.stringify(row)).sort() : rows);
    expect(sorted(answer)).toEqual(sorted(expected));
  };
  await check();
  await client.query("ALTER TYPE mood ADD VALUE 'worst' BEFORE 'awful'");
  await client.query("ALTER TYPE mood ADD VALUE 'middling' BEFORE 'glad'");
  await check();
  await client.query("UPDATE people SET mood = 'worst' WHERE id % 20 = 0");
  await client.query("UPDATE people SET mood = 'middling' WHERE id % 3 = 0");
  await check();
  await client.query("ALTER TYPE mood RENAME VALUE 'worst' TO 'poor'");
  await check();
  await client.query("RESET plan_cache_mode");
});
