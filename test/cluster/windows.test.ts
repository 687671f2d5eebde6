// Window functions in the engine and above it, statement by statement (windows_statements.ts), as PostgreSQL alone
// answers them.
import { compareStatements } from "../support/compared_statements.js";
import { windowStatements } from "./windows_statements.js";

compareStatements({
  title: "windows",
  schema: "windows",
  definitions: new URL("./windows_schema.sql", import.meta.url),
  statements: windowStatements,
  refusedMax: 0,
  errors: true,
});
