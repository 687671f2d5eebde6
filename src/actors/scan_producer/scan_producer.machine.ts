// One producer of one scan: waits to be opened, then page by page takes a page, fills it and issues it. It runs in
// C (native/generated/fusion_machines.h), in the leader or in a parallel worker. Final states hold no page; the scan
// slot itself is let go by the execution (execution_backend, releaseScans), and frames that still arrive for
// a producer in a final state are not read any more.
import { setup } from "xstate";
import { unprovided } from "#actors/effect.js";

export type ScanProducerEvent =
  /** OpenScan arrived. */
  | { type: "producer.opened" }
  | { type: "producer.pageAcquired" }
  /** No page or permit is free now. */
  | { type: "producer.poolExhausted" }
  | { type: "producer.pageIssued" }
  /** The page is filled and the descriptor ring is full. */
  | { type: "producer.ringFilled" }
  /** The page went back unused: there were no rows left to put into it. */
  | { type: "producer.pageReturned" }
  | { type: "producer.rowsEnded" }
  /** StopScan arrived or the stop word is set. */
  | { type: "producer.stop" }
  /** Reading or encoding a row raised an error. */
  | { type: "producer.fail" }
  /** The execution ends: nothing is reported any more. */
  | { type: "producer.close" }
  | { type: "producer.violated" };

export const scanProducerMachine = setup({
  types: { events: {} as ScanProducerEvent },
  actions: {
    /** Announce, and withdraw, the wait for a page: always in pairs. */
    beginPageWait: unprovided,
    endPageWait: unprovided,
    fillPage: unprovided,
    releasePage: unprovided,
    endStream: unprovided,
    failStream: unprovided,
    sendScanFinished: unprovided,
    sendScanFailed: unprovided,
    countViolation: unprovided,
    raiseViolation: unprovided,
  },
}).createMachine({
  id: "scan_producer",
  initial: "opening",
  states: {
    opening: {
      on: {
        "producer.opened": { target: "producing" },
        "producer.stop": { target: "stopped", actions: ["endStream", "sendScanFinished"] },
        "producer.fail": { target: "failed", actions: ["failStream", "sendScanFailed"] },
        "producer.close": { target: "stopped" },
        "producer.violated": { target: "failed", actions: ["countViolation", "raiseViolation"] },
      },
    },
    /** Between pages. */
    producing: {
      on: {
        "producer.pageAcquired": { target: "filling", actions: "fillPage" },
        "producer.poolExhausted": { target: "waitingForPage", actions: "beginPageWait" },
        "producer.rowsEnded": { target: "ended", actions: ["endStream", "sendScanFinished"] },
        "producer.stop": { target: "stopped", actions: ["endStream", "sendScanFinished"] },
        "producer.fail": { target: "failed", actions: ["failStream", "sendScanFailed"] },
        "producer.close": { target: "stopped" },
        "producer.violated": { target: "failed", actions: ["countViolation", "raiseViolation"] },
      },
    },
    /** Holds a page. */
    filling: {
      on: {
        "producer.pageIssued": { target: "producing" },
        "producer.pageReturned": { target: "producing", actions: "releasePage" },
        "producer.ringFilled": { target: "waitingForRing" },
        "producer.stop": {
          target: "stopped",
          actions: ["releasePage", "endStream", "sendScanFinished"],
        },
        "producer.fail": {
          target: "failed",
          actions: ["releasePage", "failStream", "sendScanFailed"],
        },
        "producer.close": { target: "stopped", actions: "releasePage" },
        "producer.violated": {
          target: "failed",
          actions: ["releasePage", "countViolation", "raiseViolation"],
        },
      },
    },
    waitingForPage: {
      on: {
        "producer.poolExhausted": { target: "waitingForPage" },
        "producer.pageAcquired": { target: "filling", actions: ["endPageWait", "fillPage"] },
        "producer.stop": {
          target: "stopped",
          actions: ["endPageWait", "endStream", "sendScanFinished"],
        },
        "producer.fail": {
          target: "failed",
          actions: ["endPageWait", "failStream", "sendScanFailed"],
        },
        "producer.close": { target: "stopped", actions: "endPageWait" },
        "producer.violated": {
          target: "failed",
          actions: ["endPageWait", "countViolation", "raiseViolation"],
        },
      },
    },
    /** Holds a filled page. */
    waitingForRing: {
      on: {
        "producer.ringFilled": { target: "waitingForRing" },
        "producer.pageIssued": { target: "producing" },
        "producer.stop": {
          target: "stopped",
          actions: ["releasePage", "endStream", "sendScanFinished"],
        },
        "producer.fail": {
          target: "failed",
          actions: ["releasePage", "failStream", "sendScanFailed"],
        },
        "producer.close": { target: "stopped", actions: "releasePage" },
        "producer.violated": {
          target: "failed",
          actions: ["releasePage", "countViolation", "raiseViolation"],
        },
      },
    },
    ended: { type: "final" },
    stopped: { type: "final" },
    failed: { type: "final" },
  },
});
