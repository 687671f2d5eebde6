// Differential test: every statement must answer the same bytes with pg_fusion on as with it off, in three
// protocols, or be refused by name with 0A000. A refusal must leave the session usable.
import { readFileSync } from "node:fs";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, answer, type Protocol, refused, unordered } from "../support/answers.js";
import { statements } from "./differential_statements.js";

const schema = readFileSync(new URL("./differential_schema.sql", import.meta.url), "utf8");
let plain: pg.Client;
let fusion: pg.Client;

beforeAll(async () => {
  plain = new pg.Client();
  fusion = new pg.Client();
  await plain.connect();
  await fusion.connect();
  await plain.query("DROP TABLE IF EXISTS d_values, d_empty, d_nulls, d_sales, d_wide");
  for (const statement of schema.split(/;\s*\n/).filter((s) => s.trim() !== "")) await plain.query(statement);
  await fusion.query("SET pg_fusion.enable = on");
  for (const client of [plain, fusion]) await client.query("SET max_parallel_workers_per_gather = 0");
}, 120_000);

afterAll(async () => {
  await plain.end();
  await fusion.end();
});

const hasOrder = (statement: string): boolean => /ORDER BY/.test(statement.replace(/\([^()]*\)/g, ""));

describe.each(["simple", "extended", "binary"] as Protocol[])("%s protocol", (protocol) => {
  let refusals = 0;
  it.each(statements)("%s", async (statement) => {
    const expected = await answer(plain, statement, protocol);
    const actual = await answer(fusion, statement, protocol);
    if (refused(actual)) {
      refusals += 1;
      return;
    }
    const order = hasOrder(statement) || statement.includes("LIMIT") ? (a: Answer): Answer => a : unordered;
    expect(order(actual)).toEqual(order(expected));
  });

  it("refuses few of them", () => {
    console.log(`${protocol}: ${statements.length} statements, ${refusals} refused`);
    expect(refusals / statements.length).toBeLessThan(0.1);
  });
});
