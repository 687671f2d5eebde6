// Traces and flight recordings in each other's terms: a trace's transitions as flight entries, which stories and the
// visualizer understand, and a flight's entries as a trace, for the post-mortem dump. Read next: flight_reader.ts.
import { LAYOUT_FINGERPRINT } from "#generated/layout.js";
import { generatedMachines, MACHINES_FINGERPRINT } from "#generated/machines.js";
import { stepTable } from "#actors/table_actor.js";
import { inOrder, type Flight, type FlightEntry, type FlightWriter } from "../flight_reader.js";
import { ringOf, type TraceWriterName } from "../writer.js";
import type { Trace } from "./trace_reader.js";
import type { TraceHeading, TraceRecord } from "./trace_record.js";
import { traceHeader, TraceWriter } from "./trace_writer.js";

function flightWriterOf({ kind, number }: TraceWriterName): FlightWriter {
  switch (kind) {
    case "worker":
      return { kind };
    case "executor":
      return { kind, executor: number };
    case "backend":
      return { kind, controlSlot: number };
    case "producer":
      return { kind, scanSlot: number };
  }
}

function traceWriterOf(writer: FlightWriter): TraceWriterName {
  switch (writer.kind) {
    case "worker":
      return { kind: "worker", number: 0 };
    case "executor":
      return { kind: "executor", number: writer.executor };
    case "backend":
      return { kind: "backend", number: writer.controlSlot };
    case "producer":
      return { kind: "producer", number: writer.scanSlot };
  }
}

function entryOf(record: TraceRecord, writer: TraceWriterName, controlSlots: number): FlightEntry {
  return {
    writer: flightWriterOf(writer),
    writerIndex: ringOf(writer, controlSlots),
    // Causes are numbers of the flight recorder; a trace without one counts for itself.
    sequence: record.flight === 0 ? record.sequence : record.flight,
    timeNs: record.timeNs,
    slot: record.slot,
    session: record.session,
    machine: record.machine,
    event: record.code,
    from: record.from,
    to: record.to,
    actor: record.actor,
    argument: record.argument,
    cause: record.cause,
  };
}

/** A trace's transitions as a flight. Machines keep the numbers of the trace. */
export function flightOfTrace(trace: Trace): Flight {
  const { incarnation, wallNs, monotonicNs, controlSlots } = trace.heading;
  const entries = trace.writers.flatMap((writer) =>
    writer.records.filter(({ kind }) => kind === "transition").map((record) => entryOf(record, writer, controlSlots)));
  const lost = trace.writers.filter((writer) => writer.lost > 0);
  return {
    incarnation, wallNs, monotonicNs,
    sameMachines: trace.sameMachines,
    entries: inOrder(entries),
    torn: 0,
    overwritten: lost.reduce((sum, writer) => sum + writer.lost, 0),
    lostBefore: new Map(lost.map((writer) => [ringOf(writer, controlSlots), writer.records[0]?.timeNs ?? 0n])),
  };
}

/** A flight's entries as the bytes of a trace; those of some sessions when they are named. */
export function traceOfFlight(
  flight: Flight, controlSlots: number, sessions?: readonly { readonly slot: number; readonly epoch: number }[],
): Uint8Array {
  const [session] = sessions ?? [];
  const heading: TraceHeading = {
    level: "control", source: "flight", redacted: false, pageBytes: 0, pageCount: 0, workerMemoryMb: 0, controlSlots,
    layoutFingerprint: LAYOUT_FINGERPRINT,
    // Another build's numbers keep its fingerprint away, so that nobody reads them as this build's.
    machinesFingerprint: flight.sameMachines ? MACHINES_FINGERPRINT : 0n,
    incarnation: flight.incarnation, wallNs: flight.wallNs, monotonicNs: flight.monotonicNs, limitBytes: 0,
    slot: session?.slot ?? 0, session: session?.epoch ?? 0, backendPid: 0, role: 0,
  };
  const chunks: Uint8Array[] = [traceHeader(heading)];
  const sink = { append: (chunk: Uint8Array) => (chunks.push(chunk.slice()), true) };
  const writers = new Map<number, TraceWriter>();
  for (const entry of flight.entries) {
    if (sessions?.every(({ slot, epoch }) => entry.slot !== slot || entry.session !== epoch) === true) continue;
    let writer = writers.get(entry.writerIndex);
    if (writer === undefined) {
      writer = new TraceWriter(traceWriterOf(entry.writer), sink, 0, () => entry.timeNs);
      writers.set(entry.writerIndex, writer);
      if (flight.lostBefore.has(entry.writerIndex)) writer.loss(1);
    }
    writer.add(recordOf(entry));
  }
  const [first] = writers.values();
  if (flight.sameMachines) first?.machines();
  for (const writer of writers.values()) writer.flush();
  return Buffer.concat(chunks);
}

function recordOf(entry: FlightEntry): Parameters<TraceWriter["add"]>[0] {
  const machine = generatedMachines[entry.machine - 1];
  return {
    kind: "transition", code: entry.event, timeNs: entry.timeNs, flight: entry.sequence, cause: entry.cause,
    slot: entry.slot, session: entry.session, actor: entry.actor, machine: entry.machine, from: entry.from,
    to: entry.to, argument: entry.argument,
    effects: machine === undefined ? 0 : stepTable(machine, entry.from, entry.event)?.mask ?? 0,
  };
}
