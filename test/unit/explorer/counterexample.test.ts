// A failure of an exploration as a trace: it is short, and reads and is told like any other.
import { readFileSync, rmSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { defined } from "#base/assert.js";
import { smallConfigurations } from "#explorer/configurations.js";
import { traceOf } from "#explorer/counterexample.js";
import { explore } from "#explorer/exploration.js";
import { mutants, type MutantKind } from "#explorer/mutants.js";
import { replayTrace } from "#replay/replay_trace.js";
import { flightOfTrace } from "#trace/format/trace_flight.js";
import { readTrace } from "#trace/format/trace_reader.js";
import { recordLines } from "#trace/record_lines.js";
import { sessionsOf, tellSession } from "#trace/story.js";
import { packRecording } from "#visualizer/recording.js";
import { unpackTrace } from "#visualizer/trace_chunk.js";
import { TraceStore } from "#visualizer/trace_store.js";

const streaming = defined(smallConfigurations.find(({ name }) => name === "streaming"), "a configuration");

const written: string[] = [];
afterAll(() => {
  for (const path of written) rmSync(path, { force: true });
});

function broken(kind: MutantKind, mistake: string) {
  const { machines } = defined(mutants([kind]).find(({ name }) => name === mistake), `a mutant ${mistake}`);
  const failure = defined(explore(streaming, { worldsMax: 100_000 }, machines).failure, "it breaks");
  const path = traceOf(streaming, failure, machines).write(`counterexample_test_${kind}`);
  written.push(path);
  return { failure, path, trace: readTrace(readFileSync(path)) };
}

describe("counterexamples", () => {
  it("lead by the shortest way to what breaks", () => {
    const { failure, trace } = broken("dropped", "execution_backend running resultEnded dropped");
    expect(failure.sentence).toBe("execution_backend 0 has no place for resultEnded in running");
    expect(failure.steps.at(-1)).toBe("backend 0: takes a result");
    expect(trace.heading.source).toBe("explorer");
    expect(recordLines(trace).join("\n")).toContain(failure.sentence);
  });

  it("are told as stories and play back until the mistake", () => {
    const { path, trace } = broken("robbed", "scan_producer filling close without releasePage");
    const flight = flightOfTrace(trace);
    for (const session of sessionsOf(flight)) expect(tellSession(flight, session).length).toBeGreaterThan(2);
    const store = new TraceStore();
    store.append(unpackTrace(packRecording(path)).chunk);
    expect(store.sessions.length).toBeGreaterThan(0);
    // The runtime's tables have no such mistake: this is where they part.
    const { divergence } = replayTrace(trace);
    expect(divergence === undefined || divergence.field === "effects").toBe(true);
  });
});
