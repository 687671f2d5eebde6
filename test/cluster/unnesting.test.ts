// Subqueries that read the rows around them in other places than the equalities of their WHERE, most of them over the
// domain of the values they read (src/optimizer/unnesting/domain.ts), and rows compared with rows
// (unnesting_statements.sql).
import { compareStatements, readStatements } from "../support/compared_statements.js";

compareStatements({
  title: "correlated subqueries",
  schema: "unnesting",
  definitions: new URL("./unnesting_schema.sql", import.meta.url),
  statements: readStatements(new URL("./unnesting_statements.sql", import.meta.url)),
  refusedMax: 0,
}, ["extended"]);
