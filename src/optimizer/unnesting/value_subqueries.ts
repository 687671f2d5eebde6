// Subqueries that a query's values are made of, planned below whatever is done with them: keys of groups, arguments of
// aggregates, columns of a subquery in FROM that somebody reads. Those of a statement's own select list and HAVING
// stand above its groups (joined_statement.ts). What cannot be planned here is left as it is: who needs the value gives
// more to PostgreSQL. Counter-example: SELECT (SELECT x FROM t) z FROM u GROUP BY z may fail for a second row of t, and
// not where u is empty; such subqueries are PostgreSQL's. Read next: subqueries.ts.
import type { TextNode } from "#frontend/node_text.js";
import type { AnalysedQuery } from "#frontend/query.js";
import { StatementRefused } from "#frontend/refusal.js";
import type { Region } from "#optimizer/from/region.js";
import { isGrouped, nodesAtEdge } from "#optimizer/planning_context.js";
import type { QueryPlanner } from "#optimizer/query_planner.js";
import type { QueryScope } from "#optimizer/query_scope.js";
import { mayGiveRows, subLinksIn } from "./sub_links.js";

/** Expressions of the select list, by the number of their column, as far as `isRead` says. */
function targetsOf(query: AnalysedQuery, isRead: (number: number) => boolean): readonly TextNode[] {
  return query.targets.filter(({ number }) => isRead(number)).map(({ expression }) => expression.source);
}

/** What is evaluated for each joined row, of a query inside another. */
export function valuesBelow(query: AnalysedQuery, isRead: (number: number) => boolean): readonly TextNode[] {
  if (!isGrouped(query)) return targetsOf(query, isRead);
  const keys = new Set(query.groupBy.map(({ sortGroupReference }) => sortGroupReference));
  const grouped = query.targets.filter((target) => keys.has(target.sortGroupReference));
  return [...grouped.map(({ expression }) => expression.source), ...nodesAtEdge(query, "AGGREF")];
}

/** Plans the subqueries of these expressions over the columns of `scope`. */
export function planSubqueriesOf(
  planner: QueryPlanner, region: Region, scope: QueryScope, values: readonly TextNode[],
): void {
  const { fallbacks, facts } = scope.statement;
  for (const subLink of values.flatMap((value) => subLinksIn(value))) {
    if (fallbacks.reasonFor(subLink) !== undefined || scope.valueOf(subLink) !== undefined) continue;
    if (mayGiveRows(subLink, facts, scope.surroundings)) continue;
    try {
      planner.planValue(region, scope, subLink);
    } catch (error) {
      if (!(error instanceof StatementRefused)) throw error;
    }
  }
}
