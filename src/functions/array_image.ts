// Images of PostgreSQL's arrays of one dimension, as they stand in a datum behind its length: a header, a bit for each
// value where some are NULL, then the others, each where its type's alignment wants it. Compiled code makes the same:
// library/arrays.ts, lowering/aggregate_collect.ts.
import { assert } from "#base/assert.js";
import type { Scalar } from "#expr/expression.js";
import { type ArrayElement, elementLength } from "#types/array_element.js";
import type { EngineType } from "#types/engine_type.js";

/** What the datum has before the image. Alignment counts from there. */
export const DATUM_HEADER_BYTES = 4;

/** The header's 32-bit words: what they hold and where they stand in the image. */
export const arrayHeader = { dimensions: 0, elementsOffset: 4, elementType: 8, length: 12, lowerBound: 16 } as const;

/** The header of an array of one dimension, and of one without any. */
export const ARRAY_HEADER_BYTES = 20;
const EMPTY_ARRAY_BYTES = 12;

/** Where the elements begin, counted from the datum's start. */
const ELEMENTS_ALIGNMENT = 8;

function aligned(bytes: number, alignment: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}

/** The bytes of one value, with all that stands before the next. */
function elementBytes(element: ArrayElement, type: EngineType, value: Scalar): Buffer {
  const header = element.length < 0 ? DATUM_HEADER_BYTES : 0;
  const length = value instanceof Uint8Array ? value.length : element.length;
  const bytes = Buffer.alloc(aligned(header + length, element.alignment));
  if (value instanceof Uint8Array) {
    if (header > 0) bytes.writeUInt32LE((header + length) * 4);
    bytes.set(value, header);
  } else if (typeof value === "boolean") bytes.writeUInt8(Number(value));
  else if (type.kind === "float4") bytes.writeFloatLE(Number(value));
  else if (type.kind === "float8") bytes.writeDoubleLE(Number(value));
  else {
    assert(typeof value === "bigint", "an integer");
    for (let at = 0; at < element.length; at++) bytes[at] = Number(BigInt.asUintN(8, value >> BigInt(8 * at)));
  }
  return bytes;
}

/** The array of the values, whose places count from 1. There is one at least. */
export function arrayImage(element: ArrayElement, type: EngineType, values: readonly Scalar[]): Uint8Array {
  assert(values.length > 0, "an array of something");
  const hasNulls = values.includes(null);
  const bits = hasNulls ? Math.ceil(values.length / 8) : 0;
  const start = aligned(DATUM_HEADER_BYTES + ARRAY_HEADER_BYTES + bits, ELEMENTS_ALIGNMENT);
  const head = Buffer.alloc(start - DATUM_HEADER_BYTES);
  head.writeInt32LE(1, arrayHeader.dimensions);
  head.writeInt32LE(hasNulls ? start : 0, arrayHeader.elementsOffset);
  head.writeUInt32LE(element.type, arrayHeader.elementType);
  head.writeInt32LE(values.length, arrayHeader.length);
  head.writeInt32LE(1, arrayHeader.lowerBound);
  if (hasNulls)
    values.forEach((value, index) => {
      const at = ARRAY_HEADER_BYTES + (index >> 3);
      if (value !== null) head[at] = (head[at] ?? 0) | (1 << (index & 7));
    });
  const present = values.filter((value) => value !== null).map((value) => elementBytes(element, type, value));
  return new Uint8Array(Buffer.concat([head, ...present]));
}

/** An array without NULLs, with one more value behind the others. */
export function appendedArrayImage(
  array: Uint8Array, alignment: ArrayElement["alignment"], type: EngineType, value: Exclude<Scalar, null>,
): Uint8Array {
  const image = Buffer.from(array);
  const length = elementLength(type);
  assert(length !== undefined && image.length >= EMPTY_ARRAY_BYTES, "an array and a value that stands in one");
  const element = { type: image.readUInt32LE(arrayHeader.elementType), length, alignment };
  if (image.readInt32LE(arrayHeader.dimensions) === 0) return arrayImage(element, type, [value]);
  image.writeInt32LE(image.readInt32LE(arrayHeader.length) + 1, arrayHeader.length);
  return new Uint8Array(Buffer.concat([image, elementBytes(element, type, value)]));
}

/** The array of nothing. */
export function emptyArrayImage(elementType: number): Uint8Array {
  const image = Buffer.alloc(EMPTY_ARRAY_BYTES);
  image.writeUInt32LE(elementType, arrayHeader.elementType);
  return new Uint8Array(image);
}
