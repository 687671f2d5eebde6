// One writer of a trace: gathers records and appends them as checked chunks, each with one write, so that several
// threads and processes can append to one file. It never fails its caller: what cannot be written ends the trace.
// Reading back is trace_reader.ts.
import {
  TRACE_CHUNK_FACTS, TRACE_CHUNK_LOSS, TRACE_CHUNK_MACHINES, TRACE_CHUNK_MAGIC, TRACE_CHUNK_RECORDS,
  TRACE_HEADER_REDACTED, TRACE_MAGIC, TRACE_VERSION, TraceChunk, TraceHeader,
} from "#generated/layout.js";
import { generatedMachines, type GeneratedMachine } from "#generated/machines.js";
import { writerKinds, type TraceWriterName } from "../writer.js";
import { crc32c } from "./crc32c.js";
import {
  levelCodes, putRecord, recordBytes, sourceCodes, type TraceHeading, type TraceRecordFields,
} from "./trace_record.js";

/** Where chunks go: a file, or memory. False ends the trace. */
export interface TraceSink {
  append(chunk: Uint8Array): boolean;
}

/** Records are gathered up to this: a write costs microseconds, so it should carry many. */
const GATHER_BYTES = 64 * 1024;

/** The first bytes of a file. */
export function traceHeader(heading: TraceHeading): Uint8Array {
  const bytes = new Uint8Array(TraceHeader.SIZE);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(TraceHeader.magic, TRACE_MAGIC, true);
  view.setUint32(TraceHeader.version, TRACE_VERSION, true);
  view.setUint32(TraceHeader.header_bytes, TraceHeader.SIZE, true);
  view.setUint8(TraceHeader.level, levelCodes[heading.level]);
  view.setUint8(TraceHeader.source, sourceCodes[heading.source]);
  view.setUint16(TraceHeader.flags, heading.redacted ? TRACE_HEADER_REDACTED : 0, true);
  view.setUint32(TraceHeader.page_bytes, heading.pageBytes, true);
  view.setBigUint64(TraceHeader.layout_fingerprint, heading.layoutFingerprint, true);
  view.setBigUint64(TraceHeader.machines_fingerprint, heading.machinesFingerprint, true);
  view.setBigUint64(TraceHeader.incarnation, heading.incarnation, true);
  view.setBigUint64(TraceHeader.wall_ns, heading.wallNs, true);
  view.setBigUint64(TraceHeader.monotonic_ns, heading.monotonicNs, true);
  view.setBigUint64(TraceHeader.limit_bytes, BigInt(heading.limitBytes), true);
  view.setUint32(TraceHeader.slot, heading.slot, true);
  view.setUint32(TraceHeader.session, heading.session, true);
  view.setUint32(TraceHeader.backend_pid, heading.backendPid, true);
  view.setUint32(TraceHeader.role, heading.role, true);
  view.setUint32(TraceHeader.page_count, heading.pageCount, true);
  view.setUint32(TraceHeader.worker_memory_mb, heading.workerMemoryMb, true);
  view.setUint32(TraceHeader.control_slot_count, heading.controlSlots, true);
  view.setUint32(TraceHeader.header_crc, crc32c(bytes.subarray(0, TraceHeader.header_crc)), true);
  return bytes;
}

/** Name and value pairs as the payload of a facts chunk. */
function factsPayload(facts: ReadonlyMap<string, string>): Uint8Array {
  const words = [...facts].flat().map((word) => new TextEncoder().encode(word));
  const bytes = new Uint8Array(words.reduce((sum, word) => sum + 4 + word.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const word of words) {
    view.setUint32(at, word.length, true);
    bytes.set(word, at + 4);
    at += 4 + word.length;
  }
  return bytes;
}

let own: Uint8Array | undefined;

/** This build's machines as bytes: the same for every trace. */
const ownMachines = (): Uint8Array => (own ??= new TextEncoder().encode(JSON.stringify(generatedMachines)));

export class TraceWriter {
  readonly #name: TraceWriterName;
  readonly #sink: TraceSink;
  readonly #pid: number;
  readonly #nowNs: () => bigint;
  #chunk = 0;
  #sequence = 0;
  #ended = false;
  // The chunk that is being gathered: room for its header, then records.
  #bytes = new Uint8Array(0);
  #view = new DataView(this.#bytes.buffer);
  #used: number = TraceChunk.SIZE;
  #records = 0;
  #first = 1;

  constructor(name: TraceWriterName, sink: TraceSink, pid: number, nowNs: () => bigint) {
    this.#name = name;
    this.#sink = sink;
    this.#pid = pid;
    this.#nowNs = nowNs;
  }

  /** False once a chunk could not be written: nothing is kept any more. */
  get open(): boolean {
    return !this.#ended;
  }

  /** Sequence of the last record. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Adds a record; its data is copied. */
  add(record: TraceRecordFields): void {
    if (this.#ended) return;
    const bytes = recordBytes(record.data?.length ?? 0);
    if (this.#used + bytes > GATHER_BYTES && this.#records > 0) this.flush();
    this.#reserve(bytes);
    this.#sequence += 1;
    putRecord(this.#bytes, this.#view, this.#used, record, this.#sequence, record.timeNs ?? this.#nowNs());
    this.#used += bytes;
    this.#records += 1;
  }

  facts(facts: ReadonlyMap<string, string>): void {
    this.#whole(TRACE_CHUNK_FACTS, factsPayload(facts));
  }

  /** For readers whose machines are others. */
  machines(machines: readonly GeneratedMachine[] = generatedMachines): void {
    const payload = machines === generatedMachines ? ownMachines() : new TextEncoder().encode(JSON.stringify(machines));
    this.#whole(TRACE_CHUNK_MACHINES, payload);
  }

  /** Leaves out some numbers: a reader will see that records are missing. */
  skip(count: number): void {
    this.flush();
    this.#sequence += count;
    this.#first = this.#sequence + 1;
  }

  /** Tells readers that this many records are missing here. */
  loss(count: number): void {
    const payload = new Uint8Array(4);
    new DataView(payload.buffer).setUint32(0, count, true);
    this.#whole(TRACE_CHUNK_LOSS, payload);
  }

  /** Appends what was gathered. */
  flush(): void {
    if (this.#records === 0 || this.#ended) return;
    const chunk = this.#bytes.subarray(0, this.#used);
    this.#seal(chunk, TRACE_CHUNK_RECORDS, this.#records);
    this.#bytes.fill(0, 0, this.#used);
    this.#used = TraceChunk.SIZE;
    this.#first = this.#sequence + 1;
    this.#records = 0;
  }

  #whole(type: number, payload: Uint8Array): void {
    this.flush();
    if (this.#ended) return;
    const chunk = new Uint8Array(TraceChunk.SIZE + payload.length);
    chunk.set(payload, TraceChunk.SIZE);
    this.#seal(chunk, type, 0);
  }

  /** Fills in the header and hands the chunk on. */
  #seal(chunk: Uint8Array, type: number, records: number): void {
    const view = new DataView(chunk.buffer, chunk.byteOffset, TraceChunk.SIZE);
    view.setBigUint64(TraceChunk.magic, TRACE_CHUNK_MAGIC, true);
    view.setUint16(TraceChunk.type, type, true);
    view.setUint8(TraceChunk.writer_kind, writerKinds.indexOf(this.#name.kind));
    view.setUint32(TraceChunk.writer, this.#name.number, true);
    view.setUint32(TraceChunk.number, this.#chunk, true);
    view.setUint32(TraceChunk.record_count, records, true);
    view.setUint32(TraceChunk.first_sequence, this.#first, true);
    view.setUint32(TraceChunk.payload_bytes, chunk.length - TraceChunk.SIZE, true);
    view.setUint32(TraceChunk.payload_crc, crc32c(chunk.subarray(TraceChunk.SIZE)), true);
    view.setUint32(TraceChunk.writer_pid, this.#pid, true);
    view.setUint32(TraceChunk.header_crc, crc32c(chunk.subarray(0, TraceChunk.header_crc)), true);
    this.#chunk += 1;
    if (!this.#sink.append(chunk)) this.#ended = true;
  }

  #reserve(bytes: number): void {
    const needed = this.#used + bytes;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, Math.min(GATHER_BYTES, this.#bytes.length * 2), 4096));
    grown.set(this.#bytes.subarray(0, this.#used));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
