// SQL types to columns: which engine type a value of a SQL type has, and how it travels. Types the engine does not
// know are carried as they are; what has no datum of its own (cstring, pseudo types but record) has no column.
import type { SqlType } from "#frontend/analysed_expression.js";
import type { RequestFacts } from "#frontend/request_facts.js";
import type { ColumnType } from "#types/column_type.js";
import { DECIMAL128_PRECISION_MAX, encodingOf, scaleOf } from "#types/encoding_of.js";
import type { EngineType, EngineTypeKind } from "#types/engine_type.js";
import { bpcharLength, numericShapeOfTypmod, sqlTypes } from "#types/sql_types.js";
import type { NumericShape } from "#types/sql_types.js";

function plainSql(type: number): SqlType {
  return { type, typmod: -1, collation: 0 };
}

export const INT4_SQL = plainSql(sqlTypes.int4);
export const INT8_SQL = plainSql(sqlTypes.int8);
export const FLOAT8_SQL = plainSql(sqlTypes.float8);
export const NUMERIC_SQL = plainSql(sqlTypes.numeric);
/** Of columns that stay inside the engine. */
export const INTERNAL = plainSql(0);

/** Types whose equal values may look different, whatever their operator class promises of its own images. */
const neverBitwise: ReadonlySet<number> = new Set([
  sqlTypes.numeric, sqlTypes.interval, sqlTypes.float4, sqlTypes.float8, sqlTypes.bpchar,
  sqlTypes.record, sqlTypes.jsonb,
]);

const plainTypes: ReadonlyMap<number, EngineType> = new Map<number, EngineType>([
  [sqlTypes.bool, { kind: "bool" }],
  [sqlTypes.int2, { kind: "int2" }],
  [sqlTypes.int4, { kind: "int4" }],
  [sqlTypes.int8, { kind: "int8" }],
  [sqlTypes.float4, { kind: "float4" }],
  [sqlTypes.float8, { kind: "float8" }],
  [sqlTypes.date, { kind: "date" }],
  [sqlTypes.time, { kind: "time" }],
  [sqlTypes.timestamp, { kind: "timestamp" }],
  [sqlTypes.timestamptz, { kind: "timestamptz" }],
  [sqlTypes.interval, { kind: "interval" }],
]);

/**
 * The decimal of a numeric whose display scale is known, when 38 digits hold it. numeric(2, 5) is below 0.001 but
 * counts as five digits: an encoding has no more decimal places than digits.
 */
export function decimalType(shape: NumericShape | undefined): EngineType | undefined {
  if (shape === undefined) return undefined;
  const precision = Math.max(1, shape.precision, shape.scale);
  if (precision > DECIMAL128_PRECISION_MAX) return undefined;
  return { kind: "decimal", precision, scale: shape.scale };
}

/** Character types under a collation; nondeterministic ones are only carried. */
function characterType(facts: RequestFacts, base: number, sql: SqlType): EngineType | undefined {
  if (!facts.isDeterministic(sql.collation)) return undefined;
  const byteOrder = facts.isByteOrder(sql.collation);
  if (base !== sqlTypes.bpchar) return { kind: "text", byteOrder };
  const length = bpcharLength(sql.typmod);
  return length === undefined ? undefined : { kind: "bpchar", length, byteOrder };
}

/** The carried form of a type, from its fact; undefined when there is nothing to carry. */
function opaqueType(facts: RequestFacts, sql: SqlType): EngineType | undefined {
  const fact = facts.type(sql.type);
  if (fact === undefined || fact.length === -2) return undefined;
  // A row without a type of its own names its columns in the session's registry, which parallel workers share.
  if (fact.kind === "p" && sql.type !== sqlTypes.record) return undefined;
  if (fact.byValue && ![1, 2, 4, 8].includes(fact.length)) return undefined;
  const base = facts.baseType(sql.type);
  const bitwiseEqual = fact.bitwiseEqual && !neverBitwise.has(base)
    && (sql.collation === 0 || facts.isDeterministic(sql.collation));
  return { kind: "opaque", width: fact.length, byValue: fact.byValue, bitwiseEqual };
}

/**
 * The engine type of values of a SQL type. `shape` overrides what a numeric's typmod says: the planner may know the
 * scale of an expression without one.
 */
export function engineTypeOf(
  facts: RequestFacts, sql: SqlType, shape?: NumericShape,
): EngineType | undefined {
  const base = facts.baseType(sql.type);
  const plain = plainTypes.get(base);
  if (plain !== undefined) return plain;
  let known: EngineType | undefined;
  if (base === sqlTypes.numeric)
    known = decimalType(shape ?? numericShapeOfTypmod(sql.typmod)) ?? { kind: "numeric" };
  else if (base === sqlTypes.text || base === sqlTypes.varchar || base === sqlTypes.bpchar)
    known = characterType(facts, base, sql);
  return known ?? opaqueType(facts, sql);
}

/** A column of a SQL type holding values of an engine type. */
export function columnOf(sql: SqlType, engine: EngineType, nullable: boolean): ColumnType {
  return {
    sqlType: sql.type,
    typmod: sql.typmod,
    collation: sql.collation,
    engine,
    encoding: encodingOf(engine),
    scale: scaleOf(engine),
    nullable,
  };
}

/** Default equality operators of the types the engine groups by itself. */
const nativeEquality: ReadonlyMap<number, number> = new Map([
  [sqlTypes.bool, 91], [sqlTypes.int2, 94], [sqlTypes.int4, 96], [sqlTypes.int8, 410],
  [sqlTypes.float4, 620], [sqlTypes.float8, 670], [sqlTypes.date, 1093], [sqlTypes.time, 1108],
  [sqlTypes.timestamp, 2060], [sqlTypes.timestamptz, 1320], [sqlTypes.numeric, 1752],
  [sqlTypes.text, 98], [sqlTypes.varchar, 98], [sqlTypes.bpchar, 1054], [sqlTypes.interval, 1330],
]);

/** Operators below this OID are built in; of others nothing is known. */
const USER_OBJECTS_START = 16384;

/** Whether the engine's equality of a type is the one the GROUP BY or DISTINCT item asks for. */
export function groupsByEngineEquality(
  facts: RequestFacts, sql: SqlType, engine: EngineType, equalityOperator: number,
): boolean {
  if (engine.kind === "opaque") return engine.bitwiseEqual && equalityOperator < USER_OBJECTS_START;
  return nativeEquality.get(facts.baseType(sql.type)) === equalityOperator;
}

/**
 * Types with equal values that are not shown alike: 0.0 and 0.00 of numerics without a scale, 24 hours and a day, 0
 * and -0. Which of them a group shows depends on which came first.
 */
const shownInSeveralWays: ReadonlySet<EngineTypeKind> = new Set(["numeric", "interval", "float4", "float8"]);

/** Whether values of the type are the same to whatever reads them when they are equal. */
export function isAlikeWhenEqual(type: EngineType): boolean {
  return type.kind === "opaque" ? type.bitwiseEqual : !shownInSeveralWays.has(type.kind);
}
