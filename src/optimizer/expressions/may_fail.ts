// Whether the engine's evaluation of an expression can end in an error, for whatever row. Expressions that PostgreSQL
// evaluates are safe_expressions.ts's.
import type { Expression } from "#expr/expression.js";
import { childrenOf } from "#expr/traverse.js";
import { functionByKey } from "#functions/registry.js";

type Call = Extract<Expression, { readonly kind: "call" }>;

/** What a comparison cannot be evaluated for is NULL alone, which code for texts and numerics must not look into. */
const comparison = /\.(?:equal|notEqual|less|lessOrEqual|greater|greaterOrEqual)$/;

/** Whether a function of the engine compares values. */
export function isComparison(key: string): boolean {
  return comparison.test(key);
}

const integerDivision = /^int[248]\.(?:divide|modulo)$/;

/** Whether a function divides integers: it fails for a divisor of 0, and for one of -1 where the least is divided. */
export function isIntegerDivision(key: string): boolean {
  return integerDivision.test(key);
}

/** Whether integers are divided by a number that no quotient fails for. */
function dividesSafely({ function: key, arguments: [, divisor] }: Call): boolean {
  return isIntegerDivision(key) && divisor?.kind === "constant" && divisor.value !== 0n && divisor.value !== -1n;
}

/** Whether a call itself fails for some arguments. */
export function callMayFail(call: Call): boolean {
  if (isComparison(call.function) || dividesSafely(call)) return false;
  const types = { arguments: call.arguments.map(({ type }) => type), result: call.type };
  const callee = functionByKey(call.function);
  return callee.neverRaises !== true && callee.mayFail(types, false);
}

export function mayFail(expression: Expression): boolean {
  if (expression.kind === "attempt") return false;
  return (expression.kind === "call" && callMayFail(expression)) || childrenOf(expression).some(mayFail);
}
