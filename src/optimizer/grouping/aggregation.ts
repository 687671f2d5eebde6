// An aggregation over source columns as a physical operator over its input's columns. What is grouped and why is
// decided in grouping.ts.
import type { Expression } from "#expr/expression.js";
import { columnsRead, mapColumns } from "#expr/traverse.js";
import { callExpressions, mapCall } from "#plan/calls.js";
import type { AggregateCall, PhysicalOperator } from "#plan/physical.js";
import type { ColumnType } from "#types/column_type.js";

export interface Aggregation {
  readonly keys: readonly { readonly expression: Expression; readonly column: ColumnType }[];
  readonly aggregates: readonly AggregateCall[];
  readonly distinct?: { readonly argument: Expression } | undefined;
}

/** The source columns an aggregation reads. */
export function columnsOfAggregation({ keys, aggregates, distinct }: Aggregation): ReadonlySet<number> {
  const expressions = [
    ...(distinct === undefined ? [] : [distinct.argument]),
    ...keys.map((key) => key.expression),
    ...aggregates.flatMap(callExpressions),
  ];
  return new Set(expressions.flatMap((each) => [...columnsRead(each)]));
}

/** The operator over `input`, in which source column i stands at `positionOf(i)`. */
export function aggregation(
  { keys, aggregates }: Aggregation, input: PhysicalOperator, positionOf: (index: number) => number,
): PhysicalOperator {
  const placed = (expression: Expression): Expression => mapColumns(expression, positionOf);
  return {
    kind: "hashAggregate",
    input,
    keys: keys.map((key) => placed(key.expression)),
    aggregates: aggregates.map((call) => mapCall(call, placed)),
    columns: [...keys.map((key) => key.column), ...aggregates.map((aggregate) => aggregate.result)],
    groupsEstimate: 0,
  };
}
