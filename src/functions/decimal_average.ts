// avg() inside the engine: a sum divided by its count, with the digits PostgreSQL's numeric division keeps, and how
// many of them it shows. They have no OID: only the planner makes these calls, where the average is not finished
// above the scan. Read next: library/division.ts.
import type { EngineType } from "#types/engine_type.js";
import { numericShapeOfTypmod } from "#types/sql_types.js";
import {
  type DecimalType, LEAST64, asDecimalType, integerDigits, isNan, powerOfTen, pushOperandIsNan, withinDigits,
} from "./decimal.js";
import { errorTemplates, throwTemplate } from "./error_templates.js";
import {
  type CallTypes, DECIMAL_DIGITS_MAX, type Emission, type Operand, type Present, type ScalarFunction, shapeOf,
} from "./function.js";
import { COUNT_LIMIT, quotientFunction, quotientPlaces, quotientPlacesFunction } from "./library/division.js";
import { narrowDecimal, negateDecimal } from "./library/int128.js";
import { asBigint, first, push, second } from "./operand.js";
import { DECIMAL_NAN } from "#expr/expression.js";
import type { Local } from "#wasm/function_builder.js";

/** Places most averages need: sixteen digits from the first one on, also for averages a little below one. */
const PLACES = 20;
const PLACES_MIN = 16;

/** The type of averages of numbers with so many integer digits; undefined when there is no room for the places. */
export function averageType(digits: number, scale: number): EngineType | undefined {
  const shown = Math.min(Math.max(PLACES, scale), DECIMAL_DIGITS_MAX - digits);
  if (shown < Math.max(PLACES_MIN, scale)) return undefined;
  return { kind: "decimal", precision: Math.max(1, digits + shown), scale: shown };
}

function sumType(types: readonly EngineType[]): DecimalType | undefined {
  const [sum, count] = types;
  return types.length === 2 && sum?.kind === "decimal" && count?.kind === "int8" ? sum : undefined;
}

/** Reference: the dividend's magnitude, checked like the compiled one. */
function checkedSum(values: readonly Present[]): { readonly sum: bigint; readonly count: bigint } | undefined {
  const sum = first<Present>(values);
  const count = asBigint(second<Present>(values));
  if (isNan(sum)) return undefined;
  if (count <= 0n) throwTemplate(errorTemplates.divisionByZero);
  const value = asBigint(sum);
  const magnitude = value < 0n ? -value : value;
  if (count >= COUNT_LIMIT || magnitude > -LEAST64 - 1n) throwTemplate(errorTemplates.decimalTooWide);
  return { sum: value, count };
}

interface Dividend {
  /** Not negative. */
  readonly magnitude: Local;
  readonly count: Local;
  readonly isNegative: Local;
  readonly isNan: Local;
}

/** Fails the row where the division cannot be made; a NaN becomes 0 / 1 and is told by its flag. */
function emitDividend(emission: Emission, operands: readonly Operand[]): Dividend {
  const { code } = emission;
  const [sum, count] = [first(operands), second(operands)];
  const dividend: Dividend = {
    magnitude: code.local("i64"), count: code.local("i64"), isNegative: code.local("i32"), isNan: code.local("i32"),
  };
  if (emission.narrow) code.i32(0);
  else pushOperandIsNan(emission, sum);
  code.set(dividend.isNan);
  const low = first(sum.parts);
  const isNumber = (): void => void code.get(dividend.isNan).op("i32.eqz", "i32.and");
  push(code, count).i64(0).op("i64.le_s");
  isNumber();
  emission.raiseIf(errorTemplates.divisionByZero);
  push(code, count).i64(COUNT_LIMIT).op("i64.ge_s");
  if (sum.shape === "i128") {
    code.get(second(sum.parts)).get(low).i64(63).op("i64.shr_s", "i64.ne", "i32.or");
    // The least i64 has no magnitude.
    code.get(low).i64(LEAST64).op("i64.eq", "i32.or");
  }
  isNumber();
  emission.raiseIf(errorTemplates.decimalTooWide);
  code.get(low).i64(0).op("i64.lt_s").set(dividend.isNegative);
  code.i64(0).get(low).op("i64.sub").get(low, dividend.isNegative).select().set(dividend.magnitude);
  code.i64(0).get(dividend.magnitude, dividend.isNan).select().set(dividend.magnitude);
  code.i64(1);
  push(code, count).get(dividend.isNan).select().set(dividend.count);
  return dividend;
}

function emitAverage(emission: Emission, operands: readonly Operand[], types: CallTypes): void {
  const { code } = emission;
  const { scale } = asDecimalType(types.arguments[0]);
  const result = asDecimalType(types.result);
  const dividend = emitDividend(emission, operands);
  const [low, high, tooWide] = [code.local("i64"), code.local("i64"), code.local("i32")];
  code.get(dividend.magnitude, dividend.count).call(emission.library(quotientFunction(scale, result.scale)));
  code.set(tooWide).set(high).set(low).get(tooWide);
  emission.raiseIf(errorTemplates.decimalTooWide);
  code.get(dividend.isNegative).get(dividend.isNan).op("i32.eqz", "i32.and").if([], () =>
    code.get(low, high).call(emission.library(negateDecimal)).set(high).set(low));
  if (emission.narrow) {
    code.get(low);
    return;
  }
  code.i64(LEAST64).get(high, dividend.isNan).select().set(high);
  code.get(low, high);
  if (shapeOf(types.result, false) === "i64") code.call(emission.library(narrowDecimal));
}

const average: ScalarFunction = {
  key: "decimal.average",
  procedures: [],
  doc: "A sum over a count, with the digits of numeric division",
  /** The planner knows what was summed, and so how many digits averages have; its type stands in `typmod`. */
  resultType(types, typmod = -1) {
    const sum = sumType(types);
    const shape = numericShapeOfTypmod(typmod);
    if (sum === undefined || shape === undefined) return sum && averageType(integerDigits(sum), sum.scale);
    const isRoomy = shape.scale >= Math.max(PLACES_MIN, sum.scale) && shape.precision <= DECIMAL_DIGITS_MAX;
    return isRoomy ? { kind: "decimal", ...shape } : undefined;
  },
  mayFail: () => true,
  evaluate(values, types) {
    const checked = checkedSum(values);
    if (checked === undefined) return DECIMAL_NAN;
    const { sum, count } = checked;
    const { scale } = asDecimalType(types.arguments[0]);
    const shown = asDecimalType(types.result).scale;
    const magnitude = sum < 0n ? -sum : sum;
    const places = quotientPlaces(magnitude, scale, count);
    const dividend = magnitude * powerOfTen(Math.min(places, shown) - scale);
    if (places > shown && dividend % count !== 0n) throwTemplate(errorTemplates.decimalTooWide);
    const rounded = (dividend * 2n + count) / (count * 2n);
    const quotient = withinDigits(rounded * powerOfTen(Math.max(0, shown - places)));
    return sum < 0n ? -quotient : quotient;
  },
  emit: emitAverage,
  bound(magnitudes, types) {
    const { scale } = asDecimalType(types.arguments[0]);
    const result = (first(magnitudes) + 1) * 10 ** (asDecimalType(types.result).scale - scale);
    return { result, peak: result };
  },
};

const averageScale: ScalarFunction = {
  key: "decimal.averageScale",
  procedures: [],
  doc: "The places an average shows",
  resultType: (types) => (sumType(types) === undefined ? undefined : { kind: "int4" }),
  mayFail: () => true,
  evaluate(values, types) {
    const checked = checkedSum(values);
    if (checked === undefined) return 0n;
    const magnitude = checked.sum < 0n ? -checked.sum : checked.sum;
    return BigInt(quotientPlaces(magnitude, asDecimalType(types.arguments[0]).scale, checked.count));
  },
  emit(emission, operands, types) {
    const { code } = emission;
    const { scale } = asDecimalType(types.arguments[0]);
    const dividend = emitDividend(emission, operands);
    code.i32(0).get(dividend.magnitude, dividend.count).call(emission.library(quotientPlacesFunction(scale)));
    code.get(dividend.isNan).select();
  },
  bound: (magnitudes) => ({ result: 1000, peak: first(magnitudes) }),
};

export const decimalAverages: readonly ScalarFunction[] = [average, averageScale];
