// How one job learns that it is not wanted any more, on the executor thread that runs it: between two page calls it
// sees the cancel word, or the main thread tells it to go. Whatever comes first, the job is disposed exactly once.
import { setup } from "xstate";
import { unprovided } from "#actors/effect.js";

export type CancellationEvent =
  /** The cancel word of the control slot is set, or the lease is gone. */
  | { type: "cancellation.requested" }
  /** The main thread disposes of the job. */
  | { type: "cancellation.disposeOrdered" }
  /** The job ended by itself: finished or failed. */
  | { type: "cancellation.jobEnded" }
  /** Pages, arenas and scans of the job are home. */
  | { type: "cancellation.disposed" };

export const cancellationMachine = setup({
  types: { events: {} as CancellationEvent },
  actions: {
    disposeJob: unprovided,
    reportDisposed: unprovided,
  },
}).createMachine({
  id: "cancellation",
  initial: "watching",
  states: {
    watching: {
      on: {
        "cancellation.requested": { target: "stopping", actions: "disposeJob" },
        "cancellation.disposeOrdered": { target: "stopping", actions: "disposeJob" },
        "cancellation.jobEnded": { target: "settled" },
      },
    },
    stopping: {
      on: {
        "cancellation.requested": { target: "stopping" },
        "cancellation.disposeOrdered": { target: "stopping" },
        "cancellation.disposed": { target: "settled", actions: "reportDisposed" },
      },
    },
    settled: { type: "final" },
  },
});
