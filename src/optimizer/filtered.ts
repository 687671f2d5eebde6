// A filter over an operator, with PostgreSQL's default guess of what a condition lets through.
import type { Expression } from "#expr/expression.js";
import type { LogicalOperator } from "#plan/logical.js";
import { BOOL } from "#types/engine_type.js";

/** Share of rows a condition lets through when nothing is known. */
export const FILTER_SELECTIVITY = 0.33;

/** The rows of `input` for which every predicate is true. */
export function filtered(
  input: LogicalOperator, predicates: readonly Expression[], share = FILTER_SELECTIVITY,
): LogicalOperator {
  const [only] = predicates;
  if (only === undefined) return input;
  const predicate: Expression = predicates.length === 1
    ? only
    : { kind: "and", arguments: predicates, type: BOOL };
  return { kind: "filter", input, predicate, rows: Math.max(1, input.rows * share) };
}
