// What two sessions do differently: the first other step of each actor, and time and visits of states.
import { expect, test } from "vitest";
import { compareSessions, counterpart } from "#visualizer/compare_sessions.js";
import { cancelledSteps, failedSteps, finishedSteps, storeOf, told } from "./traces.js";

test("a session beside itself at another time is alike", () => {
  const left = storeOf(told(0, 10, { session: 1 }, finishedSteps));
  const right = storeOf(told(5000, 30, { session: 9, slot: 3 }, finishedSteps));
  const found = compareSessions({ store: left, session: 0 }, { store: right, session: 0 });
  expect(found.divergences).toEqual([]);
  expect(found.alike).toBe(left.actors.length);
  const [longest] = found.states;
  expect((longest?.ns[1] ?? 0) - (longest?.ns[0] ?? 0)).toBeGreaterThan(0);
  expect(found.ns[1]).toBe(3 * found.ns[0]);
});

test("the first other step of an actor is named, and where it is", () => {
  const store = storeOf([
    ...told(0, 10, { session: 1 }, cancelledSteps), ...told(1000, 10, { session: 2 }, failedSteps),
  ]);
  const { divergences } = compareSessions({ store, session: 0 }, { store, session: 1 });
  const backend = divergences.find(({ actor }) => actor === "execution_backend");
  expect(backend).toMatchObject({ alike: 1, left: { record: 2 } });
  expect(backend?.left?.says).toContain("cancel");
  expect(backend?.right?.says).not.toContain("cancel");
});

test("an actor that only one side has differs from its first record on", () => {
  const both = [["execution_backend", "start", "idle", "starting"]] as const;
  const store = storeOf([
    ...told(0, 10, { session: 1 }, both),
    ...told(100, 10, { session: 2 }, [...both, ["scan", "open", "opening", "streaming"]]),
  ]);
  const { divergences, alike } = compareSessions({ store, session: 0 }, { store, session: 1 });
  expect(divergences).toMatchObject([{ actor: "scan of leaf 0", left: undefined, alike: 0 }]);
  expect(alike).toBe(1);
});

test("a counterpart is of the same kind and place", () => {
  const left = storeOf([
    ...told(0, 10, { session: 1 }, [["planning_backend", "request", "idle", "requesting"]]),
    ...told(100, 10, { session: 2 }, finishedSteps), ...told(200, 10, { session: 3 }, finishedSteps),
  ]);
  const right = storeOf([
    ...told(0, 10, { session: 5 }, finishedSteps), ...told(100, 10, { session: 6 }, finishedSteps),
  ]);
  expect(counterpart(left, 1, right)).toBe(0);
  expect(counterpart(left, 2, right)).toBe(1);
  expect(counterpart(left, 0, right)).toBeUndefined();
});
