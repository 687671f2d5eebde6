// Swimlanes as numbers: which rows there are, the slices of an actor within a stretch of time, and the density of
// page traffic. Each answer costs as much as the screen is wide, however long the trace. page/lanes_view.ts draws.
import {
  cancellation, executionBackend, executionWorker, pageLease, planningBackend, planningWorker, scan, scanProducer,
} from "#generated/machines.js";
import { machineName } from "./state_kinds.js";
import { firstAfter, type TraceStore } from "./trace_store.js";

export type Lane =
  | { readonly kind: "session"; readonly session: number }
  | { readonly kind: "actor"; readonly session: number; readonly actor: number }
  | { readonly kind: "leases"; readonly session: number };

/** From the client inwards: backend, producers, executor. */
const order: readonly number[] = [
  planningBackend.code, executionBackend.code, scanProducer.code, planningWorker.code, executionWorker.code,
  scan.code, cancellation.code,
];

/** A lane for each session; the open ones show their actors and their page traffic below. */
export function lanesOf(store: TraceStore, open: ReadonlySet<number>): Lane[] {
  return store.sessions.flatMap(({ id, actors, leases }): Lane[] => {
    if (!open.has(id)) return [{ kind: "session", session: id }];
    const rank = (actor: number) => order.indexOf(store.actors[actor]?.machine ?? -1);
    const inside = [...actors].sort((a, b) => rank(a) - rank(b) || a - b);
    return [
      { kind: "session", session: id },
      ...inside.map((actor): Lane => ({ kind: "actor", session: id, actor })),
      ...(leases.length > 0 ? [{ kind: "leases", session: id } as const] : []),
    ];
  });
}

const severalOf = new Set<number>([scan.code, scanProducer.code, pageLease.code]);

/** "scan_producer 3"; the number only where a session may have several. */
export function actorName(store: TraceStore, actor: number): string {
  const { machine, number } = store.actors[actor] ?? { machine: 0, number: 0 };
  if (machine === pageLease.code) return `page ${number}`;
  return severalOf.has(machine) ? `${machineName(machine)} ${number}` : machineName(machine);
}

export interface Slice {
  readonly fromNs: number;
  readonly toNs: number;
  readonly state: number;
  /** Transitions within the slice that were too near to each other to be drawn. */
  readonly folded: number;
}

/**
 * The states of an actor from one time to another. Changes nearer to each other than `grainNs` are folded into one
 * slice, which shows the last state of them.
 */
export function slicesOf(
  store: TraceStore, actor: number, fromNs: number, toNs: number, grainNs: number, endNs: number,
): Slice[] {
  const records = store.actors[actor]?.records ?? [];
  const { timeNs, to } = store.columns;
  const after = (time: number): number => firstAfter(records, store.positionAt(time) - 1);
  const slices: Slice[] = [];
  let at = Math.max(0, after(fromNs) - 1);
  while (at < records.length) {
    const start = timeNs[records[at] as number] as number;
    if (start > toNs) break;
    let next = at + 1;
    const nextStart = records[next];
    if (nextStart !== undefined && (timeNs[nextStart] as number) - start < grainNs)
      next = Math.max(next, after(start + grainNs));
    const following = records[next];
    slices.push({
      fromNs: start,
      toNs: following === undefined ? Math.max(endNs, start) : timeNs[following] as number,
      state: to[records[next - 1] as number] as number,
      folded: next - at - 1,
    });
    at = next;
  }
  return slices;
}

/** Lease records in each of `buckets` stretches, whose ends are given: rising times, one more than buckets. */
export function leaseDensity(store: TraceStore, session: number, endsNs: readonly number[]): number[] {
  const leases = store.sessions[session]?.leases ?? [];
  const places = endsNs.map((time) => firstAfter(leases, store.positionAt(time) - 1));
  return places.slice(1).map((place, bucket) => place - (places[bucket] as number));
}

/** "execution 12/3": slot and epoch name a session. */
export function sessionTitle(store: TraceStore, session: number): string {
  const { kind, slot, epoch } = store.sessions[session] ?? { kind: "session", slot: 0, epoch: 0 };
  return `${kind === "unknown" ? "session" : kind} ${slot}/${epoch}`;
}
