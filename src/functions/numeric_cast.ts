// Casts from and to numerics of any precision, and decimals of fixed scale as such. What the engine computes as a
// decimal becomes one where it meets the others: a decimal whose places vary from value to value brings them along.
// Compiled code casts numbers of up to 18 digits (library/numeric_casts.ts) and asks the host about others.
import { DECIMAL_NAN } from "#expr/expression.js";
import { sqlError } from "#base/errors.js";
import { DECIMAL64_PRECISION_MAX } from "#types/encoding_of.js";
import { NUMERIC } from "#types/engine_type.js";
import { numericShapeOfTypmod } from "#types/sql_types.js";
import { asDecimalType, pushPair } from "./decimal.js";
import { errorTemplates, fieldOverflow, throwTemplate } from "./error_templates.js";
import {
  type Emission, type ErrorTemplate, type Operand, type Present, type ScalarFunction, shapeOf,
} from "./function.js";
import { type EmitOrHost, emitView, hostFunction } from "./host_function.js";
import { widenDecimal } from "./library/int128.js";
import { decimalOfNumeric, floatOfNumeric, numericOfDecimal } from "./library/numeric_casts.js";
import { NUMERIC_ROOM } from "./library/numeric_parts.js";
import { numericRounded, RoundingMode } from "./library/numeric_rounding.js";
import { rounded } from "./numeric_arithmetic.js";
import { type Numeric, isSpecial, numericText, readNumeric, writeNumeric } from "./numeric_image.js";
import { asBigint, asBytes, asNumber, first, push, second } from "./operand.js";

function numericOf(value: Present, scale: number): Numeric {
  return value === DECIMAL_NAN ? "NaN" : { coefficient: asBigint(value), scale };
}

const fromDecimal = hostFunction({
  key: "cast.decimal.numeric",
  procedures: [],
  doc: "A numeric of fixed scale as one of any precision",
  neverRaises: true,
  arguments: ["decimal"],
  result: NUMERIC,
  evaluate: (values, types) => writeNumeric(numericOf(first(values), asDecimalType(types.arguments[0]).scale)),
  emit: (emission, operands, types, host) => emitView(emission, NUMERIC_ROOM, host, (room) => {
    pushPair(emission, first(operands));
    emission.code.get(room).call(emission.library(numericOfDecimal(asDecimalType(types.arguments[0]).scale)));
  }),
});

/** More places than decimals and their products have. */
const PLACES_MAX = 1000;

/** Rounding to what it shows loses nothing. */
const shown = hostFunction({
  key: "decimal.shown",
  procedures: [],
  doc: "A numeric of fixed scale with the places it shows",
  neverRaises: true,
  arguments: ["decimal", "int4"],
  result: NUMERIC,
  evaluate(values, types) {
    const value = numericOf(first<Present>(values), asDecimalType(types.arguments[0]).scale);
    const places = Math.min(Math.max(Number(second<Present>(values)), 0), PLACES_MAX);
    return writeNumeric(isSpecial(value) ? value : rounded(value, places));
  },
  // Made with all its places behind the room of the result, then cut there.
  emit: (emission, operands, types, host) => emitView(emission, 2 * NUMERIC_ROOM, host, (room) => {
    const { code } = emission;
    const [whole, places] = [code.local("i32"), second(operands)];
    pushPair(emission, first(operands));
    code.get(room).i32(NUMERIC_ROOM).op("i32.add").tee(whole);
    code.call(emission.library(numericOfDecimal(asDecimalType(types.arguments[0]).scale))).if(["i32"], () => {
      push(push(code.get(whole).i32(0).i32(0), places), places).i32(0).op("i32.lt_s").select();
      code.get(room).i32(RoundingMode.round).call(emission.library(numericRounded));
    }, () => code.i32(0));
  }),
});

/** The digits printf's %.<digits>g gives, as numeric_in reads them. */
function fromFloat(value: number, digits: number): Numeric {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value < 0 ? "-Infinity" : "Infinity";
  const [mantissa = "0", exponent = "0"] = value.toExponential(digits - 1).split("e");
  const [whole = "0", fraction = ""] = mantissa.split(".");
  const kept = fraction.replace(/0+$/, "");
  const places = kept.length - Number(exponent);
  const coefficient = BigInt(whole + kept) * 10n ** BigInt(Math.max(0, -places));
  return { coefficient, scale: Math.max(0, places) };
}

/** Whole numbers as they are: none of their digits is beyond those kept. */
const wholeFloat = (kind: "float4" | "float8", digits: number): EmitOrHost =>
  (emission, operands, _types, host) => emitView(emission, NUMERIC_ROOM, host, (room) => {
    const { code } = emission;
    const value = code.local("f64");
    push(code, first(operands));
    if (kind === "float4") code.op("f64.promote_f32");
    code.tee(value).op("f64.abs").f64(10 ** digits).op("f64.lt");
    code.get(value, value).op("f64.trunc", "f64.eq", "i32.and").if(["i32"], () => {
      code.get(value).op("i64.trunc_f64_s").call(emission.library(widenDecimal)).get(room);
      code.call(emission.library(numericOfDecimal(0)));
    }, () => code.i32(0));
  });

const fromFloats = ([["float8", 1743, 15], ["float4", 1742, 6]] as const).map(([kind, oid, digits]) => hostFunction({
  key: `cast.${kind}.numeric`,
  procedures: [{ oid, source: `${kind}_numeric` }],
  doc: `Cast of ${kind} to numeric, ${digits} digits`,
  neverRaises: true,
  arguments: [kind],
  result: NUMERIC,
  evaluate: (values) => writeNumeric(fromFloat(asNumber(first(values)), digits)),
  emit: wholeFloat(kind, digits),
}));

interface IntegerTarget {
  readonly kind: "int2" | "int4" | "int8";
  readonly oid: number;
  readonly bits: number;
  readonly name: string;
  readonly outOfRange: ErrorTemplate;
}

const integerTargets: readonly IntegerTarget[] = [
  { kind: "int2", oid: 1783, bits: 16, name: "smallint", outOfRange: errorTemplates.int2OutOfRange },
  { kind: "int4", oid: 1744, bits: 32, name: "integer", outOfRange: errorTemplates.int4OutOfRange },
  { kind: "int8", oid: 1779, bits: 64, name: "bigint", outOfRange: errorTemplates.int8OutOfRange },
];

/** Pushes a numeric with so many places as an i64, or has the host give the result: an i64 as well. */
function emitInt64(emission: Emission, operand: Operand, scale: number, host: () => void): void {
  const { code } = emission;
  const [value, known] = [code.local("i64"), code.local("i32")];
  push(code, operand).call(emission.library(decimalOfNumeric(scale))).set(known).set(value);
  code.get(known).if(["i64"], () => code.get(value), host);
}

const toIntegers = integerTargets.map(({ kind, oid, bits, name, outOfRange }) => hostFunction({
  key: `cast.numeric.${kind}`,
  procedures: [{ oid, source: `numeric_${kind}` }],
  doc: `Cast of numeric to ${kind}, rounded half away from zero`,
  arguments: ["numeric"],
  result: { kind },
  evaluate(values) {
    const value = readNumeric(asBytes(first(values)));
    if (isSpecial(value))
      throw sqlError("0A000", `cannot convert ${value === "NaN" ? value : "infinity"} to ${name}`);
    const { coefficient } = rounded(value, 0);
    return BigInt.asIntN(bits, coefficient) === coefficient ? coefficient : throwTemplate(outOfRange);
  },
  emit(emission, operands, _types, host) {
    const { code } = emission;
    if (bits === 64) {
      emitInt64(emission, first(operands), 0, host);
      return;
    }
    const value = code.local("i64");
    emitInt64(emission, first(operands), 0, () => {
      host();
      code.op("i64.extend_i32_s");
    });
    const limit = 1n << BigInt(bits - 1);
    code.tee(value).i64(limit).op("i64.add").i64(2n * limit).op("i64.ge_u");
    emission.raiseIf(outOfRange);
    code.get(value).op("i32.wrap_i64");
  },
}));

const toFloat = hostFunction({
  key: "cast.numeric.float8",
  procedures: [{ oid: 1746, source: "numeric_float8" }],
  doc: "Cast of numeric to float8, rounded to the nearest",
  arguments: ["numeric"],
  result: { kind: "float8" },
  evaluate(values) {
    const value = readNumeric(asBytes(first(values)));
    const text = numericText(value);
    const number = Number(text);
    if (isSpecial(value)) return number;
    const isLost = number === 0 && value.coefficient !== 0n;
    if (isLost || !Number.isFinite(number))
      throw sqlError("22003", `"${text}" is out of range for type double precision`);
    return number;
  },
  emit(emission, operands, _types, host) {
    const { code } = emission;
    const [value, known] = [code.local("f64"), code.local("i32")];
    push(code, first(operands)).call(emission.library(floatOfNumeric)).set(known).set(value);
    code.get(known).if(["f64"], () => code.get(value), host);
  },
});

/** The typmod stands in the result type. */
const toDecimal = hostFunction({
  key: "cast.numeric.decimal",
  procedures: [{ oid: 1703, source: "numeric" }],
  doc: "Cast of any numeric to numeric(p, s): rounded half away from zero, an error when it does not fit",
  arguments: ["numeric"],
  result(_types, typmod = -1) {
    const shape = numericShapeOfTypmod(typmod);
    return shape === undefined || shape.precision > 38 || shape.scale > shape.precision
      ? undefined : { kind: "decimal", ...shape };
  },
  evaluate(values, types) {
    const { precision, scale } = asDecimalType(types.result);
    const value = readNumeric(asBytes(first(values)));
    if (value === "NaN") return DECIMAL_NAN;
    if (isSpecial(value))
      throw sqlError("22003", "numeric field overflow",
        `A field with precision ${precision}, scale ${scale} cannot hold an infinite value.`);
    const { coefficient } = rounded(value, scale);
    const limit = 10n ** BigInt(precision);
    return coefficient < limit && coefficient > -limit ? coefficient : throwTemplate(fieldOverflow(precision, scale));
  },
  emit(emission, operands, types, host) {
    const { code } = emission;
    const { precision, scale } = asDecimalType(types.result);
    const isWide = shapeOf(types.result, emission.narrow) === "i128";
    const [value, known, low, high] = [code.local("i64"), code.local("i32"), code.local("i64"), code.local("i64")];
    push(code, first(operands)).call(emission.library(decimalOfNumeric(scale))).set(known).set(value);
    code.get(known).if([], () => {
      if (precision <= DECIMAL64_PRECISION_MAX) {
        const limit = 10n ** BigInt(precision);
        code.get(value).i64(limit - 1n).op("i64.add").i64(2n * limit - 1n).op("i64.ge_u");
        emission.raiseIf(fieldOverflow(precision, scale));
      }
      code.get(value).set(low).get(value).i64(63).op("i64.shr_s").set(high);
    }, () => {
      host();
      if (isWide) code.set(high);
      code.set(low);
    });
    code.get(low);
    if (isWide) code.get(high);
  },
});

export const castsOfNumerics: readonly ScalarFunction[] = [
  fromDecimal, shown, ...fromFloats, ...toIntegers, toFloat, toDecimal,
];
