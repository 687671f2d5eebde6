// Constructs of SELECT one at a time (constructs_statements.sql): subqueries in every place, set operations, LATERAL,
// recursion, functions in FROM, errors. Every answer must be that of PostgreSQL, or the statement be refused by name.
import { readFileSync } from "node:fs";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { answer, refused, unordered } from "../support/answers.js";

const read = (name: string): string => readFileSync(new URL(name, import.meta.url), "utf8");

const statements = read("constructs_statements.sql").split(/;\n/).filter((text) => text !== "");

/** Refused today; may only become fewer. */
const REFUSED_MAX = 2;
let plain: pg.Client;
let fusion: pg.Client;

beforeAll(async () => {
  plain = new pg.Client();
  fusion = new pg.Client();
  await plain.connect();
  await fusion.connect();
  await plain.query("CREATE SCHEMA constructs");
  await plain.query("SET search_path = constructs");
  await fusion.query("SET search_path = constructs");
  await plain.query(read("constructs_schema.sql"));
  await fusion.query("SET pg_fusion.enable = on");
}, 120_000);

afterAll(async () => {
  await plain.query("DROP SCHEMA constructs CASCADE");
  await plain.end();
  await fusion.end();
});

describe("constructs", () => {
  const refusals: string[] = [];
  it.each(statements)("%s", async (text) => {
    const expected = await answer(plain, text, "extended");
    const actual = await answer(fusion, text, "extended");
    if (refused(actual)) {
      refusals.push(text);
      return;
    }
    expect(unordered(actual)).toEqual(unordered(expected));
  });

  it("refuses few of them", () => {
    console.log(`${statements.length} statements, ${refusals.length} refused:\n${refusals.join("\n")}`);
    expect(refusals.length).toBeLessThanOrEqual(REFUSED_MAX);
  });
});
