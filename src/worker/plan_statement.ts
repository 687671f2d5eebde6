// One planning request to its answer: read, check, plan, encode the plan. Whatever goes wrong on the way becomes a
// refusal with a name. No state is kept between requests; answers are remembered in statement_planner.ts.
import { asFusionError } from "#base/errors.js";
import type { FusionError } from "#base/errors.js";
import { encodePhysicalPlan } from "#codec/physical_codec.js";
import { planDigest } from "#codec/plan_digest.js";
import { withoutSubqueryArrays } from "#frontend/array_comparisons.js";
import { readNodeText } from "#frontend/node_text.js";
import type { AnalysedQuery } from "#frontend/query.js";
import { checkSingleTable, checkStorageFunctions, readsOneTable } from "#frontend/query_checks.js";
import { readQuery } from "#frontend/query_reader.js";
import { RUN_IN_POSTGRESQL_HINT, StatementRefused } from "#frontend/refusal.js";
import { RequestFacts } from "#frontend/request_facts.js";
import { checkUnreadRows } from "#optimizer/block_checks.js";
import { valuesOfAnyRow } from "#optimizer/grouping/first_row.js";
import { planJoinedStatement } from "#optimizer/joined_statement.js";
import { engineCost } from "#optimizer/physical/engine_cost.js";
import { withFirstRows } from "#optimizer/physical/first_rows.js";
import type { PlannedStatement } from "#optimizer/planned_statement.js";
import { planSingleTable } from "#optimizer/single_table.js";
import { explainNotes, explainOperators } from "#plan/explain.js";
import { parametersOf } from "#plan/parameters_of.js";
import type { Leaf, PlanReady, PlanRefused, PlanRequest, TableParameter } from "#plan/planning.js";
import { orderMatters } from "#plan/row_order.js";

export type PlanAnswer =
  | { readonly kind: "ready"; readonly ready: PlanReady }
  | { readonly kind: "refused"; readonly refused: PlanRefused };

/** Plans a statement. `now` is a monotonic clock in nanoseconds, for the time the answer reports. */
export function planStatement(request: PlanRequest, now: () => bigint): PlanAnswer {
  const begin = now();
  try {
    const query = readQuery(withoutSubqueryArrays(readNodeText(request.query)));
    const facts = new RequestFacts(request);
    const statement = withParameters(withFirstRows(query, facts, planAny(query, facts)));
    const plan = encodePhysicalPlan(statement.plan);
    const { operators, explain } = explained(request, statement);
    const { ns: engineNs, passed } = engineCost(statement.plan);
    const leaves = statement.leaves.map((leaf, number) => withShare(leaf, passed[number] ?? 1));
    const { plan: physical, leafNames: _names, notes: _notes, ...decided } = statement;
    const ready: PlanReady = {
      ...decided, plan, planDigest: planDigest(plan), leaves, operators, explain,
      planningNs: Number(now() - begin), orderMatters: orderMatters(physical), engineNs,
      tables: tablesOf(statement, facts),
    };
    return { kind: "ready", ready };
  } catch (error) {
    if (error instanceof StatementRefused) return { kind: "refused", refused: error.refusal };
    return { kind: "refused", refused: refusalOf(asFusionError(error)) };
  }
}

function withParameters(statement: PlannedStatement): PlannedStatement {
  return { ...statement, plan: { ...statement.plan, parameters: parametersOf(statement.plan.root) } };
}

function tablesOf({ plan }: PlannedStatement, facts: RequestFacts): readonly TableParameter[] {
  return plan.parameters.flatMap(({ id }) => facts.tableOfParameter(id) ?? []);
}

/** All is what is meant where nothing is said. */
function withShare(leaf: Leaf, passed: number): Leaf {
  return passed === 1 ? leaf : { ...leaf, passed };
}

function explained(request: PlanRequest, { plan, leafNames, notes }: PlannedStatement):
  Pick<PlanReady, "operators" | "explain"> {
  if (!request.explain) return { operators: [], explain: [] };
  const options = { leafNames, verbose: true };
  return { operators: explainOperators(plan, options), explain: [...explainNotes(plan, options), ...notes] };
}

/**
 * Statements over one table have a planner of their own, but for windows, grouping sets, rows in an order and the first
 * of all rows.
 */
function planAny(query: AnalysedQuery, facts: RequestFacts): PlannedStatement {
  checkUnreadRows(query);
  checkStorageFunctions(query);
  const isPlain = !query.hasWindowFunctions && query.groupingSets.length === 0 && valuesOfAnyRow(query) === undefined;
  if (query.command !== "select" || (readsOneTable(query) && isPlain))
    return planSingleTable(query, checkSingleTable(query), facts) ?? planJoinedStatement(query, facts);
  return planJoinedStatement(query, facts);
}

/** A limit or a defect: the statement can still run in PostgreSQL. */
export function refusalOf(error: FusionError): PlanRefused {
  const construct = error.code === "limitReached" ? "a statement of this size" : "this statement";
  const detail = error.detail === undefined ? error.message : `${error.message}: ${error.detail}`;
  return { construct, detail, hint: RUN_IN_POSTGRESQL_HINT, location: -1 };
}
