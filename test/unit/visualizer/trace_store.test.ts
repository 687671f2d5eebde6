// Packing, indexing and marking: what the page is told is what was recorded.
import { describe, expect, test } from "vitest";
import { FLIGHT_NOTE_STALE_FRAME } from "#generated/layout.js";
import { generatedMachines } from "#generated/machines.js";
import { sqlstateOf } from "#trace/sqlstate.js";
import { ringOf } from "#trace/writer.js";
import { kindOfStateName } from "#visualizer/state_kinds.js";
import { emptyChunk, packTrace, sliceOfChunk, TraceChunkError, unpackTrace } from "#visualizer/trace_chunk.js";
import { outcomeOf, sessionsByWorth, TraceStore } from "#visualizer/trace_store.js";
import { cancelledSteps, chunkOf, failedSteps, finishedSteps, starvedSteps, storeOf, told } from "./traces.js";

const heading = {
  title: "a trace", wallMs: 1, machinesFingerprint: "0", sameMachines: true, missing: 0, live: false, controlSlots: 4,
  plans: [],
};
const three = [
  ...told(0, 10, { session: 1 }, finishedSteps), ...told(1000, 10, { session: 2 }, cancelledSteps),
  ...told(2000, 10, { session: 3 }, failedSteps),
];

test("a packed trace is read back whole, a damaged one is refused", () => {
  const chunk = chunkOf(three);
  const bytes = packTrace(heading, chunk);
  const back = unpackTrace(bytes);
  expect(back.heading).toEqual(heading);
  expect(back.chunk).toEqual(chunk);
  // Bytes that begin anywhere in a buffer are read too.
  const shifted = new Uint8Array(bytes.length + 3).subarray(3);
  shifted.set(bytes);
  expect(unpackTrace(shifted).chunk).toEqual(chunk);
  expect(() => unpackTrace(bytes.subarray(0, bytes.length - 1))).toThrow(TraceChunkError);
  expect(() => unpackTrace(new Uint8Array(4))).toThrow(TraceChunkError);
});

test("records taken piece by piece give the same index as all at once", () => {
  const chunk = chunkOf(three);
  const [whole, pieces] = [storeOf(three), new TraceStore()];
  for (let at = 0; at < chunk.count; at++) pieces.append(sliceOfChunk(chunk, at, at + 1));
  expect(pieces.sessions).toEqual(whole.sessions);
  expect(pieces.actors).toEqual(whole.actors);
  expect(pieces.marks).toEqual(whole.marks);
});

test("sessions end as their backend says, and the failed one comes first", () => {
  const { sessions, marks } = storeOf(three);
  expect(sessions.map((session) => [outcomeOf(session).name, session.kind])).toEqual([
    ["finished", "execution"], ["cancelled", "execution"], ["failed", "execution"],
  ]);
  const byWorth = sessionsByWorth(sessions).map((session) => outcomeOf(session).name);
  expect(byWorth).toEqual(["failed", "cancelled", "finished"]);
  expect(marks).toMatchObject({ cancel: [6], failure: [10, 11], violation: [] });
});

test("marks are found before and after the cursor", () => {
  const store = storeOf(three);
  expect(store.marked("failure", 0, 1)).toBe(10);
  expect(store.marked("failure", 11, 1)).toBe(11);
  expect(store.marked("failure", 12, 1)).toBeUndefined();
  expect(store.marked("failure", 12, -1)).toBe(10);
  expect(store.marked("cancel", 7, -1)).toBeUndefined();
});

test("a record that comes late does not turn time back", () => {
  const store = storeOf([...told(100, 10, {}, finishedSteps.slice(0, 1)), ...told(50, 10, {}, finishedSteps.slice(1))]);
  expect([store.timeOf(0), store.timeOf(1), store.timeOf(3)]).toEqual([100, 100, 100]);
  expect(store.positionAt(99)).toBe(0);
  expect(store.positionAt(100)).toBe(4);
});

test("a cause is the other side's record of the same session", () => {
  const [start, received] = cancelledSteps.slice(0, 2);
  const store = storeOf([
    ...told(0, 1, { session: 7, sequence: 5 }, [start as (typeof cancelledSteps)[0]]),
    ...told(1, 1, { session: 8, sequence: 5 }, [start as (typeof cancelledSteps)[0]]),
    ...told(2, 1, { session: 7, sequence: 5, cause: 5 }, [received as (typeof cancelledSteps)[0]]),
  ]);
  expect(store.causeOf(2)).toBe(0);
  expect(store.causeOf(0)).toBeUndefined();
});

test("producers of one leaf are different actors, a page is one actor for all sessions", () => {
  const open = { machine: "scan_producer", event: "opened", from: "opening", to: "producing" };
  const lease = { machine: "page_lease", event: "leased", from: "free", to: "leased", argument: 3 };
  const store = storeOf([
    { timeNs: 0, ...open, by: ["producer", 4] }, { timeNs: 1, ...open, by: ["producer", 5] },
    { timeNs: 2, ...lease, session: 1 }, { timeNs: 3, ...lease, session: 2 },
  ]);
  expect(store.actors.map(({ number, session }) => [number, session])).toEqual([[4, 0], [5, 0], [3, -1]]);
  expect(store.pages[3]).toBe(2);
  expect(store.pages.length).toBe(4);
});

test("a packed SQLSTATE is read, anything else is none", () => {
  expect(sqlstateOf(67371461)).toBe("57014");
  expect(sqlstateOf(0)).toBe("00000");
  expect(sqlstateOf(2 ** 31)).toBeUndefined();
  expect(sqlstateOf(63)).toBeUndefined();
});

describe("kinds", () => {
  test.each(generatedMachines.map(({ name, states }) => [name, states] as const))(
    "every state of %s has one", (_, states) => {
      expect(states.filter((state) => kindOfStateName(state) === undefined)).toEqual([]);
    });
});

test("of several writers with the wanted number, the one that sends such messages is the cause", () => {
  const opened = ["scan_producer", "opened", "opening", "producing"] as const;
  const open = ["scan", "open", "opening", "streaming"] as const;
  const begun = ["execution_worker", "startReceived", "opening", "compiling"] as const;
  const producers = [0, 1, 2, 3].flatMap((slot) => told(10 + slot, 1,
    { sequence: 9, cause: 9, by: ["producer", slot] }, [opened]));
  const store = storeOf([
    ...told(0, 1, { sequence: 9, by: ["executor", 1] }, [open]),
    ...told(1, 1, { sequence: 9, by: ["worker", 0] }, [begun]), ...producers,
  ]);
  for (const record of [2, 3, 4, 5]) expect(store.causeOf(record)).toBe(0);
});

test("a trace that names the writer of a cause is believed", () => {
  const [start] = cancelledSteps;
  const received = ["execution_backend", "failedReceived", "starting", "failed"] as const;
  const chunk = chunkOf([
    ...told(0, 1, { sequence: 3, by: ["executor", 0] }, [["scan", "open", "opening", "streaming"]]),
    ...told(1, 1, { sequence: 3, by: ["executor", 1] }, [["scan", "open", "opening", "streaming"]]),
    ...told(2, 1, { sequence: 1 }, [start as (typeof cancelledSteps)[0]]),
    ...told(3, 1, { sequence: 2, cause: 3 }, [received]),
  ]);
  chunk.causeWriter[3] = 1 + ringOf({ kind: "executor", number: 1 }, 4);
  const store = new TraceStore(4);
  store.append(chunk);
  expect(store.causeOf(3)).toBe(1);
});

test("full rings, empty pools and dropped stale frames can be jumped to", () => {
  const store = storeOf([
    ...told(0, 1, {}, starvedSteps),
    ...told(100, 1, {}, [["scan_producer", "ringFilled", "filling", "waitingForRing"]]),
  ]);
  const note = emptyChunk(1);
  note.timeNs[0] = 200;
  note.event[0] = FLIGHT_NOTE_STALE_FRAME;
  store.append(note);
  expect(store.marks).toMatchObject({ poolEmpty: [6], ringFull: [7], stale: [8] });
});
