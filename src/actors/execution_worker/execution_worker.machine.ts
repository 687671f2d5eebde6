// The worker's side of one execution, on its main thread: hand the job to an executor thread (which decodes and
// compiles the plan, opens the scans and runs it), report its outcome, and let the slots go once the backend has. The
// job reports its end exactly once: finished, failed or disposed. Its scans and cancellation are machines of the
// executor thread (scan, cancellation); the other side is execution_backend.
//
// While there is a job, it alone writes to the session's ring (ExecutionStarted, ExecutionFinished): the ring has one
// writer at a time, and an answer does not wait for this thread. Errors are sent here, once the job is gone.
import { setup } from "xstate";
import { unprovided } from "#actors/effect.js";

export type ExecutionWorkerEvent =
  /** A verified StartExecution is the first frame of a session. */
  | { type: "execution.startReceived" }
  /** The job has its compiled plan, has opened its scans and has told the backend. */
  | { type: "execution.jobStarted" }
  /** The job has seen the end of its inputs, result pages are still leaving. */
  | { type: "execution.inputsEnded" }
  /** The job's one last report; a finished one has told the backend. */
  | { type: "execution.jobFinished" }
  | { type: "execution.jobFailed" }
  | { type: "execution.jobDisposed" }
  /** CloseExecution arrived, or the backend let go of the slot. */
  | { type: "execution.closeReceived" }
  | { type: "execution.violated" };

const quarantine = ["countViolation", "keepViolation", "disposeJob"] as const;

export const executionWorkerMachine = setup({
  types: { events: {} as ExecutionWorkerEvent },
  actions: {
    assignJob: unprovided,
    countViolation: unprovided,
    /** The violation becomes the session's error, reported when the job is gone. */
    keepViolation: unprovided,
    disposeJob: unprovided,
    sendFailed: unprovided,
    detachSession: unprovided,
  },
}).createMachine({
  id: "execution_worker",
  initial: "opening",
  states: {
    opening: {
      on: {
        "execution.startReceived": { target: "compiling", actions: "assignJob" },
        "execution.closeReceived": { target: "closed", actions: "detachSession" },
        "execution.violated": {
          target: "failed",
          actions: ["countViolation", "keepViolation", "sendFailed"],
        },
      },
    },
    compiling: {
      on: {
        "execution.jobStarted": { target: "streaming" },
        "execution.jobFailed": { target: "failed", actions: "sendFailed" },
        // The executor saw the cancel word before the main thread saw the close.
        "execution.jobDisposed": { target: "cancelled" },
        "execution.closeReceived": { target: "cancelling", actions: "disposeJob" },
        "execution.violated": { target: "failing", actions: [...quarantine] },
      },
    },
    streaming: {
      on: {
        "execution.inputsEnded": { target: "draining" },
        "execution.jobFinished": { target: "finished" },
        "execution.jobFailed": { target: "failed", actions: "sendFailed" },
        "execution.jobDisposed": { target: "cancelled" },
        "execution.closeReceived": { target: "cancelling", actions: "disposeJob" },
        "execution.violated": { target: "failing", actions: [...quarantine] },
      },
    },
    draining: {
      on: {
        "execution.jobFinished": { target: "finished" },
        "execution.jobFailed": { target: "failed", actions: "sendFailed" },
        "execution.jobDisposed": { target: "cancelled" },
        "execution.closeReceived": { target: "cancelling", actions: "disposeJob" },
        "execution.violated": { target: "failing", actions: [...quarantine] },
      },
    },
    /** The session is at fault; its error goes out when the job has let everything go. */
    failing: {
      on: {
        "execution.jobStarted": { target: "failing" },
        "execution.inputsEnded": { target: "failing" },
        "execution.jobFinished": { target: "failed", actions: "sendFailed" },
        "execution.jobFailed": { target: "failed", actions: "sendFailed" },
        "execution.jobDisposed": { target: "failed", actions: "sendFailed" },
        "execution.closeReceived": { target: "cancelling" },
        "execution.violated": { target: "failing", actions: "countViolation" },
      },
    },
    /** The backend has closed; the job's last report is still to come. */
    cancelling: {
      on: {
        "execution.jobStarted": { target: "cancelling" },
        "execution.inputsEnded": { target: "cancelling" },
        "execution.jobFinished": { target: "closed", actions: "detachSession" },
        "execution.jobFailed": { target: "closed", actions: "detachSession" },
        "execution.jobDisposed": { target: "closed", actions: "detachSession" },
        "execution.violated": { target: "cancelling", actions: "countViolation" },
      },
    },
    /** The job is gone by the cancel word; the close follows it. */
    cancelled: {
      on: {
        "execution.closeReceived": { target: "closed", actions: "detachSession" },
        "execution.violated": { target: "cancelled", actions: "countViolation" },
      },
    },
    finished: {
      on: {
        "execution.closeReceived": { target: "closed", actions: "detachSession" },
        "execution.violated": { target: "finished", actions: "countViolation" },
      },
    },
    failed: {
      on: {
        "execution.closeReceived": { target: "closed", actions: "detachSession" },
        "execution.violated": { target: "failed", actions: "countViolation" },
      },
    },
    closed: { type: "final" },
  },
});
