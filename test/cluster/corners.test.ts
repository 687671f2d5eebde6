// Corners of SQL's meaning, one statement each (corners_statements.sql): aggregates of outer levels, NULLs in every
// place of joins and subqueries, merged columns of unlike types, blanks, zeros and not-a-numbers as keys, types the
// engine only carries, whole rows. Schema and statements are written by hand; generated ones are generated.test.ts's.
import { compareStatements, readStatements } from "../support/compared_statements.js";

compareStatements({
  title: "corners",
  schema: "corners",
  definitions: new URL("./corners_schema.sql", import.meta.url),
  statements: readStatements(new URL("./corners_statements.sql", import.meta.url)),
  refusedMax: 0,
  errors: true,
}, ["simple"]);
