// Errors are raised for exactly the rows PostgreSQL evaluates (errors_statements.sql): behind CASE, AND, OR and
// COALESCE, FILTER, HAVING, outer joins, subqueries and LIMIT, and before or after the conditions that drop a row.
import { afterAll, describe, expect, it } from "vitest";
import { compareStatements, readStatements } from "../support/compared_statements.js";
import { endSessions, outcome, session } from "../support/fusion_session.js";

/** Errors that are held back in the engine until a row asks for the value, and none does. */
const heldBack = [
  "SELECT k, (SELECT sum(g * k) FROM i WHERE i.k = o.i) FROM o ORDER BY k",
  "SELECT k, (SELECT sum(10 / part) FROM i WHERE i.k = o.k) FROM o WHERE k % 10 <> 0 ORDER BY k",
  "SELECT k FROM o WHERE m > (SELECT avg(g * k) / 10 FROM i) ORDER BY k",
  "SELECT k FROM empty WHERE m > (SELECT avg(10 / zero) FROM i)",
  "SELECT k FROM o WHERE part = 0 OR i > (SELECT sum(10 / part) FROM i WHERE i.k = o.k AND i.part > 0) ORDER BY k",
];

compareStatements({
  title: "errors",
  schema: "errors",
  definitions: new URL("./errors_schema.sql", import.meta.url),
  statements: [
    ...readStatements(new URL("./errors_statements.sql", import.meta.url)),
    ...heldBack.map((text) => ({ name: text, text, isEngines: true })),
  ],
  refusedMax: 0,
  errors: true,
});

describe("aggregates of constants", () => {
  afterAll(() => endSessions());

  // PostgreSQL reads up to the first row, and whether that is before one that fails is a matter of where they stand.
  it.each([
    ["over conditions that may fail", "10 / part > 0", "aggregate of a constant"],
    ["over calls", "k + random() > 0", "volatile function below an aggregate of a constant"],
  ])("%s are refused", async (_, condition, construct) => {
    const client = await session("SET search_path = errors; SET pg_fusion.enable = on");
    for (const value of ["min(5)", "max('a'::text)", "min(NULL::int), every(true)"])
      expect(await outcome(client.query(`SELECT ${value} FROM o WHERE ${condition}`)))
        .toMatchObject({ code: "0A000", message: `pg_fusion: ${construct} is not supported` });
  });

  it("ask for one row, where that is all they need", async () => {
    const client = await session("SET search_path = errors; SET pg_fusion.enable = on");
    const planOf = (value: string): Promise<unknown> =>
      outcome(client.query({ text: `EXPLAIN (COSTS OFF) SELECT ${value} FROM o WHERE part > 0`, rowMode: "array" }));
    expect(JSON.stringify(await planOf("min(5), bool_or(false)"))).toContain("Limit");
    expect(JSON.stringify(await planOf("min(5), count(5)"))).not.toContain("Limit");
  });
});
