// Functions under the session's time zone, and under one that a statement names, as PostgreSQL alone answers them:
// through many zones, around the hours that clocks skip and repeat, at the ends of timestamps; and in prepared
// statements of sessions that change their zone between executions. The server is that of throwaway_cluster.ts.
import { readFileSync } from "node:fs";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connect, outcome, plainly, run, sameRows } from "../support/fusion_session.js";

let client: pg.Client;
beforeAll(async () => {
  client = await connect(0);
  await client.query("SET pg_fusion.enable = off; DROP SCHEMA IF EXISTS zones CASCADE; CREATE SCHEMA zones");
  await client.query("SET search_path = zones; SET timezone = 'UTC'");
  await client.query(readFileSync(new URL("./zones_schema.sql", import.meta.url), "utf8"));
  await client.query("SET pg_fusion.enable = on");
}, 60_000);
afterAll(async () => {
  await client.query("DROP SCHEMA zones CASCADE");
  await client.end();
});

/** Rows of the table of ends. */
const ENDS = 8;

const sessionZones = [
  "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC", "<+15:59>-15:59",
  "<-15:59>+15:59", "Africa/Casablanca", "Pacific/Apia", "EST5EDT4,M3.2.0,M11.1.0",
];

/** What may fail for an instant or a local time at the ends. */
const failing: readonly string[] = [
  "t::timestamp", "local::timestamptz", "day::timestamptz", "date_trunc('minute', t)", "date_trunc('day', t)",
  "date_trunc('week', t)", "date_trunc('year', t)", "t + interval '1 month'", "t - interval '1 month 1 day'",
  "t + interval '90 min'", "t - interval '24 h'", "t AT TIME ZONE 'Europe/Berlin'",
  "local AT TIME ZONE 'America/New_York'", "local AT TIME ZONE 'EST'", "date_trunc('day', t, 'Australia/Lord_Howe')",
  "date_trunc('hour', t, 'asia/kathmandu')",
];

const fields = ["quarter", "month", "week", "day", "dow", "isodow", "doy", "hour", "minute", "second", "milliseconds",
  "microseconds", "timezone", "timezone_hour", "timezone_minute"];

/** Infinite for infinite timestamps. */
const growing = ["epoch", "year", "isoyear", "decade", "century", "millennium", "julian"];

/** Those that are computed where the table is read. */
const growingInScans: readonly string[] =
  ["extract(julian FROM t)", ...growing.map((field) => `date_part('${field}', t)`)];

const harmless: readonly string[] = [
  "t::date", "t::time", "local::time", "t AT TIME ZONE 'UTC'",
  ...fields.map((field) => `extract(${field} FROM t)`), ...fields.map((field) => `date_part('${field}', t)`),
  ...growing.filter((field) => field !== "julian").map((field) => `extract(${field} FROM t)`),
  "t < local", "t >= local", "local <= t", "local = t", "t <> local", "t > day", "day < t", "day = t", "day >= t",
  "t <= day",
];

/** Of no time zone, but of the same ends. */
const zoneless: readonly string[] = [
  ...growing.map((field) => `extract(${field} FROM local)`), ...growing.map((field) => `date_part('${field}', local)`),
  ...growing.map((field) => `extract(${field} FROM day)`),
];

/** Not of ends. */
const ofInstants: readonly string[] = [
  "t + span", "t - span", "age(t, timestamptz '2024-03-31 00:30+00')",
  "age(timestamptz '2024-11-03 05:30+00', t)",
  "make_timestamptz(2024, (n % 12 + 1)::int, (n % 28 + 1)::int, (n % 24)::int, (n % 60)::int, n % 59 + 0.25)",
];

/** PostgreSQL's, which computes them where it reads the table. */
const ofScans: readonly string[] = [...["microseconds", "milliseconds", "second", "hour", "month", "quarter", "decade",
  "century", "millennium"].map((unit) => `date_trunc('${unit}', t)`), ...growingInScans];

/** So many expressions a statement groups by. */
const TOGETHER = 8;

function grouped(expressions: readonly string[], table: string): string {
  const keys = expressions.map((_, index) => index + 1).join(", ");
  return `SELECT ${expressions.join(", ")}, count(*) FROM ${table} GROUP BY ${keys}`;
}

function chunks(list: readonly string[]): readonly (readonly string[])[] {
  const count = Math.ceil(list.length / TOGETHER);
  return Array.from({ length: count }, (_, index) => list.slice(index * TOGETHER, (index + 1) * TOGETHER));
}

describe.each(sessionZones)("%s", (zone) => {
  beforeAll(() => client.query(`SET timezone = '${zone}'`));

  test("answers as PostgreSQL does", async () => {
    for (const together of chunks([...failing, ...harmless, ...ofInstants, ...ofScans]))
      await sameRows(client, grouped(together, "instants"));
    for (const together of chunks([...harmless, ...zoneless, ...growingInScans]))
      await sameRows(client, grouped(together, "ends"));
  }, 120_000);
});

test.each(["UTC", "<+15:59>-15:59", "America/New_York"])("fails as PostgreSQL does at the ends in %s", async (zone) => {
  await client.query(`SET timezone = '${zone}'`);
  for (const expression of failing) {
    for (let row = 0; row < ENDS; row++)
      await sameRows(client, grouped([expression], `(SELECT * FROM ends WHERE id = ${row} OFFSET 0) AS one`));
  }
}, 240_000);

test("the engine computes them", async () => {
  for (const together of chunks([...failing, ...harmless, ...ofInstants])) {
    const { rows } = await client.query(`EXPLAIN VERBOSE ${grouped(together, "instants")}`);
    const plan = rows.map((row: Record<string, string>) => row["QUERY PLAN"]).join("\n");
    expect(plan).toContain("time zone");
  }
});

test("conditions of joins compare across types", async () => {
  await client.query("SET timezone = 'America/New_York'");
  await sameRows(client, "SELECT count(*), min(a.n) FROM instants a JOIN instants b ON a.n = b.n AND a.t < b.local");
  await sameRows(client,
    `SELECT a.day, count(*) FROM instants a LEFT JOIN instants b ON a.n = b.n AND date_trunc('day', a.t) = b.day
     GROUP BY 1`);
  await sameRows(client, `SELECT n, count(*) OVER (ORDER BY t RANGE BETWEEN '1 month' PRECEDING AND '1 day' FOLLOWING)
    FROM instants WHERE n < 6000`);
  await sameRows(client,
    "SELECT n, row_number() OVER (PARTITION BY date_trunc('month', t) ORDER BY t) FROM instants WHERE n < 5000");
});

test("a prepared statement goes by the zone of each execution", async () => {
  const text = "SELECT date_trunc('day', t) AS v, max(t::timestamp), count(*) FROM instants WHERE n > $1 GROUP BY 1";
  for (const mode of ["force_generic_plan", "force_custom_plan"]) {
    await client.query(`SET plan_cache_mode = ${mode}`);
    for (const zone of ["UTC", "Europe/Berlin", "Asia/Kathmandu", "UTC", "America/New_York"]) {
      await client.query(`SET timezone = '${zone}'`);
      const query = { name: `days_${mode}`, text, values: [3000], rowMode: "array" as const };
      const answer = await outcome(client.query(query));
      const expected = await plainly(client, text.replace("$1", "3000"));
      const sorted = (rows: typeof answer): unknown =>
        ("rows" in rows ? rows.rows.map((row) => JSON.stringify(row)).sort() : rows);
      expect(sorted(answer), zone).toEqual(sorted(expected));
    }
  }
  await client.query("RESET plan_cache_mode");
});

test("unknown zones and abbreviations whose offset changed are PostgreSQL's", async () => {
  await client.query("SET timezone = 'UTC'");
  for (const zone of ["Mars/Olympus", "MSK", "+03:30", ""]) {
    const text = grouped([`t AT TIME ZONE '${zone}'`], "instants");
    const answer = await run(client, text);
    if ("rows" in answer) await sameRows(client, text);
    else expect(answer).toEqual(await plainly(client, text));
    await sameRows(client, grouped([`t AT TIME ZONE '${zone}'`], "instants WHERE n < 0"));
  }
});
