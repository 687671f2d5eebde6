// A filter over an operator, with PostgreSQL's default guess of what a condition lets through.
import { allOf, constantOf } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import type { LogicalOperator } from "#plan/logical.js";
import { INT8 } from "#types/engine_type.js";

/** Share of rows a condition lets through when nothing is known. */
export const FILTER_SELECTIVITY = 0.33;

/**
 * The rows of `input` for which every predicate is true. No row is made where one is false or NULL of itself, as
 * PostgreSQL makes none. Counter-example with a filter: FROM (SELECT 1 / 0) s WHERE false is no error.
 */
export function filtered(
  input: LogicalOperator, predicates: readonly Expression[], share = FILTER_SELECTIVITY,
): LogicalOperator {
  if (predicates.length === 0) return input;
  if (predicates.some(isNever)) return { kind: "limit", input, order: [], count: constantOf(0n, INT8), rows: 1 };
  return { kind: "filter", input, predicate: allOf(predicates), rows: Math.max(1, input.rows * share) };
}

function isNever(predicate: Expression): boolean {
  return predicate.kind === "constant" && predicate.value !== true;
}
