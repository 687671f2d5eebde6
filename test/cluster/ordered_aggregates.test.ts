// Aggregates that see their rows in an order, or once for each value (ordered_aggregates_statements.ts), as PostgreSQL
// alone answers them.
import { compareStatements } from "../support/compared_statements.js";
import { orderedAggregateStatements } from "./ordered_aggregates_statements.js";

compareStatements({
  title: "ordered aggregates",
  schema: "ordered_aggregates",
  definitions: new URL("./windows_schema.sql", import.meta.url),
  statements: orderedAggregateStatements,
  refusedMax: 0,
  errors: true,
});
