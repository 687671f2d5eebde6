// Casts from and to numerics of any precision, and decimals of fixed scale as such. What the engine computes as a
// decimal becomes one where it meets the others: a decimal whose places vary from value to value brings them along.
import { DECIMAL_NAN } from "#expr/expression.js";
import { sqlError } from "#base/errors.js";
import type { EngineType } from "#types/engine_type.js";
import { numericShapeOfTypmod } from "#types/sql_types.js";
import { asDecimalType } from "./decimal.js";
import { errorTemplates, fieldOverflow, throwTemplate } from "./error_templates.js";
import type { ErrorTemplate, Present, ScalarFunction } from "./function.js";
import { hostFunction } from "./host_function.js";
import { rounded } from "./numeric_arithmetic.js";
import { type Numeric, isSpecial, numericText, readNumeric, writeNumeric } from "./numeric_image.js";
import { asBigint, asBytes, asNumber, first, second } from "./operand.js";

const NUMERIC: EngineType = { kind: "numeric" };

function numericOf(value: Present, scale: number): Numeric {
  return value === DECIMAL_NAN ? "NaN" : { coefficient: asBigint(value), scale };
}

const fromDecimal = hostFunction({
  key: "cast.decimal.numeric",
  procedures: [],
  doc: "A numeric of fixed scale as one of any precision",
  arguments: ["decimal"],
  result: NUMERIC,
  evaluate: (values, types) => writeNumeric(numericOf(first(values), asDecimalType(types.arguments[0]).scale)),
});

/** More places than decimals and their products have. */
const PLACES_MAX = 1000;

/** Rounding to what it shows loses nothing. */
const shown = hostFunction({
  key: "decimal.shown",
  procedures: [],
  doc: "A numeric of fixed scale with the places it shows",
  arguments: ["decimal", "int4"],
  result: NUMERIC,
  evaluate(values, types) {
    const value = numericOf(first<Present>(values), asDecimalType(types.arguments[0]).scale);
    const places = Math.min(Math.max(Number(second<Present>(values)), 0), PLACES_MAX);
    return writeNumeric(isSpecial(value) ? value : rounded(value, places));
  },
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

const fromFloats = ([["float8", 1743, 15], ["float4", 1742, 6]] as const).map(([kind, oid, digits]) => hostFunction({
  key: `cast.${kind}.numeric`,
  procedures: [{ oid, source: `${kind}_numeric` }],
  doc: `Cast of ${kind} to numeric, ${digits} digits`,
  arguments: [kind],
  result: NUMERIC,
  evaluate: (values) => writeNumeric(fromFloat(asNumber(first(values)), digits)),
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
});

export const castsOfNumerics: readonly ScalarFunction[] = [
  fromDecimal, shown, ...fromFloats, ...toIntegers, toFloat, toDecimal,
];
