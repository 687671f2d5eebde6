// Aggregates over DISTINCT values in two steps: first one row for each group and value, then the aggregate over those.
// All DISTINCT aggregates of a grouping share the first step, so they must be over the same values. The others are
// computed in the first step for each value and put together in the second. Read next: aggregates.ts, which says what
// is distinct, aggregate_parts.ts.
import { assert, defined } from "#base/assert.js";
import { readColumn } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import { INTERNAL, columnOf } from "#optimizer/expressions/column_types.js";
import type { StatementFacts } from "#optimizer/from/table_source.js";
import type { LogicalOperator } from "#plan/logical.js";
import type { AggregateCall, PhysicalOperator } from "#plan/physical.js";
import type { ColumnType } from "#types/column_type.js";
import { overParts, type PartsCall } from "./aggregate_parts.js";
import { aggregation } from "./aggregation.js";
import { type AggregateOperator, groupedRows } from "./grouped_rows.js";

/** What aggregates with DISTINCT are over, and which of the calls they are. */
export interface DistinctCalls {
  readonly argument: Expression;
  readonly isDistinct: readonly boolean[];
}

interface Key {
  readonly expression: Expression;
  readonly column: ColumnType;
}

interface Grouping<K extends Key> {
  readonly keys: readonly K[];
  readonly aggregates: readonly AggregateCall[];
  /** Undefined when none has DISTINCT. */
  readonly distinct: DistinctCalls | undefined;
}

type Value = PartsCall["value"];

function argumentKey(argument: Expression): Key {
  return { expression: argument, column: columnOf(INTERNAL, argument.type, true) };
}

/** Calls of the first step. */
function plainCalls(aggregates: readonly AggregateCall[], { isDistinct }: DistinctCalls): readonly AggregateCall[] {
  return aggregates.filter((_, index) => isDistinct[index] !== true);
}

/** The second step: keys, values and results of the first are columns, in this order. */
function secondStep<K extends Key>(
  { keys, aggregates }: Grouping<K>, { argument, isDistinct }: DistinctCalls, columnAt: (index: number) => number,
): { readonly keys: readonly K[]; readonly calls: readonly PartsCall[] } {
  const column = (index: number, { type }: Expression): Expression => readColumn(columnAt(index), type);
  let part = keys.length + 1;
  return {
    keys: keys.map((key, index) => ({ ...key, expression: column(index, key.expression) })),
    calls: aggregates.map((call, index): PartsCall => {
      if (isDistinct[index] !== true) return defined(overParts(call, columnAt(part++)), "an aggregate made of parts");
      const over = call.argument === undefined ? call : { ...call, argument: column(keys.length, argument) };
      return { call: over, value: undefined };
    }),
  };
}

/** A grouping's input, and what is left to do over it; `values` are the results made of the calls' own. */
export function overDistinct<K extends Key>(
  statement: StatementFacts, input: LogicalOperator, grouping: Grouping<K>,
): {
  readonly input: LogicalOperator; readonly keys: readonly K[]; readonly aggregates: readonly AggregateCall[];
  readonly values: readonly Value[];
} {
  const { keys, aggregates, distinct } = grouping;
  if (distinct === undefined) return { input, keys, aggregates, values: aggregates.map(() => undefined) };
  const first = [...keys, argumentKey(distinct.argument)].map(({ expression, column }, index) => (
    { name: `distinct${index}`, expression, column }));
  const parts = plainCalls(aggregates, distinct).map((call) => ({ name: call.function, call }));
  const operator = groupedRows(statement, input, first, parts);
  const columns = [...operator.keys, ...operator.aggregates];
  const second = secondStep(grouping, distinct, (index) => defined(columns[index], "a column").attribute);
  return {
    input: operator, keys: second.keys, aggregates: second.calls.map(({ call }) => call),
    values: second.calls.map(({ value }) => value),
  };
}

/** The operator with its calls' results as they were asked for, and their attributes. */
export function withValues(
  { attributes }: StatementFacts, operator: AggregateOperator, asked: readonly AggregateCall[],
  values: readonly Value[],
): { readonly operator: LogicalOperator; readonly calls: readonly number[] } {
  if (values.every((value) => value === undefined))
    return { operator, calls: operator.aggregates.map(({ attribute }) => attribute) };
  const origin = attributes.newOrigin();
  const columns: { attribute: number; expression: Expression }[] = [];
  const calls = operator.aggregates.map(({ attribute, call }, index): number => {
    const value = values[index];
    if (value === undefined) return attribute;
    const { function: name, result } = defined(asked[index], "a call");
    const own = attributes.add(origin, name, result);
    columns.push({ attribute: own, expression: value(readColumn(attribute, call.result.engine)) });
    return own;
  });
  return { operator: { kind: "compute", origin, input: operator, columns, rows: operator.rows }, calls };
}

/** The same over one scan, in which source column i stands at `positionOf(i)`. */
export function aggregationOverDistinct(
  grouping: Grouping<Key>, input: PhysicalOperator, positionOf: (index: number) => number,
): PhysicalOperator {
  const { keys, aggregates, distinct } = grouping;
  if (distinct === undefined) return aggregation(grouping, input, positionOf);
  const values = [...keys, argumentKey(distinct.argument)];
  const first = aggregation({ keys: values, aggregates: plainCalls(aggregates, distinct) }, input, positionOf);
  const second = secondStep(grouping, distinct, (index) => index);
  const calls = second.calls.map(({ call }) => call);
  const result = aggregation({ keys: second.keys, aggregates: calls }, first, (index) => index);
  if (second.calls.every(({ value }) => value === undefined)) return result;
  assert(result.kind === "hashAggregate", "an aggregation");
  const own = result.columns.map(({ engine }, index): Expression => readColumn(index, engine));
  return {
    kind: "project", input: result,
    expressions: own.map((each, index) => second.calls[index - keys.length]?.value?.(each) ?? each),
    columns: [...keys.map(({ column }) => column), ...aggregates.map((call) => call.result)],
  };
}
