// The scalar functions of the engine by PostgreSQL OID and by plan key. A function is added in its family's file,
// or in a new family file listed here. Read next: function.ts.
import { assert, defined } from "#base/assert.js";
import { arrayValues } from "./array_values.js";
import { castsOfDecimals } from "./cast_decimal.js";
import { castsOfNumbers } from "./cast_numbers.js";
import { casedTexts } from "./cased_texts.js";
import { byteFunctions, characterFunctions } from "./characters.js";
import { comparisonsOfNumbersAndTimes } from "./comparison.js";
import { comparisonsOfImages } from "./comparison_image.js";
import { comparisonsOfStrings } from "./comparison_text.js";
import { dateArithmetic } from "./date_arithmetic.js";
import { dateBins } from "./date_bin.js";
import { datePartFunctions } from "./date_parts.js";
import { decimalArithmetic } from "./decimal_arithmetic.js";
import { fieldFloats } from "./field_floats.js";
import { floatArithmetic } from "./float_arithmetic.js";
import { floatRounding } from "./float_rounding.js";
import type { ScalarFunction } from "./function.js";
import { growingFields } from "./growing_fields.js";
import { heldErrors } from "./held_errors.js";
import { integerArithmetic } from "./integer_arithmetic.js";
import { integerBits } from "./integer_bits.js";
import { intervalArithmetic } from "./interval_arithmetic.js";
import { intervalTruncations } from "./interval_truncation.js";
import { likes } from "./like.js";
import { madeTimes } from "./made_times.js";
import { numericArithmetic } from "./numeric_arithmetic.js";
import { castsOfNumerics } from "./numeric_cast.js";
import { numericSpreads } from "./numeric_spread.js";
import { castsOfOids } from "./oid_casts.js";
import { orderKeyFunctions } from "./order_keys.js";
import { percentiles } from "./percentile.js";
import { spanFields } from "./span_fields.js";
import { textsOfValues } from "./texts_of_values.js";
import { timestampShifts } from "./timestamp_shift.js";
import { timesWithZone } from "./timetz.js";
import { timetzFields } from "./timetz_fields.js";
import { valuesOfTexts } from "./values_of_texts.js";
import { zoneFunctions } from "./zone_functions.js";

const families: readonly (readonly ScalarFunction[])[] = [
  integerArithmetic,
  floatArithmetic,
  floatRounding,
  decimalArithmetic,
  dateArithmetic,
  comparisonsOfNumbersAndTimes,
  comparisonsOfStrings,
  castsOfNumbers,
  castsOfDecimals,
  integerBits,
  comparisonsOfImages,
  numericArithmetic,
  castsOfNumerics,
  numericSpreads,
  percentiles,
  intervalArithmetic,
  growingFields,
  datePartFunctions,
  spanFields,
  fieldFloats,
  madeTimes,
  characterFunctions,
  casedTexts,
  likes,
  byteFunctions,
  timestampShifts,
  zoneFunctions,
  timesWithZone,
  timetzFields,
  intervalTruncations,
  dateBins,
  textsOfValues,
  castsOfOids,
  valuesOfTexts,
  orderKeyFunctions,
  arrayValues,
  heldErrors,
];

/** Families that take characters apart, which they can in UTF-8 alone. */
const ofCharacters: ReadonlySet<ScalarFunction> = new Set([...characterFunctions, ...likes]);

const byKey = new Map<string, ScalarFunction>();
const byOid = new Map<number, ScalarFunction[]>();
for (const scalarFunction of families.flat()) {
  assert(!byKey.has(scalarFunction.key), `${scalarFunction.key} is registered once`);
  byKey.set(scalarFunction.key, scalarFunction);
  for (const { oid } of scalarFunction.procedures) {
    byOid.set(oid, [...(byOid.get(oid) ?? []), scalarFunction]);
  }
}

/**
 * The engine's implementations of a PostgreSQL function, for arguments of different forms; the first that takes them is
 * the one to call. None leaves it to PostgreSQL.
 */
export function functionsByOid(oid: number): readonly ScalarFunction[] {
  return byOid.get(oid) ?? [];
}

/** Whether the function is right in UTF-8 databases alone. */
export function needsUtf8(scalarFunction: ScalarFunction): boolean {
  return ofCharacters.has(scalarFunction);
}

/** Whether a server of that major version answers as the function does. */
export function isExactIn(scalarFunction: ScalarFunction, serverMajor: number): boolean {
  return scalarFunction.changedIn === undefined || serverMajor < scalarFunction.changedIn;
}

/** The function a plan names; plans are verified when decoded, so an unknown key is a programmer error. */
export function functionByKey(key: string): ScalarFunction {
  return defined(byKey.get(key), `function ${key}`);
}

export function isFunctionKey(key: string): boolean {
  return byKey.has(key);
}

/** One row per function, for the generated documentation. */
export function functionRows(): readonly {
  readonly key: string;
  readonly procedures: string;
  readonly doc: string;
}[] {
  return [...byKey.values()].map(({ key, procedures, doc }) => ({
    key,
    procedures: procedures.map(({ source }) => source).join(", "),
    doc,
  }));
}
