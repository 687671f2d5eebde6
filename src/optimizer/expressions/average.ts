// An average as the engine computes it below other steps of the statement: numeric's own division of a sum by its
// count, which has as many digits as the values ask for. Above the engine PostgreSQL divides (aggregates.ts). Read
// next: functions/numeric_arithmetic.ts.
import { callOf } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import { NUMERIC } from "#types/engine_type.js";
import { asDecimal, asNumeric } from "./numeric_values.js";
import type { Translated } from "./translated.js";

/** Sums of integers and counts travel as integers. */
function asDividable(value: Translated): Expression {
  const whole = value.expression.type.kind === "decimal" ? undefined : asDecimal(value.expression);
  return asNumeric(whole === undefined ? value : { expression: whole });
}

/** The average over columns of its sum, which may show fewer places than it has, and its count. */
export function averageOf(sum: Translated, count: Translated): Translated {
  const operands = [sum, count].map(asDividable);
  return { expression: callOf("numeric.divide", NUMERIC, ...operands) };
}
