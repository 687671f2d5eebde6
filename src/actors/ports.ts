// What the worker's session actors need from the rest of the world, in their own words. The transport, the planner and
// the executors know nothing of these; src/worker/wiring.ts connects them.
import type { ExecutionFailed, StartExecution } from "#codec/execution_message.js";
import type { MessageType } from "#generated/layout.js";
import type { TransitionRecorder } from "./table_actor.js";

/** The lease of a control slot: the name of one session. */
export interface SessionLease {
  readonly slot: number;
  readonly epoch: number;
}

/** A verified message of the backend. */
export interface SessionFrame {
  readonly type: MessageType;
  /** The sender's flight sequence: the cause of what follows. */
  readonly sequence: number;
  readonly payload: Uint8Array;
}

export interface ControlPort {
  /** Queues one message to the backend and wakes it; a lease that is gone swallows it. */
  send(lease: SessionLease, type: MessageType, payload: Uint8Array): void;
  /** Takes the worker's owner bit off the control slot and the scan slots of its lease. */
  detach(lease: SessionLease): void;
  countViolation(lease: SessionLease, text: string): void;
  recorder(lease: SessionLease): TransitionRecorder;
}

export type PlanAnswer =
  | { readonly kind: "planned"; readonly payload: Uint8Array }
  | { readonly kind: "refused"; readonly payload: Uint8Array };

export interface PlannerPort {
  /** Plans one verified PlanRequest; throws what made it impossible. */
  plan(payload: Uint8Array): PlanAnswer;
}

/** One execution as an executor thread gets it. */
export interface JobOrder {
  readonly lease: SessionLease;
  readonly start: StartExecution;
}

/** What a job tells its session; the last three end it, exactly one of them comes. Finished: the backend knows. */
export type JobReport =
  | { readonly kind: "started" }
  | { readonly kind: "inputsEnded" }
  | { readonly kind: "finished" }
  | { readonly kind: "failed"; readonly failed: ExecutionFailed }
  | { readonly kind: "disposed" };

export interface JobPort {
  /** Hands the job to an executor thread; returns the thread's number. */
  assign(order: JobOrder): number;
  /** Orders a job to let everything go; its last report follows if it has not been made yet. */
  dispose(lease: SessionLease): void;
}

/** A session of either kind, as the session table drives it. */
export interface Session {
  readonly lease: SessionLease;
  readonly closed: boolean;
  receive(frame: SessionFrame): void;
  /** The backend has let go of the slot. */
  backendClosed(): void;
  /** Something in the worker went wrong for this session only. */
  break(error: unknown): void;
  /** What its job tells; planning sessions have none. */
  report?(report: JobReport): void;
}
