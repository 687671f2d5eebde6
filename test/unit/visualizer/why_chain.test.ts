// The chain of waiting: from the client's backend to whoever holds everything up.
import { expect, test } from "vitest";
import { Cursor } from "#visualizer/cursor.js";
import { LOST, standingOf } from "#visualizer/page_standing.js";
import type { TraceStore } from "#visualizer/trace_store.js";
import { whyChain } from "#visualizer/why_chain.js";
import { starvedSteps, storeOf, told, type Told } from "./traces.js";

const starved = told(1000, 10, { slot: 1, session: 1 }, starvedSteps);
const lease = (page: number, session: number): Told => ({
  timeNs: 500 + page, slot: 2, session, machine: "page_lease", event: "leased", from: "free", to: "leased",
  argument: page, by: ["producer", 9],
});

function chain(store: TraceStore, actor: number, position = store.count): readonly string[] {
  const cursor = new Cursor(store);
  cursor.moveTo(position);
  return whyChain(store, cursor, actor).map(({ state, says }) => `${state}: ${says}`);
}

test("a statement that waits for a page leads to the session which holds them", () => {
  const holder = told(0, 1, { slot: 2, session: 5 }, starvedSteps.slice(0, 4));
  const store = storeOf([...holder, lease(0, 5), lease(1, 5), ...starved]);
  const backend = store.sessions[1]?.actors[0] ?? -1;
  expect(chain(store, backend)).toEqual([
    "running: it waits for a page of results, or for its client to fetch",
    "streaming: the executor reads pages of a scan",
    "streaming: it waits for pages of a producer",
    "waitingForPage: the pool has no free page; execution 2/5 holds 2",
    "streaming: the executor reads pages of a scan",
    "streaming: no producer has reported yet, or all have ended and their last pages are on the way",
  ]);
});

test("the chain is that of its instant", () => {
  const store = storeOf(starved);
  expect(chain(store, 0, 1)).toEqual(["starting: it has sent the plan; the worker has not taken it up yet"]);
  expect(chain(store, 0, 2)).toEqual([
    "starting: it waits for the worker to start the job",
    "compiling: an executor takes up the job and compiles its pipelines",
  ]);
  expect(chain(store, 1, 1)).toEqual([]);
});

test("a full ring says how many pages wait in it", () => {
  const shared = { slot: 1, session: 1, by: ["producer", 3] } as const;
  const store = storeOf([
    ...told(0, 1, shared, [
      ["scan_producer", "opened", "opening", "producing"], ["scan_producer", "pageAcquired", "producing", "filling"],
      ["scan_producer", "ringFilled", "filling", "waitingForRing"],
    ]),
    ...[4, 5].map((page): Told => ({
      ...shared, timeNs: 10 + page, argument: page,
      machine: "page_lease", event: "issued", from: "leased", to: "issued",
    })),
  ]);
  expect(chain(store, 0)).toEqual(["waitingForRing: its ring is full: 2 pages wait for the executor"]);
});

test("how long: since the actor's last record", () => {
  const store = storeOf(starved);
  const cursor = new Cursor(store);
  cursor.moveTo(store.count);
  expect(whyChain(store, cursor, 0)[0]?.forNs).toBe(20);
});

test("a page whose session is over is not held, its release was overwritten", () => {
  const store = storeOf([
    lease(0, 5), lease(1, 6),
    ...told(1000, 1, { slot: 2, session: 5 }, [["execution_worker", "closeReceived", "finished", "closed"]]),
  ]);
  const cursor = new Cursor(store);
  cursor.moveTo(2);
  expect(standingOf(store, cursor, 0)).toBe(1);
  cursor.moveTo(3);
  expect(standingOf(store, cursor, 0)).toBe(LOST);
  expect(standingOf(store, cursor, 1)).toBe(1);
});
