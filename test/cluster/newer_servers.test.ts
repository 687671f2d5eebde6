// What PostgreSQL 16 to 18 brought, and what they changed: outer joins named in variables, grouping steps, infinite
// intervals, virtual columns, SQL/JSON. An older server answers some of these with an error, and so must pg_fusion.
import { compareStatements, readStatements } from "../support/compared_statements.js";

compareStatements({
  title: "newer servers",
  schema: "newer_servers",
  definitions: new URL("./newer_servers_schema.sql", import.meta.url),
  statements: readStatements(new URL("./newer_servers_statements.sql", import.meta.url)),
  refusedMax: 0,
  errors: true,
});
