// Arithmetic of numerics of any precision, as PostgreSQL's numeric.c does it: exact sums and products, quotients with
// at least sixteen significant digits, display scales by its rules, NaN and the infinities. Compiled code computes
// numbers of up to 240 digits (library/numeric_sums.ts) and asks the host about others; what has a fixed scale and at
// most 38 digits is decimal_arithmetic.ts.
import { NUMERIC } from "#types/engine_type.js";
import { roundAway } from "./decimal.js";
import { errorTemplates, throwTemplate } from "./error_templates.js";
import type { LibraryFunction, Present, ScalarFunction } from "./function.js";
import { type EmitOrHost, emitView, hostFunction } from "./host_function.js";
import { NUMERIC_ROOM } from "./library/numeric_parts.js";
import { numericQuotient, numericRounded, RoundingMode } from "./library/numeric_rounding.js";
import { numericProduct, numericSum } from "./library/numeric_sums.js";
import { numericSigned, Sign } from "./library/numeric_sign.js";
import {
  type Numeric, type NumericNumber, groupsOf, isSpecial, lifted, readNumeric, tenTo, writeNumeric,
} from "./numeric_image.js";
import { asBigint, asBytes, first, push, second } from "./operand.js";

/** NUMERIC_MIN_SIG_DIGITS, NUMERIC_MAX_DISPLAY_SCALE, NUMERIC_DSCALE_MAX. */
const QUOTIENT_DIGITS = 16;
const QUOTIENT_SCALE_MAX = 1000;
const SCALE_MAX = 16_383;
/** No numeric has so many digits before the point. */
const WHOLE_DIGITS_MAX = 131_073;
/** Of squares, whose sums must not have more: room for as many as there may be. */
const SQUARE_DIGITS_MAX = 131_000;
/** Decimal digits of a stored one. */
const GROUP_DIGITS = 4;

function signOf(value: Numeric): -1 | 0 | 1 {
  if (isSpecial(value)) return value === "-Infinity" ? -1 : value === "Infinity" ? 1 : 0;
  return value.coefficient < 0n ? -1 : value.coefficient > 0n ? 1 : 0;
}

function infinity(sign: number): Numeric {
  return sign < 0 ? "-Infinity" : "Infinity";
}

/** A value cut or rounded (half away from zero) to another scale. */
function atScale({ coefficient, scale }: NumericNumber, to: number, mode: "round" | "truncate"): NumericNumber {
  if (to >= scale) return { coefficient: coefficient * tenTo(to - scale), scale: to };
  const cut = mode === "truncate" ? coefficient / tenTo(scale - to) : roundAway(coefficient, scale - to);
  return { coefficient: cut, scale: to };
}

export function negate(value: Numeric): Numeric {
  if (isSpecial(value)) return value === "NaN" ? value : infinity(-signOf(value));
  return { coefficient: -value.coefficient, scale: value.scale };
}

export function add(a: Numeric, b: Numeric): Numeric {
  if (isSpecial(a) || isSpecial(b)) {
    if (a === "NaN" || b === "NaN") return "NaN";
    if (!isSpecial(a)) return b;
    return !isSpecial(b) || a === b ? a : "NaN";
  }
  const scale = Math.max(a.scale, b.scale);
  return { coefficient: lifted(a, scale) + lifted(b, scale), scale };
}

export function multiply(a: Numeric, b: Numeric): Numeric {
  if (isSpecial(a) || isSpecial(b)) {
    const sign = signOf(a) * signOf(b);
    return a === "NaN" || b === "NaN" || sign === 0 ? "NaN" : infinity(sign);
  }
  const product = { coefficient: a.coefficient * b.coefficient, scale: a.scale + b.scale };
  return product.scale > SCALE_MAX ? atScale(product, SCALE_MAX, "round") : product;
}

/** A product that is to be exact: only variances, which PostgreSQL computes from squares of any length, call for it. */
function exactProduct(a: Numeric, b: Numeric): Numeric {
  const product = multiply(a, b);
  if (isSpecial(a) || isSpecial(b) || isSpecial(product)) return product;
  const isExact = a.scale + b.scale === product.scale;
  const digits = groupsOf(product).weight * GROUP_DIGITS;
  if (!isExact || digits > SQUARE_DIGITS_MAX) throwTemplate(errorTemplates.squareTooLong);
  return product;
}

/** select_div_scale(): sixteen digits from where the quotient is thought to begin. */
function quotientScale(a: NumericNumber, b: NumericNumber): number {
  const [x, y] = [groupsOf(a), groupsOf(b)];
  const [firstX = 0, firstY = 0] = [x.digits[0], y.digits[0]];
  const weight = x.weight - y.weight - (firstX <= firstY ? 1 : 0);
  const scale = Math.max(QUOTIENT_DIGITS - weight * GROUP_DIGITS, a.scale, b.scale, 0);
  return Math.min(scale, QUOTIENT_SCALE_MAX);
}

export function divide(a: Numeric, b: Numeric): Numeric {
  if (isSpecial(a) || isSpecial(b)) {
    if (a === "NaN" || b === "NaN") return "NaN";
    if (!isSpecial(a)) return { coefficient: 0n, scale: 0 };
    if (isSpecial(b)) return "NaN";
    if (b.coefficient === 0n) throwTemplate(errorTemplates.divisionByZero);
    return infinity(signOf(a) * signOf(b));
  }
  if (b.coefficient === 0n) throwTemplate(errorTemplates.divisionByZero);
  const scale = quotientScale(a, b);
  // Twice the quotient at the wanted scale decides about the last digit.
  const dividend = a.coefficient * tenTo(scale + b.scale);
  const divisor = b.coefficient * tenTo(a.scale);
  const negative = dividend < 0n !== divisor < 0n;
  const [x, y] = [dividend < 0n ? -dividend : dividend, divisor < 0n ? -divisor : divisor];
  const rounded = (x * 2n + y) / (y * 2n);
  return { coefficient: negative ? -rounded : rounded, scale };
}

function remainder(a: Numeric, b: Numeric): Numeric {
  if (isSpecial(a) || isSpecial(b)) {
    if (a === "NaN" || b === "NaN") return "NaN";
    if (!isSpecial(a)) return a;
    if (!isSpecial(b) && b.coefficient === 0n) throwTemplate(errorTemplates.divisionByZero);
    return "NaN";
  }
  if (b.coefficient === 0n) throwTemplate(errorTemplates.divisionByZero);
  const scale = Math.max(a.scale, b.scale);
  return { coefficient: lifted(a, scale) % lifted(b, scale), scale };
}

/** round(x, n) and trunc(x, n); n may be negative. */
function toPlaces(value: Numeric, places: bigint, mode: "round" | "truncate"): Numeric {
  if (isSpecial(value)) return value;
  const wanted = Math.min(Math.max(Number(places), -WHOLE_DIGITS_MAX), SCALE_MAX);
  if (wanted >= 0) return atScale(value, wanted, mode);
  const { coefficient } = atScale(value, wanted, mode);
  return { coefficient: coefficient * tenTo(-wanted), scale: 0 };
}

function toWhole(value: Numeric, up: boolean): Numeric {
  if (isSpecial(value)) return value;
  const whole = atScale(value, 0, "truncate");
  const isExact = lifted(whole, value.scale) === value.coefficient;
  if (isExact || value.coefficient < 0n === up) return whole;
  return { coefficient: whole.coefficient + (up ? 1n : -1n), scale: 0 };
}

/** Code for a function of images, its further arguments after the operands and the room. */
const byLibrary = (callee: LibraryFunction, ...constants: readonly number[]): EmitOrHost =>
  (emission, operands, _types, host) => emitView(emission, NUMERIC_ROOM, host, (room) => {
    const { code } = emission;
    for (const operand of operands) push(code, operand);
    code.get(room);
    for (const constant of constants) code.i32(constant);
    code.call(emission.library(callee));
  });

const unary = (
  key: string, doc: string, oids: readonly (readonly [number, string])[], compute: (value: Numeric) => Numeric,
  emit?: EmitOrHost,
): ScalarFunction => hostFunction({
  key: `numeric.${key}`,
  procedures: oids.map(([oid, source]) => ({ oid, source })),
  doc,
  arguments: ["numeric"],
  result: NUMERIC,
  evaluate: (values) => writeNumeric(compute(readNumeric(asBytes(first(values))))),
  emit,
});

const binary = (
  key: string, doc: string, oids: readonly (readonly [number, string])[],
  compute: (a: Numeric, b: Numeric) => Numeric, emit?: EmitOrHost,
): ScalarFunction => hostFunction({
  key: `numeric.${key}`,
  procedures: oids.map(([oid, source]) => ({ oid, source })),
  doc,
  arguments: ["numeric", "numeric"],
  result: NUMERIC,
  evaluate: (values) =>
    writeNumeric(compute(readNumeric(asBytes(first<Present>(values))), readNumeric(asBytes(second<Present>(values))))),
  emit,
});

const places = (key: "round" | "truncate", oid: number, source: string): ScalarFunction => hostFunction({
  key: `numeric.${key}`,
  procedures: [{ oid, source }],
  doc: `A numeric ${key === "round" ? "rounded half away from zero" : "cut"} to so many places`,
  arguments: ["numeric", "int4"],
  result: NUMERIC,
  evaluate: (values) =>
    writeNumeric(toPlaces(readNumeric(asBytes(first<Present>(values))), asBigint(second<Present>(values)), key)),
  emit: byLibrary(numericRounded, RoundingMode[key]),
});

const toWholeInPlace = (mode: keyof typeof RoundingMode): EmitOrHost =>
  (emission, operands, _types, host) => emitView(emission, NUMERIC_ROOM, host, (room) => {
    push(emission.code, first(operands)).i32(0).get(room).i32(RoundingMode[mode]);
    emission.code.call(emission.library(numericRounded));
  });

/** The functions of SQL around the ones above. */
const withoutPlaces = (key: "round" | "truncate", oid: number): ScalarFunction => unary(
  `${key}Whole`, `A numeric ${key === "round" ? "rounded half away from zero" : "cut"} to a whole number`,
  [[oid, "system_functions.sql"]], (value) => toPlaces(value, 0n, key), toWholeInPlace(key));

const whole = (value: bigint): Numeric => ({ coefficient: value, scale: 0 });

/** More places than decimals and their products have. */
const PLACES_MAX = 1000;

/** Three words of a sum of decimals from the lowest, and its places: below zero for NaN. Only aggregates call it. */
const total: ScalarFunction = hostFunction({
  key: "numeric.total",
  procedures: [],
  doc: "A sum of numerics of fixed scale that may need more than 128 bits",
  neverRaises: true,
  arguments: ["int8", "int8", "int8", "int8"],
  result: NUMERIC,
  evaluate(values) {
    const [low = 0n, high = 0n, top = 0n, places = 0n] = values.map(asBigint);
    if (places < 0n) return writeNumeric("NaN");
    const coefficient = (((top << 64n) + high) << 64n) + BigInt.asUintN(64, low);
    return writeNumeric({ coefficient, scale: Math.min(Number(places), PLACES_MAX) });
  },
});

export const numericArithmetic: readonly ScalarFunction[] = [
  total,
  binary("add", "Sum of numerics; the larger scale", [[1724, "numeric_add"]], add, byLibrary(numericSum, 0)),
  binary("subtract", "Difference of numerics; the larger scale", [[1725, "numeric_sub"]], (a, b) => add(a, negate(b)),
    byLibrary(numericSum, 1)),
  binary("multiply", "Product of numerics; the sum of the scales", [[1726, "numeric_mul"]], multiply,
    byLibrary(numericProduct)),
  binary("square", "Product of a numeric with itself, or an error where that cannot be exact", [], exactProduct,
    byLibrary(numericProduct)),
  binary("divide", "Quotient of numerics, at least sixteen digits", [[1727, "numeric_div"]], divide,
    byLibrary(numericQuotient)),
  binary("modulo", "Remainder of numerics, signed as the dividend", [[1728, "numeric_mod"], [1729, "numeric_mod"]],
    remainder),
  unary("negate", "Negation of a numeric", [[1771, "numeric_uminus"]], negate,
    byLibrary(numericSigned, Sign.other)),
  unary("absolute", "Absolute value of a numeric", [[1704, "numeric_abs"], [1705, "numeric_abs"]],
    (value) => (signOf(value) < 0 ? negate(value) : value), byLibrary(numericSigned, Sign.none)),
  unary("sign", "The sign of a numeric", [[1706, "numeric_sign"]],
    (value) => (value === "NaN" ? value : whole(BigInt(signOf(value))))),
  unary("ceiling", "The least whole number not below a numeric", [[1711, "numeric_ceil"], [2167, "numeric_ceil"]],
    (value) => toWhole(value, true), toWholeInPlace("ceiling")),
  unary("floor", "The greatest whole number not above a numeric", [[1712, "numeric_floor"]],
    (value) => toWhole(value, false), toWholeInPlace("floor")),
  places("round", 1707, "numeric_round"),
  places("truncate", 1709, "numeric_trunc"),
  withoutPlaces("round", 1708),
  withoutPlaces("truncate", 1710),
];

/** Rounded half away from zero, to a scale. */
export function rounded(value: NumericNumber, scale: number): NumericNumber {
  return atScale(value, scale, "round");
}
