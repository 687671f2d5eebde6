// Statement parameters inside the engine: prepared statements with one plan for all values, and variables of functions.
// Each answer is PostgreSQL's for the same values. The server is that of throwaway_cluster.ts.
import type pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { defined } from "#base/assert.js";
import { answer, unordered } from "../support/answers.js";
import { endSessions, session } from "../support/fusion_session.js";

const schema = `DROP SCHEMA IF EXISTS parameters CASCADE; CREATE SCHEMA parameters; SET search_path = parameters;
CREATE DOMAIN small AS int CHECK (VALUE < 1000);
CREATE TABLE l (k int, b bool, i2 int2, i8 int8, f4 float4, f8 float8, n numeric(12,2), t text, v varchar(20), d date,
  ts timestamp, tz timestamptz, span interval);
CREATE TABLE r (LIKE l);
INSERT INTO l SELECT i, i % 3 = 0, i % 50, i * 1000000007::int8, i / 8.0, i / 4.0, i * 1.25, 't' || i, 'v' || i % 40,
  date '2020-01-01' + i, timestamp '2020-01-01' + i * interval '7 hours', timestamptz '2020-01-01 00:00+00'
  + i * interval '5 hours', i * interval '3 hours' FROM generate_series(1, 300) i;
INSERT INTO r SELECT i, i % 2 = 0, i % 60, i * 1000000007::int8, i / 16.0, i / 2.0, i * 2.5, 't' || i * 2,
  'v' || i % 30, date '2020-01-01' + i * 2, timestamp '2020-01-01' + i * interval '14 hours',
  timestamptz '2020-01-01 00:00+00' + i * interval '10 hours', i * interval '6 hours' FROM generate_series(1, 300) i;
ANALYZE l, r;
CREATE FUNCTION between_them(low int, share numeric) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE found bigint; most int := low * 3;
BEGIN
  SELECT count(*) INTO found FROM l JOIN r USING (i2) WHERE l.k + r.k > low AND l.k - r.k < most
    AND l.n + r.n > share;
  RETURN found;
END $$`;

type Values = readonly (string | null)[];

/** Statements with parameters of types, and their values. */
const statements: readonly (readonly [types: string, text: string, values: readonly Values[]])[] = [
  ["int", "SELECT count(*) FROM l JOIN r USING (k) WHERE l.i2 + r.i2 > $1", [["40"], ["0"], ["-9"], [null]]],
  ["int", "SELECT sum((l.i2 + r.i2) * $1), count(*) FROM l JOIN r USING (k)", [["3"], ["2147483647"], [null]]],
  ["int, int", "SELECT sum((l.k + r.k) / $1) FILTER (WHERE l.k > r.i2 + $2) FROM l JOIN r USING (k)",
    [["3", "1"], ["0", "1"], ["0", "1000"]]],
  ["small", "SELECT count(*) FROM l JOIN r USING (k) WHERE l.i2 + r.i2 > $1", [["40"]]],
  ["int2", "SELECT count(*) FROM l, r WHERE l.k = r.k + $1", [["1"], ["-3"]]],
  ["int8", "SELECT count(*) FROM l JOIN r USING (k) WHERE l.i8 - r.k > $1", [["100000000000"], ["-1"]]],
  ["bool", "SELECT count(*) FROM l JOIN r USING (k) WHERE (l.b AND r.b) = $1", [["t"], ["f"], [null]]],
  ["float4", "SELECT count(*) FROM l JOIN r USING (k) WHERE l.f4 + r.f4 > $1", [["10.5"], ["NaN"], ["-Infinity"]]],
  ["float8", "SELECT count(*) FROM l JOIN r USING (k) WHERE l.f8 + r.f8 > $1", [["10.1"], ["Infinity"]]],
  ["numeric", "SELECT count(*) FROM l JOIN r USING (k) WHERE l.n + r.n > $1",
    [["100.125"], ["-0.0"], ["NaN"], ["1e30"], [null]]],
  ["text", "SELECT count(*) FROM l JOIN r USING (k) WHERE l.t = r.t OR l.t = $1",
    [["t7"], [""], ["a text that is longer than what a view keeps inline"], [null]]],
  ["varchar", "SELECT count(*), count(*) FILTER (WHERE l.v || r.v = $1) FROM l JOIN r USING (k)", [["v1v1"], ["é"]]],
  ["date", "SELECT count(*) FROM l JOIN r USING (k) WHERE GREATEST(l.d, r.d) < $1", [["2020-03-01"], ["infinity"]]],
  ["date", "SELECT sum(l.d - $1), max(r.d) FROM l JOIN r USING (k)", [["2020-03-01"], ["infinity"]]],
  ["timestamp", "SELECT count(*) FROM l JOIN r USING (k) WHERE LEAST(l.ts, r.ts) > $1", [["2020-02-02 03:04:05.6"]]],
  ["timestamptz", "SELECT count(*) FROM l JOIN r USING (k) WHERE LEAST(l.tz, r.tz) > $1", [["2020-02-02 03:04+05"]]],
  ["interval", "SELECT count(*) FROM l JOIN r USING (k) WHERE GREATEST(l.span, r.span) > $1", [["4 days"], ["1 mon"]]],
  ["int", "SELECT k, count(*) FROM l WHERE EXISTS (SELECT FROM r WHERE r.k + l.i2 = $1) GROUP BY k", [["40"], ["7"]]],
  ["int", "SELECT k, (SELECT max(r.k + $1) FROM r WHERE r.i2 = l.i2) FROM l WHERE k < 9", [["5"], ["2147483600"]]],
  // Asked before any row is made, as one of these says by its error and the other by its time.
  ["bool", "SELECT count(*), max(s.z) FROM (SELECT sum(1 / (k - k)) z FROM l) s, r WHERE $1", [["f"], [null], ["t"]]],
  ["bool", "SELECT count(*) FROM l JOIN r ON $1 JOIN l a ON $1 JOIN r b ON $1 JOIN l c ON $1", [["f"], [null]]],
  ["int", "SELECT CASE WHEN l.k > $1 THEN r.k ELSE $1 END g, count(*) FROM l JOIN r USING (i2) GROUP BY 1", [["290"]]],
];

let plain: pg.Client | undefined;
let fusion: pg.Client | undefined;
beforeAll(async () => {
  plain = await session(schema);
  const settings = "SET search_path = parameters; SET plan_cache_mode = force_generic_plan";
  await plain.query(settings);
  fusion = await session(`${settings}; SET pg_fusion.enable = on`);
}, 120_000);

afterAll(async () => {
  await plain?.query("DROP SCHEMA parameters CASCADE");
  await endSessions();
});

async function both(text: string): Promise<void> {
  const expected = unordered(await answer(defined(plain, "a session"), text, "simple"));
  expect(unordered(await answer(defined(fusion, "a session"), text, "simple")), text).toEqual(expected);
}

async function explained(text: string): Promise<readonly string[]> {
  const { rows } = await defined(fusion, "a session").query<{ "QUERY PLAN": string }>(`EXPLAIN ${text}`);
  return rows.map((row) => row["QUERY PLAN"]);
}

test.each(statements)("%s: %s", async (types, text, valueLists) => {
  await both("DEALLOCATE ALL");
  await both(`PREPARE asked (${types}) AS ${text}`);
  for (const values of valueLists) {
    const list = values.map((value) => (value === null ? "NULL" : `'${value}'`)).join();
    await both(`EXECUTE asked (${list})`);
    // Numerics of any scale are faster in PostgreSQL, above the join.
    if (types === "numeric") continue;
    const lines = await explained(`EXECUTE asked (${list})`);
    expect(lines[0]).toMatch(/^Custom Scan/);
    expect(lines.filter((line) => /^ {2}Filter: |by PostgreSQL|in PostgreSQL/.test(line))).toEqual([]);
  }
});

test("variables of a function, again and again", async () => {
  for (let run = 0; run < 8; run++) await both(`SELECT between_them(${run * 20}, ${run} * 12.5)`);
});

test("full joins on nothing but a parameter are refused by name", async () => {
  const asked = (condition: string): string =>
    `PREPARE asked (bool) AS SELECT count(*), count(l.k), count(r.k) FROM l FULL JOIN r ON ${condition}`;
  for (const condition of ["l.k = r.k AND $1", "$1 AND l.i2 < r.i2", "false"]) {
    await both("DEALLOCATE ALL");
    await both(asked(condition));
    for (const value of ["true", "false", "NULL"]) await both(`EXECUTE asked (${value})`);
  }
  await both("DEALLOCATE ALL");
  await both(asked("$1"));
  expect(await answer(defined(fusion, "a session"), "EXECUTE asked (true)", "simple"))
    .toMatchObject({ sqlstate: "0A000", message: "pg_fusion: FULL JOIN on a parameter is not supported" });
});
