// An average as the engine computes it below other steps of the statement: sum over count, with the places each value
// shows beside it. Above the engine PostgreSQL divides (aggregates.ts). Read next: functions/decimal_average.ts.
import { averageType } from "#functions/decimal_average.js";
import type { Expression } from "#expr/expression.js";
import type { AggregateCall } from "#plan/physical.js";
import type { EngineType } from "#types/engine_type.js";
import { asDecimal, asNumeric, integerDigits } from "./numeric_values.js";
import type { Translated } from "./translated.js";

/** Digits before the point of whatever was summed. */
function digitsOf(type: EngineType): number | undefined {
  return type.kind === "decimal" ? Math.max(0, type.precision - type.scale) : integerDigits[type.kind];
}

/** The average over columns of its sum and count; undefined where its digits may not fit. */
export function averageOf(call: AggregateCall, sum: Expression, count: Expression): Translated | undefined {
  const digits = call.argument === undefined ? undefined : digitsOf(call.argument.type);
  const dividend = asDecimal(sum);
  if (digits === undefined || dividend?.type.kind !== "decimal") return undefined;
  const type = averageType(digits, dividend.type.scale);
  if (type === undefined) return undefined;
  const inputs = [dividend, count];
  return {
    expression: { kind: "call", function: "decimal.average", arguments: inputs, type },
    displayScale: { kind: "call", function: "decimal.averageScale", arguments: inputs, type: { kind: "int4" } },
  };
}

/** The average as a numeric of any precision, with the digits PostgreSQL's division gives it. */
export function numericAverage(sum: Expression, count: Expression): Translated {
  const inputs = [sum, count].map((each) =>
    asNumeric({ expression: asDecimal(each) ?? each }));
  return { expression: { kind: "call", function: "numeric.divide", arguments: inputs, type: { kind: "numeric" } } };
}
