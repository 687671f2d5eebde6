// Arrays made of values one by one, which the planner asks for where it knows how many there are; the host evaluates
// them. Arrays of a group's rows are lowering/aggregate_collect.ts's. Read next: array_image.ts.
import { defined } from "#base/assert.js";
import { type ArrayElement, elementLength } from "#types/array_element.js";
import type { EngineType } from "#types/engine_type.js";
import { appendedArrayImage } from "./array_image.js";
import type { Present, ScalarFunction } from "./function.js";
import { asBytes, first, second, third } from "./operand.js";
import { TABLE_TYPE, isTableType } from "./parameter_tables.js";

/** Carried as tables are: the engine knows no equality of arrays. */
export const ARRAY_TYPE: EngineType = TABLE_TYPE;

function asAlignment(value: Present): ArrayElement["alignment"] {
  const alignment = ([1, 2, 4, 8] as const).find((each) => BigInt(each) === value);
  return defined(alignment, "an alignment of PostgreSQL's");
}

export const arrayValues: readonly ScalarFunction[] = [{
  key: "array.append",
  procedures: [],
  doc: "One more value, aligned so, behind those of an array without NULLs",
  resultType: ([value, alignment, array, ...more]) => (
    value !== undefined && elementLength(value) !== undefined && alignment?.kind === "int4" && isTableType(array)
      && more.length === 0 ? ARRAY_TYPE : undefined),
  mayFail: () => true,
  neverRaises: true,
  evaluate: (values, { arguments: types }) => appendedArrayImage(
    asBytes(third(values)), asAlignment(second(values)), first(types), first(values)),
}];
