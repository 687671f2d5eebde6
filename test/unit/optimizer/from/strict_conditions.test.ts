// Which FROM items a condition needs a real row of: the rules, and the counter-examples in strict_conditions.ts.
import { describe, expect, it } from "vitest";
import type { AnalysedExpression } from "#frontend/analysed_expression.js";
import type { TextNode } from "#frontend/node_text.js";
import { rangesNeeded } from "#optimizer/from/strict_conditions.js";

const source: TextNode = { kind: "node", id: 0, tag: "TEST", fields: new Map() };
const base = { source, type: 16, typmod: -1, collation: 0 } as const;

const INT4_EQUAL = 65;
const NOT_KNOWN = 99_999;

const column = (rangeIndex: number, levelsUp = 0): AnalysedExpression => (
  { ...base, kind: "variable", rangeIndex, attribute: 1, levelsUp });
const call = (oid: number, ...given: AnalysedExpression[]): AnalysedExpression => ({
  ...base, kind: "call", function: oid, operator: 0, returnsSet: false, inputCollation: 0, arguments: given,
  coercedTypmod: undefined,
});
const equal = (...given: AnalysedExpression[]): AnalysedExpression => call(INT4_EQUAL, ...given);
const all = (kind: "and" | "or", ...given: AnalysedExpression[]): AnalysedExpression => (
  { ...base, kind, arguments: given });
const not = (argument: AnalysedExpression): AnalysedExpression => ({ ...base, kind: "not", argument });
const nullTest = (argument: AnalysedExpression, negated: boolean): AnalysedExpression => (
  { ...base, kind: "nullTest", argument, negated, ofRow: false });
const isTrue = (argument: AnalysedExpression, negated: boolean): AnalysedExpression => (
  { ...base, kind: "booleanTest", argument, test: "true", negated });
const compared = (any: boolean): AnalysedExpression => ({
  ...base, kind: "arrayComparison", function: INT4_EQUAL, any, inputCollation: 0, scalar: column(1), array: column(2),
});

const [one, two] = [equal(column(1)), equal(column(2))];
const cases: readonly (readonly [string, AnalysedExpression, readonly number[]])[] = [
  ["an equality needs both sides", equal(column(1), column(2)), [1, 2]],
  ["a column of a query around is no item", equal(column(1, 1), column(2)), [2]],
  ["an unknown function may make something of NULL", call(NOT_KNOWN, column(1)), []],
  ["AND needs what any of its arguments needs", all("and", one, nullTest(column(2), true)), [1, 2]],
  ["OR needs what all of its arguments need", all("or", all("and", one, two), one), [1]],
  ["NOT needs what makes its argument NULL", not(one), [1]],
  ["NOT (false AND NULL) is true", not(all("and", one, two)), []],
  ["NOT (a AND b) of one item is NULL with it", not(all("and", one, one)), [1]],
  ["IS NOT NULL", nullTest(equal(column(1), column(2)), true), [1, 2]],
  ["IS NULL needs nothing", nullTest(column(1), false), []],
  ["IS TRUE", isTrue(one, false), [1]],
  ["IS NOT TRUE needs nothing", isTrue(one, true), []],
  ["ANY of an array", compared(true), [1]],
  ["ALL of an array that may be empty", compared(false), []],
];

describe("conditions that need a real row", () => {
  it.each(cases)("%s", (_name, condition, expected) => {
    expect([...rangesNeeded(condition)].sort()).toEqual(expected);
  });
});
