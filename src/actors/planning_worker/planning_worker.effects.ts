// The effects of planning_worker over its ports: one session that asks for a plan. Planning is synchronous, so a
// session is answered before receive() returns.
import { failureOf, messageName, violation } from "#actors/session_error.js";
import type {
  ControlPort, PlanAnswer, PlannerPort, Session, SessionFrame, SessionLease,
} from "#actors/ports.js";
import { TableActor, type EffectOf, type EventOf } from "#actors/table_actor.js";
import { defined } from "#base/assert.js";
import { encodeExecutionFailed } from "#codec/execution_message.js";
import { MessageType } from "#generated/layout.js";
import { planningWorker } from "#generated/machines.js";

type Machine = typeof planningWorker;

export class PlanningSession implements Session {
  readonly lease: SessionLease;
  readonly #control: ControlPort;
  readonly #planner: PlannerPort;
  readonly #actor: TableActor<Machine>;
  #answer: PlanAnswer | undefined;
  #error: unknown;
  readonly #effects: Readonly<Record<EffectOf<Machine>, (frame?: SessionFrame) => void>> = {
    planQuery: (frame) => this.#plan(defined(frame, "a plan needs its request")),
    countViolation: () => this.#control.countViolation(this.lease, String(this.#error)),
    sendPlanReady: () => this.#sendAnswer(MessageType.PlanReady),
    sendPlanRefused: () => this.#sendAnswer(MessageType.PlanRefused),
    sendFailed: () => this.#sendFailed(),
    detachSession: () => this.#control.detach(this.lease),
  };

  constructor(lease: SessionLease, control: ControlPort, planner: PlannerPort) {
    this.lease = lease;
    this.#control = control;
    this.#planner = planner;
    this.#actor = new TableActor(planningWorker, control.recorder(lease));
  }

  get closed(): boolean {
    return this.#actor.final;
  }

  receive(frame: SessionFrame): void {
    if (frame.type === MessageType.PlanRequest && this.#actor.accepts("requestReceived"))
      this.#send("requestReceived", frame.sequence, frame);
    else if (frame.type === MessageType.CloseExecution) this.#send("closeReceived", frame.sequence);
    else this.break(violation(messageName(frame.type), this.#actor.state));
  }

  backendClosed(): void {
    this.#send("closeReceived", 0);
  }

  break(error: unknown): void {
    this.#error = error;
    this.#send("violated", 0);
  }

  #send(event: EventOf<Machine>, cause: number, frame?: SessionFrame): void {
    const effects = defined(
      this.#actor.send(event, 0, cause), `planning_worker takes ${event} in ${this.#actor.state}`);
    for (const effect of effects) this.#effects[effect](frame);
  }

  #plan(request: SessionFrame): void {
    try {
      this.#answer = this.#planner.plan(request.payload);
    } catch (error) {
      this.#error = error;
      this.#send("failed", 0);
      return;
    }
    this.#send(this.#answer.kind, 0);
  }

  #sendAnswer(type: MessageType): void {
    this.#control.send(this.lease, type, defined(this.#answer, "an answer was made").payload);
    this.#answer = undefined;
  }

  #sendFailed(): void {
    const payload = encodeExecutionFailed(failureOf(this.#error));
    this.#control.send(this.lease, MessageType.ExecutionFailed, payload);
  }
}
