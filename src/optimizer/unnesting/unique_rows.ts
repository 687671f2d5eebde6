// Subqueries that give one row at most: those that read a query of one group alone, and those of which a unique index
// says so, of one table with a column for each of the index's compared for equality with what does not come from it. A
// deferred constraint or a partial index is no such promise, and is not among the facts
// (native/extension/statistics_facts.c).
import type { AnalysedExpression, Variable } from "#frontend/analysed_expression.js";
import type { AnalysedQuery } from "#frontend/query.js";
import type { RequestFacts } from "#frontend/request_facts.js";
import { functionsByOid } from "#functions/registry.js";
import { isPlain } from "#optimizer/block_checks.js";
import { type Surroundings, ownRangesRead, queryBehind } from "#optimizer/edges/stand_alone.js";

function conjunctsOf(condition: AnalysedExpression | undefined): readonly AnalysedExpression[] {
  if (condition === undefined) return [];
  return condition.kind === "and" ? condition.arguments.flatMap(conjunctsOf) : [condition];
}

/** The column itself, under whatever name of its type. */
function columnOf(expression: AnalysedExpression): Variable | undefined {
  if (expression.kind === "relabel") return columnOf(expression.argument);
  return expression.kind === "variable" && expression.levelsUp === 0 ? expression : undefined;
}

/** The column of the query's own table that the condition leaves one value of. */
function columnFixedBy(condition: AnalysedExpression): number | undefined {
  if (condition.kind !== "call" || condition.arguments.length !== 2) return undefined;
  if (functionsByOid(condition.function)[0]?.key.endsWith(".equal") !== true) return undefined;
  for (const [side, other] of [condition.arguments, [...condition.arguments].reverse()]) {
    const column = side === undefined ? undefined : columnOf(side);
    if (column !== undefined && other !== undefined && ownRangesRead(other.source).size === 0)
      return column.attribute;
  }
  return undefined;
}

/** Whether the query aggregates all its rows. */
export function isOneGroup(query: AnalysedQuery): boolean {
  return query.hasAggregates && query.groupBy.length === 0 && query.groupingSets.length === 0;
}

/** `around`: the queries around it, innermost first. */
export function hasOneRowAtMost(query: AnalysedQuery, facts: RequestFacts, around: Surroundings): boolean {
  const [item, ...others] = query.from;
  if (item?.kind !== "range" || others.length > 0 || !isPlain(query) || query.setOperation !== undefined) return false;
  const entry = query.rangeTable[item.rangeIndex - 1];
  if (entry === undefined || query.hasTargetSets) return false;
  const [read] = queryBehind(entry, [query, ...around]) ?? [];
  if (read !== undefined) return isOneGroup(read) && !read.hasTargetSets;
  if (entry.kind !== "relation") return false;
  const fixed = new Set(conjunctsOf(query.where).map(columnFixedBy));
  const keys = facts.relation(entry.source.id)?.uniqueKeys ?? [];
  return keys.some((columns) => columns.length > 0 && columns.every((column) => fixed.has(column)));
}
