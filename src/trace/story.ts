// Tells what happened in one session as readable lines, both sides in one order. Runs of page traffic are folded
// into one line each. It reads entries and machine tables; files are flight_reader.ts's.
import { stepTable } from "#actors/table_actor.js";
import { generatedMachines, type GeneratedMachine } from "#generated/machines.js";
import { tellEnd } from "./end_story.js";
import type { Flight, FlightEntry, FlightWriter } from "./flight_reader.js";

export interface SessionTrace {
  readonly slot: number;
  readonly epoch: number;
  readonly kind: "planning" | "execution" | "unknown";
  readonly entries: readonly FlightEntry[];
  readonly startNs: bigint;
  readonly endNs: bigint;
}

const machineOf = (entry: FlightEntry): GeneratedMachine | undefined => generatedMachines[entry.machine - 1];
const stateName = (entry: FlightEntry, state: number): string =>
  machineOf(entry)?.states[state] ?? `state ${state}`;
const eventName = (entry: FlightEntry): string =>
  machineOf(entry)?.events[entry.event] ?? `event ${entry.event}`;

function kindOf(entries: readonly FlightEntry[]): SessionTrace["kind"] {
  const names = entries.map((entry) => machineOf(entry)?.name ?? "");
  if (names.some((name) => name.startsWith("execution"))) return "execution";
  return names.some((name) => name.startsWith("planning")) ? "planning" : "unknown";
}

/** Sessions of a flight, by the time of their first record. */
export function sessionsOf(flight: Flight): SessionTrace[] {
  const groups = new Map<string, FlightEntry[]>();
  for (const entry of flight.entries) {
    const key = `${entry.slot}/${entry.session}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [entry]);
    else group.push(entry);
  }
  return [...groups.values()].flatMap((entries): SessionTrace[] => {
    const [first, last] = [entries[0], entries.at(-1)];
    if (first === undefined || last === undefined) return [];
    return [{
      slot: first.slot, epoch: first.session, kind: kindOf(entries), entries,
      startNs: first.timeNs, endNs: last.timeNs,
    }];
  });
}

/** It came to no plan because somebody or something ended it: a statement that never became an execution. */
const endedInPlanning = (session: SessionTrace): boolean =>
  session.kind === "planning" && tellEnd(session.entries).length > 0;

/**
 * The last `count` statements: executions, each preceded by the planning that led to it when that can be told, and
 * plannings that were ended before their time.
 */
export function lastStatements(sessions: readonly SessionTrace[], count: number): SessionTrace[] {
  const statements = sessions.filter((session) => session.kind === "execution" || endedInPlanning(session));
  return statements.slice(-count).flatMap((statement) => {
    if (statement.kind === "planning") return [statement];
    const before = statements[statements.indexOf(statement) - 1];
    // Nothing in a record ties a statement's two sessions together: the planning right before is the best guess.
    const planning = sessions.findLast((session) =>
      session.kind === "planning" && !endedInPlanning(session) && session.startNs < statement.startNs &&
      (before === undefined || session.startNs > before.startNs));
    return planning === undefined ? [statement] : [planning, statement];
  });
}

export function writerName(writer: FlightWriter): string {
  switch (writer.kind) {
    case "worker":
      return "worker";
    case "executor":
      return `executor ${writer.executor}`;
    case "backend":
      return "backend";
    case "producer":
      return "producer";
  }
}

/** Events of machines that run once a page; more than a few in a row are told as one line. */
const pageEvents: Readonly<Record<string, readonly string[]>> = {
  page_lease: ["leased", "issued", "imported", "released", "returned", "swept"],
  scan_producer: ["pageAcquired", "poolExhausted", "pageIssued", "ringFilled", "pageReturned"],
  execution_backend: ["resultPageImported"],
};
const FOLD_FROM = 4;

const isPageTraffic = (entry: FlightEntry): boolean =>
  pageEvents[machineOf(entry)?.name ?? ""]?.includes(eventName(entry)) ?? false;

function milliseconds(ns: bigint): string {
  return (Number(ns) / 1e6).toFixed(3);
}

function subject(entry: FlightEntry): string {
  const name = machineOf(entry)?.name ?? `machine ${entry.machine}`;
  if (name === "page_lease") return `page ${entry.argument}`;
  if (name === "scan" || name === "scan_producer") return `${name} ${entry.actor}`;
  return name;
}

function effectNames(entry: FlightEntry): string {
  const machine = machineOf(entry);
  const mask = machine === undefined ? 0 : stepTable(machine, entry.from, entry.event)?.mask ?? 0;
  const names = machine?.effects.filter((_, bit) => (mask & (1 << bit)) !== 0) ?? [];
  return names.length === 0 ? "" : `  [${names.join(", ")}]`;
}

function line(startNs: bigint, entry: FlightEntry): string {
  const move = entry.from === entry.to
    ? stateName(entry, entry.from)
    : `${stateName(entry, entry.from)} -> ${stateName(entry, entry.to)}`;
  const cause = entry.cause === 0 ? "" : `  (caused by #${entry.cause})`;
  return [
    milliseconds(entry.timeNs - startNs).padStart(12),
    writerName(entry.writer).padEnd(11),
    subject(entry).padEnd(18),
    eventName(entry).padEnd(20),
    move + effectNames(entry) + cause,
  ].join("  ");
}

/** "executor 0: 12 imported, 12 released; backend: 12 pageIssued" */
function foldedLine(startNs: bigint, run: readonly FlightEntry[]): string {
  const counts = new Map<string, Map<string, number>>();
  for (const entry of run) {
    const who = writerName(entry.writer);
    const events = counts.get(who) ?? new Map<string, number>();
    events.set(eventName(entry), (events.get(eventName(entry)) ?? 0) + 1);
    counts.set(who, events);
  }
  const parts = [...counts].map(([who, events]) =>
    `${who}: ${[...events].map(([event, count]) => `${count} ${event}`).join(", ")}`);
  const first = run[0]?.timeNs ?? startNs;
  const last = run.at(-1)?.timeNs ?? first;
  return `${milliseconds(first - startNs).padStart(12)}  ${run.length} page steps in ` +
    `${milliseconds(last - first)} ms  ${parts.join("; ")}`;
}

/** Where the machines of a session stood when the records end: the backend's word counts first. */
export function outcome(trace: SessionTrace): string {
  const machine = trace.kind === "planning" ? "planning_backend" : "execution_backend";
  const last = trace.entries.findLast((entry) => machineOf(entry)?.name === machine);
  const worker = trace.entries.findLast((entry) => machineOf(entry)?.name === machine.replace("backend", "worker"));
  if (last !== undefined) return stateName(last, last.to);
  return worker === undefined ? "unknown" : `${stateName(worker, worker.to)} (worker's side only)`;
}

/** Whether a writer of the session has lost records of it to newer ones. */
export function lacksRecords(flight: Flight, trace: SessionTrace): boolean {
  return trace.entries.some(({ writerIndex }) => (flight.lostBefore.get(writerIndex) ?? 0n) >= trace.startNs);
}

/** Time of day of a monotonic reading. */
export function wallTime(flight: Flight, timeNs: bigint): string {
  const ns = flight.wallNs + (timeNs - flight.monotonicNs);
  return new Date(Number(ns / 1_000_000n)).toISOString().replace("T", " ").replace("Z", "");
}

/** One session as lines: a heading, then what happened. */
export function tellSession(flight: Flight, trace: SessionTrace): string[] {
  const lines = [
    `${trace.kind}, slot ${trace.slot}, epoch ${trace.epoch}: ${outcome(trace)} after ` +
      `${milliseconds(trace.endNs - trace.startNs)} ms, from ${wallTime(flight, trace.startNs)} UTC`,
    ...tellEnd(trace.entries),
    `${"ms".padStart(12)}  ${"who".padEnd(11)}  ${"machine".padEnd(18)}  ${"event".padEnd(20)}  state [effects]`,
  ];
  for (let at = 0; at < trace.entries.length;) {
    let end = at;
    while (end < trace.entries.length && isPageTraffic(trace.entries[end] as FlightEntry)) end += 1;
    const run = trace.entries.slice(at, end);
    if (run.length > FOLD_FROM) lines.push(foldedLine(trace.startNs, run));
    else for (const entry of run) lines.push(line(trace.startNs, entry));
    const next = trace.entries[end];
    if (next !== undefined) lines.push(line(trace.startNs, next));
    at = end + 1;
  }
  return lines;
}
