// From the flight recorder's entries to the columns the page reads. The only place where both are known.
import type { FlightEntry, FlightOrigin } from "#trace/flight_reader.js";
import { MACHINES_FINGERPRINT } from "#generated/machines.js";
import { writerKinds } from "#trace/writer.js";
import { emptyChunk, type TraceChunk, type TraceHeading } from "./trace_chunk.js";

function writerNumber({ writer }: FlightEntry): number {
  switch (writer.kind) {
    case "worker":
      return 0;
    case "executor":
      return writer.executor;
    case "backend":
      return writer.controlSlot;
    case "producer":
      return writer.scanSlot;
  }
}

/** Ring of the writer of an entry's cause, plus 1, where somebody knows. */
export type CauseWriters = (entry: FlightEntry) => number;

/** Entries as columns; times count from `startNs`. */
export function chunkOfEntries(
  entries: readonly FlightEntry[], startNs: bigint, causeWriters: CauseWriters = () => 0,
): TraceChunk {
  const chunk = emptyChunk(entries.length);
  entries.forEach((entry, at) => {
    chunk.timeNs[at] = Number(entry.timeNs - startNs);
    chunk.sequence[at] = entry.sequence;
    chunk.session[at] = entry.session;
    chunk.argument[at] = entry.argument;
    chunk.cause[at] = entry.cause;
    chunk.slot[at] = entry.slot;
    chunk.actor[at] = entry.actor;
    chunk.writer[at] = writerNumber(entry);
    chunk.causeWriter[at] = causeWriters(entry);
    chunk.writerKind[at] = writerKinds.indexOf(entry.writer.kind);
    chunk.machine[at] = entry.machine;
    chunk.event[at] = entry.event;
    chunk.from[at] = entry.from;
    chunk.to[at] = entry.to;
  });
  return chunk;
}

/** What is told of a recording beside its origin; `missing` counts records that are gone. */
export type Told = Pick<TraceHeading, "title" | "live" | "missing" | "controlSlots" | "plans">;

export function headingOf(origin: FlightOrigin, told: Told): TraceHeading {
  return {
    ...told,
    wallMs: Number(origin.wallNs / 1_000_000n),
    machinesFingerprint: MACHINES_FINGERPRINT.toString(16),
    sameMachines: origin.sameMachines,
  };
}
