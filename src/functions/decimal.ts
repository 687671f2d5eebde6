// What decimal functions share: digit counts, NaN in reference evaluation, and operands as 128-bit pairs or rescaled
// 64-bit numbers. Narrow and wide code are explained in function.ts; the pairs in library/int128.ts.
import { assert } from "#base/assert.js";
import { DECIMAL_NAN } from "#expr/expression.js";
import { DECIMAL128_PRECISION_MAX, LEAST64 } from "#types/encoding_of.js";
import type { EngineType } from "#types/engine_type.js";
import { type Emission, type Operand, type Present, shapeOf } from "./function.js";
import { multiplyDecimal, narrowDecimal, pushPowerOfTen, widenDecimal } from "./library/int128.js";
import { tenTo } from "./numeric_image.js";
import { asBigint, first, push } from "./operand.js";

export type DecimalType = Extract<EngineType, { kind: "decimal" }>;

export function asDecimalType(type: EngineType | undefined): DecimalType {
  assert(type?.kind === "decimal", "a decimal type");
  return type;
}

/** Digits before the point, which may be negative: numeric(2, 5) stays below 0.001. */
export function integerDigits(type: DecimalType): number {
  return type.precision - type.scale;
}

/** A type of so many digits; undefined beyond those of decimals, where numerics of any precision go on. */
export function decimalOf(digits: number, scale: number): DecimalType | undefined {
  if (digits > DECIMAL128_PRECISION_MAX || scale > DECIMAL128_PRECISION_MAX) return undefined;
  return { kind: "decimal", precision: Math.max(1, digits), scale };
}

/** Digits a sum has beyond those of its values: nobody reads 10^13 rows. */
export const SUM_DIGITS = 13;
/** Sums of numbers of so many digits are decimals. */
export const SUMMED_DIGITS_MAX = DECIMAL128_PRECISION_MAX - SUM_DIGITS;

export function isNan(value: Present): boolean {
  return value === DECIMAL_NAN;
}

/** Applies an operation to scaled integers; NaN in, NaN out. */
export function onNumbers(values: readonly Present[], operation: (...numbers: bigint[]) => bigint): Present {
  return values.some(isNan) ? DECIMAL_NAN : operation(...values.map(asBigint));
}

/** value / 10^digits, rounded half away from zero. */
export function roundAway(value: bigint, digits: number): bigint {
  const divisor = tenTo(digits);
  const magnitude = value < 0n ? -value : value;
  const rounded = (magnitude * 2n + divisor) / (divisor * 2n);
  return value < 0n ? -rounded : rounded;
}

/** Narrow: pushes the operand's number times 10^digits. */
export function pushScaled(emission: Emission, operand: Operand, digits: number): void {
  push(emission.code, operand);
  if (digits > 0) emission.code.i64(tenTo(digits)).op("i64.mul");
}

/** Wide: pushes the operand as a pair. */
export function pushPair(emission: Emission, operand: Operand): void {
  push(emission.code, operand);
  if (operand.shape === "i64") emission.code.call(emission.library(widenDecimal));
}

/** Wide: pushes the operand times 10^digits as a pair, and 1 when that passes 38 digits, which NaN never does. */
export function pushLifted(emission: Emission, operand: Operand, digits: number): void {
  const { code } = emission;
  pushPair(emission, operand);
  if (digits === 0) {
    code.i32(0);
    return;
  }
  pushPowerOfTen(code, digits);
  code.call(emission.library(multiplyDecimal));
}

/** Wide: pushes 1 when the operand is NaN. */
export function pushOperandIsNan(emission: Emission, operand: Operand): void {
  const { code } = emission;
  const [, high] = operand.parts;
  if (operand.shape === "i64" || high === undefined) {
    push(code, operand).i64(LEAST64).op("i64.eq");
    return;
  }
  code.get(high).i64(LEAST64).op("i64.eq").get(first(operand.parts)).op("i64.eqz", "i32.and");
}

/** Wide: turns the pair on the stack into the shape of the type. */
export function asShape(emission: Emission, type: EngineType): void {
  if (shapeOf(type, false) === "i64") emission.code.call(emission.library(narrowDecimal));
}
