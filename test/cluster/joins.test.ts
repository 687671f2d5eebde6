// Joins and subqueries: every statement must answer the same bytes with pg_fusion on as with it off, or be refused by
// name with 0A000. The statements are in joins_statements.ts.
import { readFileSync } from "node:fs";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { answer, refused, unordered } from "../support/answers.js";
import { joinStatements } from "./joins_statements.js";

const schema = readFileSync(new URL("./joins_schema.sql", import.meta.url), "utf8");
/** Refused today; may only become fewer. */
const REFUSED_MAX = 0;
let plain: pg.Client;
let fusion: pg.Client;

beforeAll(async () => {
  plain = new pg.Client();
  fusion = new pg.Client();
  await plain.connect();
  await fusion.connect();
  await plain.query("DROP TABLE IF EXISTS j_left, j_right, j_third, j_empty, j_skew");
  await plain.query(schema);
  await fusion.query("SET pg_fusion.enable = on");
}, 120_000);

afterAll(async () => {
  await plain.query("DROP TABLE IF EXISTS j_left, j_right, j_third, j_empty, j_skew");
  await plain.end();
  await fusion.end();
});

describe("joins and subqueries", () => {
  const refusals: string[] = [];
  it.each(joinStatements)("%s", async (statement) => {
    const expected = await answer(plain, statement, "extended");
    const actual = await answer(fusion, statement, "extended");
    if (refused(actual)) {
      refusals.push(statement);
      return;
    }
    expect(unordered(actual)).toEqual(unordered(expected));
  });

  it("refuses few of them", () => {
    console.log(`${joinStatements.length} statements, ${refusals.length} refused:\n${refusals.join("\n")}`);
    expect(refusals.length).toBeLessThanOrEqual(REFUSED_MAX);
  });
});
