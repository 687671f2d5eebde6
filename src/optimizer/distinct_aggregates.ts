// Aggregates over DISTINCT values in two steps: first one row for each group and value, then the aggregate over those.
// All aggregates of a grouping share the first step, so they must be over the same values, or be ones that repeated
// values do not change. Read next: aggregates.ts, which says what is distinct.
import type { Expression } from "#expr/expression.js";
import type { LogicalOperator } from "#plan/logical.js";
import type { AggregateCall, PhysicalOperator } from "#plan/physical.js";
import type { ColumnType } from "#types/column_type.js";
import { aggregation } from "./aggregation.js";
import { columnOf } from "./column_types.js";
import { Estimates } from "./estimates.js";
import type { StatementFacts } from "./table_source.js";

interface Key {
  readonly expression: Expression;
  readonly column: ColumnType;
}

interface Grouping<K extends Key> {
  readonly keys: readonly K[];
  readonly aggregates: readonly AggregateCall[];
  /** What every aggregate is over; undefined when none has DISTINCT. */
  readonly distinctArgument: Expression | undefined;
}

function argumentKey(argument: Expression): Key {
  return { expression: argument, column: columnOf({ type: 0, typmod: -1, collation: 0 }, argument.type, true) };
}

/** The second step: keys and arguments are columns of the first one's result. */
function secondStep<K extends Key>(
  { keys, aggregates }: Grouping<K>, columnAt: (index: number) => number,
): { readonly keys: readonly K[]; readonly aggregates: readonly AggregateCall[] } {
  const column = (index: number, { type }: Expression): Expression => (
    { kind: "column", index: columnAt(index), type });
  return {
    keys: keys.map((key, index) => ({ ...key, expression: column(index, key.expression) })),
    aggregates: aggregates.map((call) => (
      call.argument === undefined ? call : { ...call, argument: column(keys.length, call.argument) })),
  };
}

/** A grouping's input and what is left to do over it. */
export function overDistinct<K extends Key>(
  statement: StatementFacts, input: LogicalOperator, grouping: Grouping<K>,
): { readonly input: LogicalOperator; readonly keys: readonly K[]; readonly aggregates: readonly AggregateCall[] } {
  const { keys, aggregates, distinctArgument } = grouping;
  if (distinctArgument === undefined) return { input, keys, aggregates };
  const { attributes } = statement;
  const origin = attributes.newOrigin();
  const first = [...keys, argumentKey(distinctArgument)].map(({ expression, column }, index) => (
    { attribute: attributes.add(origin, `distinct${index}`, column), expression, column }));
  const rows = new Estimates(statement.tables).groups(input, first.map(({ expression }) => expression));
  const operator: LogicalOperator = { kind: "aggregate", origin, input, keys: first, aggregates: [], rows };
  return { input: operator, ...secondStep(grouping, (index) => first[index]?.attribute ?? -1) };
}

/** The same over one scan, in which source column i stands at `positionOf(i)`. */
export function aggregationOverDistinct(
  grouping: Grouping<Key>, input: PhysicalOperator, positionOf: (index: number) => number,
): PhysicalOperator {
  const { keys, distinctArgument } = grouping;
  if (distinctArgument === undefined) return aggregation(grouping, input, positionOf);
  const first = aggregation({ keys: [...keys, argumentKey(distinctArgument)], aggregates: [] }, input, positionOf);
  return aggregation(secondStep(grouping, (index) => index), first, (index) => index);
}
