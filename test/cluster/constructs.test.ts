// Constructs of SELECT one at a time (constructs_statements.sql): subqueries in every place, set operations, LATERAL,
// recursion, functions in FROM, errors.
import { compareStatements, readStatements } from "../support/compared_statements.js";

compareStatements({
  title: "constructs",
  schema: "constructs",
  definitions: new URL("./constructs_schema.sql", import.meta.url),
  statements: readStatements(new URL("./constructs_statements.sql", import.meta.url)),
  refusedMax: 2,
  errors: true,
});
