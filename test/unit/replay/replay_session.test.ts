// Sessions of the main thread that are captured and played back, at both levels: planning and execution, ended in
// every way a script can end them.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ExecutionSession } from "#actors/execution_worker/execution_worker.effects.js";
import { PlanningSession } from "#actors/planning_worker/planning_worker.effects.js";
import type { JobReport } from "#actors/ports.js";
import { FusionError } from "#base/errors.js";
import { encodeCloseExecution, encodeStartExecution } from "#codec/execution_message.js";
import { MessageType } from "#generated/layout.js";
import { replayTrace } from "#replay/replay_trace.js";
import { CapturedSession, capturedSurroundings, type SessionSurroundings } from "#worker/capture/session_capture.js";
import { StatementPlanner } from "#worker/statement_planner.js";
import { warmUpRequest } from "#worker/warm_up_request.js";
import { MemoryCapture } from "../../support/captured_jobs.js";
import { fakeLease, fakeOrder } from "../../support/fake_job_world.js";

const failed: JobReport = {
  kind: "failed", failed: { sqlstate: "22012", message: "division by zero", detail: "of 1", hint: "" },
};
const inputs = ["start", "close", "closed", "broken", "started", "ended", "finished", "failed", "request"] as const;
type Input = (typeof inputs)[number];

function surroundings(): SessionSurroundings {
  let time = 0;
  return {
    control: {
      send: () => undefined, detach: () => undefined, countViolation: () => undefined,
      recorder: () => ({ transition: () => undefined }),
    },
    planner: new StatementPlanner(() => (time += 1000)),
    jobs: { assign: () => 2, dispose: () => undefined },
  };
}

/** Gives a session some inputs; those that a real worker would not give are left out. */
function capture(level: "control" | "full", planning: boolean, given: readonly Input[]): MemoryCapture {
  const memory = new MemoryCapture(level);
  const tape = memory.tape({ kind: "worker", number: 0 });
  const ports = capturedSurroundings(surroundings(), tape);
  const inner = planning
    ? new PlanningSession(fakeLease, ports.control, ports.planner)
    : new ExecutionSession(fakeLease, ports.control, ports.jobs);
  const session = new CapturedSession(inner, planning, tape, () => undefined);
  let running = false;
  let last = false;
  for (const input of given) {
    if (session.closed) break;
    const report = (told: JobReport): void => {
      if (running && !last) session.report?.(told);
      last ||= told.kind === "finished" || told.kind === "failed";
    };
    switch (input) {
      case "start":
        if (planning || running) break;
        running = true;
        session.receive({
          type: MessageType.StartExecution, sequence: 1, payload: encodeStartExecution(fakeOrder(1).start),
        });
        break;
      case "request":
        if (planning) session.receive({ type: MessageType.PlanRequest, sequence: 1, payload: warmUpRequest() });
        break;
      case "close":
        session.receive({
          type: MessageType.CloseExecution, sequence: 5, payload: encodeCloseExecution({ reason: "cancelled" }),
        });
        break;
      case "closed":
        session.backendClosed();
        break;
      case "broken":
        session.break(new FusionError({ code: "protocolViolation", sqlstate: "08P01", message: "secret" }));
        break;
      case "started":
        report({ kind: "started" });
        break;
      case "ended":
        break;
      case "finished":
        report({ kind: "finished" });
        break;
      case "failed":
        report(failed);
    }
  }
  tape.flush();
  return memory;
}

describe("a captured session", () => {
  it("plays back without a difference", () => {
    fc.assert(fc.property(
      fc.constantFrom("control" as const, "full" as const), fc.boolean(),
      fc.array(fc.constantFrom(...inputs), { maxLength: 8 }), (level, planning, given) => {
        const first: Input = planning ? "request" : "start";
        let memory: MemoryCapture;
        try {
          memory = capture(level, planning, [first, ...given]);
        } catch {
          // An input that has no place even for the session table: nothing to play back.
          return;
        }
        expect(replayTrace(memory.trace()).divergence).toBeUndefined();
      }), { numRuns: 300 });
  });

  it("plans again in full captures, and notices another answer", () => {
    const trace = capture("full", true, ["request", "closed"]).trace();
    const outcome = replayTrace(trace);
    expect(outcome).toMatchObject({ divergence: undefined, messages: 2 });
  });

  it("keeps texts out of control captures", () => {
    const bytes = Buffer.from(capture("control", false, ["start", "failed", "broken"]).bytes()).toString("latin1");
    for (const text of ["division by zero", "secret"]) expect(bytes).not.toContain(text);
    const full = Buffer.from(capture("full", false, ["start", "failed", "broken"]).bytes()).toString("latin1");
    for (const text of ["division by zero", "secret"]) expect(full).toContain(text);
  });
});
