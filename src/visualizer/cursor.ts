// The states of all actors after any number of records. Checkpoints bound the replay of a jump; single steps go
// both ways without one. It knows tables, not pictures.
import { generatedMachines } from "#generated/machines.js";
import { firstAfter, type TraceStore } from "./trace_store.js";

/** An actor that has not written yet. */
export const UNBORN = 255;

/** Replaying this many records costs about a millisecond; more checkpoints would cost memory for each actor. */
export const CHECKPOINT_RECORDS = 32_768;

/** Going back further than this, a checkpoint is nearer. */
const UNDO_RECORDS_MAX = 64;

const STATES = 16;
const EVENTS = 16;

interface Checkpoint {
  readonly states: Uint8Array;
  readonly counts: Uint32Array;
  readonly uses: Uint32Array;
}

const machineCount = generatedMachines.length + 1;

/** Counts of a picture: actors by machine and state, and uses of each transition so far. */
export class Tally {
  readonly counts = new Uint32Array(machineCount * STATES);
  readonly uses = new Uint32Array(machineCount * STATES * EVENTS);

  inState(machine: number, state: number): number {
    return this.counts[machine * STATES + state] ?? 0;
  }

  usesOf(machine: number, from: number, event: number): number {
    return this.uses[(machine * STATES + from) * EVENTS + event] ?? 0;
  }

  /** One transition, done (1) or undone (-1), of an actor that comes from `before`. */
  step(machine: number, before: number, from: number, event: number, to: number, direction: 1 | -1): void {
    const [counts, uses] = [this.counts, this.uses];
    if (before !== UNBORN) (counts[machine * STATES + before] as number) -= direction;
    (counts[machine * STATES + to] as number) += direction;
    (uses[(machine * STATES + from) * EVENTS + event] as number) += direction;
  }
}

export class Cursor {
  readonly #store: TraceStore;
  readonly tally = new Tally();
  #states = new Uint8Array(1024).fill(UNBORN);
  #position = 0;
  readonly #checkpoints: Checkpoint[] = [];

  constructor(store: TraceStore) {
    this.#store = store;
  }

  /** How many records have happened. */
  get position(): number {
    return this.#position;
  }

  /** Of the last record that has happened, or of the first one before any has. */
  get timeNs(): number {
    return this.#store.timeOf(Math.max(0, this.#position - 1));
  }

  stateOf(actor: number): number {
    return this.#states[actor] ?? UNBORN;
  }

  /** The last record of an actor so far, or -1. */
  lastRecordOf(actor: number): number {
    const records = this.#store.actors[actor]?.records ?? [];
    return records[firstAfter(records, this.#position - 1) - 1] ?? -1;
  }

  /** Goes to a position; beyond the ends it stops there. */
  moveTo(wanted: number): void {
    const position = Math.max(0, Math.min(wanted, this.#store.count));
    if (position < this.#position && this.#position - position <= UNDO_RECORDS_MAX) {
      while (this.#position > position) this.#undo();
      return;
    }
    const nearest = Math.min(Math.floor(position / CHECKPOINT_RECORDS), this.#checkpoints.length);
    const behind = position < this.#position;
    if (behind || nearest * CHECKPOINT_RECORDS > this.#position) this.#restore(nearest);
    this.#redoTo(position);
  }

  /** Forwards in stretches between checkpoints: a long jump replays hundreds of thousands of records. */
  #redoTo(position: number): void {
    while (this.#position < position) {
      const due = (this.#checkpoints.length + 1) * CHECKPOINT_RECORDS;
      const next = due > this.#position ? Math.min(position, due) : position;
      this.#redo(next);
      if (next === due) this.#checkpoints.push({
        states: this.#states.slice(0, this.#store.actors.length),
        counts: this.tally.counts.slice(), uses: this.tally.uses.slice(),
      });
    }
  }

  #redo(end: number): void {
    const { machine, event, from, to } = this.#store.columns;
    if (this.#store.actors.length > this.#states.length) this.#widen(this.#store.actors.length);
    const [states, { counts, uses }, store] = [this.#states, this.tally, this.#store];
    for (let at = this.#position; at < end; at++) {
      const actor = store.actorOf(at);
      const [code, reached, before] = [machine[at] as number, to[at] as number, states[actor] as number];
      if (before !== UNBORN) (counts[code * STATES + before] as number) -= 1;
      (counts[code * STATES + reached] as number) += 1;
      (uses[(code * STATES + (from[at] as number)) * EVENTS + (event[at] as number)] as number) += 1;
      states[actor] = reached;
    }
    this.#position = end;
  }

  #undo(): void {
    const at = this.#position - 1;
    const { machine, event, from, to } = this.#store.columns;
    const actor = this.#store.actorOf(at);
    const records = this.#store.actors[actor]?.records ?? [];
    const previous = records[firstAfter(records, at - 1) - 1];
    const before = previous === undefined ? UNBORN : to[previous] as number;
    this.tally.step(
      machine[at] as number, before, from[at] as number, event[at] as number, to[at] as number, -1);
    this.#states[actor] = before;
    this.#position = at;
  }

  #restore(number: number): void {
    const checkpoint = this.#checkpoints[number - 1];
    this.#states.fill(UNBORN);
    this.tally.counts.fill(0);
    this.tally.uses.fill(0);
    if (checkpoint !== undefined) {
      this.#states.set(checkpoint.states);
      this.tally.counts.set(checkpoint.counts);
      this.tally.uses.set(checkpoint.uses);
    }
    this.#position = checkpoint === undefined ? 0 : number * CHECKPOINT_RECORDS;
  }

  #widen(actor: number): void {
    const wider = new Uint8Array(Math.max(actor + 1, this.#states.length * 2)).fill(UNBORN);
    wider.set(this.#states);
    this.#states = wider;
  }
}

/** The same counts for one session alone, at the same instant. */
export function tallySession(store: TraceStore, session: number, position: number): Tally {
  const tally = new Tally();
  const states = new Map<number, number>();
  const { machine, event, from, to } = store.columns;
  for (const at of store.sessions[session]?.records ?? []) {
    if (at >= position) break;
    const actor = store.actorOf(at);
    const reached = to[at] as number;
    tally.step(
      machine[at] as number, states.get(actor) ?? UNBORN, from[at] as number, event[at] as number, reached, 1);
    states.set(actor, reached);
  }
  return tally;
}
