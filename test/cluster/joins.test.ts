// Joins and subqueries, each kind over NULL keys, duplicates, empty sides, skew and mixed types (joins_statements.ts).
import { compareStatements } from "../support/compared_statements.js";
import { joinStatements } from "./joins_statements.js";

compareStatements({
  title: "joins and subqueries",
  schema: "joins",
  definitions: new URL("./joins_schema.sql", import.meta.url),
  statements: joinStatements.map((text) => ({ name: text, text })),
  refusedMax: 0,
  errors: true,
}, ["extended"]);
