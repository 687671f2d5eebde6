// Expressions as PostgreSQL's versions write them: a node whose field was renamed is read as before.
import { readExpression } from "#frontend/expression_reader.js";
import { readNodeText } from "#frontend/node_text.js";
import { expect, it } from "vitest";

const column = (number: number): string =>
  `{VAR :varno 1 :varattno ${number} :vartype 23 :vartypmod -1 :varcollid 0 :varlevelsup 0 :location -1}`;

const rowsCompared = (kind: string): string =>
  `{ROWCOMPAREEXPR ${kind} :opnos (o 97 97) :opfamilies (o 1976 1976) :inputcollids (o 0 0)`
  + ` :largs (${column(1)} ${column(2)}) :rargs (${column(3)} ${column(4)})}`;

const read = (text: string) => readExpression(readNodeText(new TextEncoder().encode(text)));

it.each([
  [1, "less"], [2, "lessOrEqual"], [4, "greaterOrEqual"], [5, "greater"],
])("rows compared by %i: %s, before PostgreSQL 18 and since", (number, comparison) => {
  expect(read(rowsCompared(`:rctype ${number}`))).toMatchObject({ kind: "rowComparison", comparison });
  expect(read(rowsCompared(`:cmptype ${number}`))).toMatchObject({ kind: "rowComparison", comparison });
});
