// A LATERAL subquery as a join: its rows are made for all outer rows at once, told apart by what they are correlated
// by. Without steps of its own it is its FROM and WHERE, whose conditions on outer rows become the join's. With steps
// they are taken for each value of the correlating columns: these are grouped by as well, partition windows and
// DISTINCT, and number the rows LIMIT counts. Aggregates without GROUP BY have a row for every outer row, also where no
// row is left for it. Counter-example: LATERAL (SELECT count(*) FROM b WHERE b.k < a.k) has no such groups: it would
// need one for each a.k. Read next: subqueries.ts, which does the same for scalar subqueries.
import type { AnalysedQuery } from "#frontend/query.js";
import { refuse } from "#frontend/refusal.js";
import type { Expression } from "#expr/expression.js";
import { originsOf } from "#plan/logical.js";
import { defined } from "#base/assert.js";
import { aggregateBlock, materialised } from "./block.js";
import { isPlain, isVolatile } from "./block_checks.js";
import { mayFailAhead } from "./computed_ahead.js";
import type { CorrelationKey } from "./correlation.js";
import { correlationKeyOf } from "./correlation.js";
import { planFrom } from "./from_clause.js";
import { isLimited } from "./limits.js";
import { overMissing } from "./missing_groups.js";
import { isGrouped } from "./planning_context.js";
import type { LateralRows, QueryPlanner } from "./query_planner.js";
import type { QueryScope } from "./query_scope.js";
import { finishRegion } from "./region.js";

function refuseLateral(detail: string): never {
  return refuse("LATERAL", detail);
}

/** Plans the subquery; it reads `scope`, the level it stands in. `isNullable` below an outer join. */
export function lateralRows(
  planner: QueryPlanner, scope: QueryScope, query: AnalysedQuery, isNullable: boolean,
): LateralRows {
  const { statement } = scope;
  if (isVolatile(query.source, statement.facts)) refuseLateral("A volatile function is called for each outer row.");
  // For rows that no outer row asks for it is run as well.
  if (mayFailAhead(query, scope)) refuseLateral("It may fail for rows nobody asks for.");
  const inner = planFrom(planner, query, scope);
  const { operator, correlated } = finishRegion(inner.region, statement);
  if (isPlain(query)) {
    const block = materialised(aggregateBlock(inner.scope, operator, []).block, statement, isNullable);
    return { block, conditions: correlated, isOneEach: false };
  }
  const own = originsOf(operator);
  const keys = correlated.map((condition) => correlationKeyOf(condition, own, statement)
    ?? refuseLateral("It is correlated by other than equality, and does more than read rows."));
  if (keys.length === 0) refuseLateral("It reads outer rows in other places than its conditions.");
  const isOneEach = isGrouped(query) && query.groupBy.length === 0;
  if (isOneEach && (query.having !== undefined || isLimited(query)))
    refuseLateral("It has one row where no row is left for it, or none.");
  const { block, extraKeys } = aggregateBlock(inner.scope, operator, keys.map((key) => key.inner));
  const conditions = keys.map((key, index) => conditionOf(key, extraKeys[index]));
  if (!isOneEach) return { block: materialised(block, statement, isNullable), conditions, isOneEach };
  return { block: overMissing(statement, block), conditions, isOneEach };
}

function conditionOf(key: CorrelationKey, attribute: number | undefined): Expression {
  return key.conditionWith(defined(attribute, "a key's attribute"));
}
