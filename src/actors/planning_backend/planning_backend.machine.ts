// The backend's side of a planning conversation: one request, one answer, or an end without one. It runs in C
// (native/generated/fusion_machines.h); the worker's side is planning_worker.
import { setup } from "xstate";
import { unprovided, unprovidedWith, type CloseReason } from "#actors/effect.js";

export type PlanningBackendEvent =
  /** A session is open and the query is written out. */
  | { type: "planning.request" }
  /** PlanReady, PlanRefused or ExecutionFailed arrived. */
  | { type: "planning.readyReceived" }
  | { type: "planning.refusedReceived" }
  | { type: "planning.failedReceived" }
  /** An ERROR or interrupt in the backend. */
  | { type: "planning.abandon" }
  | { type: "planning.workerLost" }
  /** A frame that has no place here, or does not verify. */
  | { type: "planning.violated" };

export const planningBackendMachine = setup({
  types: { events: {} as PlanningBackendEvent },
  actions: {
    sendPlanRequest: unprovided,
    countViolation: unprovided,
    closeSession: unprovidedWith<{ reason: CloseReason }>(),
    raiseRefusal: unprovided,
    raiseWorkerError: unprovided,
    raiseWorkerLost: unprovided,
    raiseViolation: unprovided,
  },
}).createMachine({
  id: "planning_backend",
  initial: "idle",
  states: {
    idle: {
      on: {
        "planning.request": { target: "requesting", actions: "sendPlanRequest" },
        "planning.abandon": { target: "abandoned" },
        "planning.workerLost": { target: "failed", actions: "raiseWorkerLost" },
      },
    },
    requesting: {
      on: {
        "planning.readyReceived": {
          target: "planned",
          actions: { type: "closeSession", params: { reason: "finished" } },
        },
        "planning.refusedReceived": {
          target: "refused",
          actions: [{ type: "closeSession", params: { reason: "finished" } }, "raiseRefusal"],
        },
        "planning.failedReceived": {
          target: "failed",
          actions: [{ type: "closeSession", params: { reason: "finished" } }, "raiseWorkerError"],
        },
        "planning.abandon": {
          target: "abandoned",
          actions: { type: "closeSession", params: { reason: "cancelled" } },
        },
        "planning.workerLost": {
          target: "failed",
          actions: [{ type: "closeSession", params: { reason: "backendError" } }, "raiseWorkerLost"],
        },
        "planning.violated": {
          target: "failed",
          actions: [
            "countViolation",
            { type: "closeSession", params: { reason: "backendError" } },
            "raiseViolation",
          ],
        },
      },
    },
    planned: { type: "final" },
    refused: { type: "final" },
    failed: { type: "final" },
    abandoned: { type: "final" },
  },
});
