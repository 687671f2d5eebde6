// "Why is it waiting?": follows what an actor waits for from machine to machine, as far as the recorded states
// tell. It guesses nothing: where the records end, so does the chain. Read next: cursor.ts.
import {
  cancellation, executionBackend, executionWorker, pageLease, planningBackend, planningWorker, scan, scanProducer,
} from "#generated/machines.js";
import { UNBORN, type Cursor } from "./cursor.js";
import { sessionTitle } from "./lanes.js";
import { LOST, standingOf } from "./page_standing.js";
import { stateName } from "./state_kinds.js";
import { firstAfter, type TraceStore } from "./trace_store.js";

export interface WhyLink {
  readonly actor: number;
  readonly state: string;
  /** How long it has been in this state, or has had no record since. */
  readonly forNs: number;
  readonly says: string;
}

/** Longer chains than machines there are would be a circle. */
const LINKS_MAX = 12;

interface Answer {
  readonly says: string;
  readonly next: number | undefined;
}

/** What is known at one instant, as the rules ask for it. */
class Instant {
  readonly store: TraceStore;
  readonly cursor: Cursor;

  constructor(store: TraceStore, cursor: Cursor) {
    this.store = store;
    this.cursor = cursor;
  }

  state(actor: number): string {
    const state = this.cursor.stateOf(actor);
    return state === UNBORN ? "" : stateName(this.store.actors[actor]?.machine ?? 0, state);
  }

  /** Actors of one machine in a session that have begun. */
  peers(session: number, machine: number): number[] {
    return (this.store.sessions[session]?.actors ?? []).filter((id) =>
      this.store.actors[id]?.machine === machine && this.cursor.stateOf(id) !== UNBORN);
  }

  peer(session: number, machine: number): number | undefined {
    return this.peers(session, machine).at(-1);
  }

  /** Pages that are not free, by the session whose record is their last. */
  holders(): Map<number, number> {
    const holders = new Map<number, number>();
    for (const [page, actor] of this.store.pages.entries()) {
      const standing = standingOf(this.store, this.cursor, page);
      if (actor === undefined || [UNBORN, LOST, pageLease.initial].includes(standing)) continue;
      const session = this.store.sessionOf(this.cursor.lastRecordOf(actor));
      holders.set(session, (holders.get(session) ?? 0) + 1);
    }
    return holders;
  }

  /** Pages a session has issued which nobody has imported. */
  issuedBy(session: number): number {
    const { leases } = this.store.sessions[session] ?? { leases: [] };
    const before = leases.slice(0, firstAfter(leases, this.cursor.position - 1));
    const pages = new Set(before.map((at) => this.store.actorOf(at)));
    return [...pages].filter((page) => this.state(page) === "issued").length;
  }
}

function whyBackend(now: Instant, session: number, state: string): Answer {
  const worker = now.peer(session, executionWorker.code);
  switch (state) {
    case "starting":
      return worker === undefined
        ? { says: "it has sent the plan; the worker has not taken it up yet", next: undefined }
        : { says: "it waits for the worker to start the job", next: worker };
    case "running":
      return { says: "it waits for a page of results, or for its client to fetch", next: worker };
    case "draining":
      return { says: "all results are read; it waits for the worker's last word", next: worker };
    case "concluding":
      return { says: "the worker has finished; it reads the remaining results", next: undefined };
    case "failing":
      return { says: "the result has failed; it waits for the worker's reason", next: worker };
    default:
      return { says: state === "idle" ? "it has not started" : "it is over", next: undefined };
  }
}

function whyWorker(now: Instant, session: number, state: string): Answer {
  const scans = now.peers(session, scan.code);
  const running = scans.find((id) => now.state(id) === "streaming") ?? scans.find((id) => now.state(id) === "opening");
  const stop = now.peer(session, cancellation.code);
  switch (state) {
    case "compiling":
      return { says: "an executor takes up the job and compiles its pipelines", next: running };
    case "streaming":
      return running === undefined
        ? { says: "all scans have ended; the executor computes", next: undefined }
        : { says: "the executor reads pages of a scan", next: running };
    case "draining":
      return { says: "all pages are read; the executor writes results", next: undefined };
    case "failing":
    case "cancelling":
      return { says: "it waits until the executor has let go of the job", next: stop };
    case "finished":
    case "failed":
    case "cancelled":
      return { says: "the job is over; it waits for the backend to close the session", next: undefined };
    default:
      return { says: state === "opening" ? "no plan has come yet" : "it is over", next: undefined };
  }
}

function whyScan(now: Instant, session: number, state: string): Answer {
  if (state === "opening") return { says: "its producers have not been asked to open", next: undefined };
  if (state !== "streaming") return { says: "it is over", next: undefined };
  const producers = now.peers(session, scanProducer.code);
  const stuck = producers.find((id) => now.state(id).startsWith("waiting"));
  const busy = producers.find((id) => ["opening", "producing", "filling"].includes(now.state(id)));
  const next = stuck ?? busy;
  return next === undefined
    ? { says: "no producer has reported yet, or all have ended and their last pages are on the way", next }
    : { says: "it waits for pages of a producer", next };
}

function whyProducer(now: Instant, session: number, state: string): Answer {
  switch (state) {
    case "opening":
      return { says: "it opens its scan", next: undefined };
    case "producing":
      return { says: "it takes the next page", next: undefined };
    case "filling":
      return { says: "it works: it reads the table and fills a page", next: undefined };
    case "waitingForPage": {
      const [holder] = [...now.holders()].sort((a, b) => b[1] - a[1]);
      if (holder === undefined) return { says: "no page is free, and no record tells who holds them", next: undefined };
      const [owner, pages] = holder;
      return {
        says: `the pool has no free page; ${sessionTitle(now.store, owner)} holds ${pages}`,
        next: owner === session ? undefined : now.peer(owner, executionWorker.code),
      };
    }
    case "waitingForRing":
      return {
        says: `its ring is full: ${now.issuedBy(session)} pages wait for the executor`,
        next: undefined,
      };
    default:
      return { says: "it is over", next: undefined };
  }
}

function whyPage(now: Instant, actor: number, state: string): Answer {
  const session = now.store.sessionOf(now.cursor.lastRecordOf(actor));
  const owner = sessionTitle(now.store, session);
  switch (state) {
    case "leased":
      return { says: `a writer of ${owner} fills it`, next: undefined };
    case "issued":
      return {
        says: `${owner} has it in a ring; its reader has not taken it`,
        next: now.peer(session, executionWorker.code),
      };
    case "imported":
      return { says: `a reader of ${owner} reads it`, next: undefined };
    case "reserved":
      return { says: `kept for ${owner}`, next: undefined };
    default:
      return { says: "nobody holds it", next: undefined };
  }
}

function answer(now: Instant, actor: number): Answer {
  const { machine, session } = now.store.actors[actor] ?? { machine: 0, session: -1 };
  const state = now.state(actor);
  switch (machine) {
    case planningBackend.code:
      return state === "requesting"
        ? { says: "it waits for a plan", next: now.peer(session, planningWorker.code) }
        : { says: state === "idle" ? "it has not asked yet" : "it is over", next: undefined };
    case planningWorker.code:
      if (state === "planning") return { says: "it works: the worker's main thread plans", next: undefined };
      return { says: state === "answered" ? "it waits for the backend to close" : "nothing to do", next: undefined };
    case executionBackend.code:
      return whyBackend(now, session, state);
    case executionWorker.code:
      return whyWorker(now, session, state);
    case scan.code:
      return whyScan(now, session, state);
    case scanProducer.code:
      return whyProducer(now, session, state);
    case pageLease.code:
      return whyPage(now, actor, state);
    case cancellation.code:
      return state === "stopping"
        ? { says: "the executor is told to stop; it does so at its next page", next: undefined }
        : { says: state === "watching" ? "nobody has asked to stop" : "it is over", next: undefined };
    default:
      return { says: "this build does not know the machine", next: undefined };
  }
}

/** The chain from an actor to what holds everything up, at the cursor's instant. */
export function whyChain(store: TraceStore, cursor: Cursor, actor: number): WhyLink[] {
  const now = new Instant(store, cursor);
  const links: WhyLink[] = [];
  const seen = new Set<number>();
  let at: number | undefined = actor;
  while (at !== undefined && !seen.has(at) && links.length < LINKS_MAX && cursor.stateOf(at) !== UNBORN) {
    seen.add(at);
    const { says, next } = answer(now, at);
    const sinceNs = store.timeOf(cursor.lastRecordOf(at));
    links.push({ actor: at, state: now.state(at), forNs: Math.max(0, cursor.timeNs - sinceNs), says });
    at = next;
  }
  return links;
}
