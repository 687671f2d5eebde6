// Plays a trace file back in a test: what differs from the recording is the failure's text.
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { replayTrace } from "#replay/replay_trace.js";
import { readTrace } from "#trace/format/trace_reader.js";

/** Fails with the first record that is played otherwise than it was recorded. */
export function expectSameReplay(file: URL): void {
  const { divergence } = replayTrace(readTrace(readFileSync(file)));
  expect(divergence).toBeUndefined();
}
