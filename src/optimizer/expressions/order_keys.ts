// What values are ordered by whose own images are not in their order: keys the engine orders as PostgreSQL orders the
// values. Those of carried types are computed (functions/order_keys.ts); those of texts under collations of ICU are
// made by the scans that read them, so a text that the engine computes has none. Comparisons, ORDER BY, min() and max()
// go by them. Counter-example: "a" < "B" in a dictionary, not in bytes. Read next: sort_keys.ts.
import { defined } from "#base/assert.js";
import type { Expression } from "#expr/expression.js";
import type { SqlType } from "#frontend/analysed_expression.js";
import type { RequestFacts } from "#frontend/request_facts.js";
import type { Comparison } from "#functions/comparison.js";
import { TABLE_TYPE } from "#functions/parameter_tables.js";
import { typedCall } from "#functions/typed_call.js";
import { type EngineType, TEXT } from "#types/engine_type.js";
import { sqlTypes } from "#types/sql_types.js";
import type { ColumnSource } from "./column_source.js";

export interface OrderKeys {
  readonly keyOf: (value: Expression) => Expression | undefined;
  /** The value a key belongs to; missing where min() and max() want none. */
  readonly originalOf?: (key: Expression) => Expression | undefined;
  /** Compares keys. */
  readonly family: "integer" | "text";
  /** The type's own < and >. */
  readonly operators: readonly [less: number, greater: number];
}

const timetz: OrderKeys = {
  keyOf: (value) => typedCall("timetz.key", value), originalOf: (key) => typedCall("timetz.ofKey", key),
  family: "integer", operators: [1552, 1554],
};

/** Carried as 32 bits with a sign. */
const oid: OrderKeys = {
  keyOf: (value) => typedCall("cast.oid.int8", value), originalOf: (key) => typedCall("cast.int8.oid", key),
  family: "integer", operators: [609, 610],
};

const name: OrderKeys = { keyOf: (value) => typedCall("name.text", value), family: "text", operators: [660, 662] };

function enumKeys(parameter: number): OrderKeys {
  const table: Expression = { kind: "parameter", id: parameter, type: TABLE_TYPE };
  return {
    keyOf: (value) => typedCall("enum.rank", value, table), originalOf: (key) => typedCall("enum.ofRank", key, table),
    family: "integer", operators: [3518, 3519],
  };
}

/** Who knows keys of texts. */
export type TextKeys = Pick<ColumnSource, "orderKey">;

/** Nobody. */
export const WITHOUT_KEYS: TextKeys = { orderKey: () => undefined };

/** The key of a text: its column's, or that of each text it may be. */
function keyOfText(source: TextKeys, value: Expression, collation: number): Expression | undefined {
  const keyOf = (each: Expression): Expression | undefined => keyOfText(source, each, collation);
  switch (value.kind) {
    case "column": return source.orderKey(value.index, collation);
    case "constant": return value.value === null ? { ...value, type: TEXT } : undefined;
    case "coalesce": {
      const keys = allKnown(value.arguments.map(keyOf));
      return keys && { ...value, arguments: keys, type: TEXT };
    }
    case "case": {
      const keys = allKnown(value.branches.map(({ then }) => keyOf(then)));
      const otherwise = keyOf(value.otherwise);
      const branches = keys?.map((then, index) => ({ ...defined(value.branches[index], "a branch"), then }));
      return branches && otherwise && { ...value, branches, otherwise, type: TEXT };
    }
    default: return undefined;
  }
}


function allKnown(values: readonly (Expression | undefined)[]): readonly Expression[] | undefined {
  return values.every((each) => each !== undefined) ? values : undefined;
}

const textOperators: ReadonlyMap<number, readonly [number, number]> = new Map([
  [sqlTypes.text, [664, 666]], [sqlTypes.varchar, [664, 666]], [sqlTypes.bpchar, [1058, 1060]],
]);

function textKeys(
  source: TextKeys, base: number, operators: readonly [number, number], collation: number,
): OrderKeys {
  const keys: OrderKeys = { keyOf: (value) => keyOfText(source, value, collation), family: "text", operators };
  // A char(n) has a length that its key does not know.
  return base === sqlTypes.bpchar ? keys : { ...keys, originalOf: (key) => typedCall("text.ofKey", key) };
}

/** The keys of a type under a collation; undefined for types that are ordered as they are, or not at all. */
export function orderKeysOf(
  facts: RequestFacts, sql: SqlType, source: TextKeys, collation = sql.collation,
): OrderKeys | undefined {
  const base = facts.baseType(sql.type);
  const operators = textOperators.get(base);
  if (operators !== undefined)
    return facts.hasOrderKeys(collation) ? textKeys(source, base, operators, collation) : undefined;
  if (base === sqlTypes.timetz) return timetz;
  if (base === sqlTypes.oid) return oid;
  if (base === sqlTypes.name) return facts.isByteOrder(collation) ? name : undefined;
  const parameter = facts.enumParameter(base);
  return parameter === undefined ? undefined : enumKeys(parameter);
}

/** The SQL type of a column of keys, which nobody above the engine reads. */
export function sqlTypeOfKey({ kind }: EngineType): SqlType {
  const type = kind === "text" ? sqlTypes.text : kind === "int8" ? sqlTypes.int8 : sqlTypes.int4;
  return { type, typmod: -1, collation: 0 };
}

/** Whether an expression is such a key: what can be counted in it are no distances of the type's. */
export function isOrderKey(expression: Expression): boolean {
  return expression.kind === "call" && keyFunctions.has(expression.function);
}

const keyFunctions: ReadonlySet<string> = new Set(["timetz.key", "enum.rank", "name.text"]);

/** Comparisons by a function of their own. */
const comparing: ReadonlyMap<number, Comparison> = new Map([
  [1354, "less"], [1355, "lessOrEqual"], [1357, "greater"], [1356, "greaterOrEqual"],
  [3510, "less"], [3512, "lessOrEqual"], [3511, "greater"], [3513, "greaterOrEqual"],
  [655, "less"], [656, "lessOrEqual"], [657, "greater"], [658, "greaterOrEqual"],
  [1352, "equal"], [1353, "notEqual"], [62, "equal"], [659, "notEqual"],
]);

/** Those of texts, which may be compared as they are. */
const comparingTexts: ReadonlyMap<number, Comparison> = new Map([
  [740, "less"], [741, "lessOrEqual"], [742, "greater"], [743, "greaterOrEqual"],
  [1049, "less"], [1050, "lessOrEqual"], [1051, "greater"], [1052, "greaterOrEqual"],
]);

/** Whether a function compares values of a type that has keys. */
export function comparesKeys(oid: number): boolean {
  return comparing.has(oid);
}

/** The comparison of two texts by keys under a collation; undefined where it is none, or there are no keys. */
export function compareTexts(
  oid: number, facts: RequestFacts, source: TextKeys, collation: number, values: readonly Expression[],
): Expression | undefined {
  const comparison = comparingTexts.get(oid);
  if (comparison === undefined || !facts.hasOrderKeys(collation)) return undefined;
  return typedCall(`text.${comparison}`, ...values.map((each) => keyOfText(source, each, collation)));
}

/** The comparison of two values by their keys. */
export function compareByKeys(oid: number, keys: OrderKeys, values: readonly Expression[]): Expression | undefined {
  const comparison = comparing.get(oid);
  return comparison && typedCall(`${keys.family}.${comparison}`, ...values.map((each) => keys.keyOf(each)));
}
