// Times with time zone, made dates and times, and arithmetic of intervals, as the engine computes them between a join
// and a grouping, against PostgreSQL's answers: infinities, 24:00, leap seconds, years before Christ, skipped and
// repeated hours, and zones sixteen hours away. The server is that of throwaway_cluster.ts.
import { readFileSync } from "node:fs";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connect, run, sameRows } from "../support/fusion_session.js";

let client: pg.Client;
beforeAll(async () => {
  client = await connect(0);
  await client.query("SET pg_fusion.enable = off; DROP SCHEMA IF EXISTS times CASCADE; CREATE SCHEMA times");
  await client.query("SET search_path = times; SET timezone = 'UTC'");
  await client.query(readFileSync(new URL("./times_schema.sql", import.meta.url), "utf8"));
  await client.query("SET pg_fusion.enable = on");
}, 60_000);
afterAll(async () => {
  await client.query("DROP SCHEMA times CASCADE");
  await client.end();
});

/** Rows of either table. */
const ROWS = 9;

/** A value that neither scan has. */
const of = (column: string): string => `coalesce(a.${column}, b.${column})`;

const fields = ["hour", "minute", "second", "milliseconds", "microseconds", "epoch", "timezone", "timezone_hour",
  "timezone_minute"];

const harmless: readonly string[] = [
  `${of("z")}::time`, `${of("t")}::timetz`, `${of("at")}::timetz`, "a.z = b.z", "a.z <> b.z", "a.z < b.z",
  "greatest(a.z, b.z)", "nullif(a.z, b.z)", "a.z IS DISTINCT FROM b.z",
  `${of("z")} AT TIME ZONE 'America/New_York'`, `${of("z")} AT TIME ZONE 'EST'`,
  `${of("z")} AT TIME ZONE 'Asia/Kathmandu'`, `${of("z")} AT TIME ZONE interval '-05:45'`,
  `${of("z")} AT TIME ZONE interval '15:59:59.9'`, ...fields.map((field) => `extract(${field} FROM ${of("z")})`),
  ...fields.map((field) => `date_part('${field}', ${of("z")})`), "a.at > now()", "a.d < current_date OR b.n > 3",
  `isfinite(${of("span")})`,
  ...["millennium", "century", "decade", "year", "quarter", "month", "day", "hour", "minute", "second", "milliseconds",
    "microseconds"].map((unit) => `date_trunc('${unit}', ${of("span")})`),
];

const failing: readonly string[] = [
  "a.z + b.span", "a.z - b.span", "b.span + a.z", "a.d + b.z", "b.z + a.d", `${of("span")}::time`,
  "a.span / b.f", `justify_interval(${of("span")})`, `to_timestamp(${of("f")})`,
  "make_interval(a.n, b.n, a.n, b.n, a.n, b.n, a.f)", "make_interval(hours => b.n, secs => a.f)",
  "make_interval(years => a.n, months => b.n)", "make_interval(weeks => a.n, days => b.n)",
  "date_bin(a.span, b.local, timestamp '2000-01-01')", "date_bin('15 min', a.at, b.at)",
  "date_bin('1 day -1 us', a.local, b.local)", `${of("at")} AT TIME ZONE interval '-15:59:59'`,
  `${of("local")} AT TIME ZONE interval '15:59:59'`, `age(${of("at")})`, `age(${of("local")})`,
  "make_timestamptz(a.n, 3, 10, 2, b.n, 59.5, 'America/New_York')",
  "make_timestamptz(2024, 3, 10, 2, b.n, coalesce(a.f, 1), 'EST')",
];

const joined = (expressions: readonly string[], condition = ""): string =>
  `SELECT ${expressions.join(", ")}, count(*) FROM ones a JOIN twos b ON a.g = b.g ${condition}
    GROUP BY ${expressions.map((_, index) => index + 1).join(", ")}`;

describe.each(["UTC", "America/New_York", "Australia/Lord_Howe", "<+15:59>-15:59"])("%s", (zone) => {
  beforeAll(() => client.query(`SET timezone = '${zone}'`));

  test("answers as PostgreSQL does", async () => {
    for (let index = 0; index < harmless.length; index += 8)
      await sameRows(client, joined(harmless.slice(index, index + 8)));
  }, 60_000);
});

test.each(failing)("answers or fails as PostgreSQL does: %s", async (expression) => {
  await client.query("SET timezone = 'America/New_York'");
  const readsTwo = expression.includes("a.") && expression.includes("b.") && !expression.includes("coalesce(a");
  for (let row = 0; row < ROWS; row++) {
    // Each with itself, and pairs that other steps bring together.
    for (const step of readsTwo ? [0, 1, 3, 4] : [0])
      await sameRows(client, joined([expression], `AND a.id = ${row} AND b.id = ${(row + step) % ROWS}`));
  }
}, 60_000);

test.each([...harmless, ...failing])("the engine computes %s", async (expression) => {
  const answer = await run(client, `EXPLAIN VERBOSE ${joined([expression])}`);
  const plan = ("rows" in answer ? answer.rows : []).map((row) => String((row as readonly unknown[])[0])).join("\n");
  expect(plan).toMatch(/^Custom Scan/);
  expect(plan).toContain("Hash Aggregate");
});

test("zones that are no constants, or offsets of dates, are PostgreSQL's", async () => {
  for (const expression of [
    `${of("z")} AT TIME ZONE interval '1 day'`, `${of("z")} AT TIME ZONE ${of("span")}`,
    "make_timestamptz(2024, a.n, b.n, 1, 1, 1, '+03')", "make_timestamptz(2024, a.n, b.n, 1, 1, 1, '03')",
    `date_trunc('week', ${of("span")})`, `extract(day FROM ${of("z")})`,
  ]) await sameRows(client, joined([expression]));
});

test("the transaction's time is that of each execution", async () => {
  const text = `SELECT ${of("at")} - now() + now() AS at, current_timestamp = now() AS now, count(*)
    FROM ones a JOIN twos b ON a.id = b.id AND isfinite(a.at) AND a.n > 10 GROUP BY 1, 2 ORDER BY 1`;
  await client.query(`PREPARE times AS ${text}`);
  for (let round = 0; round < 7; round++) {
    await client.query("BEGIN");
    const [{ start }] = (await client.query("SELECT now() AS start")).rows;
    const { rows } = await client.query("EXECUTE times");
    const made = await client.query(
      `SELECT DISTINCT ${of("t")}::timetz = (now()::date + ${of("t")})::timestamptz::timetz AS same,
        current_date = now()::date AND localtimestamp = now()::timestamp AND localtime = now()::time AS all
      FROM ones a JOIN twos b ON a.id = b.id WHERE a.t < '24:00'`);
    expect(made.rows.every((row) => row.same && row.all), String(start)).toBe(true);
    expect(rows.every((row) => row.now)).toBe(true);
    await client.query("COMMIT");
  }
  await client.query("DEALLOCATE times");
});
