// One planning request to its answer: decode, read, plan, encode. Whatever goes wrong on the way becomes a refusal with
// a name, except bytes that are no request at all. No state is kept between requests.
import { asFusionError, FusionError } from "#base/errors.js";
import { encodePhysicalPlan } from "#codec/physical_codec.js";
import { encodePlanReady, encodePlanRefused } from "#codec/plan_answer_message.js";
import { planDigest } from "#codec/plan_digest.js";
import { decodePlanRequest } from "#codec/planning_message.js";
import { readNodeText } from "#frontend/node_text.js";
import { checkSingleTable } from "#frontend/query_checks.js";
import { readQuery } from "#frontend/query_reader.js";
import { RUN_IN_POSTGRESQL_HINT, StatementRefused } from "#frontend/refusal.js";
import { RequestFacts } from "#frontend/request_facts.js";
import { planSingleTable } from "#optimizer/single_table.js";
import { explainPlan } from "#plan/explain.js";
import type { PlanReady, PlanRefused, PlanRequest } from "#plan/planning.js";

export type PlanAnswer =
  | { readonly kind: "ready"; readonly ready: PlanReady }
  | { readonly kind: "refused"; readonly refused: PlanRefused };

/** Plans a statement. `now` is a monotonic clock in nanoseconds, for the time the answer reports. */
export function planStatement(request: PlanRequest, now: () => bigint): PlanAnswer {
  const begin = now();
  try {
    const query = readQuery(readNodeText(request.query));
    const statement = planSingleTable(query, checkSingleTable(query), new RequestFacts(request));
    const plan = encodePhysicalPlan(statement.plan);
    const explain = request.explain
      ? [...explainPlan(statement.plan, { leafNames: statement.leafNames, verbose: true }), ...statement.notes]
      : [];
    const { leaves, outputs, replacements, didWhere, didAggregate, didDistinct } = statement;
    const ready: PlanReady = {
      plan, planDigest: planDigest(plan), leaves, outputs, replacements, didWhere, didAggregate,
      didDistinct, didSort: statement.didSort, didLimit: statement.didLimit, rows: statement.rows,
      explain, planningNs: Number(now() - begin),
    };
    return { kind: "ready", ready };
  } catch (error) {
    if (error instanceof StatementRefused) return { kind: "refused", refused: error.refusal };
    return { kind: "refused", refused: refusalOf(asFusionError(error)) };
  }
}

/** A limit or a defect: the statement can still run in PostgreSQL. */
function refusalOf(error: FusionError): PlanRefused {
  const construct = error.code === "limitReached" ? "a statement of this size" : "this statement";
  const detail = error.detail === undefined ? error.message : `${error.message}: ${error.detail}`;
  return { construct, detail, hint: RUN_IN_POSTGRESQL_HINT, location: -1 };
}

/** The same over payload bytes of PlanRequest and PlanReady or PlanRefused. */
export function answerPlanRequest(
  payload: Uint8Array, now: () => bigint,
): { readonly kind: PlanAnswer["kind"]; readonly payload: Uint8Array } {
  const answer = planStatement(decodePlanRequest(payload), now);
  return answer.kind === "ready"
    ? { kind: "ready", payload: encodePlanReady(answer.ready) }
    : { kind: "refused", payload: encodePlanRefused(answer.refused) };
}
