// What two runs of one plan are compared by, the compiled one and the reference interpreter's: their rows as text,
// or the error that ended them. Not for rows of a server: those are answers.ts's.
import { FusionError } from "#base/errors.js";
import { DECIMAL_NAN, type Scalar } from "#expr/expression.js";
import { inputsOf } from "#plan/columns_of.js";
import type { PhysicalOperator } from "#plan/physical.js";

/** A value that differs as text from any other, NaN of a decimal, -0 and NULL included. */
function shown(value: Scalar): string {
  if (value === DECIMAL_NAN) return "NaN";
  if (value instanceof Uint8Array) return `x${Buffer.from(value).toString("hex")}`;
  if (Object.is(value, -0)) return "-0";
  return `${typeof value} ${String(value)}`;
}

/** Rows as text, in their order. */
export function shownRows(rows: readonly (readonly Scalar[])[]): string[] {
  return rows.map((row) => row.map(shown).join(", "));
}

/** Rows as text, in their order, or the error as the only one. */
export function rowsOrError(run: () => Scalar[][]): string[] {
  try {
    return shownRows(run());
  } catch (error) {
    if (!(error instanceof FusionError)) throw error;
    return [`${error.sqlstate} ${error.message} ${error.detail ?? ""}`];
  }
}

/** Whether which rows come out may depend on the order in which they came in. */
export function hasLimit(operator: PhysicalOperator): boolean {
  return operator.kind === "limit" || (operator.kind === "sort" && operator.limit !== undefined) ||
    inputsOf(operator).some(hasLimit);
}
