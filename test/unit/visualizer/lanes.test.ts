// The time axis and the swimlanes: squeezing and back, folding without losing, and cost bounded by the screen.
import fc from "fast-check";
import { expect, test } from "vitest";
import { findGaps, IDLE_GAP_NS, SQUEEZED_NS, SqueezedAxis, type Gap } from "#visualizer/idle_squeeze.js";
import { actorName, lanesOf, leaseDensity, slicesOf } from "#visualizer/lanes.js";
import { failedSteps, finishedSteps, starvedSteps, storeOf, told, type Told } from "./traces.js";

test("idle between statements is squeezed, silence within one is not", () => {
  const second = 5e9;
  const store = storeOf([
    ...told(0, IDLE_GAP_NS * 10, { session: 1 }, finishedSteps), ...told(second, 1000, { session: 2 }, failedSteps),
  ]);
  const gaps = findGaps(store);
  expect(gaps).toEqual([{ fromNs: IDLE_GAP_NS * 30, toNs: second }]);
  const axis = new SqueezedAxis(gaps, 0);
  expect(axis.place(second)).toBe(IDLE_GAP_NS * 30 + SQUEEZED_NS);
});

/** Gaps of whole milliseconds with as much between them. */
const lengths = fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 2, max: 5000 }));
const gapsArbitrary = fc.array(lengths, { maxLength: 8 })
  .map((pairs) => {
    let at = 0;
    return pairs.map(([before, length]): Gap => {
      const fromNs = at + before * 1e6;
      at = fromNs + length * 1e6;
      return { fromNs, toNs: at };
    });
  });

test("the axis rises, and leads back to the time it came from", () => {
  const timesArbitrary = fc.array(fc.integer({ min: 0, max: 50_000 }), { minLength: 2 });
  fc.assert(fc.property(gapsArbitrary, timesArbitrary, (gaps, times) => {
    const axis = new SqueezedAxis(gaps, 0);
    const sorted = times.map((ms) => ms * 1e6).sort((a, b) => a - b);
    let before = -Infinity;
    for (const time of sorted) {
      const place = axis.place(time);
      expect(place).toBeGreaterThanOrEqual(before);
      expect(Math.abs(axis.time(place) - time)).toBeLessThan(1e4);
      before = place;
    }
  }));
});

const starved = storeOf(told(1000, 10, { slot: 1, session: 1 }, starvedSteps));

test("an open session shows its actors from the client inwards", () => {
  const lanes = lanesOf(starved, new Set([0]));
  expect(lanes.map((lane) => (lane.kind === "actor" ? actorName(starved, lane.actor) : lane.kind))).toEqual([
    "session", "execution_backend", "scan_producer 0", "execution_worker", "scan 0",
  ]);
  expect(lanesOf(starved, new Set()).length).toBe(1);
});

test("slices meet each other, and folding keeps the last state", () => {
  const backend = 0;
  const exact = slicesOf(starved, backend, 0, 2000, 1, 2000);
  expect(exact).toEqual([
    { fromNs: 1000, toNs: 1040, state: 1, folded: 0 }, { fromNs: 1040, toNs: 2000, state: 2, folded: 0 },
  ]);
  expect(slicesOf(starved, backend, 0, 2000, 100, 2000)).toEqual([{ fromNs: 1000, toNs: 2000, state: 2, folded: 1 }]);
  // What began before the stretch and lasts is in it.
  expect(slicesOf(starved, backend, 1100, 1200, 1, 2000)).toEqual([{ fromNs: 1040, toNs: 2000, state: 2, folded: 0 }]);
  expect(slicesOf(starved, backend, 0, 500, 1, 2000)).toEqual([]);
});

test("as many slices as pixels at most, however many records", () => {
  const traffic = Array.from({ length: 50_000 }, (_, at): Told => ({
    timeNs: at * 100, machine: "scan_producer", event: at % 2 === 0 ? "pageAcquired" : "pageIssued",
    from: at % 2 === 0 ? "producing" : "filling", to: at % 2 === 0 ? "filling" : "producing", by: ["producer", 1],
  }));
  const store = storeOf(traffic);
  const end = store.endNs;
  expect(slicesOf(store, 0, 0, end, end / 800, end).length).toBeLessThanOrEqual(801);
});

test("lease density counts each record once", () => {
  const store = storeOf(Array.from({ length: 100 }, (_, at): Told => ({
    timeNs: 1 + at * 10, machine: "page_lease", event: "leased", from: "free", to: "leased", argument: at,
  })));
  const ends = [0, 250, 500, 2000];
  expect(leaseDensity(store, 0, ends)).toEqual([25, 25, 50]);
});
