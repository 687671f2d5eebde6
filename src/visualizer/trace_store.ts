// All records of a trace with what the views ask of them: actors, sessions, marks. It grows at its end only, so a
// live trace and a file are the same thing; time travel is cursor.ts's.
import {
  pageLease, planningBackend, planningWorker, executionBackend, executionWorker, scan, scanProducer,
} from "#generated/machines.js";
import { ringOf, writerKinds } from "#trace/writer.js";
import { senderOf } from "./senders.js";
import { kindOfState, markOfTransition, stateName, type MarkKind, type StateKind } from "./state_kinds.js";
import { copyChunk, emptyChunk, type TraceChunk } from "./trace_chunk.js";

export interface TraceActor {
  readonly id: number;
  readonly machine: number;
  /** Leaf, scan slot or page, by machine; 0 where a session has only one. */
  readonly number: number;
  /** Of a scan and its producers; -1 for others. */
  readonly leaf: number;
  /** -1 for a page: it passes from session to session. */
  readonly session: number;
  /** Records of this actor, rising. */
  readonly records: number[];
}

export type SessionKind = "planning" | "execution" | "unknown";

export interface TraceSession {
  readonly id: number;
  readonly slot: number;
  readonly epoch: number;
  kind: SessionKind;
  /** Records of the session, rising; lease records among them. */
  readonly records: number[];
  readonly leases: number[];
  /** Actors other than pages, by their first record. */
  readonly actors: number[];
  /** Where the backend's machine stood last, else the worker's; none when neither wrote. */
  last: { readonly machine: number; readonly state: number; readonly told: boolean } | undefined;
  readonly marks: Record<MarkKind, number>;
}

const CAPACITY_FIRST = 4096;
const SLOTS = 65536;
const MACHINES = 16;
const backendMachines = new Set<number>([planningBackend.code, executionBackend.code]);
const workerMachines = new Set<number>([planningWorker.code, executionWorker.code]);

/** First place in a rising list whose value is over `value`. */
export function firstAfter(list: ArrayLike<number>, value: number, end = list.length): number {
  let low = 0;
  let high = end;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle] as number) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

export class TraceStore {
  /** Of the recorded server: rings are numbered by it. */
  readonly controlSlots: number;
  #columns = emptyChunk(CAPACITY_FIRST);
  #count = 0;
  /** By record: its actor and its session. */
  #actorOf = new Int32Array(CAPACITY_FIRST);
  #sessionOf = new Int32Array(CAPACITY_FIRST);
  readonly actors: TraceActor[] = [];
  readonly sessions: TraceSession[] = [];
  readonly marks: Record<MarkKind, number[]> = {
    cancel: [], failure: [], violation: [], ringFull: [], poolEmpty: [], stale: [],
  };
  /** Actor of a page, by page index; its length is the highest page seen and one. */
  readonly pages: number[] = [];
  readonly #sessionIds = new Map<number, number>();
  readonly #actorIds = new Map<number, number>();
  /** By slot: the session of its last record. Most records are of the session before them in their slot. */
  readonly #sessionOfSlot: TraceSession[] = [];
  /** By machine, of one session each: the actor of its last record. */
  readonly #recentActors: (TraceActor | undefined)[] = [];

  constructor(controlSlots = 0) {
    this.controlSlots = controlSlots;
  }

  get count(): number {
    return this.#count;
  }

  get columns(): TraceChunk {
    return this.#columns;
  }

  actorOf(record: number): number {
    return this.#actorOf[record] ?? -1;
  }

  sessionOf(record: number): number {
    return this.#sessionOf[record] ?? -1;
  }

  timeOf(record: number): number {
    return record < 0 || record >= this.#count ? 0 : this.#columns.timeNs[record] as number;
  }

  get endNs(): number {
    return this.timeOf(this.#count - 1);
  }

  /** Records that had happened at a time: the cursor position of that time. */
  positionAt(timeNs: number): number {
    return firstAfter(this.#columns.timeNs, timeNs, this.#count);
  }

  /** Takes further records. A record that came late keeps its place and gets the time of the one before it. */
  append(chunk: TraceChunk): void {
    this.#reserve(this.#count + chunk.count);
    copyChunk(this.#columns, this.#count, chunk);
    this.index(chunk.count);
  }

  /** Holds these records, to be indexed piece by piece; the store is empty before. They are not copied. */
  hold(chunk: TraceChunk): void {
    this.#columns = chunk;
    [this.#actorOf, this.#sessionOf] = [new Int32Array(chunk.count), new Int32Array(chunk.count)];
  }

  /** Indexes the next records of those held. */
  index(count: number): void {
    const times = this.#columns.timeNs;
    for (let more = 0; more < count; more++) {
      const at = this.#count;
      const before = this.timeOf(at - 1);
      if ((times[at] as number) < before) times[at] = before;
      this.#count = at + 1;
      this.#index(at);
    }
  }

  #reserve(count: number): void {
    if (count <= this.#columns.timeNs.length) return;
    const capacity = Math.max(count, this.#columns.timeNs.length * 2);
    const wider = emptyChunk(capacity);
    copyChunk(wider, 0, { ...this.#columns, count: this.#count });
    this.#columns = wider;
    const [actorOf, sessionOf] = [new Int32Array(capacity), new Int32Array(capacity)];
    actorOf.set(this.#actorOf);
    sessionOf.set(this.#sessionOf);
    [this.#actorOf, this.#sessionOf] = [actorOf, sessionOf];
  }

  #index(at: number): void {
    const machine = this.#columns.machine[at] as number;
    const session = this.#session(at);
    const actor = machine === pageLease.code ? this.#page(at) : this.#actor(at, session);
    actor.records.push(at);
    session.records.push(at);
    this.#actorOf[at] = actor.id;
    this.#sessionOf[at] = session.id;
    if (machine === pageLease.code) {
      session.leases.push(at);
      return;
    }
    this.#judge(at, session);
  }

  #judge(at: number, session: TraceSession): void {
    const { machine, event, from, to } = this.#columns;
    const [code, reached] = [machine[at] as number, to[at] as number];
    const mark = markOfTransition(code, event[at] as number, from[at] as number, reached);
    if (mark !== undefined) {
      this.marks[mark].push(at);
      session.marks[mark] += 1;
    }
    const backend = backendMachines.has(code);
    if (!backend && !workerMachines.has(code)) return;
    session.kind = code === executionBackend.code || code === executionWorker.code ? "execution" : "planning";
    if (backend || session.last?.told !== true) session.last = { machine: code, state: reached, told: backend };
  }

  #session(at: number): TraceSession {
    const { slot, session } = this.#columns;
    const [place, epoch] = [slot[at] as number, session[at] as number];
    const recent = this.#sessionOfSlot[place];
    if (recent !== undefined && recent.epoch === epoch) return recent;
    return (this.#sessionOfSlot[place] = this.#sessionNamed(place, epoch));
  }

  #sessionNamed(place: number, epoch: number): TraceSession {
    const key = epoch * SLOTS + place;
    const known = this.#sessionIds.get(key);
    if (known !== undefined) return this.sessions[known] as TraceSession;
    const fresh: TraceSession = {
      id: this.sessions.length, slot: place, epoch, kind: "unknown", records: [], leases: [], actors: [],
      last: undefined, marks: { cancel: 0, failure: 0, violation: 0, ringFull: 0, poolEmpty: 0, stale: 0 },
    };
    this.#sessionIds.set(key, fresh.id);
    this.sessions.push(fresh);
    return fresh;
  }

  #page(at: number): TraceActor {
    const page = this.#columns.argument[at] as number;
    const known = this.pages[page];
    if (known !== undefined) return this.actors[known] as TraceActor;
    const fresh = this.#newActor(pageLease.code, page, -1, -1);
    this.pages[page] = fresh.id;
    return fresh;
  }

  #actor(at: number, session: TraceSession): TraceActor {
    const { machine, actor, writer, writerKind } = this.#columns;
    const code = machine[at] as number;
    // Producers of one leaf share its number; the scan slot they write under tells them apart.
    const ownSlot = code === scanProducer.code && writerKinds[writerKind[at] as number] === "producer";
    const number = (ownSlot ? writer[at] : actor[at]) as number;
    const recent = this.#recentActors[code];
    if (recent !== undefined && recent.session === session.id && recent.number === number) return recent;
    const key = (session.id * MACHINES + (code % MACHINES)) * SLOTS + number;
    const known = this.#actorIds.get(key);
    if (known !== undefined) return (this.#recentActors[code] = this.actors[known] as TraceActor);
    const hasLeaf = code === scan.code || code === scanProducer.code;
    const fresh = this.#newActor(code, number, session.id, hasLeaf ? actor[at] as number : -1);
    this.#recentActors[code] = fresh;
    this.#actorIds.set(key, fresh.id);
    session.actors.push(fresh.id);
    return fresh;
  }

  #newActor(machine: number, number: number, session: number, leaf: number): TraceActor {
    const fresh = { id: this.actors.length, machine, number, leaf, session, records: [] };
    this.actors.push(fresh);
    return fresh;
  }

  /** The next record with a mark of this kind after the record before `position`, or the last one before it. */
  marked(kind: MarkKind, position: number, direction: 1 | -1): number | undefined {
    const list = this.marks[kind];
    return direction === 1 ? list[firstAfter(list, position - 1)] : list[firstAfter(list, position - 2) - 1];
  }

  /**
   * The record whose message caused this one. Writers count apart, so a number is looked for among the records of the
   * writer the record names, or else of the kind of writer that sends such messages.
   */
  causeOf(record: number): number | undefined {
    const { cause, causeWriter, sequence, writer, writerKind, machine, event } = this.#columns;
    const wanted = cause[record] as number;
    const session = this.sessions[this.sessionOf(record)];
    if (wanted === 0 || session === undefined) return undefined;
    const ring = (causeWriter[record] as number) - 1;
    const sender = senderOf(machine[record] as number, event[record] as number);
    return session.records.findLast((at) => {
      if (at >= record || sequence[at] !== wanted) return false;
      const kind = writerKinds[writerKind[at] as number];
      if (ring < 0 || kind === undefined) return kind === sender;
      return ringOf({ kind, number: writer[at] as number }, this.controlSlots) === ring;
    });
  }
}

/** How the session ended, or where it stands. */
export function outcomeOf({ last }: TraceSession): { readonly name: string; readonly kind: StateKind } {
  if (last === undefined) return { name: "", kind: "idle" };
  return { name: stateName(last.machine, last.state), kind: kindOfState(last.machine, last.state) };
}

/** Worst first, then newest first. */
export function sessionsByWorth(sessions: readonly TraceSession[]): TraceSession[] {
  const weight = (session: TraceSession): number => {
    const { kind: outcomeKind } = outcomeOf(session);
    if (session.marks.violation > 0) return 0;
    if (outcomeKind === "failed") return 1;
    if (outcomeKind === "stopped") return 2;
    return outcomeKind === "done" ? 4 : 3;
  };
  return [...sessions].sort((a, b) => weight(a) - weight(b) || b.id - a.id);
}
