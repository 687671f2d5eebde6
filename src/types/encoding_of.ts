// The page encoding of each engine type: fixed, so that whoever computes a column needs no further advice.
// Widths and codes are in schemas/tables/encodings.json.
import { Encoding } from "#generated/encodings.js";
import type { EngineType } from "./engine_type.js";

/** Decimals up to this precision are of 64 bits, with room for one more addition, wider ones of 128. */
export const DECIMAL64_PRECISION_MAX = 18;
export const DECIMAL128_PRECISION_MAX = 38;

/** The least numbers of 64 and 128 bits: NaN, in decimals of such encodings. */
export const LEAST64 = -(1n << 63n);
export const LEAST128 = LEAST64 << 64n;

function opaqueEncoding(width: number, byValue: boolean): Encoding {
  if (!byValue) return Encoding.datum;
  switch (width) {
    case 1: return Encoding.int8;
    case 2: return Encoding.int16;
    case 4: return Encoding.int32;
    default: return Encoding.int64;
  }
}

/** A character takes 4 bytes at most in every server encoding. */
function bpcharEncoding(length: number): Encoding {
  switch (length) {
    case 1: return Encoding.text4;
    case 2: return Encoding.text8;
    default: return Encoding.text;
  }
}

/** Characters packed into a number instead of a view. */
export function isPackedText(encoding: Encoding): boolean {
  return encoding === Encoding.text4 || encoding === Encoding.text8;
}

export function encodingOf(type: EngineType): Encoding {
  switch (type.kind) {
    case "bool": return Encoding.bool8;
    case "int2": return Encoding.int16;
    case "int4": case "date": return Encoding.int32;
    case "int8": case "time": case "timestamp": case "timestamptz": return Encoding.int64;
    case "float4": return Encoding.float32;
    case "float8": return Encoding.float64;
    case "decimal":
      return type.precision <= DECIMAL64_PRECISION_MAX ? Encoding.decimal64 : Encoding.decimal128;
    case "text": return Encoding.text;
    case "bpchar": return bpcharEncoding(type.length);
    case "numeric": case "interval": return Encoding.datum;
    case "opaque": return opaqueEncoding(type.width, type.byValue);
  }
}

export function scaleOf(type: EngineType): number {
  return type.kind === "decimal" ? type.scale : 0;
}

const nameByCode: ReadonlyMap<number, string> = new Map(
  Object.entries(Encoding).map(([name, code]) => [code, name]));

/** The name of an encoding, for people. */
export function encodingName(encoding: Encoding): string {
  return nameByCode.get(encoding) ?? `encoding ${encoding}`;
}
