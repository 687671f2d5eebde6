// Captures one job on an executor thread: every question it asks the region, the engine and the clock, with the
// answer, and what it sends. The job itself is the ordinary one. Read next: engine_capture.ts, tape_writer.ts.
import type { JobOrder, JobReport, SessionLease } from "#actors/ports.js";
import type { TransitionRecorder } from "#actors/table_actor.js";
import type { FilterSlot } from "#codec/execution_message.js";
import type { MessageType } from "#generated/layout.js";
import type { Metric } from "#generated/metrics.js";
import type { FilterPort } from "#runtime/filter_build.js";
import { packPage } from "#trace/format/page_image.js";
import { scanImports, TraceCall, TraceInput } from "#trace/format/trace_call.js";
import type {
  Engine, InputPage, JobTransport, OutputPage, ScanFrame, ScanImport, ScanLease,
} from "../executor_ports.js";
import { Job } from "../job.js";
import { CapturedEngine } from "./engine_capture.js";
import { capturedFilters } from "./filter_capture.js";
import { reportFields } from "./session_capture.js";
import type { TapeWriter } from "./tape_writer.js";

/** A number as a record's numbers: its 64 bits. */
function floatNumbers(value: number): readonly [number, number, number] {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value, true);
  return [view.getUint32(0, true), view.getUint32(4, true), 0];
}

function capturedInput(page: InputPage, tape: TapeWriter): InputPage {
  return {
    page: page.page, producer: page.producer, rows: page.rows, bytes: page.bytes, address: page.address,
    content: () => page.content(),
    release: () => {
      tape.add({ kind: "call", code: TraceCall.releaseInput, argument: page.page });
      page.release();
    },
  };
}

function capturedOutput(page: OutputPage, memory: Uint8Array, tape: TapeWriter): OutputPage {
  return {
    page: page.page,
    write: (address, bytes) => {
      tape.add({
        kind: "call", code: TraceCall.writeResult, argument: page.page, numbers: [bytes, 0, 0],
        ...tape.data(() => memory.subarray(address, address + bytes)),
      });
      page.write(address, bytes);
    },
    issue: (rows, bytes) => tape.call(TraceCall.issueResult, () => page.issue(rows, bytes),
      (issued) => ({ argument: issued ? 1 : 0, numbers: [page.page, rows, bytes] })),
    release: () => {
      tape.add({ kind: "call", code: TraceCall.releaseResult, argument: page.page });
      page.release();
    },
  };
}

/** The region as a captured job sees it. */
class CapturedTransport implements JobTransport {
  readonly #inner: JobTransport;
  readonly #tape: TapeWriter;
  readonly #memory: Uint8Array;

  constructor(inner: JobTransport, tape: TapeWriter, memory: Uint8Array) {
    this.#inner = inner;
    this.#tape = tape;
    this.#memory = memory;
  }

  nowNs(): number {
    return this.#tape.call(TraceCall.now, () => this.#inner.nowNs(), (ns) => ({ numbers: floatNumbers(ns) }));
  }

  cancelRequested(lease: SessionLease): boolean {
    return this.#tape.call(TraceCall.cancelRequested, () => this.#inner.cancelRequested(lease),
      (requested) => ({ argument: requested ? 1 : 0 }));
  }

  sendControl(lease: SessionLease, type: MessageType, payload: Uint8Array): void {
    this.#tape.sent(type, payload);
    this.#inner.sendControl(lease, type, payload);
  }

  sendScan(scan: ScanLease, type: MessageType, payload: Uint8Array): void {
    this.#tape.sent(type, payload, scan.slot);
    this.#inner.sendScan(scan, type, payload);
  }

  receiveScan(lease: SessionLease, scan: ScanLease): ScanFrame | undefined {
    const frame = this.#inner.receiveScan(lease, scan);
    if (frame === undefined) this.#tape.add({ kind: "call", code: TraceCall.receivedNothing, actor: scan.slot });
    else this.#tape.received(frame.type, frame.payload, frame.sequence ?? 0, scan.slot);
    return frame;
  }

  importScan(scan: ScanLease): ScanImport {
    const found = this.#tape.call(TraceCall.importScan, () => this.#inner.importScan(scan), (answer) => {
      const told = { actor: scan.slot, argument: scanImports.indexOf(answer.kind) };
      if (answer.kind !== "page") return told;
      const { page, rows, bytes } = answer.page;
      const content = this.#tape.data(() => packPage(answer.page.content().subarray(0, bytes)));
      return { ...told, numbers: [page, rows, bytes], ...content };
    });
    return found.kind === "page" ? { kind: "page", page: capturedInput(found.page, this.#tape) } : found;
  }

  acquireResult(lease: SessionLease): OutputPage | undefined {
    const page = this.#tape.call(TraceCall.acquireResult, () => this.#inner.acquireResult(lease),
      (answer) => ({ argument: answer === undefined ? 0 : 1, numbers: [answer?.page ?? 0, 0, 0] }));
    return page === undefined ? undefined : capturedOutput(page, this.#memory, this.#tape);
  }

  beginPageWait(lease: SessionLease): void {
    this.#tape.call(TraceCall.beginPageWait, () => this.#inner.beginPageWait(lease));
  }

  endPageWait(lease: SessionLease): void {
    this.#tape.call(TraceCall.endPageWait, () => this.#inner.endPageWait(lease));
  }

  endResult(lease: SessionLease): boolean {
    return this.#tape.call(TraceCall.endResult, () => this.#inner.endResult(lease),
      (taken) => ({ argument: taken ? 1 : 0 }));
  }

  filters(
    lease: SessionLease, slots: readonly FilterSlot[], recorder: (filter: number) => TransitionRecorder,
  ): FilterPort {
    return capturedFilters(this.#inner.filters(lease, slots, recorder), this.#tape);
  }

  recorder(lease: SessionLease, actor: number): TransitionRecorder {
    return this.#tape.recorder(this.#inner.recorder(lease, actor), actor);
  }

  // Counters and complaints answer nothing and decide nothing.
  count(metric: Metric, amount: number): void {
    this.#inner.count(metric, amount);
  }

  raise(metric: Metric, value: number): void {
    this.#inner.raise(metric, value);
  }

  complain(text: string): void {
    this.#inner.complain(text);
  }
}

/** What the loop needs of a job. */
export type RunningJob = Pick<Job, "lease" | "ended" | "start" | "step" | "dispose">;

export class CapturedJob implements RunningJob {
  readonly lease: SessionLease;
  readonly #job: Job;
  readonly #tape: TapeWriter;
  readonly #executor: number;
  readonly #close: () => void;

  /** `close` is called when the job has ended. */
  constructor(
    lease: SessionLease, executor: number, transport: JobTransport, memory: Uint8Array, tape: TapeWriter,
    report: (report: JobReport) => void, close: () => void,
  ) {
    this.lease = lease;
    this.#tape = tape;
    this.#executor = executor;
    this.#close = close;
    this.#job = new Job(lease, executor, new CapturedTransport(transport, tape, memory), (told) => {
      tape.add({ kind: "call", code: TraceCall.report, ...reportFields(told, tape) });
      report(told);
    });
  }

  get ended(): boolean {
    return this.#job.ended;
  }

  start(order: JobOrder, engine: Engine): void {
    const { producers } = order.start;
    this.#tape.add({
      kind: "input", code: TraceInput.jobStart, argument: this.#executor, numbers: [producers.length, 0, 0],
    });
    for (const { leaf, producer, scanSlot, scanEpoch } of producers)
      this.#tape.add({
        kind: "call", code: TraceCall.producer, actor: leaf, numbers: [producer, scanSlot, scanEpoch],
      });
    this.#run(() => this.#job.start(order, new CapturedEngine(engine, this.#tape)));
  }

  step(): boolean {
    return this.#run(() => this.#tape.turn(TraceInput.jobStep, () => this.#job.step()));
  }

  dispose(): void {
    this.#tape.add({ kind: "input", code: TraceInput.jobDispose });
    this.#run(() => this.#job.dispose());
  }

  #run<T>(work: () => T): T {
    try {
      return work();
    } finally {
      // What a killed worker leaves behind is what stands in the file.
      this.#tape.flush();
      if (this.#job.ended) this.#close();
    }
  }
}
