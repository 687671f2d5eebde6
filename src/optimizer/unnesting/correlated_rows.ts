// A subquery's rows for all rows around it at once, with the keys that tell whose they are: the subquery's own sides
// of the equalities it is correlated by, where that is all that correlates it, else the domain of what it reads
// (domain.ts). What is made of the rows is the caller's: groups, first rows, rows that are compared.
import type { Expression } from "#expr/expression.js";
import type { AnalysedQuery } from "#frontend/query.js";
import { refuse, StatementRefused } from "#frontend/refusal.js";
import { expressionsOf } from "#optimizer/expressions/operator_expressions.js";
import { planFrom } from "#optimizer/from/from_clause.js";
import type { Region } from "#optimizer/from/region.js";
import { finishRegion } from "#optimizer/from/region.js";
import type { StatementFacts } from "#optimizer/from/table_source.js";
import type { QueryPlanner } from "#optimizer/query_planner.js";
import type { QueryScope } from "#optimizer/query_scope.js";
import type { LogicalOperator } from "#plan/logical.js";
import { inputsOf, originsOf } from "#plan/logical.js";
import { mayFailAhead } from "./computed_ahead.js";
import type { CorrelationKey } from "./correlation.js";
import { correlationKeyOf } from "./correlation.js";
import type { Domain } from "./domain.js";
import { domainKeys, domainOf } from "./domain.js";
import { canHoldBack } from "./held_back.js";
import { comparesTooMany } from "./outer_rows.js";

/** FROM and WHERE of a subquery. */
export interface CorrelatedRows {
  readonly scope: QueryScope;
  readonly operator: LogicalOperator;
  /** What compares them with the rows around. */
  readonly conditions: readonly Expression[];
  /** The same as keys; refused where a condition is no equality. */
  readonly keys: () => readonly CorrelationKey[];
  /** What the rows are joined with, if they are: then it alone correlates them. */
  readonly domain?: Domain;
}

function byEqualities(
  planner: QueryPlanner, scope: QueryScope, query: AnalysedQuery, refuseKey: () => never,
): CorrelatedRows {
  const { statement } = scope;
  const inner = planFrom(planner, query, scope);
  const { operator, correlated } = finishRegion(inner.region, statement);
  const own = originsOf(operator);
  return {
    scope: inner.scope, operator, conditions: correlated,
    keys: () => correlated.map((condition) => correlationKeyOf(condition, own, statement) ?? refuseKey()),
  };
}

function overDomain(
  planner: QueryPlanner, domain: Domain, query: AnalysedQuery, statement: StatementFacts, refuseKey: () => never,
): CorrelatedRows {
  const { scope, region } = planFrom(planner, query, domain.scope, false, domain);
  const { conditions: within, passed } = region;
  const { operator, correlated } = finishRegion(region, statement);
  const own = originsOf(operator);
  const others = correlated.map((condition) => correlationKeyOf(condition, own, statement) ?? refuseKey());
  const keys = [...domainKeys(domain, passed, within, statement), ...others];
  const conditions = keys.flatMap(({ inner, conditionsWith }) => conditionsWith(inner));
  const isWhole = others.length === 0 && passed.every((each, index) => each === domain.columns[index]?.inner);
  return { scope, operator, conditions, keys: () => keys, ...(isWhole ? { domain } : {}) };
}

/** Whether some expression of a plan reads what the operators below it do not have. */
function readsAround(operator: LogicalOperator, statement: StatementFacts): boolean {
  const inputs = inputsOf(operator);
  if (inputs.some((input) => readsAround(input, statement))) return true;
  const below = new Set(inputs.flatMap((input) => [...originsOf(input)]));
  return expressionsOf(operator).some((each) =>
    [...statement.attributes.originsRead(each)].some((origin) => !below.has(origin)));
}

/**
 * What `make` makes of the subquery's rows. `scope` is the subquery's surroundings, `around` the region whose rows ask;
 * `refuseKey` says what correlates it otherwise.
 */
export function fromCorrelatedRows<T extends { readonly operator: LogicalOperator }>(
  planner: QueryPlanner, around: Region, scope: QueryScope, query: AnalysedQuery, refuseKey: () => never,
  make: (rows: CorrelatedRows) => T,
): T {
  const { statement } = scope;
  try {
    const made = make(byEqualities(planner, scope, query, refuseKey));
    if (readsAround(made.operator, statement))
      refuse("correlated subquery of this form", "It reads columns of an outer query beside its conditions.");
    return made;
  } catch (error) {
    if (!(error instanceof StatementRefused)) throw error;
    return overDomainOr(error);
  }

  function overDomainOr(refusal: StatementRefused): T {
    const mayFail = mayFailAhead(query, scope) && !canHoldBack(query, scope);
    const domain = mayFail ? undefined : domainOf(around, scope, query.source);
    if (domain === undefined) throw refusal;
    try {
      const made = make(overDomain(planner, domain, query, statement, refuseKey));
      if (readsAround(made.operator, statement) || comparesTooMany(made.operator)) throw refusal;
      return made;
    } catch (error) {
      throw error instanceof StatementRefused ? refusal : error;
    }
  }
}
