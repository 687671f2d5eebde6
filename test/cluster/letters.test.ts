// upper(), lower(), initcap() and ILIKE under locales of the C library, between a join and a grouping: every character
// there is, in databases whose default collation is of a language and has letters of Unicode, and under collations that
// columns name. The server is that of throwaway_cluster.ts.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sameRows } from "../support/fusion_session.js";

/** Locales of UTF-8 that the machine has. */
const installed = (spawnSync("locale", ["-a"], { encoding: "utf8" }).stdout ?? "").split("\n")
  .filter((name) => /\.utf-?8$/i.test(name));
const language = installed.find((name) => !name.startsWith("C."));

const databases: Readonly<Record<string, string>> = {
  c: "LOCALE 'C'",
  unicode: "LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'",
  ...(language === undefined ? {} : { language: `LOCALE_PROVIDER libc LOCALE '${language}'` }),
};

const schema = readFileSync(new URL("./letters_schema.sql", import.meta.url), "utf8");
const names = ["upper", "lower", "initcap"];

async function administer(statement: string): Promise<void> {
  const client = new pg.Client();
  await client.connect();
  await client.query(statement);
  await client.end();
}

describe.each(Object.entries(databases))("a database of %s", (name, options) => {
  const database = `letters_${name}`;
  let client: pg.Client;
  beforeAll(async () => {
    await administer(`DROP DATABASE IF EXISTS ${database}`);
    await administer(`CREATE DATABASE ${database} TEMPLATE template0 ENCODING 'UTF8' ${options}`);
    client = new pg.Client({ database });
    await client.connect();
    await client.query("SET pg_fusion.enable = off");
    await client.query(schema);
    await client.query("SET pg_fusion.enable = on; SET max_parallel_workers_per_gather = 0");
  }, 60_000);
  afterAll(async () => {
    await client.end();
    await administer(`DROP DATABASE ${database}`);
  });

  const joined = (expressions: readonly string[], condition = ""): string =>
    `SELECT ${expressions.join(", ")}, count(*) FROM texts a JOIN texts b ON a.id = b.id ${condition}
      GROUP BY ${expressions.map((_, index) => index + 1).join(", ")}`;
  const both = "coalesce(a.t, b.t)";

  test.each(["", ...installed, "C"])("letters of %j are PostgreSQL's, by the engine", async (locale) => {
    const collated = `${both}${locale === "" ? "" : ` COLLATE "${locale}"`}`;
    const text = joined([
      ...names.map((each) => `${each}(${collated})`), `${collated} ILIKE b.p`, `${collated} NOT ILIKE upper(b.p)`,
      `lower(left(a.t, 40) || right(${collated}, 40))`,
    ]);
    await sameRows(client, text);
    const { rows } = await client.query<{ "QUERY PLAN": string }>(`EXPLAIN ${text}`);
    const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
    expect(plan).toMatch(/^Custom Scan/);
    expect(plan).toContain("Hash Aggregate");
  });

  test("joins, conditions and prepared statements", async () => {
    // PostgreSQL compares long texts under a language for minutes.
    const short = "length(a.t) < 20 AND length(b.t) < 20";
    await sameRows(client, `SELECT count(*) FROM texts a JOIN texts b ON lower(a.t) = lower(b.t || '') AND ${short}`);
    await sameRows(client,
      `SELECT a.id, b.id FROM texts a JOIN texts b ON a.t ILIKE b.p AND upper(b.p) = upper(a.p) AND ${short}`);
    await sameRows(client, `SELECT b.id, string_agg(initcap(left(a.t, 9) || b.p), ',' ORDER BY a.id)
      FROM texts a JOIN texts b ON a.id = b.id + 1 GROUP BY 1`);
    await client.query(`PREPARE cased (int) AS ${joined(["lower(a.t || b.p)"])} HAVING count(*) > $1`);
    for (const count of [0, 1]) await sameRows(client, `EXECUTE cased (${count})`);
    await client.query("DEALLOCATE cased");
  });

  test("ICU's letters are PostgreSQL's", async () => {
    for (const each of names)
      await sameRows(client, joined([`${each}(${both} COLLATE "und-x-icu")`], "AND length(a.t) < 20"));
  });
});
