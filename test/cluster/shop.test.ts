// Ninety-nine questions of a shop with three ways of selling (shop_statements.sql): the constructs of decision-support
// statements, each alone and together.
import { expect, it } from "vitest";
import { compareStatements, readStatements } from "../support/compared_statements.js";

const statements = readStatements(new URL("./shop_statements.sql", import.meta.url));

it("asks ninety-nine questions", () => {
  expect(statements).toHaveLength(99);
});

compareStatements({
  title: "questions of a shop",
  schema: "shop",
  definitions: new URL("./shop_schema.sql", import.meta.url),
  statements,
  refusedMax: 0,
});
