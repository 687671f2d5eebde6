// The worker's side of a planning conversation. Planning itself is one synchronous call of the planner, so
// `planning` lasts no longer than the turn; `answered` waits for the backend to let the slot go.
// The other side is planning_backend.
import { setup } from "xstate";
import { unprovided } from "#actors/effect.js";

export type PlanningWorkerEvent =
  /** A verified PlanRequest is the first frame of a session. */
  | { type: "planning.requestReceived" }
  /** The planner's three outcomes. */
  | { type: "planning.planned" }
  | { type: "planning.refused" }
  | { type: "planning.failed" }
  /** CloseExecution arrived, or the backend let go of the slot. */
  | { type: "planning.closeReceived" }
  | { type: "planning.violated" };

export const planningWorkerMachine = setup({
  types: { events: {} as PlanningWorkerEvent },
  actions: {
    planQuery: unprovided,
    countViolation: unprovided,
    sendPlanReady: unprovided,
    sendPlanRefused: unprovided,
    sendFailed: unprovided,
    detachSession: unprovided,
  },
}).createMachine({
  id: "planning_worker",
  initial: "idle",
  states: {
    idle: {
      on: {
        "planning.requestReceived": { target: "planning", actions: "planQuery" },
        "planning.closeReceived": { target: "closed", actions: "detachSession" },
        "planning.violated": { target: "answered", actions: ["countViolation", "sendFailed"] },
      },
    },
    planning: {
      on: {
        "planning.planned": { target: "answered", actions: "sendPlanReady" },
        "planning.refused": { target: "answered", actions: "sendPlanRefused" },
        "planning.failed": { target: "answered", actions: "sendFailed" },
        "planning.closeReceived": { target: "closed", actions: "detachSession" },
        "planning.violated": { target: "answered", actions: ["countViolation", "sendFailed"] },
      },
    },
    answered: {
      on: {
        "planning.closeReceived": { target: "closed", actions: "detachSession" },
        // The answer is out: a second frame only quarantines the session.
        "planning.violated": { target: "answered", actions: "countViolation" },
      },
    },
    closed: { type: "final" },
  },
});
