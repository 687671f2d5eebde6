// Engine values as SQL literals, and as the bytes PostgreSQL's binary output would give for them: for tests that ask a
// server what the engine's reference evaluation must say.
import { DECIMAL_NAN, type Scalar } from "#expr/expression.js";
import { readInterval } from "#functions/interval_image.js";
import { numericText, readNumeric } from "#functions/numeric_image.js";
import { isTimetz, readTimetz } from "#functions/timetz_image.js";
import { type EngineType, TIMETZ } from "#types/engine_type.js";

export type Present = Exclude<Scalar, null>;

/** SQL types by OID, for the argument types of registered functions. */
export const sqlNames: Readonly<Record<number, string>> = {
  16: "bool",
  17: "bytea",
  20: "int8",
  21: "int2",
  23: "int4",
  25: "text",
  700: "float4",
  701: "float8",
  1042: "bpchar",
  1082: "date",
  1083: "time",
  1114: "timestamp",
  1184: "timestamptz",
  1186: "interval",
  1266: "timetz",
  1700: "numeric",
  2950: "uuid",
};

/** The engine type of an argument; numeric takes the given decimal. */
export function engineTypeOf(oid: number, decimal: EngineType): EngineType {
  switch (oid) {
    case 16:
      return { kind: "bool" };
    case 20:
      return { kind: "int8" };
    case 21:
      return { kind: "int2" };
    case 23:
      return { kind: "int4" };
    case 700:
      return { kind: "float4" };
    case 701:
      return { kind: "float8" };
    case 1082:
      return { kind: "date" };
    case 1083:
      return { kind: "time" };
    case 1114:
      return { kind: "timestamp" };
    case 1184:
      return { kind: "timestamptz" };
    case 25:
      return { kind: "text", byteOrder: true };
    case 1042:
      return { kind: "bpchar", length: 20, byteOrder: true };
    case 1186:
      return { kind: "interval" };
    case 1266:
      return TIMETZ;
    case 17:
      return { kind: "opaque", width: -1, byValue: false, bitwiseEqual: true };
    case 2950:
      return { kind: "opaque", width: 16, byValue: false, bitwiseEqual: true };
    default:
      return decimal;
  }
}

export function decimalText(value: Present, scale: number): string {
  if (value === DECIMAL_NAN) return "NaN";
  const number = BigInt(value as bigint);
  const digits = (number < 0n ? -number : number).toString().padStart(scale + 1, "0");
  const point = digits.length - scale;
  const text = scale === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
  return number < 0n ? `-${text}` : text;
}

const DAY = 86_400_000_000n;

function timeLiteral(value: bigint, type: "timestamp" | "timestamptz"): string {
  if (value === -(2n ** 63n)) return `'-infinity'::${type}`;
  if (value === 2n ** 63n - 1n) return `'infinity'::${type}`;
  const epoch = type === "timestamp" ? "2000-01-01" : "2000-01-01 00:00:00+00";
  return `('${epoch}'::${type} + make_interval(days => ${value / DAY}) + '${value % DAY} microseconds'::interval)`;
}

/** Hours, minutes and seconds, of the time and of the zone. */
function timetzLiteral(value: Present): string {
  const { microseconds, zone } = readTimetz(value);
  const east = -zone;
  const [size, two] = [east < 0n ? -east : east, (part: bigint): string => String(part).padStart(2, "0")];
  const offset = `${east < 0n ? "-" : "+"}${two(size / 3600n)}:${two(size / 60n % 60n)}:${two(size % 60n)}`;
  const time = [microseconds / 3_600_000_000n, microseconds / 60_000_000n % 60n, microseconds / 1_000_000n % 60n];
  return `'${time.map(two).join(":")}.${String(microseconds % 1_000_000n).padStart(6, "0")}${offset}'::timetz`;
}

function dateLiteral(value: bigint): string {
  if (value === -(2n ** 31n)) return "'-infinity'::date";
  if (value === 2n ** 31n - 1n) return "'infinity'::date";
  return `('2000-01-01'::date + '${value}'::int4)`;
}

/** `text` must hold no quotes or backslashes, which random values do not. */
export function literal(value: Present, type: EngineType, sqlName: string): string {
  switch (type.kind) {
    case "decimal":
      return `'${decimalText(value, type.scale)}'::numeric`;
    case "numeric":
      return `'${numericText(readNumeric(value as Uint8Array))}'::numeric`;
    case "interval": {
      const { microseconds, days, months } = readInterval(value as Uint8Array);
      return `'${months} mons ${days} days ${microseconds} microseconds'::interval`;
    }
    case "date":
      return dateLiteral(value as bigint);
    case "timestamp":
    case "timestamptz":
      return timeLiteral(value as bigint, type.kind);
    case "time":
      return `('00:00'::time + '${String(value)} microseconds'::interval)`;
    case "float4":
    case "float8":
      return `'${Object.is(value, -0) ? "-0" : String(value)}'::${sqlName}`;
    case "text":
    case "bpchar":
      return `'${Buffer.from(value as Uint8Array).toString("latin1")}'::${sqlName}`;
    case "opaque": {
      if (isTimetz(type)) return timetzLiteral(value);
      const hex = Buffer.from(value as Uint8Array).toString("hex");
      return type.width === 16 ? `'${hex}'::uuid` : `'\\x${hex}'::bytea`;
    }
    default:
      return `'${String(value)}'::${sqlName}`;
  }
}

/** The *send function of a result type, or undefined where its text says everything. */
export const sendFunctions: Readonly<Record<number, string>> = {
  16: "boolsend",
  20: "int8send",
  21: "int2send",
  23: "int4send",
  700: "float4send",
  701: "float8send",
  1082: "date_send",
  1083: "time_send",
  1114: "timestamp_send",
  1184: "timestamptz_send",
  1186: "interval_send",
  1266: "timetz_send",
};

const bytesText = (value: Present): string => `\\x${Buffer.from(value as Uint8Array).toString("hex")}`;

/** What the send function (or, for numeric, the text) of the type gives, in hexadecimal. */
export function sendImage(value: Present, type: EngineType): string {
  const image = Buffer.alloc(8);
  switch (type.kind) {
    case "bool":
      return value === true ? "01" : "00";
    case "int2":
      image.writeInt16BE(Number(value));
      return image.toString("hex", 0, 2);
    case "int4":
    case "date":
      image.writeInt32BE(Number(value));
      return image.toString("hex", 0, 4);
    case "int8":
    case "timestamp":
    case "timestamptz":
      image.writeBigInt64BE(value as bigint);
      return image.toString("hex");
    case "float4":
      image.writeFloatBE(value as number);
      return image.toString("hex", 0, 4);
    case "float8":
      image.writeDoubleBE(value as number);
      return image.toString("hex");
    case "decimal":
      return decimalText(value, type.scale);
    case "numeric":
      return numericText(readNumeric(value as Uint8Array));
    case "interval": {
      const { microseconds, days, months } = readInterval(value as Uint8Array);
      image.writeBigInt64BE(microseconds);
      const rest = Buffer.alloc(8);
      rest.writeInt32BE(days);
      rest.writeInt32BE(months, 4);
      return Buffer.concat([image, rest]).toString("hex");
    }
    case "time":
      image.writeBigInt64BE(value as bigint);
      return image.toString("hex");
    case "text":
      return Buffer.from(value as Uint8Array).toString("utf8");
    case "opaque": {
      // An oid is its bits as an int4; its text says all of them.
      if (typeof value === "bigint") return String(BigInt.asUintN(32, value));
      if (!isTimetz(type)) return bytesText(value);
      const { microseconds, zone } = readTimetz(value);
      image.writeBigInt64BE(microseconds);
      const west = Buffer.alloc(4);
      west.writeInt32BE(Number(zone));
      return Buffer.concat([image, west]).toString("hex");
    }
    default:
      throw new Error(`no image of ${type.kind}`);
  }
}
