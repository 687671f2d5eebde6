// Frames as the engine has them: bounds by a number of rows or groups, by a distance between integers, or by a limit
// that each row computes of its own order key, as far as the key's type adds and orders as PostgreSQL's in_range does.
// Distances that are no constants are not there. Next: windows.ts.
import { callOf, constantOf } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import { readExpression } from "#frontend/expression_reader.js";
import { integerConstant } from "#frontend/integer_constant.js";
import { DAY_MICROSECONDS, intervalLength, readInterval, writeInterval } from "#functions/interval_image.js";
import { readNumeric } from "#functions/numeric_image.js";
import { leave } from "#optimizer/edges/left_to_postgres.js";
import type { ExpressionTranslator } from "#optimizer/expressions/expression_translator.js";
import { asNumeric, castDecimal } from "#optimizer/expressions/numeric_values.js";
import { isOrderKey } from "#optimizer/expressions/order_keys.js";
import type { FrameBound, SortKey, WindowFrame } from "#plan/physical.js";
import { DECIMAL128_PRECISION_MAX } from "#types/encoding_of.js";
import { type EngineType, FLOAT8, INT8, INTERVAL, NUMERIC, TIMESTAMP } from "#types/engine_type.js";
import type { ClauseBound, WindowClause } from "./window_clause.js";

/** Keys whose distance is added when the frame is looked up, without a column of its own. */
const counted: ReadonlySet<EngineType["kind"]> = new Set(["int2", "int4", "int8"]);

/** A timestamp moved so far, and wrapped around, is no timestamp: older servers raise the same error as newer ones. */
const DISTANCE_END = 2n ** 62n;

export function planFrame(
  translator: ExpressionTranslator, order: readonly SortKey[], { unit, start, end, exclusion }: WindowClause,
): WindowFrame {
  const [key] = order;
  const measures = unit === "range" && (start.offset !== undefined || end.offset !== undefined);
  if (measures && key !== undefined && isOrderKey(key.expression))
    return leave("a frame's distance is not one of the engine's");
  if (!measures || key === undefined || counted.has(key.expression.type.kind))
    return { unit, start: countedBound(start), end: countedBound(end), exclusion };
  const distances = [start, end].map((bound) => distanceOf(translator, bound));
  const isTime = key.expression.type.kind === "time";
  const measure = measureOf(key.expression, distances.filter((each) => each !== undefined));
  const bound = ({ kind }: ClauseBound, distance: Expression | undefined): FrameBound => {
    if (kind === "unbounded" || kind === "currentRow") return { kind };
    if (distance === undefined) return leave("a frame's offset is no constant");
    const added = isTime ? partOfDay(distance) : distance;
    return { kind, limit: limitOf(translator, measure, added, (kind === "following") !== key.descending) };
  };
  return { unit, start: bound(start, distances[0]), end: bound(end, distances[1]), exclusion, measure };
}

function countedBound({ kind, offset }: ClauseBound): FrameBound {
  if (kind === "unbounded" || kind === "currentRow") return { kind };
  const value = offset === undefined ? undefined : integerConstant(readExpression(offset));
  if (value === undefined || value === null || value < 0n) return leave("a frame's offset is no constant");
  return { kind, offset: constantOf(value, INT8) };
}

/** A distance that is a constant, not negative, and of floats not endless. */
function distanceOf(translator: ExpressionTranslator, { offset }: ClauseBound): Expression | undefined {
  if (offset === undefined) return undefined;
  const distance = translator.translate(readExpression(offset))?.expression;
  if (distance?.kind !== "constant" || isNegative(distance.type, distance.value))
    return leave("a frame's offset is no constant, or below zero");
  return distance;
}

/**
 * Added to the greatest float8 this still rounds to it: no limit overflows, where PostgreSQL's in_range has an infinite
 * one and the sum of two floats is an error.
 */
const FLOAT_DISTANCE_MAX = 1e290;

/** Also of what has no sign: NULL, NaN and infinities, which PostgreSQL treats in ways of their own. */
function isNegative({ kind }: EngineType, value: unknown): boolean {
  if (typeof value === "bigint") return value < 0n;
  if (typeof value === "number") return !(value >= 0 && value <= FLOAT_DISTANCE_MAX);
  if (!(value instanceof Uint8Array)) return true;
  if (kind === "interval") return intervalLength(readInterval(value)) < 0n;
  const number = kind === "numeric" ? readNumeric(value) : undefined;
  return typeof number !== "object" || number.coefficient < 0n;
}

/** The key in the type its limits have. */
function measureOf(key: Expression, distances: readonly Expression[]): Expression {
  const { type } = key;
  switch (type.kind) {
    case "decimal": {
      const scales = distances.map((each) => (each.type.kind === "decimal" ? each.type.scale : Infinity));
      const scale = Math.max(type.scale, ...scales);
      const precision = type.precision - type.scale + scale;
      if (precision > DECIMAL128_PRECISION_MAX) return asNumeric({ expression: key });
      return castDecimal(key, { kind: "decimal", precision, scale });
    }
    case "float4":
      return callOf("cast.float4.float8", FLOAT8, key);
    case "date": return callOf("cast.date.timestamp", TIMESTAMP, key);
    case "time": return callOf("cast.time.interval", INTERVAL, key);
    case "float8": case "numeric": case "timestamp": case "timestamptz": case "interval": return key;
    default: return leave("a frame's distance is not one of the engine's");
  }
}

/**
 * The measure, more or less a distance. An error here is one of a date beyond all timestamps: PostgreSQL raises it for
 * the rows whose frames are asked for.
 */
function limitOf(
  translator: ExpressionTranslator, measure: Expression, distance: Expression, adds: boolean,
): Expression {
  const call = (type: string, of: Expression, by: Expression, result: EngineType, suffix = ""): Expression => {
    const key = `${type}.${adds ? "add" : "subtract"}${suffix}`;
    if (!translator.isExact(key)) return leave("a frame's distance may be infinite");
    return callOf(key, result, of, by);
  };
  const { type } = measure;
  if (type.kind === "decimal" && distance.type.kind === "decimal") {
    const digits = Math.max(type.precision - type.scale, distance.type.precision - distance.type.scale) + 1;
    const precision = digits + type.scale;
    if (precision > DECIMAL128_PRECISION_MAX) return leave("a frame's distance may pass 38 digits");
    return call("decimal", measure, distance, { kind: "decimal", precision, scale: type.scale });
  }
  if (type.kind === "numeric" && (distance.type.kind === "decimal" || distance.type.kind === "numeric"))
    return call("numeric", measure, asNumeric({ expression: distance }), NUMERIC);
  if (type.kind === "float8" && distance.type.kind === "float8") return call("float8", measure, distance, type);
  if (distance.type.kind !== "interval") return leave("a frame's distance is not one of the engine's");
  if (type.kind === "interval") return call("interval", measure, distance, INTERVAL);
  if (type.kind !== "timestamp" && type.kind !== "timestamptz")
    return leave("a frame's distance is not one of the engine's");
  const microseconds = microsecondsOf(distance, type.kind);
  const suffix = microseconds === undefined ? "Interval" : "Microseconds";
  if (microseconds === undefined && type.kind === "timestamptz")
    return shiftedInstant(translator, measure, distance, adds);
  return call("timestamp", measure, microseconds ?? distance, type, suffix);
}

/** An instant moved by days or months of the session's time zone. */
function shiftedInstant(
  translator: ExpressionTranslator, measure: Expression, distance: Expression, adds: boolean,
): Expression {
  const key = `timestamptz.${adds ? "add" : "subtract"}Interval`;
  const zone = translator.sessionZone();
  if (zone === undefined || !translator.isExact(key)) return leave("a frame's distance may be infinite");
  return callOf(key, measure.type, measure, distance, zone);
}

/** What of an interval a time of day is moved by, without wrapping at midnight: in_range_time_interval(). */
function partOfDay(distance: Expression): Expression {
  if (distance.kind !== "constant" || !(distance.value instanceof Uint8Array) || distance.type.kind !== "interval")
    return leave("a frame's distance is not one of the engine's");
  const { microseconds } = readInterval(distance.value);
  if (microseconds < 0n || microseconds >= DISTANCE_END) return leave("a frame's distance is not one of the engine's");
  return constantOf(writeInterval({ microseconds, days: 0, months: 0 }), INTERVAL);
}

/** An interval that is the same for every timestamp; where there are time zones its days are not. */
function microsecondsOf(distance: Expression, kind: "timestamp" | "timestamptz"): Expression | undefined {
  if (distance.kind !== "constant" || !(distance.value instanceof Uint8Array)) return undefined;
  const { months, days, microseconds } = readInterval(distance.value);
  if (months !== 0 || days < 0 || microseconds < 0n || (days > 0 && kind === "timestamptz")) return undefined;
  const value = BigInt(days) * DAY_MICROSECONDS + microseconds;
  return value < DISTANCE_END ? constantOf(value, INT8) : undefined;
}
