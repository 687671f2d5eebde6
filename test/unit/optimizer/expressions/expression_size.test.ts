// Sizes of expressions whose parts are read again and again.
import { describe, expect, it } from "vitest";
import type { Expression } from "#expr/expression.js";
import { isTooLarge, sizeOf } from "#optimizer/expressions/expression_size.js";

const type = { kind: "int4" } as const;
const column: Expression = { kind: "column", index: 0, type };

/** Reads what is below twice, level for level. */
function doubled(levels: number): Expression {
  let expression = column;
  for (let level = 0; level < levels; level++)
    expression = { kind: "call", function: "int4.add", arguments: [expression, expression], type };
  return expression;
}

describe("the size of an expression", () => {
  it("counts a part as often as it is written out", () => {
    expect(sizeOf(column)).toBe(1);
    expect(sizeOf(doubled(3))).toBe(15);
  });

  it("is found without writing it out", () => {
    expect(sizeOf(doubled(60))).toBeGreaterThan(1e18);
    expect(isTooLarge({ expression: doubled(60) })).toBe(true);
    expect(isTooLarge({ expression: doubled(8) })).toBe(false);
  });

  it("includes the scale that is shown", () => {
    expect(isTooLarge({ expression: column, displayScale: doubled(60) })).toBe(true);
  });
});
