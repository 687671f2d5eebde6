// Whether the engine's evaluation of an expression can end in an error, for whatever row. Expressions that PostgreSQL
// evaluates are safe_expressions.ts's.
import type { Expression } from "#expr/expression.js";
import { visitExpression } from "#expr/traverse.js";
import { functionByKey } from "#functions/registry.js";

/** What a comparison cannot be evaluated for is NULL alone, which code for texts and numerics must not look into. */
const comparison = /\.(?:equal|notEqual|less|lessOrEqual|greater|greaterOrEqual)$/;

/** Whether a function of the engine compares values. */
export function isComparison(key: string): boolean {
  return comparison.test(key);
}

export function mayFail(expression: Expression): boolean {
  let fails = false;
  visitExpression(expression, (each) => {
    if (each.kind !== "call" || isComparison(each.function)) return;
    const types = { arguments: each.arguments.map(({ type }) => type), result: each.type };
    const callee = functionByKey(each.function);
    fails ||= callee.neverRaises !== true && callee.mayFail(types, false);
  });
  return fails;
}
