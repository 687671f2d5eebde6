// Conditions that filter rows before an operator rather than behind it: one that reads only keys of a grouping drops
// whole groups, one that reads only what windows partition by drops whole partitions, and what is left has what it had.
// Counter-examples: `sum(x) > 5` knows its groups only behind them; a condition on another column than the partition's
// changes the numbers of the rows that stay; of equal numerics 1.0 and 1.00 a group shows one; and a condition that may
// fail might meet rows that it would not have met. Read next: filtered.ts, join_order.ts.
import type { Expression } from "#expr/expression.js";
import { columnsRead, replaceColumns } from "#expr/traverse.js";
import type { Attributes } from "#optimizer/attributes.js";
import { isAlikeWhenEqual } from "#optimizer/expressions/column_types.js";
import { mayFail } from "#optimizer/expressions/may_fail.js";
import { type LogicalOperator, originsOf } from "#plan/logical.js";
import { FILTER_SELECTIVITY, filtered } from "./filtered.js";

type Aggregate = Extract<LogicalOperator, { readonly kind: "aggregate" }>;

/** The rows of `input` for which every condition is true, each asked as early as that is the same. */
export function filteredEarly(
  input: LogicalOperator, conditions: readonly Expression[], attributes: Attributes,
): LogicalOperator {
  const stay: Expression[] = [];
  let operator = input;
  for (const condition of conditions) {
    const moved = mayFail(condition) ? undefined : below(operator, condition, attributes);
    if (moved === undefined) stay.push(condition);
    else operator = moved;
  }
  return filtered(operator, stay);
}

/** The operator over rows for which the condition is true; undefined where that is not the same. */
function below(operator: LogicalOperator, condition: Expression, attributes: Attributes): LogicalOperator | undefined {
  const read = columnsRead(condition);
  switch (operator.kind) {
    case "filter": {
      const input = below(operator.input, condition, attributes);
      return input && { ...operator, input, rows: scaled(operator.rows) };
    }
    case "compute": {
      if ([...read].some((column) => attributes.originOf(column) === operator.origin)) return undefined;
      const input = below(operator.input, condition, attributes);
      return input && { ...operator, input, rows: scaled(operator.rows) };
    }
    case "window": {
      const parts = new Set(operator.partition.map((key) => (key.kind === "column" ? key.index : undefined)));
      if (![...read].every((column) => parts.has(column) && isAlikeWhenEqual(attributes.typeOf(column).engine)))
        return undefined;
      return { ...operator, input: asked(operator.input, condition, attributes), rows: scaled(operator.rows) };
    }
    case "aggregate": return belowGrouping(operator, condition, attributes);
    case "scan": case "join": case "union": case "commonTable": case "singleRow": case "limit": return undefined;
  }
}

function belowGrouping(
  operator: Aggregate, condition: Expression, attributes: Attributes,
): LogicalOperator | undefined {
  const keys = new Map(operator.keys.map(({ attribute, expression }) => [attribute, expression]));
  if (keys.size === 0) return undefined;
  for (const column of columnsRead(condition)) {
    const key = keys.get(column);
    if (key === undefined || mayFail(key) || !isAlikeWhenEqual(key.type)) return undefined;
  }
  const over = replaceColumns(condition, (column) => keys.get(column.index) ?? column);
  return { ...operator, input: asked(operator.input, over, attributes), rows: scaled(operator.rows) };
}

/** The rows for which the condition is true, asked here or below: of a join, on the side that it reads. */
function asked(input: LogicalOperator, condition: Expression, attributes: Attributes): LogicalOperator {
  if (input.kind === "join" && input.join === "inner") {
    const read = [...attributes.originsRead(condition)];
    for (const side of ["left", "right"] as const) {
      const origins = originsOf(input[side]);
      if (read.length > 0 && read.every((origin) => origins.has(origin)))
        return { ...input, [side]: asked(input[side], condition, attributes), rows: scaled(input.rows) };
    }
  }
  return below(input, condition, attributes) ?? filtered(input, [condition]);
}

function scaled(rows: number): number {
  return Math.max(1, rows * FILTER_SELECTIVITY);
}
