// The effects of execution_worker over its ports: one session that runs an execution on an executor thread. The job's
// reports come in through report(); errors of any kind end in one ExecutionFailed message.
import { failureOf, messageName, violation } from "#actors/session_error.js";
import type {
  ControlPort, JobPort, JobReport, Session, SessionFrame, SessionLease,
} from "#actors/ports.js";
import { TableActor, type EffectOf, type EventOf } from "#actors/table_actor.js";
import { defined } from "#base/assert.js";
import {
  decodeStartExecution, encodeExecutionFailed, type ExecutionFailed, type StartExecution,
} from "#codec/execution_message.js";
import { MessageType } from "#generated/layout.js";
import { executionWorker } from "#generated/machines.js";

type Machine = typeof executionWorker;

const reportEvents = {
  started: "jobStarted",
  inputsEnded: "inputsEnded",
  finished: "jobFinished",
  failed: "jobFailed",
  disposed: "jobDisposed",
} as const satisfies Record<JobReport["kind"], EventOf<Machine>>;

export class ExecutionSession implements Session {
  readonly lease: SessionLease;
  readonly #control: ControlPort;
  readonly #jobs: JobPort;
  readonly #actor: TableActor<Machine>;
  #start: StartExecution | undefined;
  #executor = 0;
  /** The first error wins: what a job reports after a violation does not replace it. */
  #failure: ExecutionFailed | undefined;
  #violation: unknown;
  readonly #effects: Readonly<Record<EffectOf<Machine>, () => void>> = {
    assignJob: () => this.#assign(),
    countViolation: () => this.#control.countViolation(this.lease, String(this.#violation)),
    keepViolation: () => void (this.#failure ??= failureOf(this.#violation)),
    disposeJob: () => this.#jobs.dispose(this.lease),
    sendFailed: () => this.#sendFailed(),
    detachSession: () => this.#control.detach(this.lease),
  };

  constructor(lease: SessionLease, control: ControlPort, jobs: JobPort) {
    this.lease = lease;
    this.#control = control;
    this.#jobs = jobs;
    this.#actor = new TableActor(executionWorker, control.recorder(lease));
  }

  get closed(): boolean {
    return this.#actor.final;
  }

  receive(frame: SessionFrame): void {
    if (frame.type === MessageType.StartExecution && this.#actor.accepts("startReceived"))
      this.#receiveStart(frame);
    else if (frame.type === MessageType.CloseExecution) this.#close(frame.sequence);
    else this.break(violation(messageName(frame.type), this.#actor.state));
  }

  backendClosed(): void {
    this.#close(0);
  }

  break(error: unknown): void {
    this.#violation = error;
    this.#send("violated");
  }

  report(report: JobReport): void {
    if (report.kind === "failed") this.#failure ??= report.failed;
    this.#send(reportEvents[report.kind]);
  }

  /** A close is said twice: by the message and by the slot. The second finds the session cancelling already. */
  #close(cause: number): void {
    if (this.#actor.state !== "cancelling") this.#send("closeReceived", cause);
  }

  #receiveStart(frame: SessionFrame): void {
    try {
      this.#start = decodeStartExecution(frame.payload);
    } catch (error) {
      this.break(error);
      return;
    }
    this.#send("startReceived", frame.sequence);
  }

  #send(event: EventOf<Machine>, cause = 0): void {
    const effects = defined(
      this.#actor.send(event, this.#executor, cause),
      `execution_worker takes ${event} in ${this.#actor.state}`);
    for (const effect of effects) this.#effects[effect]();
  }

  #assign(): void {
    const start = defined(this.#start, "the start message was read");
    this.#start = undefined;
    this.#executor = this.#jobs.assign({ lease: this.lease, start });
  }

  #sendFailed(): void {
    // A job that was disposed of for a violation reports no error of its own.
    const failed = this.#failure ?? failureOf(this.#violation);
    this.#control.send(this.lease, MessageType.ExecutionFailed, encodeExecutionFailed(failed));
  }
}
