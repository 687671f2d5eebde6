// Real executions played back without PostgreSQL, machines and engine alike; and bits that are flipped in pages,
// messages, results and machines are noticed in the record where they lie. When the worker is meant to do otherwise
// than recorded, record anew: npm run accept -- --config vitest.cluster.config.ts captures
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { MessageType } from "#generated/layout.js";
import { executionBackend, scanProducer } from "#generated/machines.js";
import { replayTrace } from "#replay/replay_trace.js";
import { scanImports, TraceCall } from "#trace/format/trace_call.js";
import { crc32c } from "#trace/format/crc32c.js";
import { copyTrace } from "#trace/format/trace_copy.js";
import { readTrace, type Trace } from "#trace/format/trace_reader.js";
import type { TraceRecord } from "#trace/format/trace_record.js";
import { redactTrace } from "#trace/redact.js";

const golden = (name: string): Trace =>
  readTrace(readFileSync(new URL(`../../golden/traces/current/${name}.fxtrace`, import.meta.url)));

/** The trace after a bit of one record's data was flipped; `hidden` makes the sum beside it fit again. */
function flipped(trace: Trace, wanted: (record: TraceRecord) => boolean, bit: number, hidden = false) {
  let at = 0;
  const bytes = copyTrace(trace, {
    record: (record) => {
      if (at > 0 || !wanted(record) || record.data.length <= bit >> 3) return record;
      at = record.sequence;
      const data = record.data.slice();
      data[bit >> 3] = (data[bit >> 3] as number) ^ (1 << (bit & 7));
      return { ...record, data, effects: hidden ? crc32c(data) : record.effects };
    },
  });
  return { at, outcome: replayTrace(readTrace(bytes)) };
}

const isInput = ({ kind, code, argument }: TraceRecord): boolean =>
  kind === "call" && code === TraceCall.importScan && scanImports[argument] === "page";
const isResult = ({ kind, code }: TraceRecord): boolean => kind === "call" && code === TraceCall.writeResult;

describe("real traces", () => {
  it.each(["aggregate_full", "error_full", "timeout_control", "flight_dump"])(
    "%s plays back without a divergence", (name) => {
      const outcome = replayTrace(golden(name));
      expect(outcome.divergence).toBeUndefined();
      expect(outcome.incomplete).toEqual([]);
    });

  it("tell of a planner that answers otherwise by now, and of nothing else", () => {
    const { divergence } = replayTrace(golden("planning_full"));
    if (divergence !== undefined) expect(divergence.actor).toBe("PlanReady");
  });

  it("run the engine again where the data is there", () => {
    expect(replayTrace(golden("aggregate_full"))).toMatchObject({ engine: "run again", pages: 2 });
    expect(replayTrace(golden("timeout_control"))).toMatchObject({ engine: "as recorded" });
  });

  it.each([0, 100, 515, 1500])("notice bit %i of a page that came in", (bit) => {
    const { at, outcome } = flipped(golden("aggregate_full"), isInput, bit);
    expect(outcome.divergence).toMatchObject({
      writer: { kind: "executor", number: 0 }, record: at, actor: "importScan", field: "checksum of data",
    });
  });

  it("notice a value that was changed behind its checksum by what the engine makes of it", () => {
    const trace = golden("aggregate_full");
    const input = trace.writers.flatMap(({ records }) => records).find(isInput);
    // The last bytes of a packed page are its long strings.
    const bit = ((input?.data.length ?? 0) - 3) * 8;
    const { at, outcome } = flipped(trace, isInput, bit, true);
    expect(outcome.divergence?.record).toBeGreaterThan(at);
    expect(outcome.divergence).toMatchObject({ actor: "writeResult", field: /^byte \d+ of result page$/ });
  });

  it.each([0, 600, 2000])("notice bit %i of a result page", (bit) => {
    const { at, outcome } = flipped(golden("aggregate_full"), isResult, bit);
    expect(outcome.divergence).toMatchObject({ record: at, actor: "writeResult", field: "checksum of data" });
    const hidden = flipped(golden("aggregate_full"), isResult, bit, true);
    expect(hidden.outcome.divergence).toMatchObject({ record: at, field: `byte ${bit >> 3} of result page` });
  });

  it("notice a bit of a message that came, and of one that left", () => {
    const came = flipped(golden("aggregate_full"), ({ kind, code }) =>
      kind === "received" && code === MessageType.StartExecution, 900);
    expect(came.outcome.divergence).toMatchObject({
      writer: { kind: "worker" }, record: came.at, actor: "StartExecution", field: "checksum of data",
    });
    const left = flipped(golden("error_full"), ({ kind, code }) =>
      kind === "sent" && code === MessageType.ExecutionFailed, 300, true);
    expect(left.outcome.divergence).toMatchObject({ record: left.at, actor: "ExecutionFailed" });
  });

  it.each([executionBackend, scanProducer])("notice every transition of $name that the machine has lost", (machine) => {
    const trace = golden("aggregate_full");
    const cells = machine.cells as unknown as number[];
    const taken = trace.writers.flatMap(({ records }) => records)
      .filter(({ kind, machine: code }) => kind === "transition" && code === machine.code);
    for (const { from, code } of taken) {
      const first = taken.find((each) => each.from === from && each.code === code);
      const place = from * machine.events.length + code;
      const before = cells[place] as number;
      try {
        cells[place] = before % 2 === 0 ? before + 1 : before - 1;
        expect(replayTrace(trace).divergence).toMatchObject({ record: first?.sequence, actor: machine.name });
      } finally {
        cells[place] = before;
      }
    }
    expect(taken.length).toBeGreaterThan(3);
  });

  it("play back as far as they go when they are cut off", () => {
    const bytes = readFileSync(new URL("../../golden/traces/current/aggregate_full.fxtrace", import.meta.url));
    for (let length = 200; length < bytes.length; length += 517)
      expect(replayTrace(readTrace(bytes.subarray(0, length))).divergence).toBeUndefined();
  });

  it("play back at control level after redaction", () => {
    for (const name of ["aggregate_full", "error_full", "planning_full"]) {
      const redacted = readTrace(redactTrace(golden(name)));
      expect(redacted.heading).toMatchObject({ level: "control", redacted: true });
      expect(replayTrace(redacted).divergence).toBeUndefined();
    }
  });
});
