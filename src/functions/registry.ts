// The scalar functions of the engine by PostgreSQL OID and by plan key. A function is added in its family's file,
// or in a new family file listed here. Read next: function.ts.
import { assert, defined } from "#base/assert.js";
import { castsOfDecimals } from "./cast_decimal.js";
import { castsOfNumbers } from "./cast_numbers.js";
import { comparisonsOfNumbersAndTimes } from "./comparison.js";
import { comparisonsOfStrings } from "./comparison_text.js";
import { dateArithmetic } from "./date_arithmetic.js";
import { dateFields } from "./date_fields.js";
import { decimalArithmetic } from "./decimal_arithmetic.js";
import { decimalAverages } from "./decimal_average.js";
import { floatArithmetic } from "./float_arithmetic.js";
import type { ScalarFunction } from "./function.js";
import { integerArithmetic } from "./integer_arithmetic.js";

const families: readonly (readonly ScalarFunction[])[] = [
  integerArithmetic,
  floatArithmetic,
  decimalArithmetic,
  decimalAverages,
  dateArithmetic,
  dateFields,
  comparisonsOfNumbersAndTimes,
  comparisonsOfStrings,
  castsOfNumbers,
  castsOfDecimals,
];

const byKey = new Map<string, ScalarFunction>();
const byOid = new Map<number, ScalarFunction>();
for (const scalarFunction of families.flat()) {
  assert(!byKey.has(scalarFunction.key), `${scalarFunction.key} is registered once`);
  byKey.set(scalarFunction.key, scalarFunction);
  for (const { oid } of scalarFunction.procedures) {
    assert(!byOid.has(oid), `function ${oid} is implemented once`);
    byOid.set(oid, scalarFunction);
  }
}

/** The engine's implementation of a PostgreSQL function; undefined leaves it to PostgreSQL. */
export function functionByOid(oid: number): ScalarFunction | undefined {
  return byOid.get(oid);
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
