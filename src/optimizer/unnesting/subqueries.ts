// Conditions with subqueries, unnested: EXISTS and IN become semi joins, NOT EXISTS, NOT IN and ALL anti joins, a
// scalar subquery becomes one more input of the region. A correlated scalar subquery that aggregates is computed once
// for all values it is correlated by (grouped by them) and joined on those. Nothing is evaluated row by row.
import { defined } from "#base/assert.js";
import { constantOf } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import { columnsRead } from "#expr/traverse.js";
import type { AnalysedExpression } from "#frontend/analysed_expression.js";
import type { TextNode } from "#frontend/node_text.js";
import type { AnalysedQuery } from "#frontend/query.js";
import { StatementRefused } from "#frontend/refusal.js";
import { aggregateBlock, materialised } from "#optimizer/block.js";
import { rejectsNull } from "#optimizer/expressions/conditions.js";
import { mayFail } from "#optimizer/expressions/may_fail.js";
import type { Translated } from "#optimizer/expressions/translated.js";
import { translated } from "#optimizer/from/from_clause.js";
import type { Region } from "#optimizer/from/region.js";
import type { QueryPlanner } from "#optimizer/query_planner.js";
import type { QueryScope } from "#optimizer/query_scope.js";
import type { LogicalOperator } from "#plan/logical.js";
import { BOOL } from "#types/engine_type.js";
import { arrayValue } from "./array_subqueries.js";
import { mayFailAhead } from "./computed_ahead.js";
import type { CorrelatedRows } from "./correlated_rows.js";
import { fromCorrelatedRows } from "./correlated_rows.js";
import type { PendingLookUp } from "./correlation.js";
import { conditionsOn, refuseFailing, refuseSubLink, subQueryOf, testExpression } from "./correlation.js";
import { canHoldBack, mayAskIndex } from "./held_back.js";
import { keepsFirst } from "./limits.js";
import { existsValue, inValue } from "./marks.js";
import { overMissing } from "./missing_groups.js";
import { quantifiedJoin } from "./quantified.js";
import { quantifiedValue } from "./quantified_values.js";
import { mayLeaveGroupOut, singleGroups } from "./single_groups.js";
import { ALL, ANY, ARRAY, EXISTS, mayGiveRows, ROW_COMPARE, SCALAR, subLinksIn, typeOf } from "./sub_links.js";
import { existingRows } from "./subquery_rows.js";

/** Places a condition that contains subqueries; false when it contains none. */
export function placeSubqueryCondition(
  planner: QueryPlanner, region: Region, scope: QueryScope, condition: AnalysedExpression,
): boolean {
  const isNegated = condition.kind === "not";
  const subject = condition.kind === "not" ? condition.argument.source : condition.source;
  if (subject.tag === "SUBLINK" && typeOf(subject) === EXISTS) {
    exists(planner, region, scope, subject, isNegated);
    return true;
  }
  if (subject.tag === "SUBLINK" && (typeOf(subject) === ANY || typeOf(subject) === ALL)) {
    region.hidingJoins.push(quantifiedJoin(planner, region, scope, subject, isNegated));
    return true;
  }
  const subLinks = subLinksIn(condition.source);
  if (subLinks.length === 0) return false;
  const positive = positiveSubLinks(condition);
  const isAsked = region.canAskLast && !mayAskIndex(condition.source, subLinks, scope);
  for (const subLink of subLinks)
    planValue(planner, region, scope, subLink, { isPositive: positive.has(subLink.id), isAsked });
  const asked = translated(scope, condition);
  if (isAsked && subLinks.some((each) => mayFail(defined(scope.valueOf(each), "a planned subquery").expression)))
    region.askedLast = asked;
  else region.conditions.push(asked);
  return true;
}

function exists(planner: QueryPlanner, region: Region, scope: QueryScope, subLink: TextNode, isNegated: boolean): void {
  const asking = { planner, around: region, scope, subLink, byKeys: false };
  const found = existingRows(asking, subQueryOf(scope, subLink));
  if (found !== undefined) {
    region.hidingJoins.push({ join: isNegated ? "anti" : "semi", right: found.operator, conditions: found.correlated });
    return;
  }
  if (isNegated) region.conditions.push(constantOf(false, BOOL));
}

/** Subqueries of which it makes no difference whether they are false or unknown. */
function positiveSubLinks(condition: AnalysedExpression): ReadonlySet<number> {
  if (condition.source.tag === "SUBLINK") return new Set([condition.source.id]);
  if (condition.kind !== "and" && condition.kind !== "or") return new Set();
  return new Set(condition.arguments.flatMap((each) => [...positiveSubLinks(each)]));
}

/** How a subquery's value is asked for. */
export interface Asked {
  /** Unknown may be false. */
  readonly isPositive?: boolean;
  /** It is evaluated for rows that PostgreSQL asks for it, and for no others: it may fail then. */
  readonly isAsked?: boolean;
}

/** Plans a subquery inside an expression and lets its value stand for it in this scope. */
export function planValue(
  planner: QueryPlanner, region: Region, scope: QueryScope, subLink: TextNode, asked: Asked = {},
): void {
  const lookUp = subLinkValue(planner, region, scope, subLink, asked);
  if (lookUp !== undefined) region.lookUps.push(lookUp);
}

function subLinkValue(
  planner: QueryPlanner, region: Region, scope: QueryScope, subLink: TextNode,
  { isPositive = false, isAsked = false }: Asked,
): PendingLookUp | undefined {
  switch (typeOf(subLink)) {
    case EXISTS: return existsValue(planner, region, scope, subLink);
    case ANY: return anyValue(planner, region, scope, subLink, isPositive);
    case ALL: return quantifiedValue(planner, region, scope, subLink, isPositive);
    case ARRAY: return arrayValue(planner, region, scope, subLink);
    default: return scalar(planner, region, scope, subLink, isAsked);
  }
}

/** By keys where equality alone is asked for, else by comparing. */
function anyValue(
  planner: QueryPlanner, region: Region, scope: QueryScope, subLink: TextNode, isPositive: boolean,
): PendingLookUp | undefined {
  try {
    return inValue(planner, region, scope, subLink, isPositive);
  } catch (error) {
    if (!(error instanceof StatementRefused)) throw error;
    return quantifiedValue(planner, region, scope, subLink, isPositive);
  }
}

/** Plans a subquery of one row and lets its value, or what it compares to, stand for it in this scope. */
function scalar(
  planner: QueryPlanner, region: Region, scope: QueryScope, subLink: TextNode, isAsked: boolean,
): PendingLookUp | undefined {
  const isRow = typeOf(subLink) === ROW_COMPARE;
  if (!isRow && typeOf(subLink) !== SCALAR) return refuseSubLink(subLink, "inside an expression");
  const query = subQueryOf(scope, subLink);
  const isHeld = isAsked && mayFailAhead(query, scope) && canHoldBack(query, scope);
  if (!isHeld) refuseFailing(query, scope, subLink);
  const refuseKey = (): never => refuseSubLink(subLink, "correlated by other than equality");
  const { operator, conditions, column } = fromCorrelatedRows(planner, region, scope, query, refuseKey,
    (rows) => (isHeld ? heldValue(rows) : scalarOver(rows, query, subLink)));
  const only = query.targets.find((each) => !each.isJunk)?.number ?? 0;
  const value = isRow ? { expression: testExpression(scope, subLink, column) } : column(only);
  if (value === undefined) return refuseSubLink(subLink, "of a value the engine does not compute");
  scope.put(subLink, value);
  if (conditions !== undefined) return { right: operator, conditions, value: value.expression };
  region.inputs.push(operator);
  return undefined;
}

interface ScalarRows {
  readonly operator: LogicalOperator;
  /** Undefined for a single row. */
  readonly conditions: readonly Expression[] | undefined;
  /** By target number. */
  readonly column: (number: number) => Translated | undefined;
}

/** One group, or one for each combination of keys, whose value is computed where it is asked for. */
function heldValue(rows: CorrelatedRows): ScalarRows {
  rows.scope.holdsErrors = true;
  const keys = rows.keys();
  const { block, extraKeys } = aggregateBlock(rows.scope, rows.operator, keys.map((key) => key.inner));
  const { operator, column } = overMissing(rows.scope.statement, block);
  return { operator, conditions: keys.flatMap((key, index) => conditionsOn(key, extraKeys[index])), column };
}

/** One row, or one for each combination of keys, and what stands for a row without. */
function scalarOver(rows: CorrelatedRows, query: AnalysedQuery, subLink: TextNode): ScalarRows {
  const { statement } = rows.scope;
  const isAggregate = query.hasAggregates && query.groupBy.length === 0 && query.having === undefined
    && query.groupingSets.length === 0;
  const keys = rows.keys();
  if (keys.length > 0 && mayLeaveGroupOut(query)) {
    const groups = singleGroups(rows, query);
    const conditions = groups.keys.flatMap(({ inner, conditionsWith }) => conditionsWith(inner));
    return { ...materialised(groups.block, statement, true), conditions };
  }
  if (keys.length > 0 && !isAggregate && mayGiveRows(subLink, statement.facts))
    return refuseSubLink(subLink, "with references to an outer query");
  const { block, extraKeys } = aggregateBlock(rows.scope, rows.operator, keys.map((key) => key.inner));
  if (keys.length === 0) {
    const { operator, column } = materialised(block, statement, true);
    // Counter-example: (SELECT max(x) FROM t LIMIT 1 OFFSET 1) is NULL, and drops no row.
    const isOne = isAggregate && keepsFirst(query);
    const single: LogicalOperator = isOne ? operator : { kind: "singleRow", input: operator, rows: 1 };
    return { operator: single, conditions: undefined, column };
  }
  // What is NULL then anyway is computed once a group.
  const isComputedOnce = !isAggregate || query.targets.every(({ number }) => isNullForMissing(block.column(number)));
  const { operator, column } = isComputedOnce ? materialised(block, statement, true) : overMissing(statement, block);
  return { operator, conditions: keys.flatMap((key, index) => conditionsOn(key, extraKeys[index])), column };
}

function isNullForMissing(value: Translated | undefined): boolean {
  return value !== undefined
    && [...columnsRead(value.expression)].some((each) => rejectsNull(value.expression, each));
}
