// Plays back an executor thread's part of a session: the real job over a region that answers from the tape, pages
// included. Result pages are compared byte by byte. The engine is replay_engine.ts.
import type { JobOrder, SessionLease } from "#actors/ports.js";
import { encodeExecutionFailed, type ProducerSlot, type StartExecution } from "#codec/execution_message.js";
import { encodeScanFailed } from "#codec/scan_message.js";
import { MessageType } from "#generated/layout.js";
import type { FilterPort } from "#runtime/filter_build.js";
import { unpackPage } from "#trace/format/page_image.js";
import { jobReports, scanImports, TraceCall, TraceInput } from "#trace/format/trace_call.js";
import type { TraceRecord } from "#trace/format/trace_record.js";
import { Job } from "#worker/job.js";
import type { Engine, InputPage, JobTransport, OutputPage, ScanImport } from "#worker/executor_ports.js";
import { compareMessage } from "./message_comparison.js";
import { replayEngine } from "./replay_engine.js";
import { TapeEnded, type Tape } from "./tape.js";

/** The memory pages are put into, as the pool is mapped into it. */
export interface ReplayMemory {
  readonly bytes: Uint8Array;
  readonly poolOffset: number;
  readonly pageBytes: number;
}

function floatOf({ numbers }: TraceRecord): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setUint32(0, numbers[0], true);
  view.setUint32(4, numbers[1], true);
  return view.getFloat64(0, true);
}

function inputPage(tape: Tape, record: TraceRecord, memory: ReplayMemory | undefined): InputPage {
  const [page, rows, bytes] = record.numbers;
  const address = (memory?.poolOffset ?? 0) + page * (memory?.pageBytes ?? 0);
  tape.checkData(record);
  if (memory !== undefined) memory.bytes.set(unpackPage(record.data, memory.pageBytes), address);
  return {
    // A scan slot has one producer.
    page, producer: record.actor, rows, bytes, address,
    content: () => memory?.bytes.subarray(address, address + memory.pageBytes) ?? new Uint8Array(0),
    release: () => tape.same(tape.call(TraceCall.releaseInput), "page", page, page),
  };
}

function outputPage(tape: Tape, page: number, memory: ReplayMemory | undefined): OutputPage {
  return {
    page,
    write: (address, bytes) => {
      const record = tape.call(TraceCall.writeResult);
      tape.same(record, "bytes", record.numbers[0], bytes);
      if (memory !== undefined) tape.sameData(record, "result page", memory.bytes.subarray(address, address + bytes));
    },
    issue: (rows) => {
      const record = tape.call(TraceCall.issueResult);
      tape.same(record, "rows", record.numbers[1], rows);
      return record.argument === 1;
    },
    release: () => void tape.call(TraceCall.releaseResult),
  };
}

/** In control recordings an error of a scan has lost its words. */
function scanPayload(tape: Tape, { code, data }: TraceRecord): Uint8Array {
  if (tape.full || code !== MessageType.ScanFailed) return data;
  return encodeScanFailed({ sqlstate: "XX000", message: "" });
}

/** Filters reach nobody in a replay; how their making went decides when the engine goes on. */
function replayFilters(tape: Tape): FilterPort {
  const goesOn = (filter: number): boolean => {
    const record = tape.call(TraceCall.filter);
    tape.same(record, "filter", record.actor, filter);
    return record.argument === 1;
  };
  return { begin: goesOn, measure: goesOn, size: goesOn, enter: goesOn, publish: goesOn, decline: () => undefined };
}

function replayTransport(tape: Tape, memory: ReplayMemory | undefined): JobTransport {
  const sent = (type: MessageType, payload: Uint8Array, actor: number): void =>
    tape.sent(type, payload, actor, (record, bytes) => compareMessage(tape, record, bytes));
  return {
    nowNs: () => floatOf(tape.call(TraceCall.now)),
    cancelRequested: () => tape.call(TraceCall.cancelRequested).argument === 1,
    sendControl: (_, type, payload) => sent(type, payload, 0),
    sendScan: (scan, type, payload) => sent(type, payload, scan.slot),
    receiveScan: (_, scan) => {
      const record = tape.take();
      if (record.kind === "call" && record.code === TraceCall.receivedNothing) return undefined;
      if (record.kind !== "received") tape.diverge(record, "kind", record.kind, "a look for a scan's message");
      tape.same(record, "scan slot", record.actor, scan.slot);
      tape.checkData(record);
      const type = record.code as MessageType;
      return { type, sequence: record.cause, payload: scanPayload(tape, record) };
    },
    importScan: (scan): ScanImport => {
      const record = tape.call(TraceCall.importScan);
      tape.same(record, "scan slot", record.actor, scan.slot);
      const kind = scanImports[record.argument] ?? "empty";
      return kind === "page" ? { kind, page: inputPage(tape, record, memory) } : { kind };
    },
    acquireResult: () => {
      const { argument, numbers } = tape.call(TraceCall.acquireResult);
      return argument === 1 ? outputPage(tape, numbers[0], memory) : undefined;
    },
    beginPageWait: () => void tape.call(TraceCall.beginPageWait),
    endPageWait: () => void tape.call(TraceCall.endPageWait),
    endResult: () => tape.call(TraceCall.endResult).argument === 1,
    filters: () => replayFilters(tape),
    recorder: (_, actor) => tape.recorder(actor),
    count: () => undefined,
    raise: () => undefined,
    complain: () => undefined,
  };
}

function producersOf(tape: Tape, count: number): ProducerSlot[] {
  return Array.from({ length: count }, () => {
    const { actor, numbers } = tape.call(TraceCall.producer);
    const [producer, scanSlot, scanEpoch] = numbers;
    return { leaf: actor, producer, scanSlot, scanEpoch };
  });
}

/** What a replay needs beside the tape. */
export interface JobSurroundings {
  /** The message that started the execution; undefined where the recording has no data. */
  readonly start: StartExecution | undefined;
  readonly engine: Engine | undefined;
  readonly memory: ReplayMemory | undefined;
}

/** Plays a job's tape to its end; throws DivergenceError or TapeEnded. */
export function replayJob(tape: Tape, lease: SessionLease, { start, engine, memory }: JobSurroundings): void {
  const began = tape.expect("input", TraceInput.jobStart, "jobStart");
  const producers = producersOf(tape, began.numbers[0]);
  const order: JobOrder = {
    lease,
    start: {
      plan: new Uint8Array(0), planDigest: 0n, parameters: [], permitsScan: 0, permitsResult: 0, analyze: false,
      filters: [], memoryKb: 0, spillLimitKb: -1,
      ...start, producers,
    },
  };
  const job = new Job(lease, began.argument, replayTransport(tape, memory), (report) => {
    const record = tape.call(TraceCall.report);
    tape.same(record, "report", jobReports[record.argument] ?? "", report.kind);
    if (report.kind === "failed") tape.sameData(record, "error", encodeExecutionFailed(report.failed));
  });
  try {
    job.start(order, replayEngine(tape, engine));
    for (let record = tape.peek(); record !== undefined; record = tape.peek()) {
      tape.take();
      if (record.kind === "input" && record.code === TraceInput.jobStep) job.step();
      else if (record.kind === "input" && record.code === TraceInput.jobDispose) job.dispose();
      else tape.diverge(record, "kind", record.kind, "nothing: the job's turn was over");
      // Whatever the job's own clean-up caught on its way out, the tape knows why it ended.
      if (tape.ended !== undefined) throw tape.ended;
    }
  } catch (error) {
    throw tape.ended ?? error;
  }
  if (tape.ended instanceof TapeEnded) throw tape.ended;
}
