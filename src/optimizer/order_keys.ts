// What carried types are ordered by: keys the engine orders as PostgreSQL orders the values (functions/order_keys.ts).
// Comparisons, ORDER BY, min() and max() of such types go by them. Read next: sort_keys.ts.
import type { SqlType } from "#frontend/analysed_expression.js";
import type { RequestFacts } from "#frontend/request_facts.js";
import type { Expression } from "#expr/expression.js";
import type { Comparison } from "#functions/comparison.js";
import { TABLE_TYPE } from "#functions/parameter_tables.js";
import { functionByKey } from "#functions/registry.js";
import { sqlTypes } from "#types/sql_types.js";

export interface OrderKeys {
  readonly keyOf: (value: Expression) => Expression | undefined;
  /** The value a key belongs to; missing where min() and max() want none. */
  readonly originalOf?: (key: Expression) => Expression | undefined;
  /** Compares keys. */
  readonly family: "integer" | "text";
  /** The type's own < and >. */
  readonly operators: readonly [less: number, greater: number];
}

function callOf(key: string, ...given: readonly Expression[]): Expression | undefined {
  const type = functionByKey(key).resultType(given.map((each) => each.type));
  return type === undefined ? undefined : { kind: "call", function: key, arguments: given, type };
}

const timetz: OrderKeys = {
  keyOf: (value) => callOf("timetz.key", value), originalOf: (key) => callOf("timetz.ofKey", key),
  family: "integer", operators: [1552, 1554],
};

const name: OrderKeys = { keyOf: (value) => callOf("name.text", value), family: "text", operators: [660, 662] };

function enumKeys(parameter: number): OrderKeys {
  const table: Expression = { kind: "parameter", id: parameter, type: TABLE_TYPE };
  return {
    keyOf: (value) => callOf("enum.rank", value, table), originalOf: (key) => callOf("enum.ofRank", key, table),
    family: "integer", operators: [3518, 3519],
  };
}

/** The keys of a type under a collation; undefined for types that are ordered as they are, or not at all. */
export function orderKeysOf(facts: RequestFacts, sql: SqlType, collation = sql.collation): OrderKeys | undefined {
  const base = facts.baseType(sql.type);
  if (base === sqlTypes.timetz) return timetz;
  if (base === sqlTypes.name) return facts.isByteOrder(collation) ? name : undefined;
  const parameter = facts.enumParameter(base);
  return parameter === undefined ? undefined : enumKeys(parameter);
}

/** Whether an expression is such a key: what can be counted in it are no distances of the type's. */
export function isOrderKey(expression: Expression): boolean {
  return expression.kind === "call" && keyFunctions.has(expression.function);
}

const keyFunctions: ReadonlySet<string> = new Set(["timetz.key", "enum.rank", "name.text"]);

/** Comparisons by a function of their own, in the order of less, lessOrEqual, greater, greaterOrEqual. */
const comparing: ReadonlyMap<number, Comparison> = new Map([
  [1354, "less"], [1355, "lessOrEqual"], [1357, "greater"], [1356, "greaterOrEqual"],
  [3510, "less"], [3512, "lessOrEqual"], [3511, "greater"], [3513, "greaterOrEqual"],
  [655, "less"], [656, "lessOrEqual"], [657, "greater"], [658, "greaterOrEqual"],
]);

/** Whether a function compares values of a type that has keys. */
export function comparesKeys(oid: number): boolean {
  return comparing.has(oid);
}

/** The comparison of two values by their keys. */
export function compareByKeys(oid: number, keys: OrderKeys, values: readonly Expression[]): Expression | undefined {
  const comparison = comparing.get(oid);
  const sides = values.map((each) => keys.keyOf(each));
  const given: Expression[] = [];
  for (const each of sides) {
    if (each === undefined) return undefined;
    given.push(each);
  }
  return comparison === undefined ? undefined : callOf(`${keys.family}.${comparison}`, ...given);
}
