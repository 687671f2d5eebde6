// The rows of a subquery that is compared with something, and what correlates them: one step that IN, ANY, ALL and
// EXISTS begin with, as conditions (quantified.ts) and as values (marks.ts).
import type { Expression } from "#expr/expression.js";
import type { TextNode } from "#frontend/node_text.js";
import type { AnalysedQuery } from "#frontend/query.js";
import { aggregateBlock, materialised } from "#optimizer/block.js";
import { isPlain } from "#optimizer/block_checks.js";
import type { Translated } from "#optimizer/expressions/translated.js";
import type { Region } from "#optimizer/from/region.js";
import { isGrouped } from "#optimizer/planning_context.js";
import type { QueryPlanner } from "#optimizer/query_planner.js";
import type { QueryScope } from "#optimizer/query_scope.js";
import type { LogicalOperator } from "#plan/logical.js";
import type { CorrelatedRows } from "./correlated_rows.js";
import { fromCorrelatedRows } from "./correlated_rows.js";
import type { CorrelationKey } from "./correlation.js";
import { attributeOf, refuseFailing, refuseSubLink } from "./correlation.js";
import { isLimited, keepsFirst } from "./limits.js";
import { singleGroups } from "./single_groups.js";

/** Where a subquery is asked for. */
export interface Asking {
  readonly planner: QueryPlanner;
  /** The rows that ask. */
  readonly around: Region;
  readonly scope: QueryScope;
  readonly subLink: TextNode;
  /** Whether rows are told apart by keys: any condition correlates them otherwise. */
  readonly byKeys: boolean;
}

export interface SubqueryRows {
  readonly operator: LogicalOperator;
  /** Conditions that compare them with queries around. */
  readonly correlated: readonly Expression[];
  /** The same as keys, where asked for. */
  readonly keys: readonly CorrelationKey[];
}

export interface ComparedRows extends SubqueryRows {
  /** The column of a target number. */
  readonly column: (number: number) => Translated | undefined;
}

function rowsFor<T extends SubqueryRows>(
  { planner, around, scope, subLink }: Asking, query: AnalysedQuery, make: (rows: CorrelatedRows) => T,
): T {
  const refuseKey = (): never => refuseSubLink(subLink, "correlated by other than equality");
  return fromCorrelatedRows(planner, around, scope, query, refuseKey, make);
}

function asTheyAre({ byKeys }: Asking, rows: CorrelatedRows): SubqueryRows {
  return { operator: rows.operator, correlated: rows.conditions, keys: byKeys ? rows.keys() : [] };
}

/** What the query makes of its rows, by the keys they are correlated by as well: each outer row finds its own. */
function steps(query: AnalysedQuery, rows: CorrelatedRows): ComparedRows {
  const keys = rows.keys();
  // An outer row without rows has a group of none, which HAVING may keep.
  if (keys.length > 0 && isGrouped(query) && query.groupBy.length === 0) {
    const groups = singleGroups(rows, query);
    const correlated = groups.keys.flatMap(({ inner, conditionsWith }) => conditionsWith(inner));
    return { ...materialised(groups.block, rows.scope.statement, false), keys: groups.keys, correlated };
  }
  const { block, extraKeys } = aggregateBlock(rows.scope, rows.operator, keys.map(({ inner }) => inner));
  const { operator, column } = materialised(block, rows.scope.statement, false);
  const own = keys.map((key, index) => ({ ...key, inner: attributeOf(key, extraKeys[index]) }));
  return { operator, column, keys: own, correlated: own.flatMap(({ inner, conditionsWith }) => conditionsWith(inner)) };
}

/** Rows whose columns are compared. */
export function comparedRows(asking: Asking, query: AnalysedQuery): ComparedRows {
  return rowsFor(asking, query, (rows) => {
    if (!isPlain(query)) return steps(query, rows);
    const column = (number: number): Translated | undefined => {
      const target = query.targets.find((each) => each.number === number)?.expression;
      return target === undefined ? undefined : rows.scope.translator.translate(target);
    };
    return { ...asTheyAre(asking, rows), column };
  });
}

/**
 * Rows of which only matters whether there are any; undefined where there always are: aggregates without GROUP BY and
 * HAVING. Groups are there where rows are, so GROUP BY alone changes nothing, and the select list is not looked at.
 */
export function existingRows(asking: Asking, query: AnalysedQuery): SubqueryRows | undefined {
  const { scope, subLink } = asking;
  if (isLimited(query) && !keepsFirst(query)) return refuseSubLink(subLink, "with OFFSET or LIMIT 0");
  const isPlainly = !isGrouped(query) || (query.groupBy.length > 0 && query.having === undefined);
  if (query.groupingSets.length > 0) return refuseSubLink(subLink, "with grouping sets");
  // PostgreSQL adds sums up that nobody sees.
  if (isGrouped(query)) refuseFailing(query, scope, subLink);
  if (isPlainly) return rowsFor(asking, query, (rows) => asTheyAre(asking, rows));
  return query.having === undefined ? undefined : rowsFor(asking, query, (rows) => steps(query, rows));
}
