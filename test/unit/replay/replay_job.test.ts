// Jobs that are captured and played back: nothing differs, whatever happened to them; a changed record, or a changed
// machine, is named where it lies.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JobReport } from "#actors/ports.js";
import { scan } from "#generated/machines.js";
import { replayTrace } from "#replay/replay_trace.js";
import { TraceCall, TraceInput } from "#trace/format/trace_call.js";
import { copyTrace } from "#trace/format/trace_copy.js";
import { readTrace, type Trace } from "#trace/format/trace_reader.js";
import type { TraceRecord } from "#trace/format/trace_record.js";
import { CapturedJob } from "#worker/capture/job_capture.js";
import { MemoryCapture } from "../../support/captured_jobs.js";
import { FakeEngine, FakeJobWorld, fakeLease, fakeOrder } from "../../support/fake_job_world.js";

interface Story {
  readonly leaves: number;
  readonly producers: number;
  readonly pages: readonly (readonly number[])[];
  readonly fails: number;
  readonly poolFree: number;
  readonly ringRoom: number;
  readonly steps: number;
  readonly ending: "natural" | "cancel" | "dispose" | "scanFails";
}

const story: fc.Arbitrary<Story> = fc.record({
  leaves: fc.integer({ min: 1, max: 3 }),
  producers: fc.integer({ min: 1, max: 2 }),
  pages: fc.array(fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 6 }), { minLength: 6, maxLength: 6 }),
  fails: fc.integer({ min: 1, max: 20 }),
  poolFree: fc.integer({ min: 0, max: 3 }),
  ringRoom: fc.integer({ min: 0, max: 3 }),
  steps: fc.nat(12),
  ending: fc.constantFrom("natural", "cancel", "dispose", "scanFails"),
});

/** Runs a job to some end, captured at control level as the fake engine has no data. */
function capture({ leaves, producers, pages, fails, poolFree, ringRoom, steps, ending }: Story): MemoryCapture {
  const memory = new MemoryCapture("control");
  const world = new FakeJobWorld();
  world.resultPagesFree = poolFree;
  world.resultRingRoom = ringRoom;
  const engine = new FakeEngine(leaves);
  if (fails < 10) engine.failAt = fails;
  const slots = Array.from({ length: leaves * producers }, (_, at) =>
    Math.floor(at / producers) * 10 + (at % producers));
  slots.forEach((slot, at) => world.scans.set(slot, (pages[at] ?? []).map((rows) => ({ kind: "page", rows }))));
  const tape = memory.tape({ kind: "executor", number: 0 });
  const reports: JobReport[] = [];
  const job = new CapturedJob(
    fakeLease, 0, world, new Uint8Array(64), tape, (report) => reports.push(report), () => undefined);
  job.start(fakeOrder(leaves, producers), engine);
  for (let step = 0; step < steps; step++) job.step();
  if (ending === "cancel") world.cancelled = true;
  if (ending === "dispose") job.dispose();
  if (ending === "scanFails") world.failScan(slots[0] ?? 0, "57014", "canceled");
  else for (const slot of slots) world.scans.get(slot)?.push({ kind: "end" });
  for (let step = 0; step < 30; step++) {
    // A page comes home and the ring drains, now and then.
    if (step % 3 === 0) [world.resultPagesFree, world.resultRingRoom] = [world.resultPagesFree + 1, 4];
    job.step();
  }
  tape.flush();
  return memory;
}

const longStory: Story = {
  leaves: 2, producers: 2, pages: [[5, 9, 30], [2], [], [1, 1, 1], [], []], fails: 20, poolFree: 1, ringRoom: 1,
  steps: 4, ending: "natural",
};

/** A trace of which one record is changed. */
function changed(trace: Trace, wanted: (record: TraceRecord) => boolean, change: Partial<TraceRecord>) {
  let at = 0;
  const bytes = copyTrace(trace, {
    record: (record) => {
      if (at > 0 || !wanted(record)) return record;
      at = record.sequence;
      return { ...record, ...change };
    },
  });
  return { trace: readTrace(bytes), at };
}

describe("a captured job", () => {
  it("plays back without a difference, whatever happened to it", () => {
    fc.assert(fc.property(story, (told) => {
      const outcome = replayTrace(capture(told).trace());
      expect(outcome.divergence).toBeUndefined();
      expect(outcome.incomplete).toEqual([]);
    }), { numRuns: 300 });
  });

  it("plays back as far as it goes when the file is cut anywhere", () => {
    fc.assert(fc.property(story, fc.nat(), (told, cut) => {
      const bytes = capture(told).bytes();
      const trace = readTrace(bytes.subarray(0, 128 + (cut % (bytes.length - 128))));
      expect(replayTrace(trace).divergence).toBeUndefined();
    }), { numRuns: 200 });
  });

  it("leaves out turns that came to nothing", () => {
    const memory = new MemoryCapture("control");
    const world = new FakeJobWorld();
    const tape = memory.tape({ kind: "executor", number: 0 });
    const job = new CapturedJob(fakeLease, 0, world, new Uint8Array(64), tape, () => undefined, () => undefined);
    job.start(fakeOrder(1), new FakeEngine(1));
    for (let step = 0; step < 50; step++) job.step();
    tape.flush();
    const steps = memory.trace().writers[0]?.records.filter(({ kind, code }) =>
      kind === "input" && code === TraceInput.jobStep);
    expect(steps).toHaveLength(1);
    expect(replayTrace(memory.trace()).divergence).toBeUndefined();
  });

  it("names the record in which a recorded state was changed", () => {
    const trace = capture(longStory).trace();
    const { trace: other, at } = changed(trace, ({ kind, machine }) => kind === "transition" && machine === scan.code,
      { to: 3 });
    expect(replayTrace(other).divergence).toMatchObject({
      record: at, actor: "scan", field: "to state", recorded: scan.states[3], replayed: "streaming",
    });
  });

  it("names the record in which a message differs", () => {
    const trace = capture(longStory).trace();
    const { trace: other, at } = changed(trace, ({ kind }) => kind === "sent", { actor: 99 });
    expect(replayTrace(other).divergence).toMatchObject({ record: at, field: "scan slot", recorded: "99" });
  });

  it("names the record at which an answer of the world leads elsewhere", () => {
    const trace = capture(longStory).trace();
    const { trace: other, at } = changed(trace, ({ kind, code }) =>
      kind === "call" && code === TraceCall.cancelRequested, { argument: 1 });
    expect(replayTrace(other).divergence?.record).toBe(at + 1);
  });

  it("names the first step that a changed machine takes differently", () => {
    const trace = capture(longStory).trace();
    const first = trace.writers[0]?.records.find(({ kind, machine }) => kind === "transition" && machine === scan.code);
    const cells = scan.cells as unknown as number[];
    const place = (first?.from ?? 0) * scan.events.length + (first?.code ?? 0);
    const before = cells[place] as number;
    try {
      cells[place] = before % 2 === 0 ? before + 1 : before - 1;
      expect(replayTrace(trace).divergence).toMatchObject({ record: first?.sequence, actor: "scan", field: "effects" });
    } finally {
      cells[place] = before;
    }
  });
});
