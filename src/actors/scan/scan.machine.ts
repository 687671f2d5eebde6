// One leaf's scan as the worker sees it, on the executor thread that runs the job: it opens all declared
// producers, ends when the last of them has ended, and fails with the first that fails. Counting the producers is the
// caller's (it names the last end), so that the machine stays finite. The other side is scan_producer.
import { setup } from "xstate";
import { unprovided } from "#actors/effect.js";

export type ScanEvent =
  | { type: "scan.open" }
  /** A producer's END descriptor was read; others are still producing. */
  | { type: "scan.producerEnded" }
  | { type: "scan.lastProducerEnded" }
  /** A FAILED descriptor or a ScanFailed message. */
  | { type: "scan.producerFailed" }
  /** The operator above has enough. */
  | { type: "scan.stop" }
  /** The job ends before the scan does: cancelled, failed or disposed. */
  | { type: "scan.close" }
  | { type: "scan.violated" };

export const scanMachine = setup({
  types: { events: {} as ScanEvent },
  actions: {
    countViolation: unprovided,
    sendOpenScans: unprovided,
    sendStopScans: unprovided,
    finishLeaf: unprovided,
    failJob: unprovided,
  },
}).createMachine({
  id: "scan",
  initial: "opening",
  states: {
    opening: {
      on: {
        "scan.open": { target: "streaming", actions: "sendOpenScans" },
        "scan.stop": { target: "stopped", actions: "sendStopScans" },
        "scan.close": { target: "stopped" },
        "scan.violated": { target: "failed", actions: ["countViolation", "failJob"] },
      },
    },
    streaming: {
      on: {
        "scan.producerEnded": { target: "streaming" },
        "scan.lastProducerEnded": { target: "ended", actions: "finishLeaf" },
        "scan.producerFailed": { target: "failed", actions: ["sendStopScans", "failJob"] },
        "scan.stop": { target: "stopped", actions: ["sendStopScans", "finishLeaf"] },
        "scan.close": { target: "stopped", actions: "sendStopScans" },
        "scan.violated": {
          target: "failed",
          actions: ["countViolation", "sendStopScans", "failJob"],
        },
      },
    },
    ended: { type: "final" },
    stopped: { type: "final" },
    failed: { type: "final" },
  },
});
