// Who writes records of a flight or a trace: four kinds, each writer with a ring of its own. Free of node, since the
// visualizer's page reads it too. What they write is in flight_reader.ts and format/trace_record.ts.
import { EXECUTORS_MAX } from "#generated/layout.js";

/** Kinds of writers; a code is the word's place. */
export const writerKinds = ["worker", "executor", "backend", "producer"] as const;
export type WriterKind = (typeof writerKinds)[number];

export interface TraceWriterName {
  readonly kind: WriterKind;
  /** Of the executor, the control slot or the scan slot; 0 for the worker. */
  readonly number: number;
}

/** Number of a writer's ring in the flight recorder (schemas/layout/flight.json). */
export function ringOf({ kind, number }: TraceWriterName, controlSlots: number): number {
  switch (kind) {
    case "worker":
      return 0;
    case "executor":
      return 1 + number;
    case "backend":
      return 1 + EXECUTORS_MAX + number;
    case "producer":
      return 1 + EXECUTORS_MAX + controlSlots + number;
  }
}
