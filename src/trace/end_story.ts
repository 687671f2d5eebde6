// Says why a session ended as it did and where it stood at that moment: the first thing somebody asks who opens a
// recording. It reads a session's entries; the whole story is story.ts's.
import {
  CLOSE_CAUSE_CLIENT_GONE, CLOSE_CAUSE_ERROR, CLOSE_CAUSE_LOCK_TIMEOUT, CLOSE_CAUSE_RECOVERY_CONFLICT,
  CLOSE_CAUSE_SHIFT, CLOSE_CAUSE_STATEMENT_TIMEOUT, CLOSE_CAUSE_TERMINATED, CLOSE_CAUSE_USER,
} from "#generated/layout.js";
import { generatedMachines, type GeneratedMachine } from "#generated/machines.js";
import type { FlightEntry } from "./flight_reader.js";
import { sqlstateOf } from "./sqlstate.js";

const causes: Readonly<Record<number, string>> = {
  [CLOSE_CAUSE_USER]: "a cancel request (pg_cancel_backend, or Ctrl-C in the client)",
  [CLOSE_CAUSE_STATEMENT_TIMEOUT]: "statement_timeout",
  [CLOSE_CAUSE_LOCK_TIMEOUT]: "lock_timeout",
  [CLOSE_CAUSE_TERMINATED]: "the end of the backend (pg_terminate_backend, or a shutdown)",
  [CLOSE_CAUSE_CLIENT_GONE]: "the client, which has gone",
  [CLOSE_CAUSE_RECOVERY_CONFLICT]: "a conflict with recovery",
  [CLOSE_CAUSE_ERROR]: "an error in the backend",
};

/** Those that PostgreSQL calls a cancel, whatever the machine's event for it is. */
const cancels: ReadonlySet<number> = new Set([
  CLOSE_CAUSE_USER, CLOSE_CAUSE_STATEMENT_TIMEOUT, CLOSE_CAUSE_LOCK_TIMEOUT, CLOSE_CAUSE_RECOVERY_CONFLICT,
]);

const machineOf = (entry: FlightEntry): GeneratedMachine | undefined => generatedMachines[entry.machine - 1];
const eventOf = (entry: FlightEntry): string => machineOf(entry)?.events[entry.event] ?? "";
const stateOf = (entry: FlightEntry, state: number): string => machineOf(entry)?.states[state] ?? `state ${state}`;
const milliseconds = (ns: bigint): string => `${(Number(ns) / 1e6).toFixed(3)} ms`;

const earlyEnds = ["cancel", "abort", "abandon", "enough", "workerLost", "violated", "failedReceived"];

/** The backend's step that ended the session before its time, if one did. */
function earlyEnd(entries: readonly FlightEntry[]): FlightEntry | undefined {
  return entries.find((entry) => {
    const name = machineOf(entry)?.name;
    return (name === "execution_backend" || name === "planning_backend") && earlyEnds.includes(eventOf(entry));
  });
}

function scanError(entries: readonly FlightEntry[]): string | undefined {
  const failed = entries.find((entry) => machineOf(entry)?.name === "scan_producer" && eventOf(entry) === "fail");
  return failed === undefined ? undefined : sqlstateOf(failed.argument);
}

/** What was under way, where that can be told. */
function during(end: FlightEntry, entries: readonly FlightEntry[]): string {
  if (machineOf(end)?.name === "planning_backend") return " while the worker planned it";
  const sqlstate = scanError(entries);
  return sqlstate === undefined ? "" : ` while a scan ran (SQLSTATE ${sqlstate})`;
}

function reasonOf(end: FlightEntry, entries: readonly FlightEntry[]): string {
  const code = end.argument >>> CLOSE_CAUSE_SHIFT;
  const cause = causes[code];
  switch (eventOf(end)) {
    case "cancel":
      return `cancelled by ${cause ?? "an interrupt"}${during(end, entries)}`;
    case "abort":
    case "abandon":
      return `${cancels.has(code) ? "cancelled" : "ended"} by ` +
        `${cause ?? "an error, or the end of the transaction"}${during(end, entries)}`;
    case "enough":
      return "stopped early: enough rows were read (LIMIT, a closed cursor, or a new scan)";
    case "workerLost":
      return "ended because the worker process exited; the server log says why";
    case "failedReceived":
      return "ended by an error that the worker reported";
    default:
      return "ended by a breach of protocol, which is a defect of pg_fusion";
  }
}

/** An actor's name: page machines have no standing of their own here. */
function actorOf(entry: FlightEntry): string | undefined {
  const name = machineOf(entry)?.name;
  if (name === undefined || name === "page_lease" || name === "cancellation") return undefined;
  if (name === "scan_producer" && entry.writer.kind === "producer")
    return `scan_producer ${entry.actor} (scan slot ${entry.writer.scanSlot})`;
  return name === "scan" ? `scan ${entry.actor}` : name;
}

/** "scan_producer 0: filling for 3.1 ms", for every actor that had not ended by then. */
function standings(entries: readonly FlightEntry[], end: FlightEntry): string[] {
  const last = new Map<string, FlightEntry>();
  for (const entry of entries) {
    if (entry === end) break;
    const actor = actorOf(entry);
    // An interrupted scan fails a moment before the session ends: what it was doing is the state before.
    if (actor !== undefined && eventOf(entry) !== "fail") last.set(actor, entry);
  }
  return [...last].flatMap(([actor, entry]) => {
    if (machineOf(entry)?.finals.includes(entry.to) === true) return [];
    return [`  ${actor}: ${stateOf(entry, entry.to)} for ${milliseconds(end.timeNs - entry.timeNs)}`];
  });
}

function countPages(entries: readonly FlightEntry[], end: FlightEntry): string {
  const before = entries.slice(0, entries.indexOf(end));
  const count = (machine: string, event: string): number =>
    before.filter((entry) => machineOf(entry)?.name === machine && eventOf(entry) === event).length;
  return `  pages until then: ${count("scan_producer", "pageIssued")} produced, ` +
    `${count("execution_backend", "resultPageImported")} of results read`;
}

/** Lines that answer "why did it end?"; none when it simply finished. */
export function tellEnd(entries: readonly FlightEntry[]): string[] {
  const end = earlyEnd(entries);
  const first = entries[0];
  if (end === undefined || first === undefined) return [];
  const lines = [`why: ${reasonOf(end, entries)}, ${milliseconds(end.timeNs - first.timeNs)} after the start`];
  const standing = standings(entries, end);
  if (standing.length > 0) lines.push("at that moment:", ...standing);
  if (machineOf(end)?.name === "execution_backend") lines.push(countPages(entries, end));
  return lines;
}
