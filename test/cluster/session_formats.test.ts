// Dates, instants, intervals, floats and byte strings as texts between a join and a grouping, written as the session
// likes them: every style, zones with names, ends of the types, and prepared statements of sessions that change their
// settings between executions. The server is that of throwaway_cluster.ts.
import { readFileSync } from "node:fs";
import { floatText } from "#functions/float_text.js";
import type pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connect, type Outcome, outcome, plainly, sameRows } from "../support/fusion_session.js";
import { Dice } from "../support/random_plans.js";

let client: pg.Client;
beforeAll(async () => {
  client = await connect(0);
  await client.query("SET pg_fusion.enable = off; DROP SCHEMA IF EXISTS formats CASCADE; CREATE SCHEMA formats");
  await client.query("SET search_path = formats");
  await client.query(readFileSync(new URL("./session_formats_schema.sql", import.meta.url), "utf8"));
  await client.query("SET pg_fusion.enable = on");
}, 60_000);
afterAll(async () => {
  await client.query("DROP SCHEMA formats CASCADE");
  await client.end();
});

const joined = (expression: string, table: string): string =>
  `SELECT a.id, ${expression} AS t, count(*) FROM ${table} a JOIN ${table} b ON a.id = b.id GROUP BY 1, 2`;
const both = (column = "v"): string => `coalesce(a.${column}, b.${column})`;

/** Statements over values of each type, and what they are written by. */
const dates = joined(`${both()}::text`, "days");
const locals = joined(`${both()}::text`, "locals");
const instants = joined(`${both()}::text`, "instants");
const spans = joined(`${both()}::text`, "spans");
const floats = joined(`${both()}::text || '/' || ${both("r")}::text`, "floats");
const reals = joined(`${both("r")}::text`, "floats");
const doubles = joined(`${both()}::varchar(30)`, "floats");
const bytes = joined(`${both()}::text`, "strings");

async function isEngines(text: string): Promise<void> {
  const { rows } = await client.query(`EXPLAIN VERBOSE ${text}`);
  const plan = rows.map((row: Record<string, string>) => row["QUERY PLAN"]).join("\n");
  expect(plan).toMatch(/^Custom Scan/);
  expect(plan).toContain("Hash Aggregate");
}

test("the engine makes them", async () => {
  for (const text of [dates, locals, instants, spans, floats, reals, doubles, bytes]) await isEngines(text);
});

const zones = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "America/Sao_Paulo", "<+15:59>-15:59",
  "Europe/Dublin", "EST5EDT4,M3.2.0,M11.1.0"];

test.each(["ISO", "SQL", "Postgres", "German"])("dates and instants in the style %s", async (style) => {
  for (const order of ["DMY", "MDY", "YMD"]) {
    await client.query(`SET DateStyle = '${style}, ${order}'`);
    await sameRows(client, dates);
    await sameRows(client, locals);
    for (const zone of order === "MDY" ? zones : zones.slice(1, 2)) {
      await client.query(`SET timezone = '${zone}'`);
      await sameRows(client, instants);
    }
  }
  await client.query("RESET DateStyle; RESET timezone");
}, 240_000);

test.each(["postgres", "postgres_verbose", "sql_standard", "iso_8601"])("intervals as %s", async (style) => {
  await client.query(`SET IntervalStyle = ${style}`);
  await sameRows(client, spans);
  await client.query("RESET IntervalStyle");
});

test("floats of any number of digits", async () => {
  for (let digits = -15; digits <= 3; digits++) {
    await client.query(`SET extra_float_digits = ${digits}`);
    for (const text of [floats, reals, doubles]) await sameRows(client, text);
  }
  await client.query("RESET extra_float_digits");
});

test("byte strings in either form", async () => {
  for (const form of ["hex", "escape"]) {
    await client.query(`SET bytea_output = ${form}`);
    await sameRows(client, bytes);
  }
  await client.query("RESET bytea_output");
});

test("random floats are what the server writes", async () => {
  const dice = new Dice(11);
  for (const [type, kind, width] of [["float8", "float8", 8], ["float4", "float4", 4]] as const) {
    const images = Array.from({ length: 4000 }, () => BigInt.asUintN(width * 8, dice.bits()));
    for (const digits of [1, 0, -4, -14]) {
      await client.query(`SET pg_fusion.enable = off; SET extra_float_digits = ${digits}`);
      const values = images.map((image) => {
        const view = new DataView(new ArrayBuffer(8));
        view.setBigUint64(0, image << BigInt(64 - width * 8));
        return width === 8 ? view.getFloat64(0) : view.getFloat32(0);
      });
      const { rows } = await client.query<{ t: string }>(
        `SELECT v::${type}::text AS t FROM unnest($1::text[]::${type}[]) WITH ORDINALITY AS u (v, n) ORDER BY n`,
        [values.map((value) => floatText(value, kind, 1))]);
      expect(rows.map(({ t }) => t)).toEqual(values.map((value) => floatText(value, kind, digits)));
    }
  }
  await client.query("RESET extra_float_digits; SET pg_fusion.enable = on");
});

const settings = ["DateStyle = 'SQL, DMY'", "DateStyle = 'German'", "timezone = 'Europe/Berlin'",
  "IntervalStyle = iso_8601", "extra_float_digits = -5", "DateStyle = 'ISO'", "timezone = 'Asia/Kathmandu'",
  "bytea_output = escape", "DateStyle = 'Postgres, MDY'", "extra_float_digits = 3"];

test("a prepared statement goes by the settings of each execution", async () => {
  const text = `SELECT
      concat(d.v, '|', l.v, '|', i.v, '|', s.v, '|', f.v, '|', f.r, '|', t.v, '|', t.c, '|') AS t, count(*)
    FROM days d JOIN locals l ON d.id = l.id JOIN instants i ON i.id = d.id JOIN spans s ON s.id = d.id
    JOIN floats f ON f.id = d.id LEFT JOIN strings t ON t.id = d.id WHERE d.id > $1 GROUP BY 1`;
  await isEngines(text.replace("$1", "0"));
  for (const mode of ["force_generic_plan", "force_custom_plan"]) {
    await client.query(`SET plan_cache_mode = ${mode}`);
    for (const setting of settings) {
      await client.query(`SET ${setting}`);
      const query = { name: `texts_${mode}`, text, values: [0], rowMode: "array" as const };
      const sorted = (answer: Outcome): unknown =>
        ("rows" in answer ? answer.rows.map((row) => JSON.stringify(row)).sort() : answer);
      expect(sorted(await outcome(client.query(query))), setting)
        .toEqual(sorted(await plainly(client, text.replace("$1", "0"))));
    }
  }
  await client.query("RESET ALL; SET search_path = formats; SET pg_fusion.enable = on");
});

test("texts are joined, ordered and aggregated", async () => {
  await sameRows(client,
    "SELECT count(*), min(a.id) FROM days a JOIN days b ON a.v::text = b.v::text AND a.id + 0 = b.id");
  await sameRows(client, `SELECT a.id % 3, string_agg(${both()}::text COLLATE "C", ',' ORDER BY a.id),
    max(${both()}::text COLLATE "C") FROM floats a JOIN floats b ON a.id = b.id GROUP BY 1`);
  await sameRows(client, `SELECT upper(${both()}::text COLLATE "C"), 'x' || ${both()}, length(${both()}::text)
    FROM spans a JOIN spans b ON a.id = b.id ORDER BY ${both()}::text COLLATE "C" LIMIT 20`);
  await sameRows(client, `SELECT a.id FROM locals a LEFT JOIN days b ON a.v::text LIKE b.v || '%' GROUP BY 1`);
});
