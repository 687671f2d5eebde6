// Errors are raised for exactly the rows PostgreSQL evaluates (errors_statements.sql): behind CASE, AND, OR and
// COALESCE, FILTER, HAVING, outer joins, subqueries and LIMIT, and before or after the conditions that drop a row.
import { compareStatements, readStatements } from "../support/compared_statements.js";

compareStatements({
  title: "errors",
  schema: "errors",
  definitions: new URL("./errors_schema.sql", import.meta.url),
  statements: readStatements(new URL("./errors_statements.sql", import.meta.url)),
  refusedMax: 0,
  errors: true,
});
