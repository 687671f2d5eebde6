// Ninety-nine questions of a shop with three ways of selling (shop_statements.sql): the constructs of decision-support
// statements, each alone and together. Every answer must be PostgreSQL's, or the statement be refused by name.
import { readFileSync } from "node:fs";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { answer, refused, unordered } from "../support/answers.js";

const read = (name: string): string => readFileSync(new URL(name, import.meta.url), "utf8");

const statements = read("shop_statements.sql").split(/;\n/).map((text) => text.trim()).filter((text) => text !== "")
  .map((text) => ({ name: /^-- (.*)/.exec(text)?.[1] ?? text, text: text.replace(/^--.*\n/, "") }));

/** Refused today; may only become fewer. */
const REFUSED_MAX = 0;
let plain: pg.Client;
let fusion: pg.Client;

beforeAll(async () => {
  plain = new pg.Client();
  fusion = new pg.Client();
  await plain.connect();
  await fusion.connect();
  await plain.query("CREATE SCHEMA shop");
  await plain.query("SET search_path = shop");
  await fusion.query("SET search_path = shop");
  await plain.query(read("shop_schema.sql"));
  await fusion.query("SET pg_fusion.enable = on");
}, 120_000);

afterAll(async () => {
  await plain.query("DROP SCHEMA shop CASCADE");
  await plain.end();
  await fusion.end();
});

/** Whether PostgreSQL runs a part of the statement in the engine's place. */
async function isShared(text: string): Promise<boolean> {
  const { rows } = await fusion.query<{ "QUERY PLAN": string }>(`EXPLAIN ${text}`);
  return rows.some((row) => row["QUERY PLAN"].includes(" by PostgreSQL: "));
}

describe("questions of a shop", () => {
  const refusals: string[] = [];
  const shared: string[] = [];

  it("are ninety-nine", () => {
    expect(statements).toHaveLength(99);
  });

  it.each(statements)("$name", async ({ name, text }) => {
    const expected = await answer(plain, text, "extended");
    const actual = await answer(fusion, text, "extended");
    if (refused(actual)) {
      refusals.push(name);
      return;
    }
    expect(expected.kind).toBe("rows");
    expect(unordered(actual)).toEqual(unordered(expected));
    if (await isShared(text)) shared.push(name);
  });

  it("refuses few of them", () => {
    const equal = statements.length - refusals.length;
    console.log(`${equal} equal, ${shared.length} of them with a part by PostgreSQL; ${refusals.length} refused`
      + refusals.map((name) => `\n  refused: ${name}`).join(""));
    expect(refusals.length).toBeLessThanOrEqual(REFUSED_MAX);
  });
});
