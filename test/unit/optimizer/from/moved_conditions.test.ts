// Which conditions on grouped and numbered rows are asked of the rows below: by the shape of the operators.
import { expect, test } from "vitest";
import { callOf, constantOf, readColumn } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import { Attributes } from "#optimizer/attributes.js";
import { filteredEarly } from "#optimizer/from/moved_conditions.js";
import type { LogicalOperator } from "#plan/logical.js";
import { BOOL, type EngineType, FLOAT8, INT4, INT8 } from "#types/engine_type.js";
import { columnType } from "../../../support/engine.js";

const attributes = new Attributes();

function scanOf(...types: readonly EngineType[]): { readonly scan: LogicalOperator; readonly columns: Expression[] } {
  const origin = attributes.newOrigin();
  const columns = types.map((type) => readColumn(attributes.add(origin, "column", columnType(type)), type));
  return { scan: { kind: "scan", origin, tableRows: 100, rows: 100 }, columns };
}

interface Grouping {
  readonly grouping: LogicalOperator;
  /** Of a group. */
  readonly key: Expression;
}

function groupedBy(input: LogicalOperator, key: Expression): Grouping {
  const origin = attributes.newOrigin();
  const [attribute, count] = [key.type, INT8].map((type) => attributes.add(origin, "group", columnType(type)));
  const result = columnType(INT8);
  return {
    grouping: {
      kind: "aggregate", origin, input, rows: 10,
      keys: [{ attribute: attribute ?? 0, expression: key, column: result }],
      aggregates: [{ attribute: count ?? 0, call: { function: "countRows", result } }],
    },
    key: readColumn(attribute ?? 0, key.type),
  };
}

function isSmall(value: Expression): Expression {
  return value.type.kind === "float8"
    ? callOf("float.less", BOOL, value, constantOf(5, FLOAT8))
    : callOf("integer.less", BOOL, value, constantOf(5n, INT4));
}

/** The operators from the top down, of a join those of its left side. */
function kinds(operator: LogicalOperator): string[] {
  if (operator.kind === "join") return [operator.kind, ...kinds(operator.left)];
  return "input" in operator ? [operator.kind, ...kinds(operator.input)] : [operator.kind];
}

test("a condition on a key is asked of the rows", () => {
  const { scan, columns: [column] } = scanOf(INT4);
  const { grouping, key } = groupedBy(scan, column ?? constantOf(null, INT4));
  const operator = filteredEarly(grouping, [isSmall(key)], attributes);
  expect(kinds(operator)).toEqual(["aggregate", "filter", "scan"]);
  expect(operator.kind === "aggregate" && operator.input.kind === "filter" && operator.input.predicate)
    .toEqual(isSmall(column ?? key));
});

test("of floats, whose zeros are equal and look different, of the groups", () => {
  const { scan, columns: [column] } = scanOf(FLOAT8);
  const { grouping, key } = groupedBy(scan, column ?? constantOf(null, FLOAT8));
  expect(kinds(filteredEarly(grouping, [isSmall(key)], attributes))).toEqual(["filter", "aggregate", "scan"]);
});

test("what may fail stays behind", () => {
  const { scan, columns: [column] } = scanOf(INT4);
  const { grouping, key } = groupedBy(scan, column ?? constantOf(null, INT4));
  const failing = isSmall(callOf("int4.add", INT4, constantOf(1n, INT4), key));
  expect(kinds(filteredEarly(grouping, [failing], attributes))).toEqual(["filter", "aggregate", "scan"]);
});

test("a condition goes below the windows that are partitioned by what it reads, and no further", () => {
  const { scan, columns: [a, b] } = scanOf(INT4, INT4);
  const window = (input: LogicalOperator, ...partition: readonly Expression[]): LogicalOperator => (
    { kind: "window", origin: attributes.newOrigin(), input, partition, order: [], calls: [], rows: 100 });
  const [one, other] = [a ?? constantOf(null, INT4), b ?? constantOf(null, INT4)];
  const stacked = window(window(scan, one, other), one);
  expect(kinds(filteredEarly(stacked, [isSmall(one)], attributes))).toEqual(["window", "window", "filter", "scan"]);
  expect(kinds(filteredEarly(stacked, [isSmall(other)], attributes))).toEqual(["filter", "window", "window", "scan"]);
  expect(kinds(filteredEarly(window(window(scan), one), [isSmall(one)], attributes)))
    .toEqual(["window", "filter", "window", "scan"]);
});

test("of a join below, the side it reads is asked; of an outer join, its rows", () => {
  const [{ scan: left, columns: [column] }, { scan: right }] = [scanOf(INT4), scanOf(INT4)];
  for (const [join, expected] of [
    ["inner", ["aggregate", "join", "filter", "scan"]], ["full", ["aggregate", "filter", "join", "scan"]],
  ] as const) {
    const joined: LogicalOperator = { kind: "join", join, left, right, conditions: [], build: "right", rows: 100 };
    const { grouping, key } = groupedBy(joined, column ?? constantOf(null, INT4));
    expect(kinds(filteredEarly(grouping, [isSmall(key)], attributes))).toEqual(expected);
  }
});
