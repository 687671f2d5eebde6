// Captures of the integration suites' server: finds the trace files that statements have left, reads and replays them.
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { replayTrace } from "#replay/replay_trace.js";
import { readTrace, type Trace } from "#trace/format/trace_reader.js";
import { outcome, sessionsOf } from "#trace/story.js";
import { flightOfTrace } from "#trace/format/trace_flight.js";

export interface CapturedFile {
  readonly path: string;
  readonly mode: number;
  readonly bytes: Buffer;
  readonly trace: Trace;
  readonly kind: string;
  readonly outcome: string;
}

const folderOf = (data: string): string => join(data, "pg_fusion", "traces");

/** Removes what earlier statements left. */
export function clearCaptures(data: string): void {
  rmSync(folderOf(data), { recursive: true, force: true });
}

/** All trace files, by name. */
export function captures(data: string): CapturedFile[] {
  let names: string[];
  try {
    names = readdirSync(folderOf(data));
  } catch {
    return [];
  }
  return names.filter((name) => name.endsWith(".fxtrace")).sort().map((name) => {
    const path = join(folderOf(data), name);
    const bytes = readFileSync(path);
    const trace = readTrace(bytes);
    const [session] = sessionsOf(flightOfTrace(trace));
    return {
      path, mode: statSync(path).mode & 0o777, bytes, trace,
      kind: session?.kind ?? "unknown", outcome: session === undefined ? "unknown" : outcome(session),
    };
  });
}

/** Fails with the first record that is played otherwise than it was recorded. */
export function expectReplays(files: readonly CapturedFile[]): void {
  for (const { path, trace } of files) {
    const { divergence } = replayTrace(trace);
    expect(divergence, path).toBeUndefined();
  }
}
