// Traces that earlier builds wrote are still read: each version's files stay in test/golden/traces for ever.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { copyTrace } from "#trace/format/trace_copy.js";
import { readTrace } from "#trace/format/trace_reader.js";
import { openRecording } from "#trace/recordings.js";
import { sessionsOf, tellSession } from "#trace/story.js";

const folder = fileURLToPath(new URL("../../../golden/traces/v1/", import.meta.url));
const names = readdirSync(folder).filter((name) => name.endsWith(".fxtrace"));

const expected: Readonly<Record<string, { level: string; source: string; records: number; told: RegExp }>> = {
  "aggregate_full.fxtrace": { level: "full", source: "capture", records: 70, told: /^execution, .*: finished after/ },
  "error_full.fxtrace": { level: "full", source: "capture", records: 45, told: /^execution, .*: failed after/ },
  "flight_dump.fxtrace": { level: "control", source: "flight", records: 21, told: /^planning, .*: planned after/ },
  "planning_full.fxtrace": { level: "full", source: "capture", records: 11, told: /^planning, .*: planned after/ },
  "timeout_control.fxtrace": { level: "control", source: "capture", records: 47, told: /^execution, .*: cancelled/ },
};

describe("traces of version 1", () => {
  it("are all there", () => {
    expect(names.sort()).toEqual(Object.keys(expected));
  });

  it.each(names)("%s is read whole, and told", (name) => {
    const { flight, trace } = openRecording(`${folder}${name}`);
    const { level, source, records, told } = expected[name] ?? { level: "", source: "", records: 0, told: /x/ };
    expect(trace?.damagedBytes).toBe(0);
    expect(trace?.heading).toMatchObject({ level, source });
    expect(trace?.writers.reduce((sum, writer) => sum + writer.records.length, 0)).toBe(records);
    const [session] = sessionsOf(flight);
    expect(session === undefined ? "" : tellSession(flight, session)[0]).toMatch(told);
  });

  it.each(names)("%s survives being copied", (name) => {
    const trace = readTrace(readFileSync(`${folder}${name}`));
    const copy = readTrace(copyTrace(trace));
    expect(copy.writers).toEqual(trace.writers);
    expect([...copy.facts]).toEqual([...trace.facts]);
  });

  it("say why a statement was cancelled", () => {
    const { flight } = openRecording(`${folder}timeout_control.fxtrace`);
    const [session] = sessionsOf(flight);
    const lines = session === undefined ? [] : tellSession(flight, session);
    expect(lines[1]).toMatch(/^why: cancelled by statement_timeout while a scan ran \(SQLSTATE 57014\), 148\.308 ms/);
    expect(lines.join("\n")).toMatch(/ {2}scan_producer 0 \(scan slot \d+\): filling for 144\.004 ms/);
    expect(lines).toContain("  pages until then: 0 produced, 0 of results read");
  });
});
