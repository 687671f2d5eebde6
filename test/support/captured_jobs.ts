// Captures of made-up jobs and sessions in memory: the worker's own capture code over a small world, read back as a
// trace. No region, no files.
import { LAYOUT_FINGERPRINT } from "#generated/layout.js";
import { MACHINES_FINGERPRINT } from "#generated/machines.js";
import { readTrace, type Trace } from "#trace/format/trace_reader.js";
import type { TraceHeading, TraceLevel } from "#trace/format/trace_record.js";
import { traceHeader, TraceWriter } from "#trace/format/trace_writer.js";
import type { TraceWriterName } from "#trace/writer.js";
import { TapeWriter } from "#worker/capture/tape_writer.js";
import { fakeLease } from "./fake_job_world.js";

export const captureHeading = (level: TraceLevel): TraceHeading => ({
  level, source: "capture", redacted: false, pageBytes: 65_536, pageCount: 32, workerMemoryMb: 16, controlSlots: 8,
  layoutFingerprint: LAYOUT_FINGERPRINT, machinesFingerprint: MACHINES_FINGERPRINT, incarnation: 1n,
  wallNs: 0n, monotonicNs: 0n, limitBytes: 0, slot: fakeLease.slot, session: fakeLease.epoch, backendPid: 1, role: 10,
});

/** A capture that is kept in memory. */
export class MemoryCapture {
  readonly #chunks: Uint8Array[];
  readonly #level: TraceLevel;
  #clock = 0n;

  constructor(level: TraceLevel) {
    this.#level = level;
    this.#chunks = [traceHeader(captureHeading(level))];
  }

  tape(name: TraceWriterName): TapeWriter {
    const sink = { append: (chunk: Uint8Array) => (this.#chunks.push(chunk.slice()), true) };
    const writer = new TraceWriter(name, sink, 1, () => (this.#clock += 1n));
    const pen = { lastSequence: 0 };
    return new TapeWriter(writer, this.#level === "full", fakeLease, pen);
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#chunks);
  }

  trace(): Trace {
    return readTrace(this.bytes());
  }
}
