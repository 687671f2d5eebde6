// EXISTS and IN as values, under OR and NOT and in the select list: a row is told apart by whether the subquery's rows,
// grouped by what they are compared with, have a group for it. IN is unknown where NULLs are compared; where that
// matters it is the engine's only without NULLs. Read next: subqueries.ts for EXISTS and IN as whole conditions.
import type { TextNode } from "#frontend/node_text.js";
import type { Expression } from "#expr/expression.js";
import type { LogicalOperator } from "#plan/logical.js";
import { originsOf } from "#plan/logical.js";
import { sqlTypes } from "#types/sql_types.js";
import { materialised } from "./block.js";
import { isPlain } from "./block_checks.js";
import { columnOf } from "./column_types.js";
import type { CorrelationKey, PendingLookUp } from "./correlation.js";
import {
  correlationKey, nullableColumns, refuseFailing, refuseSubLink, subQueryOf, testExpression,
} from "./correlation.js";
import { Estimates } from "./estimates.js";
import { planFrom } from "./from_clause.js";
import { isLimited, keepsFirst } from "./limits.js";
import { isGrouped } from "./planning_context.js";
import type { QueryPlanner } from "./query_planner.js";
import type { QueryScope } from "./query_scope.js";
import type { Region } from "./region.js";
import { finishRegion } from "./region.js";
import type { Translated } from "./translated.js";

const BOOL = { kind: "bool" } as const;
const INT8 = { kind: "int8" } as const;
const INTERNAL = { type: 0, typmod: -1, collation: 0 };

/** Lets `isMatched` of a group for the row stand for the subquery. */
function mark(
  scope: QueryScope, subLink: TextNode, rows: LogicalOperator, keys: readonly CorrelationKey[],
): PendingLookUp {
  const { statement } = scope;
  const { attributes } = statement;
  const origin = attributes.newOrigin();
  const groups = keys.map(({ inner }, index) => {
    const column = columnOf(INTERNAL, inner.type, true);
    return { attribute: attributes.add(origin, `key${index}`, column), expression: inner, column };
  });
  const count = new Estimates(statement.tables).groups(rows, keys.map(({ inner }) => inner));
  const grouped: LogicalOperator = {
    kind: "aggregate", origin, input: rows, keys: groups, aggregates: [], rows: count,
  };
  const [first] = groups;
  if (first === undefined) return refuseSubLink(subLink, "that compares nothing");
  // Keys that are equal to something are not NULL, so in a row made up for a missing group this one tells.
  const { operator, renamed } = nullableColumns(statement, grouped, [first.attribute]);
  const key: Expression = {
    kind: "column", index: renamed.get(first.attribute) ?? -1, type: first.expression.type,
  };
  const value: Expression = { kind: "isNull", argument: key, negated: true, type: BOOL };
  scope.put(subLink, { expression: value });
  const conditions = keys.map((each, index) => each.conditionWith(groups[index]?.attribute ?? -1));
  return { right: operator, conditions, value };
}

export function existsValue(
  planner: QueryPlanner, region: Region, scope: QueryScope, subLink: TextNode,
): PendingLookUp | undefined {
  const query = subQueryOf(scope, subLink);
  if (isGrouped(query)) return refuseSubLink(subLink, "with grouping");
  if (isLimited(query) && !keepsFirst(query)) return refuseSubLink(subLink, "with OFFSET or LIMIT 0");
  refuseFailing(query, scope, subLink);
  const inner = planFrom(planner, query, scope);
  const { operator, correlated } = finishRegion(inner.region, scope.statement);
  const own = originsOf(operator);
  if (correlated.length > 0)
    return mark(scope, subLink, operator, correlated.map((each) => correlationKey(each, own, scope, subLink)));
  const { attributes } = scope.statement;
  const origin = attributes.newOrigin();
  const result = columnOf({ ...INTERNAL, type: sqlTypes.int8 }, INT8, false);
  const attribute = attributes.add(origin, "rows", result);
  const one: Expression = { kind: "constant", value: 1n, type: INT8 };
  region.inputs.push({
    kind: "aggregate", origin, keys: [], rows: 1,
    input: { kind: "limit", input: operator, order: [], count: one, rows: 1 },
    aggregates: [{ attribute, call: { function: "countRows", result } }],
  });
  const rows: Expression = { kind: "column", index: attribute, type: INT8 };
  scope.put(subLink, {
    expression: { kind: "call", function: "integer.equal", arguments: [rows, one], type: BOOL },
  });
  return undefined;
}

/** `isPositive`: unknown may be false. */
export function inValue(
  planner: QueryPlanner, scope: QueryScope, subLink: TextNode, isPositive: boolean,
): PendingLookUp {
  const query = subQueryOf(scope, subLink);
  refuseFailing(query, scope, subLink);
  let rows: LogicalOperator;
  let correlated: readonly Expression[] = [];
  let column: (number: number) => Translated | undefined;
  if (isPlain(query)) {
    const inner = planFrom(planner, query, scope);
    ({ operator: rows, correlated } = finishRegion(inner.region, scope.statement));
    column = (number) => {
      const target = query.targets.find((each) => each.number === number)?.expression;
      return target === undefined ? undefined : inner.scope.translator.translate(target);
    };
  } else {
    ({ operator: rows, column } = materialised(planner.planBlock(query, scope), scope.statement, false));
  }
  const test = testExpression(scope, subLink, column);
  const own = originsOf(rows);
  const tests = test.kind === "and" ? test.arguments : [test];
  if (!isPositive && !tests.every((each) => isNeverUnknown(scope, each)))
    return refuseSubLink(subLink, "inside an expression, over columns that may be NULL");
  const keys = [...tests, ...correlated].map((each) => correlationKey(each, own, scope, subLink));
  return mark(scope, subLink, rows, keys);
}

/** Whether a comparison compares two columns without NULLs. */
function isNeverUnknown({ statement: { attributes } }: QueryScope, test: Expression): boolean {
  const isPresent = (each: Expression): boolean => {
    if (each.kind === "constant") return each.value !== null;
    return each.kind === "column" && !attributes.typeOf(each.index).nullable;
  };
  return test.kind === "call" && test.arguments.every(isPresent);
}
