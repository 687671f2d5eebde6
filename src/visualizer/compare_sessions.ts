// Two sessions beside each other, of one trace or of two: where each pair of actors first does something else, and how
// often and how long each state was held. Times differ always and are no divergence; what an actor does is its events.
import { pageLease } from "#generated/machines.js";
import { eventName, machineName, stateName } from "./state_kinds.js";
import type { TraceStore } from "./trace_store.js";

/** A session in its trace. */
export interface Side {
  readonly store: TraceStore;
  readonly session: number;
}

export interface Divergence {
  readonly actor: string;
  /** What each side does there, undefined where it has no further record; records are positions in their traces. */
  readonly left: { readonly record: number; readonly says: string } | undefined;
  readonly right: { readonly record: number; readonly says: string } | undefined;
  /** Records of the actor that are alike before it. */
  readonly alike: number;
}

export interface StateDelta {
  readonly machine: string;
  readonly state: string;
  /** Times it was entered, and how long it was held, left and right. */
  readonly visits: readonly [number, number];
  readonly ns: readonly [number, number];
}

export interface Comparison {
  /** Earliest of the left side first; actors that behave alike are not in it. */
  readonly divergences: readonly Divergence[];
  readonly alike: number;
  readonly states: readonly StateDelta[];
  readonly leases: readonly [number, number];
  readonly ns: readonly [number, number];
}

interface NamedActor {
  readonly name: string;
  readonly records: readonly number[];
}

/** Actors by what they are, not by slot: "scan_producer of leaf 1, the 2nd". */
function actorsOf({ store, session }: Side): ReadonlyMap<string, NamedActor> {
  const named = new Map<string, NamedActor>();
  const counts = new Map<string, number>();
  const ids = [...(store.sessions[session]?.actors ?? [])].sort((a, b) =>
    (store.actors[a]?.number ?? 0) - (store.actors[b]?.number ?? 0));
  for (const id of ids) {
    const { machine = 0, leaf = -1, records = [] } = store.actors[id] ?? {};
    const kind = `${machineName(machine)}${leaf < 0 ? "" : ` of leaf ${leaf}`}`;
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    const name = count === 1 ? kind : `${kind}, number ${count}`;
    named.set(name, { name, records });
  }
  return named;
}

function stepAt({ store }: Side, record: number): string {
  const { machine, event, from, to } = store.columns;
  const code = machine[record] as number;
  return `${eventName(code, event[record] as number)}: ${stateName(code, from[record] as number)} \u2192 ` +
    stateName(code, to[record] as number);
}

function divergenceOf(left: Side, right: Side, a: NamedActor | undefined, b: NamedActor | undefined):
  Divergence | undefined {
  const [mine, theirs] = [a?.records ?? [], b?.records ?? []];
  const most = Math.max(mine.length, theirs.length);
  for (let at = 0; at < most; at++) {
    const [one, two] = [mine[at], theirs[at]];
    const here = one === undefined ? undefined : { record: one, says: stepAt(left, one) };
    const there = two === undefined ? undefined : { record: two, says: stepAt(right, two) };
    if (here?.says === there?.says) continue;
    return { actor: a?.name ?? b?.name ?? "", alike: at, left: here, right: there };
  }
  return undefined;
}

interface Held {
  visits: number;
  ns: number;
}

/** By machine and state; a page's leases are counted apart. */
function heldStates({ store, session }: Side): ReadonlyMap<string, Held> {
  const held = new Map<string, Held>();
  const { records = [], actors = [] } = store.sessions[session] ?? {};
  const end = store.timeOf(records.at(-1) ?? 0);
  for (const id of actors) {
    const actor = store.actors[id];
    actor?.records.forEach((record, at) => {
      const key = `${actor.machine}/${store.columns.to[record]}`;
      const known = held.get(key) ?? { visits: 0, ns: 0 };
      const next = actor.records[at + 1];
      held.set(key, {
        visits: known.visits + (store.columns.from[record] === store.columns.to[record] ? 0 : 1),
        ns: known.ns + Math.max(0, (next === undefined ? end : store.timeOf(next)) - store.timeOf(record)),
      });
    });
  }
  return held;
}

function durationOf({ store, session }: Side): number {
  const { records = [] } = store.sessions[session] ?? {};
  return store.timeOf(records.at(-1) ?? 0) - store.timeOf(records[0] ?? 0);
}

/** Everything that differs. */
export function compareSessions(left: Side, right: Side): Comparison {
  const [mine, theirs] = [actorsOf(left), actorsOf(right)];
  const names = [...new Set([...mine.keys(), ...theirs.keys()])];
  const divergences = names
    .map((name) => divergenceOf(left, right, mine.get(name), theirs.get(name)))
    .filter((found) => found !== undefined)
    .sort((a, b) => (a.left?.record ?? Infinity) - (b.left?.record ?? Infinity));
  const [heldLeft, heldRight] = [heldStates(left), heldStates(right)];
  const none: Held = { visits: 0, ns: 0 };
  const states = [...new Set([...heldLeft.keys(), ...heldRight.keys()])].map((key): StateDelta => {
    const [machine = 0, state = 0] = key.split("/").map(Number);
    const [a, b] = [heldLeft.get(key) ?? none, heldRight.get(key) ?? none];
    return {
      machine: machineName(machine), state: stateName(machine, state), visits: [a.visits, b.visits], ns: [a.ns, b.ns],
    };
  });
  states.sort((a, b) => Math.abs(b.ns[1] - b.ns[0]) - Math.abs(a.ns[1] - a.ns[0]));
  const leases = (side: Side): number => (side.store.sessions[side.session]?.leases ?? []).filter((record) =>
    side.store.columns.event[record] === pageLease.events.indexOf("leased")).length;
  return {
    divergences, alike: names.length - divergences.length, states,
    leases: [leases(left), leases(right)], ns: [durationOf(left), durationOf(right)],
  };
}

/** The session of another trace that stands for this one: of the same kind and the same place among them. */
export function counterpart(store: TraceStore, session: number, other: TraceStore): number | undefined {
  const kind = store.sessions[session]?.kind;
  const place = store.sessions.slice(0, session).filter((each) => each.kind === kind).length;
  const alike = other.sessions.filter((each) => each.kind === kind);
  return (alike[place] ?? alike.at(-1))?.id;
}
