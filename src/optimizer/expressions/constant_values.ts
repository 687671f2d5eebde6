// Datum images of constants to the engine's values. Images are the machine's own bytes (little-endian wherever
// PostgreSQL and Node run together here); what cannot be decoded exactly stays with PostgreSQL.
import { DECIMAL_NAN } from "#expr/expression.js";
import type { Scalar } from "#expr/expression.js";
import type { EngineType } from "#types/engine_type.js";

/** The payload of a plain varlena image; undefined for compressed and toasted ones. */
export function varlenaPayload(image: Uint8Array): Uint8Array | undefined {
  const [first] = image;
  if (first === undefined) return undefined;
  if ((first & 1) === 1) {
    const length = first >> 1;
    return length >= 1 && length === image.length ? image.subarray(1) : undefined;
  }
  if ((first & 3) !== 0 || image.length < 4) return undefined;
  const length = view(image).getUint32(0, true) >>> 2;
  return length === image.length ? image.subarray(4) : undefined;
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A numeric's value as an integer scaled by its display scale. */
export interface NumericValue {
  readonly value: bigint | typeof DECIMAL_NAN;
  readonly scale: number;
  /** Digits of the scaled integer, at least 1. */
  readonly precision: number;
}

const SIGN_MASK = 0xc000;
const SHORT_FORM = 0x8000;
const SPECIAL_FORM = 0xc000;
const NAN_HEADER = 0xc000;
const SHORT_NEGATIVE = 0x2000;
const LONG_NEGATIVE = 0x4000;

interface NumericHeader {
  readonly negative: boolean;
  readonly scale: number;
  readonly weight: number;
  readonly digitsAt: number;
}

/** Both header forms of the on-disk format; undefined when the payload is cut short. */
function numericHeader(data: DataView): NumericHeader | undefined {
  const header = data.getUint16(0, true);
  if ((header & SIGN_MASK) === SHORT_FORM) {
    const weight = header & 0x3f;
    return {
      negative: (header & SHORT_NEGATIVE) !== 0,
      scale: (header >> 7) & 0x3f,
      weight: (header & 0x40) !== 0 ? weight - 64 : weight,
      digitsAt: 2,
    };
  }
  if (data.byteLength < 4) return undefined;
  return {
    negative: (header & SIGN_MASK) === LONG_NEGATIVE,
    scale: header & 0x3fff,
    weight: data.getInt16(2, true),
    digitsAt: 4,
  };
}

/** Numerics with more digits than any decimal column holds are of no use to the engine. */
const DIGIT_GROUPS_MAX = 32;
const SCALE_MAX = 64;

/** Decodes a numeric image; undefined for infinities and for numbers far beyond 38 digits. */
export function decodeNumeric(image: Uint8Array): NumericValue | undefined {
  const payload = varlenaPayload(image);
  if (payload === undefined || payload.length < 2 || payload.length % 2 !== 0) return undefined;
  const data = view(payload);
  const first = data.getUint16(0, true);
  if ((first & SIGN_MASK) === SPECIAL_FORM)
    return first === NAN_HEADER ? { value: DECIMAL_NAN, scale: 0, precision: 1 } : undefined;
  const header = numericHeader(data);
  if (header === undefined) return undefined;
  const groups = (payload.length - header.digitsAt) / 2;
  if (groups > DIGIT_GROUPS_MAX || header.scale > SCALE_MAX || Math.abs(header.weight) > SCALE_MAX)
    return undefined;
  let digits = 0n;
  for (let group = 0; group < groups; group++)
    digits = digits * 10000n + BigInt(data.getUint16(header.digitsAt + group * 2, true));
  // The last group stands for 10000^(weight - groups + 1); the scale reaches at least as far as its digits.
  const exponent = (header.weight - groups + 1) * 4 + header.scale;
  const scaled = exponent >= 0
    ? digits * 10n ** BigInt(exponent)
    : digits / 10n ** BigInt(-exponent);
  return {
    value: header.negative ? -scaled : scaled,
    scale: header.scale,
    precision: scaled.toString().length,
  };
}

/** Text of a char(n) constant without the trailing blanks its comparisons ignore. */
function withoutTrailingBlanks(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 32) end -= 1;
  return bytes.subarray(0, end);
}

/** A carried value: the payload of a varlena, the bytes of a fixed length, or the integer passed by value. */
function decodeOpaque(type: Extract<EngineType, { readonly kind: "opaque" }>, image: Uint8Array): Scalar | undefined {
  if (!type.byValue) return type.width === -1 ? varlenaPayload(image)?.slice() : image.slice();
  if (image.length < 8) return undefined;
  return BigInt.asIntN(8 * type.width, view(image).getBigInt64(0, true));
}

/** Decodes a non-null constant of an engine type; undefined when the engine has no value for it. */
export function decodeConstant(type: EngineType, image: Uint8Array): Scalar | undefined {
  if (type.kind === "text") return varlenaPayload(image)?.slice();
  if (type.kind === "bpchar") {
    const payload = varlenaPayload(image);
    return payload === undefined ? undefined : withoutTrailingBlanks(payload).slice();
  }
  if (type.kind === "decimal") {
    const numeric = decodeNumeric(image);
    if (numeric === undefined) return undefined;
    if (numeric.value === DECIMAL_NAN) return DECIMAL_NAN;
    return numeric.scale === type.scale ? numeric.value : undefined;
  }
  if (type.kind === "numeric") return varlenaPayload(image)?.slice();
  if (type.kind === "interval") return image.slice();
  if (type.kind === "opaque") return decodeOpaque(type, image);
  if (image.length < 8) return undefined;
  const data = view(image);
  switch (type.kind) {
    case "bool": return data.getUint8(0) !== 0;
    case "int2": return BigInt(data.getInt16(0, true));
    case "int4": case "date": return BigInt(data.getInt32(0, true));
    case "int8": case "time": case "timestamp": case "timestamptz": return data.getBigInt64(0, true);
    case "float4": return data.getFloat32(0, true);
    case "float8": return data.getFloat64(0, true);
  }
}

/** One-dimensional array image, without nulls in its header's sense: elements as images of their own. */
export interface ArrayElements {
  readonly elementType: number;
  /** The first one's number. */
  readonly lowerBound: number;
  /** null stands for a NULL element. */
  readonly elements: readonly (Uint8Array | null)[];
}

/** How elements lie in an array: their typlen and alignment in bytes. */
export interface ElementLayout {
  readonly length: number;
  readonly byValue: boolean;
  readonly alignment: number;
}

const ELEMENTS_MAX = 1000;

/** Splits a one-dimensional array of fixed-length or plain varlena elements. */
export function decodeArray(image: Uint8Array, layout: ElementLayout): ArrayElements | undefined {
  const payload = varlenaPayload(image);
  if (payload === undefined || payload.length < 12) return undefined;
  const data = view(payload);
  const dimensions = data.getInt32(0, true);
  const elementType = data.getUint32(8, true);
  if (dimensions === 0) return { elementType, lowerBound: 1, elements: [] };
  if (dimensions !== 1 || payload.length < 20) return undefined;
  const dataOffset = data.getInt32(4, true);
  const count = data.getInt32(12, true);
  if (count < 0 || count > ELEMENTS_MAX) return undefined;
  const bitmapAt = 20;
  // Offsets inside an array count from its varlena header, four bytes before the payload.
  let at = dataOffset === 0 ? align(bitmapAt + 4, 8) : dataOffset;
  const elements: (Uint8Array | null)[] = [];
  for (let index = 0; index < count; index++) {
    const bits = dataOffset === 0 ? 0xff : payload[bitmapAt + (index >> 3)] ?? 0;
    if ((bits & (1 << (index & 7))) === 0) {
      elements.push(null);
      continue;
    }
    const element = elementAt(payload, at, layout);
    if (element === undefined) return undefined;
    elements.push(element.image);
    at = element.end;
  }
  return { elementType, lowerBound: data.getInt32(16, true), elements };
}

function align(offset: number, alignment: number): number {
  return Math.ceil(offset / alignment) * alignment;
}

function elementAt(
  payload: Uint8Array, from: number, layout: ElementLayout,
): { readonly image: Uint8Array; readonly end: number } | undefined {
  // A short varlena header needs no alignment; padding before an aligned one is zero bytes.
  const unaligned = layout.length === -1 && payload[from - 4] !== 0;
  const start = unaligned ? from : align(from, layout.alignment);
  let length = layout.length;
  if (length === -1) {
    const first = payload[start - 4];
    if (first === undefined) return undefined;
    length = (first & 1) === 1 ? first >> 1 : varlenaLength(payload, start - 4);
  }
  if (length < 1 || start - 4 + length > payload.length) return undefined;
  const bytes = payload.subarray(start - 4, start - 4 + length);
  if (!layout.byValue) return { image: bytes, end: start + length };
  const image = new Uint8Array(8);
  image.set(bytes);
  return { image, end: start + length };
}

function varlenaLength(payload: Uint8Array, at: number): number {
  if (at + 4 > payload.length) return 0;
  return view(payload).getUint32(at, true) >>> 2;
}
