// Conditions with subqueries, unnested: EXISTS and IN become semi joins, NOT EXISTS, NOT IN and ALL anti joins, a
// scalar subquery becomes one more input of the region. A correlated scalar subquery that aggregates is computed once
// for all values it is correlated by (grouped by them) and joined on those. Nothing is evaluated row by row.
import type { AnalysedExpression } from "#frontend/analysed_expression.js";
import type { TextNode } from "#frontend/node_text.js";
import { defined } from "#base/assert.js";
import type { LogicalOperator } from "#plan/logical.js";
import { originsOf } from "#plan/logical.js";
import { aggregateBlock, materialised } from "./block.js";
import { columnsRead } from "./aggregation.js";
import { rejectsNull } from "./conditions.js";
import type { PendingLookUp } from "./correlation.js";
import { correlationKey, refuseFailing, refuseSubLink, subQueryOf } from "./correlation.js";
import { existsValue, inValue } from "./marks.js";
import { planFrom, translated } from "./from_clause.js";
import { overMissing } from "./missing_groups.js";
import { quantifiedJoin } from "./quantified.js";
import type { QueryPlanner } from "./query_planner.js";
import type { QueryScope } from "./query_scope.js";
import { ALL, ANY, EXISTS, SCALAR, subLinksIn, typeOf } from "./sub_links.js";
import type { Region } from "./region.js";
import { finishRegion } from "./region.js";
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
    region.hidingJoins.push(quantifiedJoin(planner, scope, subject, isNegated));
    return true;
  }
  const subLinks = subLinksIn(condition.source);
  if (subLinks.length === 0) return false;
  const positive = positiveSubLinks(condition);
  for (const subLink of subLinks) {
    const lookUp = subLinkValue(planner, region, scope, subLink, positive.has(subLink.id));
    if (lookUp !== undefined) region.lookUps.push(lookUp);
  }
  region.conditions.push(translated(scope, condition));
  return true;
}

function exists(planner: QueryPlanner, region: Region, scope: QueryScope, subLink: TextNode, isNegated: boolean): void {
  const found = existingRows(planner, scope, subLink, subQueryOf(scope, subLink));
  if (found !== undefined) {
    region.hidingJoins.push({ join: isNegated ? "anti" : "semi", right: found.rows, conditions: found.correlated });
    return;
  }
  if (isNegated) region.conditions.push({ kind: "constant", value: false, type: { kind: "bool" } });
}

/** Subqueries of which it makes no difference whether they are false or unknown. */
function positiveSubLinks(condition: AnalysedExpression): ReadonlySet<number> {
  if (condition.source.tag === "SUBLINK") return new Set([condition.source.id]);
  if (condition.kind !== "and" && condition.kind !== "or") return new Set();
  return new Set(condition.arguments.flatMap((each) => [...positiveSubLinks(each)]));
}

/** Plans a subquery inside an expression and lets its value stand for it in this scope. */
export function subLinkValue(
  planner: QueryPlanner, region: Region, scope: QueryScope, subLink: TextNode, isPositive: boolean,
): PendingLookUp | undefined {
  switch (typeOf(subLink)) {
    case EXISTS: return existsValue(planner, region, scope, subLink);
    case ANY: return inValue(planner, region, scope, subLink, isPositive);
    default: return scalar(planner, region, scope, subLink);
  }
}

/** Plans a scalar subquery and lets its value stand for it in this scope. */
function scalar(
  planner: QueryPlanner, region: Region, scope: QueryScope, subLink: TextNode,
): PendingLookUp | undefined {
  if (typeOf(subLink) !== SCALAR) return refuseSubLink(subLink, "inside an expression");
  const query = subQueryOf(scope, subLink);
  refuseFailing(query, scope, subLink);
  const inner = planFrom(planner, query, scope);
  const { operator, correlated } = finishRegion(inner.region, scope.statement);
  const isAggregate = query.hasAggregates && query.groupBy.length === 0 && query.having === undefined
    && query.groupingSets.length === 0;
  const own = originsOf(operator);
  const keys = correlated.map((condition) => correlationKey(condition, own, scope, subLink));
  if (keys.length > 0 && !isAggregate) return refuseSubLink(subLink, "with references to an outer query");
  const { block, extraKeys } = aggregateBlock(inner.scope, operator, keys.map((key) => key.inner));
  const target = query.targets.find((each) => !each.isJunk);
  const refuseValue = (): never => refuseSubLink(subLink, "of a value the engine does not compute");
  if (target === undefined) return refuseValue();
  if (keys.length > 0) {
    const value = block.column(target.number) ?? refuseValue();
    const isNullForMissing = [...columnsRead(value.expression)].some((each) => rejectsNull(value.expression, each));
    // What is NULL then anyway is computed once a group.
    const shown = isNullForMissing
      ? materialised(block, scope.statement, true) : overMissing(scope.statement, block);
    const found = defined(shown.column(target.number), "a value the engine computes");
    scope.put(subLink, found);
    const conditions = keys.map((key, index) => key.conditionWith(extraKeys[index] ?? -1));
    return { right: shown.operator, conditions, value: found.expression };
  }
  const result = materialised(block, scope.statement, true);
  scope.put(subLink, result.column(target.number) ?? refuseValue());
  const single: LogicalOperator = isAggregate
    ? result.operator
    : { kind: "singleRow", input: result.operator, rows: 1 };
  region.inputs.push(single);
  return undefined;
}
