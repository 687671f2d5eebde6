// Conditions that no row can change, asked once and before any row is made, as PostgreSQL asks the One-Time Filter of a
// Result (create_gating_plan in createplan.c). Counter-example without it: a cross product under WHERE $1, which is
// false, is made for nothing. Read next: needed_pipelines.ts.
import type { Expression, Scalar } from "#expr/expression.js";
import { evaluate } from "./interpreter/evaluate.js";

const noRow = (): Scalar => {
  throw new Error("a condition without columns reads one");
};

/** Whether one of several conditions, none of which reads a column, is false or NULL. */
export function isNeverTrue(conditions: readonly Expression[], parameters: ReadonlyMap<number, Scalar>): boolean {
  return conditions.some((condition) => isTrue(condition, parameters) === false);
}

/** Undefined where it fails, which is for a row to meet. */
function isTrue(condition: Expression, parameters: ReadonlyMap<number, Scalar>): boolean | undefined {
  try {
    return evaluate(condition, noRow, parameters) === true;
  } catch {
    return undefined;
  }
}
