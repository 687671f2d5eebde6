// A filter over an operator, with PostgreSQL's default guess of what a condition lets through.
import { allOf } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import type { LogicalOperator } from "#plan/logical.js";

/** Share of rows a condition lets through when nothing is known. */
export const FILTER_SELECTIVITY = 0.33;

/** The rows of `input` for which every predicate is true. */
export function filtered(
  input: LogicalOperator, predicates: readonly Expression[], share = FILTER_SELECTIVITY,
): LogicalOperator {
  const asked = predicates.filter((each) => !isTrue(each));
  if (asked.length === 0) return input;
  return { kind: "filter", input, predicate: allOf(asked), rows: Math.max(1, input.rows * share) };
}

/** Whether a condition is the constant true. */
export function isTrue(condition: Expression): boolean {
  return condition.kind === "constant" && condition.value === true;
}
