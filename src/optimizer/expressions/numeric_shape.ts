// The display scale and digits of numeric expressions that carry no typmod: PostgreSQL's arithmetic fixes both
// for + - * and a few functions over operands whose own scale is fixed. Such an expression can travel as a decimal.
import type { AnalysedExpression, Call } from "#frontend/analysed_expression.js";
import { numericShapeOfTypmod, sqlTypes } from "#types/sql_types.js";
import type { NumericShape } from "#types/sql_types.js";
import { decodeNumeric, varlenaPayload } from "./constant_values.js";

/** Scales above this take PostgreSQL's own bounds into account; nothing so wide fits a column anyway. */
const SCALE_MAX = 200;

function shapeOf(integerDigits: number, scale: number): NumericShape | undefined {
  if (scale > SCALE_MAX) return undefined;
  return { precision: Math.max(1, integerDigits + scale), scale };
}

/** Digits before the point; negative for numbers that begin behind it. */
function integerDigits(shape: NumericShape): number {
  return shape.precision - shape.scale;
}

function sum(a: NumericShape, b: NumericShape): NumericShape | undefined {
  const digits = Math.max(integerDigits(a), integerDigits(b)) + 1;
  return shapeOf(digits, Math.max(a.scale, b.scale));
}

function product(a: NumericShape, b: NumericShape): NumericShape | undefined {
  return shapeOf(integerDigits(a) + integerDigits(b), a.scale + b.scale);
}

type Rule = (shapes: readonly (NumericShape | undefined)[]) => NumericShape | undefined;

const binary = (rule: (a: NumericShape, b: NumericShape) => NumericShape | undefined): Rule =>
  ([a, b]) => (a === undefined || b === undefined ? undefined : rule(a, b));
const integer = (precision: number): Rule => () => ({ precision, scale: 0 });

/** numeric functions by OID: add, subtract, multiply, sign changes, casts from integers. */
const rules: ReadonlyMap<number, Rule> = new Map<number, Rule>([
  [1724, binary(sum)], [1725, binary(sum)], [1726, binary(product)],
  [1771, ([a]) => a], [1915, ([a]) => a], [1705, ([a]) => a],
  [1782, integer(5)], [1740, integer(10)], [1781, integer(19)],
]);

const ROUND = 1707;
const TRUNCATE = 1709;

/** round(x, n) and trunc(x, n) with a constant n show n places. */
function roundedShape(call: Call): NumericShape | undefined {
  const [value, places] = call.arguments;
  const shape = value === undefined ? undefined : numericShape(value);
  if (shape === undefined || places?.kind !== "constant" || places.isNull) return undefined;
  const digits = new DataView(places.image.buffer, places.image.byteOffset).getInt32(0, true);
  if (digits < 0 || digits > SCALE_MAX) return undefined;
  return shapeOf(integerDigits(shape) + 1, digits);
}

/** extract(field FROM x) for date, timestamp and timestamptz; time zones and fractions of seconds are other fields. */
const extracts: ReadonlySet<number> = new Set([6199, 6202, 6203]);

/** Fields that are whole numbers of at most seven digits: years count to 294276 and 5874897. */
const wholeFields: ReadonlySet<string> = new Set([
  "year", "isoyear", "decade", "century", "millennium", "quarter", "month", "week", "day", "dow", "isodow",
  "doy", "hour", "minute",
]);

/** NULL for most fields of an infinite date; Infinity for a year, which no decimal holds: the scan says so then. */
function extractedShape(call: Call): NumericShape | undefined {
  const [field] = call.arguments;
  if (field?.kind !== "constant" || field.isNull) return undefined;
  const name = varlenaPayload(field.image);
  if (name === undefined) return undefined;
  return wholeFields.has(Buffer.from(name).toString("latin1")) ? { precision: 7, scale: 0 } : undefined;
}

/** The shape alternatives share: PostgreSQL shows each value with its own scale, so the scales must be equal. */
function sharedShape(alternatives: readonly AnalysedExpression[]): NumericShape | undefined {
  let shared: NumericShape | undefined;
  for (const alternative of alternatives) {
    if (alternative.kind === "constant" && alternative.isNull) continue;
    const shape = numericShape(alternative);
    if (shape === undefined || (shared !== undefined && shared.scale !== shape.scale))
      return undefined;
    shared = shared === undefined || shape.precision > shared.precision ? shape : shared;
  }
  return shared;
}

/** The shape of every value of a numeric expression, or undefined when it is not fixed. */
export function numericShape(expression: AnalysedExpression): NumericShape | undefined {
  if (expression.type !== sqlTypes.numeric) return undefined;
  const declared = numericShapeOfTypmod(expression.typmod);
  if (declared !== undefined) return declared;
  switch (expression.kind) {
    case "constant": {
      const value = expression.isNull ? undefined : decodeNumeric(expression.image);
      return value === undefined ? undefined : { precision: value.precision, scale: value.scale };
    }
    case "call": {
      if (expression.function === ROUND || expression.function === TRUNCATE)
        return roundedShape(expression);
      if (extracts.has(expression.function)) return extractedShape(expression);
      return rules.get(expression.function)?.(expression.arguments.map(numericShape));
    }
    case "relabel": return numericShape(expression.argument);
    case "case":
      return sharedShape([...expression.branches.map((branch) => branch.then), expression.otherwise]);
    case "coalesce": return sharedShape(expression.arguments);
    default: return undefined;
  }
}
