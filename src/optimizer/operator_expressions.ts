// The expressions of a logical operator over its inputs' columns, all of them: who asks what an operator reads need not
// know its kind.
import type { Expression } from "#expr/expression.js";
import type { LogicalOperator } from "#plan/logical.js";
import { frameExpressions } from "#plan/frames.js";

function present(expressions: readonly (Expression | undefined)[]): readonly Expression[] {
  return expressions.filter((each) => each !== undefined);
}

export function expressionsOf(operator: LogicalOperator): readonly Expression[] {
  switch (operator.kind) {
    case "scan": case "commonTable": case "singleRow": return [];
    case "filter": return [operator.predicate];
    case "compute": return operator.columns.map(({ expression }) => expression);
    case "join": return operator.conditions;
    case "aggregate":
      return present([
        ...operator.keys.map(({ expression }) => expression),
        ...operator.aggregates.flatMap(({ call }) => [call.argument, call.filter]),
      ]);
    case "union": return operator.inputs.flatMap(({ expressions }) => expressions);
    case "window":
      return present([
        ...operator.partition, ...operator.order.map(({ expression }) => expression),
        ...operator.calls.flatMap(({ call }) => [call.argument, call.otherwise, ...frameExpressions(call.frame)]),
      ]);
    case "limit": return operator.order.map(({ expression }) => expression);
  }
}
