// Groupings put together: attributes for their keys and calls, and how many groups are expected. What is grouped and
// whether that is right is for those who ask.
import type { Expression } from "#expr/expression.js";
import { Estimates } from "#optimizer/estimates.js";
import { INT8_SQL, INTERNAL, columnOf } from "#optimizer/expressions/column_types.js";
import type { StatementFacts } from "#optimizer/from/table_source.js";
import type { LogicalOperator } from "#plan/logical.js";
import type { AggregateCall } from "#plan/physical.js";
import type { ColumnType } from "#types/column_type.js";
import { INT8 } from "#types/engine_type.js";

export type AggregateOperator = Extract<LogicalOperator, { readonly kind: "aggregate" }>;

/** The column of a count. */
export const COUNT = columnOf(INT8_SQL, INT8, false);

export interface NamedKey {
  readonly name: string;
  readonly expression: Expression;
  readonly column: ColumnType;
}

export interface NamedCall {
  readonly name: string;
  readonly call: AggregateCall;
}

/** The column of a key: the one it reads, or one that stays inside the engine. */
export function keyColumn({ attributes }: StatementFacts, expression: Expression): ColumnType {
  return expression.kind === "column"
    ? attributes.typeOf(expression.index) : columnOf(INTERNAL, expression.type, true);
}

/** Keys that stay inside the engine. */
export function internalKeys(values: readonly Expression[]): readonly NamedKey[] {
  return values.map((expression, index) => (
    { name: `key${index}`, expression, column: columnOf(INTERNAL, expression.type, true) }));
}

/** One group for each combination of the keys' values; `expected` is how many, where the caller knows better. */
export function groupedRows(
  { attributes, tables }: StatementFacts, input: LogicalOperator, keys: readonly NamedKey[],
  calls: readonly NamedCall[] = [], expected?: number,
): AggregateOperator {
  const origin = attributes.newOrigin();
  const own = keys.map(({ name, expression, column }) => (
    { attribute: attributes.add(origin, name, column), expression, column }));
  const aggregates = calls.map(({ name, call }) => ({ attribute: attributes.add(origin, name, call.result), call }));
  const rows = expected ?? new Estimates(tables).groups(input, keys.map(({ expression }) => expression));
  return { kind: "aggregate", origin, input, keys: own, aggregates, rows };
}
