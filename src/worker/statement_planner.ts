// Plans requests and remembers the answers: the same bytes asked again (another session, a statement without a cached
// plan) get the same answer without planning. An answer depends on its request alone. Planning is plan_statement.ts.
import type { PlanAnswer as AnswerBytes, PlannerPort } from "#actors/ports.js";
import { limitReached } from "#base/errors.js";
import { encodePlanReady, encodePlanRefused } from "#codec/plan_answer_message.js";
import { decodePlanRequest } from "#codec/planning_message.js";
import { FRAME_BYTES_MAX } from "#generated/layout.js";
import { Metric } from "#generated/metrics.js";
import type { CountMetric } from "./executor_ports.js";
import { planStatement, refusalOf, type PlanAnswer } from "./plan_statement.js";
import { practisedJoins, warmUpJoinRequest } from "./warm_up_joins.js";
import { warmUpRequest } from "./warm_up_request.js";

/** Statements remembered: more than an application has, and each is tens of kilobytes. */
const ENTRIES_MAX = 512;
/** Bytes of requests remembered; one request may have up to 16 MiB. */
const REQUEST_BYTES_MAX = 16 * 1024 * 1024;

export class StatementPlanner implements PlannerPort {
  readonly #nowNs: () => number;
  readonly #count: CountMetric;
  /** In order of use, least recent first. */
  readonly #answers = new Map<string, PlanAnswer>();
  #requestBytes = 0;

  constructor(nowNs: () => number, count: CountMetric = () => undefined) {
    this.#nowNs = nowNs;
    this.#count = count;
  }

  get size(): number {
    return this.#answers.size;
  }

  plan(payload: Uint8Array): AnswerBytes {
    const beginNs = this.#nowNs();
    const key = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString("latin1");
    const known = this.#answers.get(key);
    if (known !== undefined) this.#count(Metric.workerPlansKept, 1);
    const answer = known ?? planStatement(decodePlanRequest(payload), () => BigInt(Math.round(this.#nowNs())));
    this.#remember(key, answer);
    if (answer.kind === "refused")
      return { kind: "refused", payload: encodePlanRefused(answer.refused) };
    const planningNs = this.#nowNs() - beginNs;
    const planned = encodePlanReady({ ...answer.ready, planningNs });
    if (planned.byteLength <= FRAME_BYTES_MAX) return { kind: "planned", payload: planned };
    const refused = refusalOf(limitReached(`pg_fusion: the plan takes ${planned.byteLength} bytes`));
    this.#remember(key, { kind: "refused", refused });
    return { kind: "refused", payload: encodePlanRefused(refused) };
  }

  /** Plans a made-up statement, for practice; returns the engine's plan for it. */
  warmUp(): Uint8Array | undefined {
    const answer = planStatement(decodePlanRequest(warmUpRequest()), () => 0n);
    if (answer.kind === "refused") return undefined;
    encodePlanReady(answer.ready);
    return answer.ready.plan;
  }

  /** Plans joins of more and more tables, for practice; others may have their turn after each. */
  *practiseJoins(): Generator<void, void, void> {
    for (const tables of practisedJoins) {
      planStatement(decodePlanRequest(warmUpJoinRequest(tables)), () => 0n);
      yield;
    }
  }

  #remember(key: string, answer: PlanAnswer): void {
    if (this.#answers.delete(key)) this.#requestBytes -= key.length;
    if (key.length > REQUEST_BYTES_MAX / 4) return;
    this.#answers.set(key, answer);
    this.#requestBytes += key.length;
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= ENTRIES_MAX && this.#requestBytes <= REQUEST_BYTES_MAX) break;
      this.#answers.delete(oldest);
      this.#requestBytes -= oldest.length;
    }
  }
}
