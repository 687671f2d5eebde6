// A LATERAL subquery as a join: its rows are made for all outer rows at once, told apart by what they are correlated
// by. Without steps of its own it is its FROM and WHERE, whose conditions on outer rows become the join's. With steps
// they are taken for each value of the correlating columns: these are grouped by as well, partition windows and
// DISTINCT, and number the rows LIMIT counts. Aggregates without GROUP BY have a row for every outer row, also where no
// row is left for it. Counter-example: LATERAL (SELECT count(*) FROM b WHERE b.k < a.k) has no such groups: b is joined
// with the values of a.k first (domain.ts). Read next: subqueries.ts, which does the same for scalar subqueries.
import type { AnalysedQuery } from "#frontend/query.js";
import { refuse } from "#frontend/refusal.js";
import { aggregateBlock, materialised } from "#optimizer/block.js";
import { isPlain, isVolatile } from "#optimizer/block_checks.js";
import type { Region } from "#optimizer/from/region.js";
import { isGrouped } from "#optimizer/planning_context.js";
import type { LateralRows, QueryPlanner } from "#optimizer/query_planner.js";
import type { QueryScope } from "#optimizer/query_scope.js";
import type { LogicalOperator } from "#plan/logical.js";
import { mayFailAhead } from "./computed_ahead.js";
import type { CorrelatedRows } from "./correlated_rows.js";
import { fromCorrelatedRows } from "./correlated_rows.js";
import { conditionsOn } from "./correlation.js";
import { overMissing } from "./missing_groups.js";
import { mayLeaveGroupOut, singleGroups } from "./single_groups.js";

function refuseLateral(detail: string): never {
  return refuse("LATERAL", detail);
}

/** Plans the subquery; it reads `scope`, the level it stands in. `isNullable` below an outer join. */
export function lateralRows(
  planner: QueryPlanner, around: Region, scope: QueryScope, query: AnalysedQuery, isNullable: boolean,
): LateralRows {
  const { facts } = scope.statement;
  if (isVolatile(query.source, facts)) refuseLateral("A volatile function is called for each outer row.");
  // For rows that no outer row asks for it is run as well.
  if (mayFailAhead(query, scope)) refuseLateral("It may fail for rows nobody asks for.");
  const refuseKey = (): never =>
    refuseLateral("It is correlated by other than equality, and does more than read rows.");
  return fromCorrelatedRows(planner, around, scope, query, refuseKey, (rows) => stepsOver(rows, query, isNullable));
}

function stepsOver(
  rows: CorrelatedRows, query: AnalysedQuery, isNullable: boolean,
): LateralRows & { readonly operator: LogicalOperator } {
  const { scope: { statement } } = rows;
  if (isPlain(query)) {
    const block = materialised(aggregateBlock(rows.scope, rows.operator, []).block, statement, isNullable);
    return { block, conditions: rows.conditions, isOneEach: false, operator: block.operator };
  }
  const keys = rows.keys();
  if (keys.length === 0) refuseLateral("It reads outer rows in other places than its conditions.");
  if (mayLeaveGroupOut(query)) {
    const { block: groups, keys: own } = singleGroups(rows, query);
    const block = materialised(groups, statement, isNullable);
    const conditions = own.flatMap(({ inner, conditionsWith }) => conditionsWith(inner));
    return { block, conditions, isOneEach: false, operator: block.operator };
  }
  const isOneEach = isGrouped(query) && query.groupBy.length === 0;
  const { block: made, extraKeys } = aggregateBlock(rows.scope, rows.operator, keys.map((key) => key.inner));
  const conditions = keys.flatMap((key, index) => conditionsOn(key, extraKeys[index]));
  const block = isOneEach ? overMissing(statement, made) : materialised(made, statement, isNullable);
  return { block, conditions, isOneEach, operator: block.operator };
}
