// Reads a trace file's image: its heading, its facts and every writer's records, in order. Damage costs the chunk it
// lies in; the rest is read on from the next chunk's magic. Who did what in which order among writers is
// flight_reader.ts's.
import {
  TRACE_CHUNK_BYTES_MAX, TRACE_CHUNK_FACTS, TRACE_CHUNK_LOSS, TRACE_CHUNK_MACHINES, TRACE_CHUNK_MAGIC,
  TRACE_CHUNK_RECORDS, TRACE_HEADER_REDACTED, TRACE_MAGIC, TRACE_VERSION, TraceChunk, TraceHeader,
} from "#generated/layout.js";
import { generatedMachines, MACHINES_FINGERPRINT, type GeneratedMachine } from "#generated/machines.js";
import { writerKinds, type TraceWriterName } from "../writer.js";
import { crc32c } from "./crc32c.js";
import { levelCodes, sourceCodes, takeRecord, wordOf, type TraceHeading, type TraceRecord } from "./trace_record.js";

/** The records of one writer, in its order. */
export interface WriterTrace extends TraceWriterName {
  readonly pid: number;
  readonly records: readonly TraceRecord[];
  /** Records that never reached the file, or were damaged in it. */
  readonly lost: number;
  /** Sequence of the last record before the first gap: what follows it is not a continuous story. */
  readonly wholeUntil: number;
}

export interface Trace {
  readonly heading: TraceHeading;
  /** The file's machines are this build's. */
  readonly sameMachines: boolean;
  /** The machines that wrote the file, by code from 1: its own table when it has one. */
  readonly machines: readonly GeneratedMachine[];
  readonly facts: ReadonlyMap<string, string>;
  readonly writers: readonly WriterTrace[];
  /** Bytes that belong to no chunk that checks: damage, or a tail that was cut off. */
  readonly damagedBytes: number;
}

/** The bytes are no trace that this build reads; the message says why. */
export class TraceFileError extends Error {}

export function isTrace(bytes: Uint8Array): boolean {
  if (bytes.length < TraceHeader.SIZE) return false;
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true) === TRACE_MAGIC;
}

/** Reads and checks the header. */
export function readTraceHeading(bytes: Uint8Array): TraceHeading {
  if (!isTrace(bytes)) throw new TraceFileError("this is no trace file");
  const view = new DataView(bytes.buffer, bytes.byteOffset, TraceHeader.SIZE);
  const version = view.getUint32(TraceHeader.version, true);
  if (version !== TRACE_VERSION)
    throw new TraceFileError(`the trace has version ${version}, this build reads ${TRACE_VERSION}`);
  if (view.getUint32(TraceHeader.header_crc, true) !== crc32c(bytes.subarray(0, TraceHeader.header_crc)))
    throw new TraceFileError("the trace's header is damaged");
  const level = wordOf(levelCodes, view.getUint8(TraceHeader.level));
  const source = wordOf(sourceCodes, view.getUint8(TraceHeader.source));
  if (level === undefined || source === undefined) throw new TraceFileError("the trace is of an unknown kind");
  return {
    level, source,
    redacted: (view.getUint16(TraceHeader.flags, true) & TRACE_HEADER_REDACTED) !== 0,
    pageBytes: view.getUint32(TraceHeader.page_bytes, true),
    pageCount: view.getUint32(TraceHeader.page_count, true),
    workerMemoryMb: view.getUint32(TraceHeader.worker_memory_mb, true),
    controlSlots: view.getUint32(TraceHeader.control_slot_count, true),
    layoutFingerprint: view.getBigUint64(TraceHeader.layout_fingerprint, true),
    machinesFingerprint: view.getBigUint64(TraceHeader.machines_fingerprint, true),
    incarnation: view.getBigUint64(TraceHeader.incarnation, true),
    wallNs: view.getBigUint64(TraceHeader.wall_ns, true),
    monotonicNs: view.getBigUint64(TraceHeader.monotonic_ns, true),
    limitBytes: Number(view.getBigUint64(TraceHeader.limit_bytes, true)),
    slot: view.getUint32(TraceHeader.slot, true),
    session: view.getUint32(TraceHeader.session, true),
    backendPid: view.getUint32(TraceHeader.backend_pid, true),
    role: view.getUint32(TraceHeader.role, true),
  };
}

interface Chunk {
  readonly type: number;
  readonly writer: TraceWriterName;
  readonly pid: number;
  readonly firstSequence: number;
  readonly payload: Uint8Array;
}

/** The chunk at `at`, if there is a whole one. */
function chunkAt(bytes: Uint8Array, view: DataView, at: number): Chunk | undefined {
  if (at + TraceChunk.SIZE > bytes.length) return undefined;
  if (view.getBigUint64(at + TraceChunk.magic, true) !== TRACE_CHUNK_MAGIC) return undefined;
  const header = bytes.subarray(at, at + TraceChunk.header_crc);
  if (view.getUint32(at + TraceChunk.header_crc, true) !== crc32c(header)) return undefined;
  const length = view.getUint32(at + TraceChunk.payload_bytes, true);
  const begin = at + TraceChunk.SIZE;
  if (length > TRACE_CHUNK_BYTES_MAX || begin + length > bytes.length) return undefined;
  const payload = bytes.subarray(begin, begin + length);
  if (view.getUint32(at + TraceChunk.payload_crc, true) !== crc32c(payload)) return undefined;
  const kind = writerKinds[view.getUint8(at + TraceChunk.writer_kind)];
  if (kind === undefined) return undefined;
  return {
    type: view.getUint16(at + TraceChunk.type, true),
    writer: { kind, number: view.getUint32(at + TraceChunk.writer, true) },
    pid: view.getUint32(at + TraceChunk.writer_pid, true),
    firstSequence: view.getUint32(at + TraceChunk.first_sequence, true),
    payload,
  };
}

const magicBytes = new Uint8Array(new BigUint64Array([TRACE_CHUNK_MAGIC]).buffer);

/** Every whole chunk, and how many bytes lie outside of them. */
function chunksOf(bytes: Uint8Array): { readonly chunks: readonly Chunk[]; readonly damagedBytes: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks: Chunk[] = [];
  let damagedBytes = 0;
  for (let at: number = TraceHeader.SIZE; at < bytes.length;) {
    const chunk = chunkAt(bytes, view, at);
    if (chunk !== undefined) {
      chunks.push(chunk);
      at += TraceChunk.SIZE + chunk.payload.length;
      continue;
    }
    const found = buffer.indexOf(magicBytes, at + 1);
    const next = found < 0 ? bytes.length : found;
    damagedBytes += next - at;
    at = next;
  }
  return { chunks, damagedBytes };
}

function readFacts(payload: Uint8Array, facts: Map<string, string>): void {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const decoder = new TextDecoder();
  const words: string[] = [];
  for (let at = 0; at + 4 <= payload.length;) {
    const length = view.getUint32(at, true);
    words.push(decoder.decode(payload.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  for (let at = 0; at + 1 < words.length; at += 2) facts.set(words[at] ?? "", words[at + 1] ?? "");
}

function readRecords(payload: Uint8Array, into: TraceRecord[]): void {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  for (let at = 0; ;) {
    const taken = takeRecord(payload, view, at);
    if (taken === undefined) return;
    into.push(taken.record);
    at = taken.next;
  }
}

interface Gathered extends TraceWriterName {
  readonly pid: number;
  readonly records: TraceRecord[];
  declaredLost: number;
}

function finishWriter({ kind, number, pid, records, declaredLost }: Gathered): WriterTrace {
  records.sort((a, b) => a.sequence - b.sequence);
  let gaps = 0;
  let wholeUntil = records.length;
  for (const [at, { sequence }] of records.entries()) {
    const before = records[at - 1]?.sequence ?? 0;
    if (sequence === before + 1) continue;
    gaps += sequence - before - 1;
    if (wholeUntil === records.length) wholeUntil = at;
  }
  const lastWhole = records[wholeUntil - 1]?.sequence ?? 0;
  return { kind, number, pid, records, lost: declaredLost + gaps, wholeUntil: lastWhole };
}

/** Reads a whole file image, as far as it goes. */
export function readTrace(image: Uint8Array): Trace {
  // Not as the Buffer it may be: slice() of that shares bytes, wherever they stand, where all others copy.
  const bytes = new Uint8Array(image.buffer, image.byteOffset, image.byteLength);
  const heading = readTraceHeading(bytes);
  const { chunks, damagedBytes } = chunksOf(bytes);
  const facts = new Map<string, string>();
  const writers = new Map<string, Gathered>();
  let machines: readonly GeneratedMachine[] | undefined;
  for (const { type, writer, pid, payload } of chunks) {
    const key = `${writer.kind} ${writer.number} ${pid}`;
    let gathered = writers.get(key);
    if (gathered === undefined) writers.set(key, (gathered = { ...writer, pid, records: [], declaredLost: 0 }));
    if (type === TRACE_CHUNK_RECORDS) readRecords(payload, gathered.records);
    else if (type === TRACE_CHUNK_FACTS) readFacts(payload, facts);
    else if (type === TRACE_CHUNK_MACHINES)
      machines = JSON.parse(new TextDecoder().decode(payload)) as readonly GeneratedMachine[];
    else if (type === TRACE_CHUNK_LOSS)
      gathered.declaredLost += new DataView(payload.buffer, payload.byteOffset).getUint32(0, true);
    // Chunks of later minor kinds are skipped.
  }
  const sameMachines = heading.machinesFingerprint === MACHINES_FINGERPRINT;
  return {
    heading,
    sameMachines,
    machines: sameMachines ? generatedMachines : machines ?? generatedMachines,
    facts,
    writers: [...writers.values()].filter(({ records, declaredLost }) => records.length + declaredLost > 0)
      .map(finishWriter),
    damagedBytes,
  };
}
