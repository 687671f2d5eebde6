// What states and events mean to a person: waiting, failed, cancelled. The machines do not say; their names do, and
// a test holds every name of every machine against this table. Read next: trace_store.ts.
import { FLIGHT_NOTE_STALE_FRAME } from "#generated/layout.js";
import { generatedMachines, type GeneratedMachine } from "#generated/machines.js";

export type StateKind = "idle" | "working" | "waiting" | "ending" | "done" | "stopped" | "failed";

/** By state name: no two machines use one name for different things. */
const kinds: Readonly<Record<string, StateKind>> = {
  idle: "idle", opening: "idle", watching: "idle", free: "idle", reserved: "idle",
  requesting: "working", planning: "working", starting: "working", compiling: "working", running: "working",
  streaming: "working", producing: "working", filling: "working", leased: "working", issued: "waiting",
  imported: "working",
  building: "working", ready: "done", declined: "stopped",
  absent: "idle", present: "working", broken: "failed", removed: "done",
  waitingForPage: "waiting", waitingForRing: "waiting",
  draining: "ending", concluding: "ending", failing: "failed", cancelling: "stopped", stopping: "stopped",
  finished: "done", planned: "done", answered: "done", ended: "done", closed: "done", settled: "done",
  cancelled: "stopped", abandoned: "stopped", stopped: "stopped", refused: "stopped",
  failed: "failed",
};

const machineNumbered = (code: number): GeneratedMachine | undefined => generatedMachines[code - 1];

export function kindOfStateName(name: string): StateKind | undefined {
  return kinds[name];
}

export function kindOfState(machine: number, state: number): StateKind {
  return kinds[machineNumbered(machine)?.states[state] ?? ""] ?? "idle";
}

/** Records under this number are notes of no machine (schemas/layout/flight.json). */
export const NOTES = 0;
const notes: Readonly<Record<number, string>> = { [FLIGHT_NOTE_STALE_FRAME]: "stale frame dropped" };

export const stateName = (machine: number, state: number): string =>
  machineNumbered(machine)?.states[state] ?? (machine === NOTES ? "" : `state ${state}`);
export const eventName = (machine: number, event: number): string =>
  machineNumbered(machine)?.events[event] ?? (machine === NOTES ? notes[event] : undefined) ?? `event ${event}`;
export const machineName = (machine: number): string =>
  machineNumbered(machine)?.name ?? (machine === NOTES ? "notes" : `machine ${machine}`);

/** What a person jumps to. */
export const markKinds = ["cancel", "failure", "violation", "ringFull", "poolEmpty", "stale"] as const;
export type MarkKind = (typeof markKinds)[number];

export const markNames: Readonly<Record<MarkKind, string>> = {
  cancel: "cancel", failure: "failure", violation: "violation", ringFull: "full ring", poolEmpty: "empty pool",
  stale: "stale drop",
};

const cancelEvents = new Set(["cancel", "abort", "abandon", "requested"]);
// Not "cancelling": a backend that has all its rows closes the session before the worker has heard of the job's end.
const cancelStates = new Set(["cancelled", "abandoned"]);
const failureEvents = new Set(["workerLost", "failedReceived", "resultFailed", "jobFailed", "producerFailed", "fail"]);

const waits: Readonly<Record<string, MarkKind>> = { ringFilled: "ringFull", poolExhausted: "poolEmpty" };

function markOf(machine: GeneratedMachine, event: string, from: string, to: string): MarkKind | undefined {
  if (waits[event] !== undefined) return waits[event];
  if (event === "violated") return "violation";
  if (failureEvents.has(event)) return "failure";
  // Being told so again is no second failure.
  if (kinds[to] === "failed" && kinds[from] !== "failed") return "failure";
  if (cancelEvents.has(event)) return "cancel";
  return cancelStates.has(to) && !cancelStates.has(from) && machine.name !== "page_lease" ? "cancel" : undefined;
}

const markTable = new Map<number, MarkKind | undefined>();

/** Whether a transition is worth jumping to. */
export function markOfTransition(
  machine: number, event: number, from: number, to: number,
): MarkKind | undefined {
  const key = ((machine * 256 + event) * 256 + from) * 256 + to;
  if (markTable.has(key)) return markTable.get(key);
  const known = machineNumbered(machine);
  const mark = known === undefined
    ? machine === NOTES && event === FLIGHT_NOTE_STALE_FRAME ? "stale" : undefined
    : markOf(known, eventName(machine, event), stateName(machine, from), stateName(machine, to));
  markTable.set(key, mark);
  return mark;
}
