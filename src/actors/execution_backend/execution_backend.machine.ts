// The backend's side of one execution: it starts it, imports result pages, and ends it for any reason. It runs in
// C (native/generated/fusion_machines.h). Its scan producers are machines of their own (scan_producer), the worker's
// side is execution_worker.
//
// Two rings lead here. Messages (started, finished, failed) stand in the control ring, pages and the end of
// the result in the descriptor ring; either may be seen before the other, so `running` and `draining`
// still accept `started`, and `concluding` is the mirror image of `draining`.
import { setup } from "xstate";
import { unprovided, unprovidedWith, type CloseReason } from "#actors/effect.js";

export type ExecutionBackendEvent =
  | { type: "execution.start" }
  /** ExecutionStarted, ExecutionFinished, ExecutionFailed arrived. */
  | { type: "execution.startedReceived" }
  | { type: "execution.finishedReceived" }
  | { type: "execution.failedReceived" }
  /** From the descriptor ring: a page became ours; the end; the end by an error whose message follows. */
  | { type: "execution.resultPageImported" }
  | { type: "execution.resultEnded" }
  | { type: "execution.resultFailed" }
  /** LIMIT reached, rescan, cursor closed early: the rest is not wanted. */
  | { type: "execution.enough" }
  /** An interrupt, or the transaction's end. */
  | { type: "execution.cancel" }
  /** An ERROR of this backend, from a producer or anywhere else. */
  | { type: "execution.abort" }
  | { type: "execution.workerLost" }
  | { type: "execution.violated" };

const close = (reason: CloseReason) =>
  ["releaseScans", { type: "closeSession", params: { reason } }] as const;

/** What ends a conversation in every state that has one. */
const endings = {
  "execution.failedReceived": {
    target: "failed",
    actions: [...close("finished"), "raiseWorkerError"],
  },
  "execution.enough": { target: "finished", actions: [...close("enough")] },
  "execution.cancel": { target: "cancelled", actions: [...close("cancelled")] },
  "execution.abort": { target: "cancelled", actions: [...close("backendError")] },
  "execution.workerLost": {
    target: "failed",
    actions: [...close("backendError"), "raiseWorkerLost"],
  },
  "execution.violated": {
    target: "failed",
    actions: ["countViolation", ...close("backendError"), "raiseViolation"],
  },
} as const;

export const executionBackendMachine = setup({
  types: { events: {} as ExecutionBackendEvent },
  actions: {
    sendStartExecution: unprovided,
    countViolation: unprovided,
    /** Producers give pages back and leave their scan slots. */
    releaseScans: unprovided,
    closeSession: unprovidedWith<{ reason: CloseReason }>(),
    raiseWorkerError: unprovided,
    raiseWorkerLost: unprovided,
    raiseViolation: unprovided,
  },
}).createMachine({
  id: "execution_backend",
  initial: "idle",
  states: {
    idle: {
      on: {
        "execution.start": { target: "starting", actions: "sendStartExecution" },
        "execution.enough": { target: "finished" },
        "execution.cancel": { target: "cancelled" },
        "execution.abort": { target: "cancelled" },
        "execution.workerLost": { target: "failed", actions: "raiseWorkerLost" },
      },
    },
    starting: {
      on: {
        ...endings,
        "execution.startedReceived": { target: "running" },
        "execution.resultPageImported": { target: "running" },
        "execution.resultEnded": { target: "draining" },
        "execution.resultFailed": { target: "failing" },
      },
    },
    running: {
      on: {
        ...endings,
        "execution.startedReceived": { target: "running" },
        "execution.resultPageImported": { target: "running" },
        "execution.resultEnded": { target: "draining" },
        "execution.resultFailed": { target: "failing" },
        "execution.finishedReceived": { target: "concluding" },
      },
    },
    /** The result has ended; the numbers are still to come. */
    draining: {
      on: {
        ...endings,
        "execution.startedReceived": { target: "draining" },
        "execution.finishedReceived": { target: "finished", actions: [...close("finished")] },
      },
    },
    /** The numbers are here; result pages may still stand in the ring. */
    concluding: {
      on: {
        ...endings,
        "execution.resultPageImported": { target: "concluding" },
        "execution.resultEnded": { target: "finished", actions: [...close("finished")] },
      },
    },
    /** The result ended in an error; the message that names it is still to come. */
    failing: {
      on: {
        ...endings,
        "execution.startedReceived": { target: "failing" },
      },
    },
    finished: { type: "final" },
    failed: { type: "final" },
    cancelled: { type: "final" },
  },
});
