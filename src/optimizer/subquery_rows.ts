// The rows of a subquery that is compared with something, and what correlates them: one step that IN, ANY, ALL and
// EXISTS begin with, as conditions (quantified.ts) and as values (marks.ts).
import type { TextNode } from "#frontend/node_text.js";
import type { AnalysedQuery } from "#frontend/query.js";
import type { Expression } from "#expr/expression.js";
import type { LogicalOperator } from "#plan/logical.js";
import { originsOf } from "#plan/logical.js";
import { defined } from "#base/assert.js";
import { aggregateBlock, materialised } from "./block.js";
import { isPlain } from "./block_checks.js";
import { correlationKey, refuseFailing, refuseSubLink } from "./correlation.js";
import { planFrom } from "./from_clause.js";
import { isLimited, keepsFirst } from "./limits.js";
import { isGrouped } from "./planning_context.js";
import type { QueryPlanner } from "./query_planner.js";
import type { QueryScope } from "./query_scope.js";
import { finishRegion } from "./region.js";
import type { Translated } from "./translated.js";

export interface SubqueryRows {
  readonly rows: LogicalOperator;
  /** Conditions that compare them with queries around. */
  readonly correlated: readonly Expression[];
}

export interface ComparedRows extends SubqueryRows {
  /** The column of a target number. */
  readonly column: (number: number) => Translated | undefined;
}

/** Rows whose columns are compared. */
export function comparedRows(planner: QueryPlanner, scope: QueryScope, query: AnalysedQuery): ComparedRows {
  if (!isPlain(query)) {
    const { operator: rows, column } = materialised(planner.planBlock(query, scope), scope.statement, false);
    return { rows, correlated: [], column };
  }
  const inner = planFrom(planner, query, scope);
  const { operator: rows, correlated } = finishRegion(inner.region, scope.statement);
  const column = (number: number): Translated | undefined => {
    const target = query.targets.find((each) => each.number === number)?.expression;
    return target === undefined ? undefined : inner.scope.translator.translate(target);
  };
  return { rows, correlated, column };
}

/**
 * Rows of which only matters whether there are any; undefined where there always are: aggregates without GROUP BY and
 * HAVING. Groups are there where rows are, so GROUP BY alone changes nothing, and the select list is not looked at.
 */
export function existingRows(
  planner: QueryPlanner, scope: QueryScope, subLink: TextNode, query: AnalysedQuery,
): SubqueryRows | undefined {
  if (isLimited(query) && !keepsFirst(query)) return refuseSubLink(subLink, "with OFFSET or LIMIT 0");
  if (!isGrouped(query)) return rowsOf(planner, scope, query);
  if (query.groupingSets.length > 0) return refuseSubLink(subLink, "with grouping sets");
  // PostgreSQL adds sums up that nobody sees.
  refuseFailing(query, scope, subLink);
  if (query.having !== undefined) return groupsHaving(planner, scope, subLink, query);
  return query.groupBy.length > 0 ? rowsOf(planner, scope, query) : undefined;
}

function rowsOf(planner: QueryPlanner, scope: QueryScope, query: AnalysedQuery): SubqueryRows {
  const { operator: rows, correlated } = finishRegion(planFrom(planner, query, scope).region, scope.statement);
  return { rows, correlated };
}

/** Groups by the keys they are correlated by as well, so that each outer row finds its own. */
function groupsHaving(
  planner: QueryPlanner, scope: QueryScope, subLink: TextNode, query: AnalysedQuery,
): SubqueryRows {
  const inner = planFrom(planner, query, scope);
  const { operator, correlated } = finishRegion(inner.region, scope.statement);
  // An outer row without rows has a group of none, which HAVING may keep.
  if (correlated.length > 0 && query.groupBy.length === 0)
    return refuseSubLink(subLink, "with HAVING and references to an outer query");
  const own = originsOf(operator);
  const keys = correlated.map((condition) => correlationKey(condition, own, scope, subLink));
  const { block, extraKeys } = aggregateBlock(inner.scope, operator, keys.map((key) => key.inner));
  const conditions = keys.map((key, index) => key.conditionWith(defined(extraKeys[index], "a key's attribute")));
  return { rows: block.operator, correlated: conditions };
}
