// One job against a small world: results in order, every way out leaves nothing held and one last report.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JobReport } from "#actors/ports.js";
import { MessageType } from "#generated/layout.js";
import { Job } from "#worker/job.js";
import { FakeEngine, FakeJobWorld, fakeLease, fakeOrder, kindsOf } from "../../support/fake_job_world.js";

function run(world: FakeJobWorld, engine: FakeEngine, producers = 1) {
  const reports: JobReport[] = [];
  const job = new Job(fakeLease, 0, world, (report) => reports.push(report));
  job.start(fakeOrder(engine.leafCount, producers), engine);
  return { job, reports };
}

function stepUntilIdle(job: Job): void {
  for (let turn = 0; turn < 1000 && job.step(); turn++);
}

function expectClean(world: FakeJobWorld, engine: FakeEngine, reports: readonly JobReport[]): void {
  expect(world.heldPages).toBe(0);
  expect(world.pageWaits).toBe(0);
  expect(engine.disposed).toBeLessThanOrEqual(1);
  expect(world.complaints).toEqual([]);
  const last = kindsOf(reports).filter((kind) => ["finished", "failed", "disposed"].includes(kind));
  expect(last).toHaveLength(1);
}

const pages = (count: number, rows = 5) => Array.from({ length: count }, () => ({ kind: "page" as const, rows }));

describe("a job", () => {
  test("opens its scans, delivers results and finishes", () => {
    const world = new FakeJobWorld();
    const engine = new FakeEngine(1);
    world.scans.set(0, [...pages(5), { kind: "end" }]);
    const { job, reports } = run(world, engine);
    expect(world.sent).toEqual([{ scan: 0, type: MessageType.OpenScan }]);
    stepUntilIdle(job);
    expect(world.results.map(({ rows }) => rows)).toEqual([1, 1, 1]);
    expect(kindsOf(reports)).toEqual(["started", "finished"]);
    expect(world.ended).toBe(true);
    expect(world.said).toEqual([MessageType.ExecutionStarted, MessageType.ExecutionFinished]);
    expectClean(world, engine, reports);
  });

  test("opens each scan when its leaf is wanted", () => {
    const world = new FakeJobWorld();
    const engine = new FakeEngine(2, 1);
    engine.inTurn = true;
    world.scans.set(0, [...pages(1, 1), { kind: "end" }]);
    world.scans.set(10, pages(1, 1));
    const { job, reports } = run(world, engine);
    stepUntilIdle(job);
    expect(world.sent).toEqual([{ scan: 10, type: MessageType.OpenScan }]);
    expect(engine.pushed).toBe(1);
    world.scans.get(10)?.push({ kind: "end" });
    stepUntilIdle(job);
    expect(world.sent.map(({ scan }) => scan)).toEqual([10, 0]);
    expect(engine.pushed).toBe(2);
    expect(kindsOf(reports).at(-1)).toBe("finished");
    expectClean(world, engine, reports);
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8, 9])("goes on to a leaf that is wanted after %i looks for a result", (looks) => {
    const world = new FakeJobWorld();
    const engine = new FakeEngine(2);
    engine.inTurn = true;
    engine.looksPerLeaf = looks;
    world.scans.set(10, [...pages(1), { kind: "end" }]);
    world.scans.set(0, [...pages(1), { kind: "end" }]);
    const { job, reports } = run(world, engine);
    stepUntilIdle(job);
    expect(kindsOf(reports).at(-1)).toBe("finished");
    expectClean(world, engine, reports);
  });

  test("does not sleep on a page that was taken in part", () => {
    const world = new FakeJobWorld();
    const engine = new FakeEngine(1);
    engine.rowsPerPush = 1;
    world.scans.set(0, [...pages(3), { kind: "end" }]);
    const { job, reports } = run(world, engine);
    stepUntilIdle(job);
    expect(engine.pushed).toBe(3);
    expect(kindsOf(reports)).toEqual(["started", "finished"]);
    expectClean(world, engine, reports);
  });

  test("gives what it has before it sleeps", () => {
    const world = new FakeJobWorld();
    const engine = new FakeEngine(1);
    engine.offersParts = true;
    world.scans.set(0, pages(1, 3));
    const { job } = run(world, engine);
    stepUntilIdle(job);
    expect(world.results).toHaveLength(1);
    world.scans.set(0, pages(1, 4));
    stepUntilIdle(job);
    expect(world.results).toHaveLength(2);
    stepUntilIdle(job);
    expect(world.results).toHaveLength(2);
    job.dispose();
  });

  test("waits for all producers of a leaf", () => {
    const world = new FakeJobWorld();
    const engine = new FakeEngine(1);
    world.scans.set(0, [...pages(1), { kind: "end" }]);
    world.scans.set(1, [...pages(1)]);
    const { job, reports } = run(world, engine, 2);
    stepUntilIdle(job);
    expect(job.ended).toBe(false);
    world.scans.get(1)?.push({ kind: "end" });
    stepUntilIdle(job);
    expect(kindsOf(reports)).toEqual(["started", "finished"]);
    expectClean(world, engine, reports);
  });

  test("brings a page that was taken in part again before those of other producers", () => {
    const stream = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 6 });
    fc.assert(fc.property(
      fc.array(stream, { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }),
      fc.nat({ max: 2 }),
      (streams, rowsPerPush, rowsPerResult, room) => {
        const world = new FakeJobWorld();
        world.resultPagesFree = world.resultRingRoom = room;
        const engine = new FakeEngine(1, rowsPerResult);
        engine.rowsPerPush = rowsPerPush;
        streams.forEach((rows, producer) => world.scans.set(producer,
          [...rows.map((count) => ({ kind: "page" as const, rows: count })), { kind: "end" }]));
        const { job, reports } = run(world, engine, streams.length);
        stepUntilIdle(job);
        world.resultPagesFree = world.resultRingRoom = 1000;
        stepUntilIdle(job);
        const total = streams.flat().reduce((sum, rows) => sum + rows, 0);
        expect(reports.at(-1)).toEqual({ kind: "finished" });
        expect(engine.rows).toBe(total);
        expect(world.results).toHaveLength(Math.ceil(total / rowsPerResult));
        expectClean(world, engine, reports);
      }));
  });

  test("is suspended by a full pool and a full ring, and goes on", () => {
    const world = new FakeJobWorld();
    const engine = new FakeEngine(1, 1);
    world.scans.set(0, [...pages(6, 1), { kind: "end" }]);
    world.resultPagesFree = 0;
    const { job, reports } = run(world, engine);
    stepUntilIdle(job);
    expect(world.pageWaits).toBe(1);
    expect(world.results).toHaveLength(0);
    world.resultPagesFree = 2;
    world.resultRingRoom = 1;
    stepUntilIdle(job);
    expect(world.results).toHaveLength(1);
    expect(world.heldPages).toBeGreaterThan(0);
    world.resultRingRoom = 100;
    world.resultPagesFree = 100;
    stepUntilIdle(job);
    expect(world.results).toHaveLength(6);
    expectClean(world, engine, reports);
  });

  test("says that its inputs ended when results are still leaving", () => {
    const world = new FakeJobWorld();
    const engine = new FakeEngine(1, 10);
    world.scans.set(0, [...pages(1, 1), { kind: "end" }]);
    const { job, reports } = run(world, engine);
    world.resultRingRoom = 0;
    stepUntilIdle(job);
    world.resultRingRoom = 1;
    stepUntilIdle(job);
    expect(kindsOf(reports)).toEqual(["started", "inputsEnded", "finished"]);
    expectClean(world, engine, reports);
  });

  test("stops producers when the engine has enough", () => {
    const world = new FakeJobWorld();
    const engine = new FakeEngine(1, 1, 3);
    world.scans.set(0, pages(50, 1));
    world.resultPagesFree = 50;
    world.resultRingRoom = 50;
    const { job, reports } = run(world, engine);
    stepUntilIdle(job);
    expect(world.sent.map(({ type }) => type)).toEqual([MessageType.OpenScan, MessageType.StopScan]);
    expect(engine.pushed).toBeLessThan(50);
    expect(kindsOf(reports).at(-1)).toBe("finished");
    expectClean(world, engine, reports);
  });

  test("fails with the engine's error", () => {
    const world = new FakeJobWorld();
    const engine = new FakeEngine(1);
    engine.failAt = 2;
    world.scans.set(0, [...pages(5), { kind: "end" }]);
    const { job, reports } = run(world, engine);
    stepUntilIdle(job);
    expect(reports.at(-1)).toMatchObject({
      kind: "failed", failed: { sqlstate: "22012", message: "division by zero" },
    });
    expect(world.sent.at(-1)?.type).toBe(MessageType.StopScan);
    expectClean(world, engine, reports);
  });

  test("fails with a producer's error; the first wins", () => {
    const world = new FakeJobWorld();
    const engine = new FakeEngine(1);
    world.failScan(0, "22P02", "invalid input");
    world.failScan(1, "XX000", "another");
    const { job, reports } = run(world, engine, 2);
    stepUntilIdle(job);
    expect(reports.at(-1)).toMatchObject({ kind: "failed", failed: { sqlstate: "22P02", message: "invalid input" } });
    expectClean(world, engine, reports);
  });

  test("fails when the plan does not start, or a leaf has no producer", () => {
    const refused = new FakeEngine(1);
    refused.startError = new RangeError("boom");
    const world = new FakeJobWorld();
    const first = run(world, refused);
    expect(first.job.ended).toBe(true);
    expect(first.reports.at(-1)).toMatchObject({ kind: "failed", failed: { sqlstate: "XX000" } });
    const engine = new FakeEngine(2);
    const reports: JobReport[] = [];
    const job = new Job(fakeLease, 0, world, (report) => reports.push(report));
    job.start(fakeOrder(1), engine);
    expect(job.ended).toBe(true);
    expect(reports.at(-1)).toMatchObject({ kind: "failed", failed: { sqlstate: "08P01" } });
    expect(engine.disposed).toBe(1);
  });

  test("is cancelled or disposed of at any step and leaves nothing behind", () => {
    const world = () => {
      const made = new FakeJobWorld();
      made.scans.set(0, [...pages(3, 1), { kind: "end" }]);
      made.scans.set(10, [...pages(3, 1), { kind: "end" }]);
      return made;
    };
    fc.assert(fc.property(
      fc.nat({ max: 12 }), fc.boolean(), fc.nat({ max: 3 }), fc.nat({ max: 3 }),
      (steps, byWord, room, free) => {
        const at = world();
        at.resultRingRoom = room;
        at.resultPagesFree = free;
        const engine = new FakeEngine(2, 1);
        const { job, reports } = run(at, engine);
        for (let step = 0; step < steps; step++) job.step();
        if (byWord) at.cancelled = true;
        else job.dispose();
        job.step();
        expect(job.ended).toBe(true);
        expectClean(at, engine, reports);
        expect(job.step()).toBe(false);
        job.dispose();
        expectClean(at, engine, reports);
      }));
  });

  test("issues every result exactly once and in order under any room and any arrival", () => {
    fc.assert(fc.property(
      fc.array(fc.record({ rows: fc.integer({ min: 0, max: 9 }), room: fc.nat({ max: 2 }), free: fc.nat({ max: 2 }) }),
        { maxLength: 30 }),
      (arrivals) => {
        const world = new FakeJobWorld();
        world.resultPagesFree = 1;
        world.resultRingRoom = 1;
        const engine = new FakeEngine(1, 4);
        const { job, reports } = run(world, engine);
        let rows = 0;
        for (const { rows: more, room, free } of arrivals) {
          rows += more;
          world.scans.set(0, [...(world.scans.get(0) ?? []), { kind: "page", rows: more }]);
          world.resultRingRoom += room;
          world.resultPagesFree += free;
          job.step();
        }
        world.scans.get(0)?.push({ kind: "end" });
        if (arrivals.length === 0) world.scans.set(0, [{ kind: "end" }]);
        world.resultRingRoom = world.resultPagesFree = 1000;
        stepUntilIdle(job);
        expect(world.results).toHaveLength(Math.ceil(rows / 4));
        expect(kindsOf(reports).at(-1)).toBe("finished");
        expectClean(world, engine, reports);
      }));
  });
});
