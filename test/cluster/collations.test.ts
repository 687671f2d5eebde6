// What the order of text under a collation shows in, over columns of many collations, in databases whose default
// collation is ICU's, that of a language, and C with letters of Unicode. The server is that of throwaway_cluster.ts.
import { readFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defined } from "#base/assert.js";
import { hasOuterOrderBy } from "#bench/compare_rows.js";
import { plainly, run } from "../support/fusion_session.js";
import type { Outcome } from "../support/fusion_session.js";
import { computedStatements, keyedElsewhere, keyedStatements, statementsOver } from "./collations_statements.js";

/** A locale of a language, where the machine has one. */
const language = (spawnSync("locale", ["-a"], { encoding: "utf8" }).stdout ?? "").split("\n")
  .find((name) => /\.utf-?8$/i.test(name) && !/^(C|POSIX)\b/.test(name));

const databases: Readonly<Record<string, string>> = {
  letters: "LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'",
  bytes: "LOCALE_PROVIDER libc LOCALE 'C.UTF-8'",
  icu: "LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LOCALE 'C.UTF-8'",
  ...(language === undefined ? {} : { language: `LOCALE_PROVIDER libc LOCALE '${language}'` }),
};

const columns = ["word", "c", "und", "bytes", "odd", "shifted", "fixed", "fixed_und", "tiny", "nick", "blind", "shade"];

const sorted = (answer: Outcome): unknown =>
  ("rows" in answer ? answer.rows.map((row) => JSON.stringify(row)).sort() : answer);

describe.each(Object.entries(databases))("a database of %s", (name, options) => {
  const database = `collations_${name}`;
  let opened: pg.Client | undefined;
  const client = (): pg.Client => defined(opened, "a session");

  beforeAll(async () => {
    const maker = new pg.Client();
    await maker.connect();
    await maker.query(`DROP DATABASE IF EXISTS ${database}`);
    await maker.query(`CREATE DATABASE ${database} TEMPLATE template0 ENCODING 'UTF8' ${options}`);
    await maker.end();
    opened = new pg.Client({ database });
    await opened.connect();
    await opened.query("SET pg_fusion.enable = off");
    await opened.query(readFileSync(new URL("./collations_schema.sql", import.meta.url), "utf8"));
    await opened.query("ANALYZE; SET pg_fusion.enable = on");
  }, 60_000);

  afterAll(async () => {
    await opened?.end();
    const dropper = new pg.Client();
    await dropper.connect();
    await dropper.query(`DROP DATABASE ${database}`);
    await dropper.end();
  });

  const check = async (text: string): Promise<void> => {
    const [actual, expected] = [await run(client(), text), await plainly(client(), text)];
    expect(expected, text).toHaveProperty("rows");
    if (hasOuterOrderBy(text)) expect(actual, text).toEqual(expected);
    else expect(sorted(actual), text).toEqual(sorted(expected));
  };

  const plan = async (text: string): Promise<string> => {
    const { rows } = await client().query<{ "QUERY PLAN": string }>(`EXPLAIN ${text}`);
    return rows.map((row) => row["QUERY PLAN"]).join("\n");
  };

  it.each(columns)("orders %s as PostgreSQL does", async (column) => {
    for (const text of statementsOver(column)) await check(text);
  });

  it.each(["und", "odd", "shifted"])("orders %s by keys that the scans make", async (column) => {
    const without: string[] = [];
    for (const text of keyedStatements(column)) {
      await check(text);
      if (!(await plan(text)).includes(`order of ${column}`)) without.push(text);
    }
    expect(without).toEqual([]);
  });

  it("orders by keys of partitions, through indexes and of long values", async () => {
    for (const text of keyedElsewhere) {
      await check(text);
      expect(await plan(text), text).toContain("order of und");
    }
  });

  it.each(["blind", "c", "bytes"])("makes no keys of %s", async (column) => {
    for (const text of keyedStatements(column)) {
      await check(text);
      expect(await plan(text), text).not.toContain("order of");
    }
  });

  it("orders and changes computed texts as PostgreSQL does", async () => {
    for (const text of computedStatements) await check(text);
  });
});
