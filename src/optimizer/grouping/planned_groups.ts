// Groups as their aggregates were planned: over rows in their orders, in two steps where some are of DISTINCT values,
// with what is left to do to the calls' results. Read next: planned_aggregates.ts, which says what was planned.
import type { StatementFacts } from "#optimizer/from/table_source.js";
import type { LogicalOperator } from "#plan/logical.js";
import type { AggregateCall } from "#plan/physical.js";
import { type DistinctCalls, overDistinct, withValues } from "./distinct_aggregates.js";
import { type NamedKey, groupedRows } from "./grouped_rows.js";
import type { OrderedRows } from "./ordered_rows.js";
import type { PlannedAggregates } from "./planned_aggregates.js";

export interface PlannedGroups {
  readonly operator: LogicalOperator;
  /** Attributes. */
  readonly keys: readonly number[];
  readonly calls: readonly number[];
}

/** Calls, their names, and what they need of the rows. */
export interface PlannedCalls {
  readonly calls: readonly AggregateCall[];
  readonly names: readonly string[];
  readonly distinct: DistinctCalls | undefined;
  readonly rows: OrderedRows | undefined;
}

export function callsOf({ planner: { calls, names }, distinct, rows }: PlannedAggregates): PlannedCalls {
  return { calls, names, distinct, rows };
}

export function plannedGroups(
  statement: StatementFacts, input: LogicalOperator, keys: readonly NamedKey[],
  { calls, names, distinct, rows }: PlannedCalls,
): PlannedGroups {
  const grouping = { keys, aggregates: calls };
  const ordered = rows?.over(input, grouping) ?? { ...grouping, input, groups: undefined };
  const over = overDistinct(statement, ordered.input, { ...ordered, distinct });
  const groups = groupedRows(statement, over.input, over.keys,
    over.aggregates.map((call, index) => ({ name: names[index] ?? "aggregate", call })), ordered.groups);
  const made = withValues(statement, groups, calls, over.values);
  return { ...made, keys: groups.keys.map(({ attribute }) => attribute) };
}
