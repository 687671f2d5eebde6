// The worker's end of a capture's file, which the backend has made: appends chunks as long as the file has its name
// and keeps within its limit. A capture that outgrows it is dropped whole, whoever notices first; the statement goes
// on. What is written is job_capture.ts's and session_capture.ts's.
import { closeSync, constants, fstatSync, openSync, readSync, unlinkSync, writeSync } from "node:fs";
import { TraceHeader } from "#generated/layout.js";
import { readTraceHeading } from "#trace/format/trace_reader.js";
import type { TraceHeading } from "#trace/format/trace_record.js";
import type { TraceSink } from "#trace/format/trace_writer.js";

/** The name everybody gives a session's file; the folder is the worker's working directory's. */
export function captureFileName(incarnation: bigint, slot: number, epoch: number): string {
  return `capture-${incarnation.toString(16).padStart(16, "0")}-${slot}-${epoch}.fxtrace`;
}

export class CaptureFile implements TraceSink {
  readonly heading: TraceHeading;
  readonly #path: string;
  readonly #onDropped: () => void;
  #file: number | undefined;

  /** Throws when there is no such file, or no header in it. */
  constructor(path: string, onDropped: () => void) {
    this.#path = path;
    this.#onDropped = onDropped;
    this.#file = openSync(path, constants.O_RDWR | constants.O_APPEND);
    try {
      const bytes = new Uint8Array(TraceHeader.SIZE);
      readSync(this.#file, bytes, 0, bytes.length, 0);
      this.heading = readTraceHeading(bytes);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  append(chunk: Uint8Array): boolean {
    if (this.#file === undefined) return false;
    try {
      const { nlink, size } = fstatSync(this.#file);
      const { limitBytes } = this.heading;
      const fits = limitBytes === 0 || size + chunk.length <= limitBytes;
      if (nlink > 0 && fits && writeSync(this.#file, chunk) === chunk.length) return true;
      this.#drop(nlink > 0);
    } catch {
      // A full disk, or whatever else: a capture is worth no statement.
      this.#drop(true);
    }
    return false;
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #drop(named: boolean): void {
    this.close();
    if (!named) return;
    try {
      unlinkSync(this.#path);
      this.#onDropped();
    } catch {
      // Somebody else was first.
    }
  }
}
