// Finds and opens recordings of either kind: the flight recorder's rings of a server, and trace files. Both come out
// as a flight, which stories tell; a trace file also as itself. What is in them is told elsewhere.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { isTrace, readTrace, type Trace } from "./format/trace_reader.js";
import { flightOfTrace } from "./format/trace_flight.js";
import { readCounts, readFlight, type Flight } from "./flight_reader.js";

/** Where the cluster keeps its data; more is not needed here. */
export interface TracePlaces {
  readonly data: string;
}

export interface Recording {
  readonly path: string;
  readonly bytes: number;
  readonly flight: Flight;
  readonly controlSlots: number;
  /** Undefined for a flight recorder's file. */
  readonly trace: Trace | undefined;
}

/** Flight files, oldest first: incarnations rise with time and are written with leading zeros. */
export function flightFiles(places: TracePlaces): string[] {
  const folder = join(places.data, "pg_fusion");
  const names = readdirSync(folder).filter((name) => /^flight-[0-9a-f]+\.ring$/.test(name));
  return names.sort().map((name) => join(folder, name));
}

/** Trace files of captures, oldest first. */
export function captureFiles(places: TracePlaces): string[] {
  const folder = join(places.data, "pg_fusion", "traces");
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => name.endsWith(".fxtrace"));
  } catch (error) {
    // The folder is made with the first capture.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  const timed = names.map((name) => ({ path: join(folder, name), time: statSync(join(folder, name)).mtimeMs }));
  return timed.sort((a, b) => a.time - b.time || (a.path < b.path ? -1 : 1)).map(({ path }) => path);
}

/** Reads a recording of whichever kind; throws FlightFileError or TraceFileError. */
export function openRecording(path: string): Recording {
  const bytes = readFileSync(path);
  if (isTrace(bytes)) {
    const trace = readTrace(bytes);
    return { path, bytes: bytes.length, flight: flightOfTrace(trace), controlSlots: trace.heading.controlSlots, trace };
  }
  const flight = readFlight(bytes);
  const { controlSlots } = readCounts(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  return { path, bytes: bytes.length, flight, controlSlots, trace: undefined };
}
