// ORDER BY items as keys of the engine's sort: only where its order of a type is the operator's, and of characters only
// where the collation is byte order or scans make keys of them (order_keys.ts). Read next: windows.ts.
import type { Expression } from "#expr/expression.js";
import { expressionKey } from "#expr/traverse.js";
import type { SqlType } from "#frontend/analysed_expression.js";
import type { RequestFacts } from "#frontend/request_facts.js";
import type { SortGroup } from "#frontend/sort_group.js";
import type { SortKey } from "#plan/physical.js";
import type { EngineType } from "#types/engine_type.js";
import { sqlTypes } from "#types/sql_types.js";
import type { TextKeys } from "./order_keys.js";
import { orderKeysOf } from "./order_keys.js";

/** The < and > operators of the default B-tree class of types whose order the engine has. */
const nativeOrder: ReadonlyMap<number, readonly [number, number]> = new Map([
  [sqlTypes.bool, [58, 59]], [sqlTypes.int2, [95, 520]], [sqlTypes.int4, [97, 521]], [sqlTypes.int8, [412, 413]],
  [sqlTypes.float4, [622, 623]], [sqlTypes.float8, [672, 674]], [sqlTypes.date, [1095, 1097]],
  [sqlTypes.time, [1110, 1112]], [sqlTypes.timestamp, [2062, 2064]], [sqlTypes.timestamptz, [1322, 1324]],
  [sqlTypes.numeric, [1754, 1756]], [sqlTypes.text, [664, 666]], [sqlTypes.varchar, [664, 666]],
  [sqlTypes.bpchar, [1058, 1060]], [sqlTypes.interval, [1332, 1334]],
]);

function isOrdered(type: EngineType): boolean {
  return type.kind !== "opaque" && (!("byteOrder" in type) || type.byteOrder);
}

/** Which way an item orders values of a type; undefined where its order is not the type's own. */
export function directionOf(
  facts: RequestFacts, sql: SqlType, item: SortGroup,
): "ascending" | "descending" | undefined {
  const operators = nativeOrder.get(facts.baseType(sql.type));
  return operators === undefined ? undefined : directionBy(operators, item);
}

function directionBy(
  [less, greater]: readonly [number, number], item: SortGroup,
): "ascending" | "descending" | undefined {
  if (item.sortOperator === less) return "ascending";
  return item.sortOperator === greater ? "descending" : undefined;
}

/** The key an item asks for, over the value of its target; undefined where PostgreSQL's order is not the engine's. */
export function sortKeyOf(
  facts: RequestFacts, source: TextKeys, expression: Expression | undefined, sql: SqlType, item: SortGroup,
): SortKey | undefined {
  const keys = orderKeysOf(facts, sql, source);
  const direction = keys === undefined ? directionOf(facts, sql, item) : directionBy(keys.operators, item);
  const key = keys === undefined || expression === undefined ? expression : keys.keyOf(expression);
  if (key === undefined || direction === undefined || !isOrdered(key.type)) return undefined;
  return { expression: key, descending: direction === "descending", nullsFirst: item.isNullsFirst };
}

/** A text that is equal for equal orders within equal parts. */
export function orderText(partition: readonly Expression[], order: readonly SortKey[]): string {
  return JSON.stringify([
    partition.map(expressionKey),
    order.map(({ expression, descending, nullsFirst }) => [expressionKey(expression), descending, nullsFirst]),
  ]);
}
