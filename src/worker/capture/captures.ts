// Opens the worker's part of a capture when a session or a job begins whose slot asks for one. A capture that cannot be
// opened is none: the statement runs as ever. Read next: session_capture.ts, job_capture.ts.
import { join } from "node:path";
import type { JobReport, Session, SessionLease } from "#actors/ports.js";
import { RECORDING_CONTROL, RECORDING_FULL } from "#generated/layout.js";
import { Metric } from "#generated/metrics.js";
import { TraceWriter } from "#trace/format/trace_writer.js";
import type { TraceWriterName } from "#trace/writer.js";
import type { Transport } from "#transport/transport.js";
import type { JobTransport } from "../executor_ports.js";
import { CaptureFile, captureFileName } from "./capture_file.js";
import { CapturedJob, type RunningJob } from "./job_capture.js";
import { CapturedSession, capturedSurroundings, type SessionSurroundings } from "./session_capture.js";
import { TapeWriter, type LastSequence } from "./tape_writer.js";

export interface CapturePlace {
  readonly transport: Transport;
  readonly pen: LastSequence;
  /** Where the backends make trace files. */
  readonly folder: string;
  readonly complain: (text: string) => void;
}

export class Captures {
  readonly #place: CapturePlace;
  readonly #name: TraceWriterName;

  /** For one thread, whose name its chunks carry. */
  constructor(place: CapturePlace, name: TraceWriterName) {
    this.#place = place;
    this.#name = name;
  }

  /** Makes a session over captured ports when its slot asks for a capture; else undefined. */
  session(
    lease: SessionLease, planning: boolean, ports: SessionSurroundings,
    make: (ports: SessionSurroundings) => Session,
  ): Session | undefined {
    const opened = this.#open(lease);
    if (opened === undefined) return undefined;
    const { tape, file, writer } = opened;
    writer.machines();
    return new CapturedSession(make(capturedSurroundings(ports, tape)), planning, tape, () => file.close());
  }

  /** Makes a captured job when its slot asks for it; else undefined. */
  job(
    lease: SessionLease, executor: number, transport: JobTransport, memory: Uint8Array,
    report: (report: JobReport) => void,
  ): RunningJob | undefined {
    const opened = this.#open(lease);
    if (opened === undefined) return undefined;
    const { tape, file } = opened;
    return new CapturedJob(lease, executor, transport, memory, tape, report, () => file.close());
  }

  #open(lease: SessionLease): { tape: TapeWriter; file: CaptureFile; writer: TraceWriter } | undefined {
    const { transport, pen, folder, complain } = this.#place;
    const recording = transport.control.recording(lease);
    if ((recording & (RECORDING_CONTROL | RECORDING_FULL)) === 0) return undefined;
    const path = join(folder, captureFileName(transport.numbers.incarnation, lease.slot, lease.epoch));
    try {
      const file = new CaptureFile(path, () => transport.addMetric(Metric.captureDropped, 1));
      const writer = new TraceWriter(this.#name, file, process.pid, () => process.hrtime.bigint());
      const full = (recording & RECORDING_FULL) !== 0;
      return { tape: new TapeWriter(writer, full, lease, pen), file, writer };
    } catch (error) {
      // Dropped by the backend meanwhile, as a rule.
      complain(`session ${lease.slot}/${lease.epoch}: no capture: ${String(error)}`);
      return undefined;
    }
  }
}
