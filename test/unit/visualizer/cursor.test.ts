// Time travel: wherever the cursor comes from, it finds the same states and counts.
import fc from "fast-check";
import { expect, test } from "vitest";
import { generatedMachines } from "#generated/machines.js";
import { CHECKPOINT_RECORDS, Cursor, tallySession, UNBORN } from "#visualizer/cursor.js";
import { emptyChunk } from "#visualizer/trace_chunk.js";
import { TraceStore } from "#visualizer/trace_store.js";
import { cancelledSteps, failedSteps, finishedSteps, storeOf, told } from "./traces.js";

/** Many short sessions over several checkpoints. */
function longStore(records: number): TraceStore {
  const chunk = emptyChunk(records);
  const steps = [...told(0, 1, {}, finishedSteps)].map(({ event, from, to }) => {
    const machine = generatedMachines[2] as (typeof generatedMachines)[number];
    return [machine.events.indexOf(event), machine.states.indexOf(from), machine.states.indexOf(to)] as const;
  });
  for (let at = 0; at < records; at++) {
    const [event, from, to] = steps[at % steps.length] as readonly [number, number, number];
    chunk.timeNs[at] = at * 1000;
    chunk.machine[at] = 3;
    [chunk.event[at], chunk.from[at], chunk.to[at]] = [event, from, to];
    chunk.session[at] = 1 + Math.floor(at / steps.length);
  }
  const store = new TraceStore();
  store.append(chunk);
  return store;
}

const long = longStore(CHECKPOINT_RECORDS * 2 + 1000);

function fresh(store: TraceStore, position: number): Cursor {
  const cursor = new Cursor(store);
  cursor.moveTo(position);
  return cursor;
}

test("any way to a position ends in the same picture", () => {
  const place = fc.integer({ min: -5, max: long.count + 5 });
  const near = fc.integer({ min: -80, max: 80 });
  fc.assert(fc.property(fc.array(fc.oneof(place, near), { minLength: 1, maxLength: 6 }), (moves) => {
    const cursor = new Cursor(long);
    for (const move of moves) cursor.moveTo(Math.abs(move) <= 80 ? cursor.position + move : move);
    const other = fresh(long, cursor.position);
    expect(cursor.position).toBe(other.position);
    expect(cursor.tally.counts).toEqual(other.tally.counts);
    expect(cursor.tally.uses).toEqual(other.tally.uses);
    const actor = Math.max(0, long.actorOf(Math.max(0, cursor.position - 1)));
    for (const id of [actor - 1, actor, actor + 1]) expect(cursor.stateOf(id)).toBe(other.stateOf(id));
  }), { numRuns: 60 });
});

test("an actor is in the state of its last record, and unborn before its first", () => {
  const store = storeOf([...told(0, 1, { session: 1 }, cancelledSteps), ...told(9, 1, { session: 2 }, failedSteps)]);
  const cursor = new Cursor(store);
  expect(cursor.stateOf(0)).toBe(UNBORN);
  cursor.moveTo(3);
  const backend = generatedMachines[2] as (typeof generatedMachines)[number];
  expect(backend.states[cursor.stateOf(0)]).toBe("cancelled");
  expect(cursor.lastRecordOf(0)).toBe(2);
  expect(cursor.tally.inState(backend.code, backend.states.indexOf("cancelled"))).toBe(1);
  cursor.moveTo(2);
  expect(backend.states[cursor.stateOf(0)]).toBe("starting");
  expect(cursor.tally.inState(backend.code, backend.states.indexOf("cancelled"))).toBe(0);
});

test("a session's own counts leave the others out", () => {
  const store = storeOf([...told(0, 1, { session: 1 }, cancelledSteps), ...told(9, 1, { session: 2 }, failedSteps)]);
  const backend = generatedMachines[2] as (typeof generatedMachines)[number];
  const tally = tallySession(store, 1, store.count);
  expect(tally.inState(backend.code, backend.states.indexOf("failed"))).toBe(1);
  expect(tally.inState(backend.code, backend.states.indexOf("cancelled"))).toBe(0);
  expect(tally.usesOf(backend.code, 0, backend.events.indexOf("start"))).toBe(1);
});
