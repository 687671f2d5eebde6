// How large an expression is written out. Parts that are read several times (both arguments of NULLIF, the operand of
// CASE, the columns of a merged subquery) are one object here and are repeated in the plan, in the engine's code and in
// EXPLAIN: where each level reads the one below twice, that doubles from level to level. Counter-example: twenty times
// coalesce(nullif(x, 1), 0) around each other would be a million comparisons. Read next: expression_translator.ts.
import type { Expression } from "#expr/expression.js";
import { childrenOf } from "#expr/traverse.js";
import type { Translated } from "./translated.js";

/** What people write has some hundreds, and this many are compiled in a second or so. Larger ones are PostgreSQL's. */
const NODES_MAX = 4096;

/** By expression; none changes once it is made. */
const sizes = new WeakMap<Expression, number>();

/** Nodes of the expression, each counted as often as it is repeated. */
export function sizeOf(expression: Expression): number {
  const known = sizes.get(expression);
  if (known !== undefined) return known;
  const size = childrenOf(expression).reduce((sum, child) => sum + sizeOf(child), 1);
  sizes.set(expression, size);
  return size;
}

export function isTooLarge({ expression, displayScale }: Translated): boolean {
  return sizeOf(expression) + (displayScale === undefined ? 0 : sizeOf(displayScale)) > NODES_MAX;
}
