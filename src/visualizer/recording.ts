// A recorded file as what the page reads, whatever kind it is: a flight recorder's ring file as the server left it, or
// a trace file (docs/traces.md). What follows a running server is flight_source.ts.
import { readCounts, readFlight } from "#trace/flight_reader.js";
import { flightOfTrace } from "#trace/format/trace_flight.js";
import { isTrace, readTrace, type Trace } from "#trace/format/trace_reader.js";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { ringOf } from "#trace/writer.js";
import { chunkOfEntries, headingOf, type CauseWriters } from "./flight_chunk.js";
import type { ShownPlan } from "./shown_plan.js";
import { packTrace } from "./trace_chunk.js";
import { plansOfTrace } from "./traced_plans.js";

/** Which writer a cause's number is of: traces know, flight rings do not. */
function causeWritersOf(trace: Trace): CauseWriters {
  const known = new Map<string, number>();
  for (const { kind, number, records } of trace.writers) {
    const ring = ringOf({ kind, number }, trace.heading.controlSlots);
    for (const record of records)
      if (record.kind === "transition" && record.causeWriter > 0)
        known.set(`${ring}/${record.flight === 0 ? record.sequence : record.flight}`, record.causeWriter);
  }
  return ({ writerIndex, sequence }) => known.get(`${writerIndex}/${sequence}`) ?? 0;
}

function packTraceFile(bytes: Uint8Array, title: string, plans: readonly ShownPlan[]): Uint8Array {
  const trace = readTrace(bytes);
  const flight = flightOfTrace(trace);
  const { level, redacted, controlSlots } = trace.heading;
  const heading = headingOf(flight, {
    title: `${title}, ${level}${redacted ? ", redacted" : ""}`, live: false, missing: flight.overwritten, controlSlots,
    plans: [...plansOfTrace(trace), ...plans],
  });
  return packTrace(heading, chunkOfEntries(flight.entries, flight.monotonicNs, causeWritersOf(trace)));
}

/** All records of a file at this moment, packed; `plans` come from elsewhere. */
export function packRecording(path: string, plans: readonly ShownPlan[] = []): Uint8Array {
  const bytes = readFileSync(path);
  if (isTrace(bytes)) return packTraceFile(bytes, basename(path), plans);
  const flight = readFlight(bytes);
  const { controlSlots } = readCounts(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const heading = headingOf(flight, {
    title: basename(path), live: false, missing: flight.torn + flight.overwritten, controlSlots, plans,
  });
  return packTrace(heading, chunkOfEntries(flight.entries, flight.monotonicNs));
}
