// Engine types, column types and constants in the wire form of schemas/plan/physical.proto. Reading checks everything:
// kinds, bounds, and that a column's encoding is the one its engine type has.
import { malformedMessage } from "#base/errors.js";
import { DECIMAL_NAN } from "#expr/expression.js";
import type { Scalar } from "#expr/expression.js";
import type { Encoding } from "#generated/encodings.js";
import { encodingWidth } from "#generated/encodings.js";
import type { ColumnType } from "#types/column_type.js";
import { DECIMAL128_PRECISION_MAX, encodingOf, scaleOf } from "#types/encoding_of.js";
import type { EngineType, EngineTypeKind } from "#types/engine_type.js";

export interface WireEngineType {
  readonly kind: number;
  readonly precision?: number;
  readonly scale?: number;
  readonly length?: number;
  readonly byteOrder?: boolean;
  readonly width?: number;
  readonly byValue?: boolean;
  readonly bitwiseEqual?: boolean;
}

export interface WireColumnType {
  readonly sqlType: number;
  readonly typmod: number;
  readonly collation: number;
  readonly engine?: WireEngineType | null;
  readonly encoding: number;
  readonly scale: number;
  readonly nullable: boolean;
}

export interface WireConstant {
  readonly truth?: boolean;
  readonly number?: number;
  readonly integer?: Uint8Array;
  readonly octets?: Uint8Array;
  readonly decimalNan?: boolean;
}

/** EngineType.Kind of the schema. */
const kindCodes = {
  bool: 1, int2: 2, int4: 3, int8: 4, float4: 5, float8: 6, decimal: 7, date: 8, time: 9,
  timestamp: 10, timestamptz: 11, text: 12, bpchar: 13, opaque: 14, numeric: 15, interval: 16,
} as const satisfies Record<EngineTypeKind, number>;

const kindByCode: ReadonlyMap<number, EngineTypeKind> = new Map(
  Object.entries(kindCodes).map(([kind, code]) => [code, kind as EngineTypeKind]));

export function malformedPlan(what: string): never {
  throw malformedMessage(`pg_fusion: malformed plan: ${what}`);
}

export function writeEngineType(type: EngineType): WireEngineType {
  const kind = kindCodes[type.kind];
  switch (type.kind) {
    case "decimal": return { kind, precision: type.precision, scale: type.scale };
    case "text": return { kind, byteOrder: type.byteOrder };
    case "bpchar": return { kind, length: type.length, byteOrder: type.byteOrder };
    case "opaque":
      return { kind, width: type.width, byValue: type.byValue, bitwiseEqual: type.bitwiseEqual };
    default: return { kind };
  }
}

function readOpaque(wire: WireEngineType): EngineType {
  const width = wire.width ?? 0;
  const byValue = wire.byValue ?? false;
  const isSound = byValue ? [1, 2, 4, 8].includes(width) : width > 0 || width === -1;
  if (!isSound) malformedPlan(`opaque type of width ${width}`);
  return { kind: "opaque", width, byValue, bitwiseEqual: wire.bitwiseEqual ?? false };
}

export function readEngineType(wire: WireEngineType | null | undefined): EngineType {
  if (wire === null || wire === undefined) malformedPlan("a type is missing");
  const kind = kindByCode.get(wire.kind);
  switch (kind) {
    case undefined: return malformedPlan(`engine type ${wire.kind}`);
    case "decimal": {
      const { precision = 0, scale = 0 } = wire;
      if (precision < 1 || precision > DECIMAL128_PRECISION_MAX || scale > DECIMAL128_PRECISION_MAX)
        malformedPlan(`decimal of ${precision} digits and scale ${scale}`);
      return { kind, precision, scale };
    }
    case "text": return { kind, byteOrder: wire.byteOrder ?? false };
    case "bpchar": return { kind, length: wire.length ?? 0, byteOrder: wire.byteOrder ?? false };
    case "opaque": return readOpaque(wire);
    default: return { kind };
  }
}

export function writeColumnType(column: ColumnType): WireColumnType {
  const { sqlType, typmod, collation, encoding, scale, nullable } = column;
  return { sqlType, typmod, collation, engine: writeEngineType(column.engine), encoding, scale, nullable };
}

export function readColumnType(wire: WireColumnType | null | undefined): ColumnType {
  if (wire === null || wire === undefined) malformedPlan("a column type is missing");
  const engine = readEngineType(wire.engine);
  const isKnown = wire.encoding < encodingWidth.length;
  if (!isKnown || wire.encoding !== encodingOf(engine) || wire.scale !== scaleOf(engine))
    malformedPlan(`encoding ${wire.encoding} of a ${engine.kind} column`);
  return {
    sqlType: wire.sqlType,
    typmod: wire.typmod,
    collation: wire.collation,
    engine,
    encoding: wire.encoding as Encoding,
    scale: wire.scale,
    nullable: wire.nullable,
  };
}

const INTEGER_BYTES = 16;

function integerBytes(value: bigint): Uint8Array {
  const bytes = new Uint8Array(INTEGER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt.asUintN(64, value), true);
  view.setBigInt64(8, BigInt.asIntN(64, value >> 64n), true);
  return bytes;
}

function integerOf(bytes: Uint8Array): bigint {
  if (bytes.length !== INTEGER_BYTES) malformedPlan(`integer of ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return (view.getBigInt64(8, true) << 64n) | view.getBigUint64(0, true);
}

/** The wire form of a value; NULL has none. */
export function writeConstant(value: Scalar): WireConstant | undefined {
  if (value === null) return undefined;
  if (typeof value === "boolean") return { truth: value };
  if (typeof value === "number") return { number: value };
  if (typeof value === "bigint") return { integer: integerBytes(value) };
  if (typeof value === "symbol") return { decimalNan: true };
  return { octets: value };
}

/** Bits of the integer engine types; decimals are bounded by their digits. */
const integerBits: Readonly<Partial<Record<EngineTypeKind, number>>> = {
  int2: 16, int4: 32, int8: 64, date: 32, time: 64, timestamp: 64, timestamptz: 64,
};

function checkedInteger(value: bigint, type: EngineType): bigint {
  const bits = type.kind === "opaque" && type.byValue ? 8 * type.width : integerBits[type.kind];
  const fits = type.kind === "decimal"
    ? (value < 0n ? -value : value) < 10n ** BigInt(type.precision)
    : bits !== undefined && BigInt.asIntN(bits, value) === value;
  return fits ? value : malformedPlan(`constant out of the range of ${type.kind}`);
}

/** Kinds whose values are bytes, some of them also integers. */
const octetKinds: ReadonlySet<EngineTypeKind> = new Set(["text", "bpchar", "opaque", "numeric", "interval"]);

/** Reads a constant of the given type. */
export function readConstant(wire: WireConstant | null | undefined, type: EngineType): Scalar {
  if (wire === null || wire === undefined) return null;
  if (wire.truth !== undefined && type.kind === "bool") return wire.truth;
  if (wire.number !== undefined && (type.kind === "float4" || type.kind === "float8"))
    return wire.number;
  if (wire.integer !== undefined) return checkedInteger(integerOf(wire.integer), type);
  if (wire.decimalNan === true && type.kind === "decimal") return DECIMAL_NAN;
  const hasOctets = octetKinds.has(type.kind);
  if (wire.octets !== undefined && hasOctets) return new Uint8Array(wire.octets);
  return malformedPlan(`constant does not fit ${type.kind}`);
}
