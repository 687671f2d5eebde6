// Reference aggregates that keep all their values: strings put together, and arrays. Read next: aggregate.ts,
// lowering/aggregate_append.ts, lowering/aggregate_collect.ts.
import { assert } from "#base/assert.js";
import type { Scalar } from "#expr/expression.js";
import { arrayImage } from "#functions/array_image.js";
import { COMPUTED_BYTES_MAX } from "#functions/characters.js";
import { errorTemplates, throwTemplate } from "#functions/error_templates.js";
import type { ArrayElement } from "#types/array_element.js";
import type { EngineType } from "#types/engine_type.js";
import type { Accumulator } from "./aggregate.js";

/** string_agg(): the first value's delimiter counts for nothing. */
export function concatenation(): Accumulator {
  let parts: Uint8Array[] | undefined;
  let bytes = 0;
  const append = (part: Uint8Array): void => {
    bytes += part.length;
    if (bytes > COMPUTED_BYTES_MAX) throwTemplate(errorTemplates.valueTooLong);
    (parts ??= []).push(part);
  };
  return {
    add(value, delimiter) {
      if (value === null) return;
      assert(value instanceof Uint8Array, "a string");
      if (parts !== undefined && delimiter instanceof Uint8Array) append(delimiter);
      append(value);
    },
    result: (): Scalar => (parts === undefined ? null : new Uint8Array(Buffer.concat(parts))),
  };
}

/** array_agg(): NULLs are values too. */
export function collection(element: ArrayElement, type: EngineType): Accumulator {
  const values: Scalar[] = [];
  return {
    add: (value) => void values.push(value),
    result: () => (values.length === 0 ? null : arrayImage(element, type, values)),
  };
}
