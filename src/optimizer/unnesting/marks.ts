// EXISTS and IN as values, under OR and NOT and in the select list: a row is told apart by whether the subquery's rows,
// grouped by what they are compared with, have a group for it. IN is unknown where NULLs are compared: then the groups
// are counted too, with and without NULLs. Counter-example: NOT (x IN (2, NULL)) is not true for an x of 1. Read next:
// subqueries.ts for EXISTS and quantified.ts for IN as whole conditions.
import { defined } from "#base/assert.js";
import { callOf, constantOf, isNull, isPresent, readColumn } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import type { TextNode } from "#frontend/node_text.js";
import type { AnalysedQuery } from "#frontend/query.js";
import { mayDiffer } from "#optimizer/block_checks.js";
import { INTERNAL, columnOf } from "#optimizer/expressions/column_types.js";
import { comparisonsIn, equalityOf } from "#optimizer/expressions/conditions.js";
import { mayFail } from "#optimizer/expressions/may_fail.js";
import type { Region } from "#optimizer/from/region.js";
import {
  type AggregateOperator,
  COUNT,
  type NamedCall,
  groupedRows,
  internalKeys,
} from "#optimizer/grouping/grouped_rows.js";
import type { QueryPlanner } from "#optimizer/query_planner.js";
import type { QueryScope } from "#optimizer/query_scope.js";
import type { LogicalOperator } from "#plan/logical.js";
import { originsOf } from "#plan/logical.js";
import { BOOL, INT8 } from "#types/engine_type.js";
import type { CorrelationKey, PendingLookUp } from "./correlation.js";
import {
  conditionsOn, correlationKey, nullableColumns, refuseFailing, refuseSubLink, subQueryOf, testExpression,
} from "./correlation.js";
import { comparedRows, existingRows } from "./subquery_rows.js";

function conditionsOf(keys: readonly CorrelationKey[], groups: AggregateOperator["keys"]): readonly Expression[] {
  return keys.flatMap((each, index) => conditionsOn(each, groups[index]?.attribute));
}

/** `value`: whether there is a group for the row. */
function mark(
  scope: QueryScope, subLink: TextNode, rows: LogicalOperator, keys: readonly CorrelationKey[],
): PendingLookUp {
  const groups = groupedRows(scope.statement, rows, internalKeys(keys.map(({ inner }) => inner)));
  if (keys.length === 0) return refuseSubLink(subLink, "that compares nothing");
  const { operator: marked, attribute, type } = markOf(scope, groups, keys);
  const { operator, renamed } = nullableColumns(scope.statement, marked, [attribute]);
  const found = readColumn(renamed.get(attribute) ?? -1, type);
  return { right: operator, conditions: conditionsOf(keys, groups.keys), value: isPresent(found) };
}

/** A column that tells in a row made up for a missing group: a key that is equal to something is not NULL. */
function markOf(
  { statement: { attributes } }: QueryScope, groups: AggregateOperator, keys: readonly CorrelationKey[],
): { readonly operator: LogicalOperator; readonly attribute: number; readonly type: Expression["type"] } {
  const key = groups.keys[keys.findIndex(({ findsNull }) => !findsNull)];
  if (key !== undefined) return { operator: groups, attribute: key.attribute, type: key.expression.type };
  const origin = attributes.newOrigin();
  const attribute = attributes.add(origin, "mark", columnOf(INTERNAL, BOOL, false));
  const columns = [{ attribute, expression: constantOf(true, BOOL) }];
  return { operator: { kind: "compute", origin, input: groups, columns, rows: groups.rows }, attribute, type: BOOL };
}

export function existsValue(
  planner: QueryPlanner, region: Region, scope: QueryScope, subLink: TextNode,
): PendingLookUp | undefined {
  const query = subQueryOf(scope, subLink);
  refuseFailing(query, scope, subLink);
  const found = existingRows({ planner, around: region, scope, subLink, byKeys: true }, query);
  if (found === undefined) {
    scope.put(subLink, { expression: constantOf(true, BOOL) });
    return undefined;
  }
  const { operator: rows, keys } = found;
  if (keys.length > 0) {
    const marked = mark(scope, subLink, rows, keys);
    scope.put(subLink, { expression: marked.value });
    return marked;
  }
  const one = constantOf(1n, INT8);
  const counted = counts(scope, { kind: "limit", input: rows, order: [], count: one, rows: 1 }, [], [undefined]);
  region.inputs.push(counted);
  const count = defined(counted.aggregates[0], "a count").attribute;
  scope.put(subLink, { expression: called("equal", readColumn(count, INT8), one) });
  return undefined;
}

/** By group: rows (undefined), or those of which a value is not NULL. */
function counts(
  { statement }: QueryScope, input: LogicalOperator, keys: readonly Expression[],
  values: readonly (Expression | undefined)[],
): AggregateOperator {
  const calls = values.map((argument, index): NamedCall => ({
    name: `count${index}`,
    call: argument === undefined
      ? { function: "countRows", result: COUNT } : { function: "count", argument, result: COUNT },
  }));
  return groupedRows(statement, input, internalKeys(keys), calls);
}

function called(comparison: "equal" | "less" | "greater", left: Expression, right: Expression): Expression {
  return callOf(`integer.${comparison}`, BOOL, left, right);
}

/** `isPositive`: unknown may be false. */
export function inValue(
  planner: QueryPlanner, region: Region, scope: QueryScope, subLink: TextNode, isPositive: boolean,
): PendingLookUp {
  const query = subQueryOf(scope, subLink);
  refuseFailing(query, scope, subLink);
  const asking = { planner, around: region, scope, subLink, byKeys: true };
  const { operator: rows, keys: correlated, column: columnAt } = comparedRows(asking, query);
  const test = testExpression(scope, subLink, columnAt);
  const own = originsOf(rows);
  const tests = comparisonsIn(test);
  const keys = [...tests.map((each) => correlationKey(each, own, scope, subLink)), ...correlated];
  const marked = mark(scope, subLink, rows, keys);
  const isKnown = isPositive || tests.every((each) => isNeverUnknown(scope, each));
  const value = isKnown ? marked.value : knownOrNot(planner, region, scope, subLink, query, marked.value);
  scope.put(subLink, { expression: value });
  return { ...marked, value };
}

/**
 * True where there is a group; else NULL where something is compared with a NULL, and false where nothing is. The rows
 * are planned and grouped again, which the plan then shares (shared_subplans.ts), and the groups counted.
 */
function knownOrNot(
  planner: QueryPlanner, region: Region, scope: QueryScope, subLink: TextNode, query: AnalysedQuery,
  isMatched: Expression,
): Expression {
  if (mayDiffer(query.source, scope.statement.facts))
    return refuseSubLink(subLink, "inside an expression, read twice, where two readings might differ");
  const asking = { planner, around: region, scope, subLink, byKeys: true };
  const { operator: rows, keys, column: columnAt } = comparedRows(asking, query);
  const test = testExpression(scope, subLink, columnAt);
  const equality = equalityOf(test);
  if (equality === undefined || mayFail(test))
    return refuseSubLink(subLink, "inside an expression, with this comparison over columns that may be NULL");
  const { inner } = correlationKey(test, originsOf(rows), scope, subLink);
  const groups = groupedRows(scope.statement, rows, internalKeys([inner, ...keys.map((key) => key.inner)]));
  const [value, ...others] = groups.keys.map(({ attribute, expression }) => readColumn(attribute, expression.type));
  const counted = counts(scope, groups, others, [undefined, value]);
  const known = lookedUp(region, scope, counted, conditionsOf(keys, counted.keys));
  const [all, present] = known.map((attribute) => readColumn(attribute, INT8));
  const outer = equality.left === inner ? equality.right : equality.left;
  const [rowCount, presentCount] = [defined(all, "a count"), defined(present, "a count")];
  const isUnknown: Expression = {
    kind: "or", type: BOOL, arguments: [
      { kind: "and", arguments: [isNull(outer), called("greater", rowCount, constantOf(0n, INT8))], type: BOOL },
      called("less", presentCount, rowCount),
    ],
  };
  return {
    kind: "case", type: BOOL, otherwise: constantOf(false, BOOL), branches: [
      { when: isMatched, then: constantOf(true, BOOL) }, { when: isUnknown, then: constantOf(null, BOOL) },
    ],
  };
}

/** The counts for each row, NULL where it has none; without conditions there is one group for all. */
function lookedUp(
  region: Region, { statement }: QueryScope, counted: AggregateOperator, conditions: readonly Expression[],
): readonly number[] {
  const attributes = counted.aggregates.map(({ attribute }) => attribute);
  if (conditions.length === 0) {
    region.inputs.push(counted);
    return attributes;
  }
  const { operator, renamed } = nullableColumns(statement, counted, attributes);
  region.lookUps.push({ right: operator, conditions });
  return attributes.map((attribute) => renamed.get(attribute) ?? -1);
}

/** Whether a comparison compares two columns without NULLs. */
export function isNeverUnknown({ statement: { attributes } }: QueryScope, test: Expression): boolean {
  const isPresent = (each: Expression): boolean => {
    if (each.kind === "constant") return each.value !== null;
    return each.kind === "column" && !attributes.typeOf(each.index).nullable;
  };
  return test.kind === "call" && test.arguments.every(isPresent);
}
