// Who holds a page, when records may be missing: the last record of a page is no news if the session that wrote it
// is over, for then the records of its release were overwritten. Read next: cursor.ts.
import { executionBackend, executionWorker, pageLease } from "#generated/machines.js";
import { UNBORN, type Cursor } from "./cursor.js";
import type { TraceStore } from "./trace_store.js";

/** A state of the lease; UNBORN for never seen; LOST for a last record that cannot be true any more. */
export const LOST = 254;

/** The worker's side lets go last; without its records the backend's word must do. */
function isOver(store: TraceStore, cursor: Cursor, session: number): boolean {
  const actors = store.sessions[session]?.actors ?? [];
  for (const machine of [executionWorker, executionBackend]) {
    const id = actors.findLast((actor) => store.actors[actor]?.machine === machine.code);
    const state = id === undefined ? UNBORN : cursor.stateOf(id);
    if (state !== UNBORN) return (machine.finals as readonly number[]).includes(state);
  }
  return false;
}

export function standingOf(store: TraceStore, cursor: Cursor, page: number): number {
  const actor = store.pages[page];
  const state = actor === undefined ? UNBORN : cursor.stateOf(actor);
  if (actor === undefined || state === UNBORN || state === pageLease.initial) return state;
  return isOver(store, cursor, store.sessionOf(cursor.lastRecordOf(actor))) ? LOST : state;
}

/** Pages by standing. */
export function standings(store: TraceStore, cursor: Cursor): Map<number, number> {
  const counts = new Map<number, number>();
  for (let page = 0; page < store.pages.length; page++) {
    const standing = standingOf(store, cursor, page);
    counts.set(standing, (counts.get(standing) ?? 0) + 1);
  }
  return counts;
}
