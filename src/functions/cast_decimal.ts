// Casts to and from numeric where the scale stays fixed: integers to numeric, numeric to numeric(p, s) with its
// rounding and overflow, numeric to integers, and numeric to floats where one correctly rounded division gives the
// nearest float to the digits, as PostgreSQL's detour through text does.
import { DECIMAL128_PRECISION_MAX, DECIMAL64_PRECISION_MAX, LEAST64 } from "#types/encoding_of.js";
import type { EngineType } from "#types/engine_type.js";
import { numericShapeOfTypmod } from "#types/sql_types.js";
import { asDecimalType, asShape, integerDigits, isNan, onNumbers, pushPair, roundAway } from "./decimal.js";
import { errorTemplates, fieldOverflow, throwTemplate } from "./error_templates.js";
import {
  type CallTypes, type Emission, type ErrorTemplate, type Operand, type ScalarFunction, shapeOf,
} from "./function.js";
import { emitNarrowI64, fitInteger } from "./cast_numbers.js";
import { multiplyDecimal, pushPowerOfTen, reachesPowerOfTen, roundDecimal } from "./library/int128.js";
import { tenTo } from "./numeric_image.js";
import { asBigint, first, push, pushAsI64 } from "./operand.js";

const digitsOf = { int2: 5, int4: 10, int8: 19 } as const;
type IntegerKind = keyof typeof digitsOf;

function integerToDecimal(kind: IntegerKind, oid: number, source: string): ScalarFunction {
  return {
    key: `cast.${kind}.decimal`,
    procedures: [{ oid, source }],
    doc: `Cast of ${kind} to numeric without decimal places`,
    resultType: ([only, ...more]) =>
      only?.kind === kind && more.length === 0
        ? { kind: "decimal", precision: digitsOf[kind], scale: 0 }
        : undefined,
    mayFail: () => false,
    evaluate: (values) => first(values),
    emit(emission, operands, types) {
      const operand = first(operands);
      pushAsI64(emission.code, operand);
      // An int8 is a plain number: the least one is no NaN, so it is widened by its sign alone.
      if (shapeOf(types.result, emission.narrow) === "i128")
        push(emission.code, operand).i64(63).op("i64.shr_s");
    },
    bound: (magnitudes) => ({ result: first(magnitudes), peak: first(magnitudes) }),
  };
}

/** Narrow: rounds the i64 on the stack to a multiple of 10^digits, half away from zero, and divides by it. */
function emitRoundNarrow({ code }: Emission, digits: number): void {
  const value = code.local("i64");
  const divisor = tenTo(digits);
  code.set(value);
  code
    .get(value)
    .get(value)
    .i64(63)
    .op("i64.shr_s")
    .i64(1n)
    .op("i64.or")
    .i64(divisor / 2n)
    .op("i64.mul", "i64.add");
  code.i64(divisor).op("i64.div_s");
}

/** Leaves the operand at another scale on the stack: an i64 in narrow code, a pair in wide code. */
function emitRescaled(
  emission: Emission,
  operand: Operand,
  from: number,
  to: number,
  mayExceed: ErrorTemplate,
): void {
  const { code } = emission;
  if (emission.narrow) {
    push(code, operand);
    if (to > from) code.i64(tenTo(to - from)).op("i64.mul");
    else if (to < from) emitRoundNarrow(emission, from - to);
    return;
  }
  pushPair(emission, operand);
  if (to > from) {
    pushPowerOfTen(code, to - from);
    code.call(emission.library(multiplyDecimal));
    emission.raiseIf(mayExceed);
  } else if (to < from) {
    code.i32(from - to).call(emission.library(roundDecimal));
  }
}

/** Digits the value may have before the point once rounded; one more where rounding can carry. */
function roundedDigits(source: EngineType, scale: number): number {
  const from = asDecimalType(source);
  return integerDigits(from) + (scale < from.scale ? 1 : 0);
}

const decimalToDecimal: ScalarFunction = {
  key: "cast.decimal.decimal",
  procedures: [{ oid: 1703, source: "numeric" }],
  doc: "Cast to numeric(p, s): rounded half away from zero, an error when the digits before the point do not fit",
  resultType([only, ...more], typmod = -1) {
    const target = numericShapeOfTypmod(typmod);
    if (only?.kind !== "decimal" || more.length > 0 || target === undefined) return undefined;
    const { precision, scale } = target;
    if (precision > DECIMAL128_PRECISION_MAX || scale > DECIMAL128_PRECISION_MAX) return undefined;
    return { kind: "decimal", precision, scale };
  },
  mayFail: () => true,
  evaluate(values, types) {
    const [from, to] = [asDecimalType(types.arguments[0]), asDecimalType(types.result)];
    return onNumbers(values, (value = 0n) => {
      const lift = to.scale - from.scale;
      const rounded = lift >= 0 ? value * tenTo(lift) : roundAway(value, -lift);
      const limit = tenTo(to.precision);
      if (rounded >= limit || rounded <= -limit) throwTemplate(fieldOverflow(to.precision, to.scale));
      return rounded;
    });
  },
  emit(emission, operands, types) {
    const { code } = emission;
    const [from, to] = [asDecimalType(types.arguments[0]), asDecimalType(types.result)];
    const overflow = fieldOverflow(to.precision, to.scale);
    emitRescaled(emission, first(operands), from.scale, to.scale, overflow);
    const fits = roundedDigits(from, to.scale) <= integerDigits(to);
    if (emission.narrow) {
      if (fits || to.precision > DECIMAL64_PRECISION_MAX) return;
      const value = code.local("i64");
      const limit = tenTo(to.precision);
      code.tee(value).i64(limit).op("i64.ge_s").get(value).i64(-limit).op("i64.le_s", "i32.or");
      emission.raiseIf(overflow);
      code.get(value);
      return;
    }
    if (!fits) {
      const [low, high] = [code.local("i64"), code.local("i64")];
      code.set(high).tee(low).get(high);
      pushPowerOfTen(code, to.precision);
      code.call(emission.library(reachesPowerOfTen));
      emission.raiseIf(overflow);
      code.get(low, high);
    }
    asShape(emission, types.result);
  },
  bound(magnitudes, types) {
    const lift = asDecimalType(types.result).scale - asDecimalType(types.arguments[0]).scale;
    const result = lift >= 0 ? first(magnitudes) * 10 ** lift : first(magnitudes) / 10 ** -lift + 1;
    return { result, peak: Math.max(result, first(magnitudes) + 10 ** Math.max(0, -lift)) };
  },
};

const nanTemplates = {
  int2: errorTemplates.nanToSmallint,
  int4: errorTemplates.nanToInteger,
  int8: errorTemplates.nanToBigint,
} as const;

/** Takes a pair off the stack, which must be a number within 64 bits, and leaves its low word. */
function emitPairToI64(emission: Emission, range: ErrorTemplate, nan: ErrorTemplate): void {
  const { code } = emission;
  const [low, high] = [code.local("i64"), code.local("i64")];
  code.set(high).set(low).get(high).i64(LEAST64).op("i64.eq").get(low).op("i64.eqz", "i32.and");
  emission.raiseIf(nan);
  code.get(high).get(low).i64(63).op("i64.shr_s", "i64.ne");
  emission.raiseIf(range);
  code.get(low);
}

function decimalToInteger(kind: IntegerKind, oid: number, source: string): ScalarFunction {
  const range = {
    int2: errorTemplates.int2OutOfRange,
    int4: errorTemplates.int4OutOfRange,
    int8: errorTemplates.int8OutOfRange,
  }[kind];
  return {
    key: `cast.decimal.${kind}`,
    procedures: [{ oid, source }],
    doc: `Cast of numeric to ${kind}, rounded half away from zero`,
    resultType: ([only, ...more]) => (only?.kind === "decimal" && more.length === 0 ? { kind } : undefined),
    mayFail: () => true,
    evaluate(values, types) {
      const value = first(values);
      if (isNan(value)) throwTemplate(nanTemplates[kind]);
      return fitInteger(kind, roundAway(asBigint(value), asDecimalType(types.arguments[0]).scale));
    },
    emit(emission, operands, types) {
      emitRescaled(emission, first(operands), asDecimalType(types.arguments[0]).scale, 0, range);
      if (!emission.narrow) emitPairToI64(emission, range, nanTemplates[kind]);
      if (kind !== "int8") emitNarrowI64(emission, kind);
    },
    bound(magnitudes, types) {
      const { scale } = asDecimalType(types.arguments[0]);
      return { result: first(magnitudes) / 10 ** scale + 1, peak: first(magnitudes) + 10 ** scale };
    },
  };
}

/**
 * Digits and scale whose integer and power of ten are both exact floats, so that their quotient, rounded once, is the
 * float nearest to the decimal: 10^15 < 2^53 and 5^22 < 2^53; 10^7 < 2^24 and 5^10 < 2^24.
 */
const exactDivision = { float8: { precision: 15, scale: 22 }, float4: { precision: 7, scale: 10 } } as const;

function decimalToFloat(kind: "float4" | "float8", oid: number, source: string): ScalarFunction {
  const limit = exactDivision[kind];
  const fits = (type: EngineType | undefined): boolean =>
    type?.kind === "decimal" && type.precision <= limit.precision && type.scale <= limit.scale;
  return {
    key: `cast.decimal.${kind}`,
    procedures: [{ oid, source }],
    doc: `Cast of numeric to ${kind}, up to ${limit.precision} digits`,
    resultType: ([only, ...more]) => (fits(only) && more.length === 0 ? { kind } : undefined),
    mayFail: () => false,
    evaluate(values, types) {
      const value = first(values);
      if (isNan(value)) return NaN;
      const quotient = Number(asBigint(value)) / 10 ** asDecimalType(types.arguments[0]).scale;
      return kind === "float4" ? Math.fround(quotient) : quotient;
    },
    emit(emission, operands, types: CallTypes) {
      const { code } = emission;
      const divisor = 10 ** asDecimalType(types.arguments[0]).scale;
      const operand = first(operands);
      push(code, operand);
      if (kind === "float8") code.op("f64.convert_i64_s").f64(divisor).op("f64.div");
      else code.op("f32.convert_i64_s").f32(divisor).op("f32.div");
      if (emission.narrow) return;
      if (kind === "float8") code.f64(NaN);
      else code.f32(NaN);
      push(code, operand).i64(LEAST64).op("i64.ne").select();
    },
  };
}

export const castsOfDecimals: readonly ScalarFunction[] = [
  integerToDecimal("int2", 1782, "int2_numeric"),
  integerToDecimal("int4", 1740, "int4_numeric"),
  integerToDecimal("int8", 1781, "int8_numeric"),
  decimalToDecimal,
  decimalToInteger("int2", 1783, "numeric_int2"),
  decimalToInteger("int4", 1744, "numeric_int4"),
  decimalToInteger("int8", 1779, "numeric_int8"),
  decimalToFloat("float4", 1745, "numeric_float4"),
  decimalToFloat("float8", 1746, "numeric_float8"),
];
