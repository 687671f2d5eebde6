// Errors are raised for exactly the rows PostgreSQL evaluates (errors_statements.sql): behind CASE, AND, OR and
// COALESCE, FILTER, HAVING, outer joins, subqueries and LIMIT, and before or after the conditions that drop a row.
import { compareStatements, readStatements } from "../support/compared_statements.js";

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
