// Casts to text, concat(), LIKE in its forms, OVERLAPS and casts of oids, as the engine computes them between a join
// and a grouping, against PostgreSQL's answers. The server is that of throwaway_cluster.ts.
import { readFileSync } from "node:fs";
import type pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connect, run, sameRows } from "../support/fusion_session.js";

let client: pg.Client;
beforeAll(async () => {
  client = await connect(0);
  await client.query("SET pg_fusion.enable = off; DROP SCHEMA IF EXISTS texts CASCADE; CREATE SCHEMA texts");
  await client.query("SET search_path = texts; SET timezone = 'America/New_York'");
  await client.query(readFileSync(new URL("./text_casts_schema.sql", import.meta.url), "utf8"));
  await client.query("SET pg_fusion.enable = on");
}, 60_000);
afterAll(async () => {
  await client.query("DROP SCHEMA texts CASCADE");
  await client.end();
});

const of = (column: string): string => `coalesce(a.${column}, b.${column})`;

const casts: readonly string[] = ["b", "i2", "i4", "i8", "o", "n", "d", "t", "z", "u", "m"].flatMap((column) =>
  [`${of(column)}::text`, `${of(column)}::varchar(4)`]);

const spans = (column: string): string => `(a.${column}, b.${column}) OVERLAPS (b.${column}, a.${column})`;

const computed: readonly string[] = [
  ...casts, "a.x || b.i4", "a.n || '/' || b.d", "(a.d * 2)::text || b.n",
  "CASE WHEN a.b THEN a.d ELSE b.n END::text", "concat(a.x, b.i8, a.b, b.v)", "concat(a.m, b.n, a.t, b.u)",
  "concat(a.z)", "concat_ws('-', a.x, b.i4, a.v)", "concat_ws(', ', a.b, b.o, b.x, a.d)", "concat_ws('', a.x, b.x)",
  "a.x LIKE b.p", "a.x NOT LIKE b.p", "a.c LIKE b.p", "a.c NOT LIKE b.p", "a.m LIKE b.p", "a.m NOT LIKE b.p",
  "a.x LIKE 'a!%b' ESCAPE '!' OR b.b", "a.x LIKE 'a\\%' ESCAPE '' OR b.b", "a.x NOT LIKE 'aéé%' ESCAPE 'é' OR b.b",
  "a.x COLLATE \"C\" ILIKE b.p", "a.x COLLATE \"C\" NOT ILIKE b.p", "a.c COLLATE \"C\" ILIKE b.p",
  "a.m ILIKE b.p COLLATE \"C\"", "(+a.i4)::int8 + (+b.i8) / 3", "+a.n + b.d", "a.o::int8 + b.i2", "a.i4::oid = b.o",
  `${of("i4")}::oid`, `${of("i2")}::oid`, `${of("o")}::int4`, "a.m = b.m", "a.m <> b.m", "greatest(a.m, b.m)",
  "least(a.mood, b.mood)", "nullif(a.mood, b.mood)", "a.mood IS DISTINCT FROM b.mood",
  ...["int2", "int4", "int8"].map((type) => `${of("r")}::${type}`), `${of("u")}::text::uuid`,
  "concat(a.b)::bool", "(a.x || b.x || 'yEs')::varchar(2)", "substr(concat(a.r, b.r), 1, 3)::int8 + 1",
  ...["t", "z", "local", "at"].map(spans), "(a.t, b.t) OVERLAPS (time '01:00', b.t)",
  `${of("at")}::text`, "concat(a.at, b.local)", "concat(a.c, b.x)", "concat(a.x, '/', NULL, b.c)",
  "(a.local, NULL) OVERLAPS (b.local, timestamp '2024-01-01 12:00')",
];

/** PostgreSQL's, for what they depend on, or for their errors. */
const others: readonly string[] = [
  "concat_ws(a.x, b.x, a.v)", "a.x ILIKE b.p",
  "concat(VARIADIC ARRAY[a.x, b.x])", "a.x LIKE b.p ESCAPE a.v", `${of("c")}::text || b.x`,
];

const joined = (expression: string, condition = ""): string =>
  `SELECT ${expression}, count(*) FROM ones a JOIN twos b ON a.g = b.g ${condition} GROUP BY 1`;

test.each([...computed, ...others])("answers as PostgreSQL does: %s", async (expression) => {
  await sameRows(client, joined(expression));
});

test.each(computed)("the engine computes %s", async (expression) => {
  const answer = await run(client, `EXPLAIN VERBOSE ${joined(expression)}`);
  const plan = ("rows" in answer ? answer.rows : []).map((row) => String((row as readonly unknown[])[0])).join("\n");
  expect(plan).toMatch(/^Custom Scan/);
  expect(plan).toContain("Hash Aggregate");
});

const texts = ["", " ", "12a", "1 2", "2147483648", "-2147483648", "2147483649x", "2147483648x", "-2147483649", "99999",
  "9223372036854775808", "-9223372036854775808", "+", "- 1", "0x10", "1_000", " \t7\n", "on", "o", "OF", "TRUE", " nO ",
  "yess", "1", "tRu", "é", "a0eebc999c0b4ef8bb6d6bb9bd380a11", "{a0eebc99-9c0b4ef8-bb6d6bb9-bd380A11}", "{a0eebc99",
  "a0eebc9-99c0b4ef8bb6d6bb9bd380a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11-"];

test.each(texts)("reads what PostgreSQL reads of %j", async (text) => {
  for (const type of ["int2", "int4", "int8", "bool", "uuid"])
    await sameRows(client, joined(`(a.v || b.v || E'${text}')::${type}`, "AND a.id = 0 AND b.id = 0"));
});

test("errors are PostgreSQL's", async () => {
  for (let row = 0; row < 6; row++) {
    for (const expression of [`${of("i8")}::oid`, `a.x LIKE 'a' ESCAPE 'ab' OR b.b`])
      await sameRows(client, joined(expression, `AND a.id = ${row} AND b.id = ${row}`));
  }
});

test("oids of negative numbers come last", async () => {
  await sameRows(client, `SELECT max(${of("i2")}::oid), min(${of("i4")}::oid) FROM ones a JOIN twos b ON a.id = b.id`);
  await sameRows(client, `SELECT ${of("i2")}::oid FROM ones a JOIN twos b ON a.id = b.id ORDER BY 1 LIMIT 3`);
  const ranked = `SELECT a.g, percentile_disc(0.5) WITHIN GROUP (ORDER BY ${of("i4")}::oid),
    percentile_disc(ARRAY[0, 0.8]) WITHIN GROUP (ORDER BY ${of("o")} DESC) FROM ones a JOIN twos b ON a.id = b.id
    GROUP BY 1`;
  await sameRows(client, ranked);
  const { rows } = await client.query(`EXPLAIN ${ranked}`);
  expect(String(rows[0]["QUERY PLAN"])).toMatch(/^Custom Scan/);
});
