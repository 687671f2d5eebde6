// The value of an expression over constants alone, where the engine has it. PostgreSQL's planner folds such expressions
// after the worker has seen them. Counter-example: 1/0 has no value, and its error is PostgreSQL's to raise.
import { FusionError } from "#base/errors.js";
import type { Expression, Scalar } from "#expr/expression.js";
import type { Present } from "#functions/function.js";
import { functionByKey } from "#functions/registry.js";

/** Undefined for what reads columns or parameters, fails, or is more than calls over constants. */
export function constantValue(expression: Expression): Scalar | undefined {
  if (expression.kind === "constant") return expression.value;
  if (expression.kind !== "call") return undefined;
  const values: Present[] = [];
  for (const argument of expression.arguments) {
    const value = constantValue(argument);
    if (value === undefined || value === null) return value;
    values.push(value);
  }
  const types = { arguments: expression.arguments.map(({ type }) => type), result: expression.type };
  try {
    return functionByKey(expression.function).evaluate(values, types);
  } catch (error) {
    if (error instanceof FusionError) return undefined;
    throw error;
  }
}
