// A subquery of one group, with HAVING or LIMIT, for every combination of values it is asked with: the groups there are
// beside all combinations, so that HAVING sees a group of no rows as well. Counter-example: EXISTS (SELECT 1 FROM b
// WHERE b.k = a.k HAVING count(*) = 0) is true for the rows of a that no b has. Read next: missing_groups.ts.
import { constantOf } from "#expr/construct.js";
import type { AnalysedQuery } from "#frontend/query.js";
import { refuse } from "#frontend/refusal.js";
import { aggregateBlock } from "#optimizer/block.js";
import type { Block } from "#optimizer/block.js";
import { filtered } from "#optimizer/from/filtered.js";
import { isGrouped } from "#optimizer/planning_context.js";
import { QueryScope } from "#optimizer/query_scope.js";
import type { LogicalOperator } from "#plan/logical.js";
import { BOOL } from "#types/engine_type.js";
import type { CorrelatedRows } from "./correlated_rows.js";
import type { CorrelationKey } from "./correlation.js";
import { conditionsOn } from "./correlation.js";
import { domainKeys } from "./domain.js";
import { keepsFirst, keepsOnlyRow } from "./limits.js";
import { overMissing } from "./missing_groups.js";

export interface SingleGroups {
  readonly block: Block;
  /** Of the block's operator. */
  readonly keys: readonly CorrelationKey[];
}

/** Whether the query makes one group of whatever rows it has, and may leave it out. */
export function mayLeaveGroupOut(query: AnalysedQuery): boolean {
  return isGrouped(query) && query.groupBy.length === 0 && query.groupingSets.length === 0
    && (query.having !== undefined || !keepsFirst(query));
}

/** HAVING as one more column, which is a value like others. */
function withHaving(query: AnalysedQuery): { readonly query: AnalysedQuery; readonly number: number } {
  const number = 1 + Math.max(0, ...query.targets.map((target) => target.number));
  const { having } = query;
  const column = having === undefined
    ? [] : [{ number, name: "having", isJunk: true, sortGroupReference: 0, expression: having }];
  const targets = [...query.targets, ...column];
  return { query: { ...query, having: undefined, limitCount: undefined, limitOffset: undefined, targets }, number };
}

/** One row for each value of the domain, but where HAVING or LIMIT leave it out. */
export function singleGroups(rows: CorrelatedRows, query: AnalysedQuery): SingleGroups {
  const { scope: { statement, outer, sources }, domain } = rows;
  if (domain === undefined)
    return refuse("single group of a correlated subquery", "It needs the values it is asked with.");
  const { query: shown, number } = withHaving(query);
  const scope = new QueryScope(statement, shown, outer);
  for (const [range, source] of sources) scope.sources.set(range, source);
  const own = rows.keys();
  const { block: groups, extraKeys } = aggregateBlock(scope, rows.operator, own.map(({ inner }) => inner));
  const { operator: right, column } = overMissing(statement, { ...groups, query: shown });
  const same = { ...domain, columns: domain.columns.map(({ inner }) => ({ outer: inner, inner })) };
  const among = domainKeys(same, domain.columns.map(({ inner }) => inner), [], statement);
  const conditions = among.flatMap((key, index) => conditionsOn(key, extraKeys[index]));
  const every: LogicalOperator = {
    kind: "join", join: "left", left: domain.operator, right, conditions, build: "right", rows: domain.operator.rows,
  };
  const having = query.having === undefined ? undefined : column(number)?.expression;
  if (query.having !== undefined && having === undefined)
    return refuse("HAVING in a subquery", "It uses a function or type that the engine does not compute.");
  const none = constantOf(false, BOOL);
  const kept = [...(having === undefined ? [] : [having]), ...(keepsOnlyRow(query) ? [] : [none])];
  return {
    block: { operator: filtered(every, kept), query, column },
    keys: domainKeys(domain, domain.columns.map(({ inner }) => inner), [], statement),
  };
}
