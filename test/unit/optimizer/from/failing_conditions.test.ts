// Which conditions wait for all others of a region, and which connect its inputs and cannot.
import { describe, expect, it } from "vitest";
import { callOf, constantOf, readColumn } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import { Attributes } from "#optimizer/attributes.js";
import { INTERNAL, columnOf } from "#optimizer/expressions/column_types.js";
import { placeFailing } from "#optimizer/from/failing_conditions.js";
import type { LogicalOperator } from "#plan/logical.js";
import { BOOL, INT4 } from "#types/engine_type.js";

const attributes = new Attributes();
const inputs = ["a", "b", "c"].map((name): LogicalOperator => {
  const origin = attributes.newOrigin();
  attributes.add(origin, name, columnOf(INTERNAL, INT4, true));
  return { kind: "scan", origin, tableRows: 10, rows: 10 };
});
const [a, b, c] = [0, 1, 2].map((attribute) => readColumn(attribute, INT4)) as [Expression, Expression, Expression];
const equal = (left: Expression, right: Expression): Expression => callOf("integer.equal", BOOL, left, right);
const positive = (value: Expression): Expression => callOf("integer.greater", BOOL, value, constantOf(0n, INT4));
const divided = (left: Expression, right: Expression): Expression =>
  positive(callOf("int4.divide", INT4, left, right));

const place = (conditions: readonly Expression[], hides = false, from = inputs) =>
  placeFailing(from, conditions, hides, attributes);

describe("conditions that may fail", () => {
  const [ab, bc] = [equal(a, b), equal(b, c)];

  it("come last where other joins may drop their rows", () => {
    expect(place([divided(a, b), ab, bc])).toEqual({ joining: [ab, bc], last: [divided(a, b)] });
    expect(place([positive(a), ab, bc])).toEqual({ joining: [positive(a), ab, bc], last: [] });
  });

  it("stay where they read all inputs, unless semi joins drop rows", () => {
    const two = inputs.slice(0, 2);
    expect(place([ab, divided(a, b)], false, two).last).toEqual([]);
    expect(place([ab, divided(a, b)], true, two).last).toEqual([divided(a, b)]);
  });

  it("stay where nothing else connects their inputs", () => {
    expect(place([divided(a, b), bc]).last).toEqual([]);
    expect(place([divided(a, b), divided(b, a), bc]).last).toEqual([divided(b, a)]);
  });

  it("stay where they are equalities, by which rows find each other", () => {
    const key = equal(callOf("int4.divide", INT4, a, a), b);
    expect(place([key, ab, bc]).last).toEqual([]);
  });
});
