// The expressions of a logical operator over its inputs' columns, all of them: who asks what an operator reads need not
// know its kind.
import type { Expression } from "#expr/expression.js";
import { callExpressions, windowCallExpressions } from "#plan/calls.js";
import type { LogicalOperator } from "#plan/logical.js";

export function expressionsOf(operator: LogicalOperator): readonly Expression[] {
  switch (operator.kind) {
    case "scan": case "commonTable": case "singleRow": return [];
    case "filter": return [operator.predicate];
    case "compute": return operator.columns.map(({ expression }) => expression);
    case "join": return operator.conditions;
    case "aggregate":
      return [
        ...operator.keys.map(({ expression }) => expression),
        ...operator.aggregates.flatMap(({ call }) => callExpressions(call)),
      ];
    case "union": return operator.inputs.flatMap(({ expressions }) => expressions);
    case "window":
      return [
        ...operator.partition, ...operator.order.map(({ expression }) => expression),
        ...operator.calls.flatMap(({ call }) => windowCallExpressions(call)),
      ];
    case "limit": return operator.order.map(({ expression }) => expression);
  }
}
