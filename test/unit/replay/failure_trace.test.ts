// Traces of simulated runs: they read, tell and play back like those of a server, and a failing run leaves one.
import { readFileSync, rmSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { replayTrace } from "#replay/replay_trace.js";
import { failurePlace, FailureTrace } from "#trace/failure_trace.js";
import { flightOfTrace } from "#trace/format/trace_flight.js";
import { readTrace } from "#trace/format/trace_reader.js";
import { recordLines } from "#trace/record_lines.js";
import { sessionsOf, tellSession } from "#trace/story.js";
import { play, scenario } from "../../support/conversations.js";
import { tracingFailures } from "../../support/traced_failures.js";

describe("traces of simulations", () => {
  it("play back without a divergence, and are told like any other", () => {
    fc.assert(fc.property(scenario, (played) => {
      const told = new FailureTrace("simulator");
      play(played, undefined, told);
      const trace = readTrace(told.bytes());
      expect(replayTrace(trace).divergence).toBeUndefined();
      const flight = flightOfTrace(trace);
      for (const session of sessionsOf(flight)) expect(tellSession(flight, session).length).toBeGreaterThan(2);
    }), { numRuns: 50 });
  });

  it("are left by a run that fails, of the smallest failure", () => {
    const name = "failure_trace_test";
    const failing = (): void => fc.assert(fc.property(scenario, (played) => tracingFailures(name, "explorer", () => {
      play(played);
      if (played.backends.length > 1) throw new Error("two backends are one too many");
    }, (trace) => void play(played, undefined, trace))), { seed: 1 });
    try {
      expect(failing).toThrow(/Property failed/);
      const trace = readTrace(readFileSync(failurePlace(name)));
      expect(trace.heading.source).toBe("explorer");
      expect(recordLines(trace).join("\n")).toContain("remark two backends are one too many");
      expect(replayTrace(trace).divergence).toBeUndefined();
    } finally {
      rmSync(failurePlace(name), { force: true });
    }
  });
});
