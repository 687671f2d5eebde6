// Captures one session on the main thread: what comes in from the backend and the job, and what the session does
// about it. It wraps the session and its ports and changes nothing of what they do. Read next: tape_writer.ts.
import type {
  ControlPort, JobPort, JobReport, PlannerPort, Session, SessionFrame, SessionLease,
} from "#actors/ports.js";
import { encodeExecutionFailed } from "#codec/execution_message.js";
import { jobReports, TraceCall, TraceInput } from "#trace/format/trace_call.js";
import type { TraceRecordFields } from "#trace/format/trace_record.js";
import { errorData, type TapeWriter } from "./tape_writer.js";

/** What a session is made of. */
export interface SessionSurroundings {
  readonly control: ControlPort;
  readonly planner: PlannerPort;
  readonly jobs: JobPort;
}

/** A report as a record. */
export function reportFields(report: JobReport, tape: TapeWriter): Partial<TraceRecordFields> {
  const argument = jobReports.indexOf(report.kind);
  if (report.kind !== "failed") return { argument };
  const { failed } = report;
  return { argument, ...tape.data(() => encodeExecutionFailed(failed)) };
}

function capturedControl(control: ControlPort, tape: TapeWriter): ControlPort {
  return {
    send: (lease, type, payload) => {
      tape.sent(type, payload);
      control.send(lease, type, payload);
    },
    detach: (lease) => tape.call(TraceCall.detach, () => control.detach(lease)),
    countViolation: (lease, text) => tape.call(TraceCall.countViolation, () => control.countViolation(lease, text)),
    recorder: (lease) => tape.recorder(control.recorder(lease), 0),
  };
}

/** The ports of a session whose steps are captured. */
export function capturedSurroundings(ports: SessionSurroundings, tape: TapeWriter): SessionSurroundings {
  const { planner, jobs } = ports;
  return {
    control: capturedControl(ports.control, tape),
    planner: {
      plan: (payload) => tape.call(TraceCall.plan, () => planner.plan(payload),
        ({ kind }) => ({ argument: kind === "planned" ? 0 : 1 })),
    },
    jobs: {
      assign: (order) => tape.call(TraceCall.assignJob, () => jobs.assign(order), (argument) => ({ argument })),
      dispose: (lease) => tape.call(TraceCall.disposeJob, () => jobs.dispose(lease)),
    },
  };
}

/** A session whose inputs are captured. */
export class CapturedSession implements Session {
  readonly lease: SessionLease;
  readonly report?: (report: JobReport) => void;
  readonly #inner: Session;
  readonly #tape: TapeWriter;
  readonly #close: () => void;

  /** `close` is called when the session is closed. */
  constructor(inner: Session, planning: boolean, tape: TapeWriter, close: () => void) {
    this.lease = inner.lease;
    this.#inner = inner;
    this.#tape = tape;
    this.#close = close;
    tape.add({ kind: "input", code: TraceInput.sessionBegan, argument: planning ? 0 : 1 });
    if (inner.report !== undefined)
      this.report = (report) => this.#take(
        { kind: "input", code: TraceInput.report, ...reportFields(report, tape) }, () => inner.report?.(report));
  }

  get closed(): boolean {
    return this.#inner.closed;
  }

  receive(frame: SessionFrame): void {
    this.#tape.received(frame.type, frame.payload, frame.sequence);
    this.#run(() => this.#inner.receive(frame));
  }

  backendClosed(): void {
    this.#take({ kind: "input", code: TraceInput.backendClosed }, () => this.#inner.backendClosed());
  }

  break(error: unknown): void {
    const data = errorData(error, this.#tape.full);
    this.#take({ kind: "input", code: TraceInput.broke, data }, () => this.#inner.break(error));
  }

  #take(record: TraceRecordFields, work: () => void): void {
    this.#tape.add(record);
    this.#run(work);
  }

  #run(work: () => void): void {
    try {
      work();
    } finally {
      // What a killed worker leaves behind is what stands in the file.
      this.#tape.flush();
      if (this.#inner.closed) this.#close();
    }
  }
}
