// A job whose engine lends pages to other threads: each page comes home once, the end of a scan comes behind all its
// pages, and no page is given back while another thread may read it.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JobReport } from "#actors/ports.js";
import { FusionError } from "#base/errors.js";
import { Metric } from "#generated/metrics.js";
import { Job } from "#worker/job.js";
import { FakeEngine, FakeJobWorld, fakeLease, fakeOrder, kindsOf } from "../../support/fake_job_world.js";

const pages = (count: number, rows = 5) => Array.from({ length: count }, () => ({ kind: "page" as const, rows }));

function begin(lends: number, pagesHere: number, end: "end" | "failed" | undefined) {
  const world = new FakeJobWorld();
  const engine = new FakeEngine(1);
  engine.lends = lends;
  if (end === "failed") {
    world.scans.set(0, pages(pagesHere));
    world.failScan(0, "57014", "the scan's own error");
  } else world.scans.set(0, [...pages(pagesHere), ...(end === undefined ? [] : [{ kind: end }])]);
  const reports: JobReport[] = [];
  const job = new Job(fakeLease, 0, world, (report) => reports.push(report));
  job.start(fakeOrder(1), engine);
  return { world, engine, job, reports };
}

function expectClean(world: FakeJobWorld, engine: FakeEngine): void {
  expect(world.heldPages).toBe(0);
  expect(engine.lentPages).toBe(0);
  expect(world.complaints).toEqual([]);
  expect(engine.disposed).toBe(1);
}

describe("lent pages", () => {
  test("all come home before the scan is said to be over", () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 5 }), fc.nat({ max: 20 }), fc.integer({ min: 1, max: 3 }),
      (lends, count, returnsPerLook) => {
        const { world, engine, job, reports } = begin(lends, count, "end");
        engine.returnsPerLook = returnsPerLook;
        for (let turn = 0; turn < 200 && !job.ended; turn++) job.step();
        expect(kindsOf(reports)).toEqual(["started", "finished"]);
        expect(engine.pushed).toBe(count);
        expect(engine.recalls).toBe(0);
        expect(world.metrics.get(Metric.workerPagesLent) ?? 0).toBeGreaterThanOrEqual(Math.min(lends, count));
        expectClean(world, engine);
      }));
  });

  test("are waited for without work when nothing else is left", () => {
    const { engine, job } = begin(3, 3, "end");
    engine.returnsPerLook = 0;
    for (let turn = 0; turn < 3; turn++) job.step();
    expect(job.step()).toBe(false);
    expect(job.ended).toBe(false);
    engine.returnsPerLook = 3;
    expect(job.step()).toBe(true);
    job.dispose();
  });

  test("come before the error of their scan", () => {
    const { world, engine, job, reports } = begin(3, 3, "failed");
    engine.returnsPerLook = 0;
    for (let turn = 0; turn < 5; turn++) job.step();
    expect(job.ended).toBe(false);
    engine.lentError = new FusionError({ code: "sqlError", sqlstate: "22012", message: "division by zero" });
    job.step();
    expect(reports.at(-1)).toMatchObject({ kind: "failed", failed: { sqlstate: "22012" } });
    expectClean(world, engine);
  });

  test("are taken from the other threads first, however the job ends", () => {
    fc.assert(fc.property(fc.nat({ max: 12 }), fc.boolean(), (steps, byWord) => {
      const { world, engine, job, reports } = begin(3, 30, undefined);
      engine.returnsPerLook = 1;
      const release = world.importScan.bind(world);
      world.importScan = (scan) => {
        const found = release(scan);
        if (found.kind !== "page") return found;
        const { page } = found;
        return { kind: "page", page: { ...page, release: () => {
          expect(world.cancelled || job.ended ? engine.lentPages : 0).toBe(0);
          page.release();
        } } };
      };
      for (let turn = 0; turn < steps; turn++) job.step();
      if (byWord) {
        world.cancelled = true;
        job.step();
      } else job.dispose();
      expect(kindsOf(reports).at(-1)).toBe("disposed");
      expectClean(world, engine);
    }));
  });
});
