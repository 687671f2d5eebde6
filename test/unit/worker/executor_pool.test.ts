// Dealing jobs to threads: loads, orders, reports that cross, and the loop that obeys them. No threads run here.
import { describe, expect, test } from "vitest";
import type { JobOrder } from "#actors/ports.js";
import { ExecutorLoop } from "#worker/executor_loop.js";
import { ExecutorPool } from "#worker/executor_pool.js";
import type { ExecutorOrder, ExecutorReport } from "#worker/executor_ports.js";
import { FakeEngine, FakeJobWorld, fakeOrder } from "../../support/fake_job_world.js";

const orderFor = (slot: number, epoch = 1): JobOrder => ({ ...fakeOrder(1), lease: { slot, epoch } });

function poolOf(threads: number) {
  const posted: { thread: number; order: ExecutorOrder }[] = [];
  const wakes: number[] = [];
  const assigned: number[] = [];
  const pool = new ExecutorPool({
    assignExecutor: (_, executor) => {
      assigned.push(executor);
      return true;
    },
  });
  for (let thread = 0; thread < threads; thread++)
    pool.add({
      executor: thread,
      post: (order) => void posted.push({ thread, order }),
      wake: () => void wakes.push(thread),
    });
  return { pool, posted, wakes, assigned };
}

const finished = (slot: number, epoch = 1): ExecutorReport => ({
  kind: "job", lease: { slot, epoch }, report: { kind: "disposed" },
});

describe("the pool", () => {
  test("gives each job to the least busy thread and notes it in the slot", () => {
    const { pool, posted, wakes, assigned } = poolOf(2);
    expect([pool.assign(orderFor(0)), pool.assign(orderFor(1)), pool.assign(orderFor(2))]).toEqual([0, 1, 0]);
    pool.note(finished(1));
    expect(pool.assign(orderFor(3))).toBe(1);
    expect(assigned).toEqual([0, 1, 0, 1]);
    expect(wakes).toEqual(posted.map(({ thread }) => thread));
    expect(pool.jobCount).toBe(3);
  });

  test("sends a disposal to the job's thread only while there is a job", () => {
    const { pool, posted } = poolOf(2);
    pool.assign(orderFor(5, 9));
    pool.dispose({ slot: 5, epoch: 8 });
    expect(posted).toHaveLength(1);
    pool.dispose({ slot: 5, epoch: 9 });
    expect(posted.at(-1)).toMatchObject({ thread: 0, order: { kind: "dispose" } });
    pool.note(finished(5, 9));
    pool.dispose({ slot: 5, epoch: 9 });
    expect(posted).toHaveLength(2);
  });

  test("lets threads practise, also those that come later", () => {
    const { pool, posted } = poolOf(1);
    pool.warmUp(new Uint8Array(3));
    pool.add({ executor: 1, post: (order) => void posted.push({ thread: 1, order }), wake: () => undefined });
    expect(posted.map(({ thread, order }) => [thread, order.kind])).toEqual([[0, "warmUp"], [1, "warmUp"]]);
  });

  test("ignores reports that end nothing", () => {
    const { pool } = poolOf(1);
    pool.assign(orderFor(5));
    pool.note({ kind: "ready" });
    pool.note({ kind: "job", lease: { slot: 5, epoch: 1 }, report: { kind: "started" } });
    pool.note(finished(5, 2));
    expect(pool.jobCount).toBe(1);
  });
});

describe("the loop", () => {
  function loopOf() {
    const world = new FakeJobWorld();
    const orders: ExecutorOrder[] = [];
    const reports: ExecutorReport[] = [];
    let sleeps = 0;
    const engine = new FakeEngine(1);
    const loop = new ExecutorLoop(0, {
      seen: () => 0,
      wait: () => void (sleeps += 1),
      takeOrder: () => orders.shift(),
      report: (report) => void reports.push(report),
    }, engine, world);
    return { world, orders, reports, engine, loop, sleeps: () => sleeps };
  }

  test("sleeps only when nothing moved, and finishes jobs", () => {
    const { world, orders, reports, loop, sleeps } = loopOf();
    loop.turn();
    expect(sleeps()).toBe(1);
    world.scans.set(0, [{ kind: "page", rows: 3 }, { kind: "end" }]);
    orders.push({ kind: "start", order: fakeOrder(1) });
    for (let turn = 0; turn < 10 && loop.jobCount + orders.length > 0; turn++) loop.turn();
    expect(sleeps()).toBe(1);
    expect(loop.jobCount).toBe(0);
    expect(reports.at(-1)).toMatchObject({ kind: "job", report: { kind: "finished" } });
  });

  test("a starving job does not keep another from its end", () => {
    const { world, orders, reports, loop } = loopOf();
    world.scans.set(0, []);
    orders.push({ kind: "start", order: orderFor(1) });
    loop.turn();
    world.scans.set(10, [{ kind: "end" }]);
    const other = fakeOrder(1);
    orders.push({ kind: "start", order: {
      lease: { slot: 2, epoch: 1 },
      start: { ...other.start, producers: [{ leaf: 0, producer: 0, scanSlot: 10, scanEpoch: 1 }] },
    } });
    for (let turn = 0; turn < 4; turn++) loop.turn();
    expect(reports.at(-1)).toMatchObject({ lease: { slot: 2 }, report: { kind: "finished" } });
    expect(loop.jobCount).toBe(1);
  });

  test("practises only while there is nothing to do", () => {
    const { world, orders, loop, engine, sleeps } = loopOf();
    orders.push({ kind: "warmUp", plan: new Uint8Array(1) }, { kind: "start", order: orderFor(1) });
    for (let turn = 0; turn < 3; turn++) loop.turn();
    expect(engine.warmUps).toBe(0);
    world.scans.set(0, [{ kind: "end" }]);
    for (let turn = 0; turn < 9; turn++) loop.turn();
    expect(engine.warmUps).toBe(3);
    expect(sleeps()).toBeGreaterThan(0);
  });

  test("disposes by lease and ignores strangers", () => {
    const { orders, reports, loop, engine } = loopOf();
    orders.push({ kind: "start", order: orderFor(1, 4) }, { kind: "dispose", lease: { slot: 1, epoch: 3 } });
    loop.turn();
    expect(loop.jobCount).toBe(1);
    orders.push({ kind: "dispose", lease: { slot: 1, epoch: 4 } }, { kind: "dispose", lease: { slot: 1, epoch: 4 } });
    loop.turn();
    expect(loop.jobCount).toBe(0);
    expect(engine.disposed).toBe(1);
    expect(reports.filter((report) => report.kind === "job" && report.report.kind === "disposed")).toHaveLength(1);
  });
});
