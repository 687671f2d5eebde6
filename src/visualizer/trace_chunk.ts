// Records of a flight as columns, and their bytes on the way to the page: 37 bytes a record instead of an object.
// It is a passage, not a trace file: writer and reader are always of one build. Read next: trace_store.ts.
import { writerKinds } from "#trace/writer.js";
import type { ShownPlan } from "./shown_plan.js";

/** Some records in the order in which they happened. */
export interface TraceChunk {
  readonly count: number;
  /** Nanoseconds since the creation of the recording; exact for a hundred days. */
  readonly timeNs: Float64Array;
  readonly sequence: Uint32Array;
  readonly session: Uint32Array;
  readonly argument: Uint32Array;
  readonly cause: Uint32Array;
  readonly slot: Uint16Array;
  readonly actor: Uint16Array;
  readonly writer: Uint16Array;
  /** Ring of the cause's writer in the flight recorder, plus 1; 0: the record does not say. */
  readonly causeWriter: Uint16Array;
  readonly writerKind: Uint8Array;
  readonly machine: Uint8Array;
  readonly event: Uint8Array;
  readonly from: Uint8Array;
  readonly to: Uint8Array;
}

/** What the page is told about the recording as a whole. */
export interface TraceHeading {
  readonly title: string;
  /** Time of day of the recording's creation, in milliseconds. */
  readonly wallMs: number;
  readonly machinesFingerprint: string;
  readonly sameMachines: boolean;
  /** Records that were overwritten or torn before anybody read them. */
  readonly missing: number;
  /** Whether more records will follow at ./live. */
  readonly live: boolean;
  /** Of the server that was recorded: rings of the flight recorder are numbered by it. */
  readonly controlSlots: number;
  /** Plans that came with the records. */
  readonly plans: readonly ShownPlan[];
}

/** The bytes are no chunk of this build. */
export class TraceChunkError extends Error {}

// Widest first, so that every column begins aligned when the first one does.
const columns = [
  ["timeNs", Float64Array], ["sequence", Uint32Array], ["session", Uint32Array], ["argument", Uint32Array],
  ["cause", Uint32Array], ["slot", Uint16Array], ["actor", Uint16Array], ["writer", Uint16Array],
  ["causeWriter", Uint16Array], ["writerKind", Uint8Array], ["machine", Uint8Array], ["event", Uint8Array],
  ["from", Uint8Array], ["to", Uint8Array],
] as const;

// Times travel as gaps and sequences as steps of their writer, which compress to a third of what they say.
const PACKED_BYTES = columns.reduce((sum, [name, Column]) =>
  sum + (name === "timeNs" ? 4 : Column.BYTES_PER_ELEMENT), 0);
const MAGIC = 0x54564650;
const PREFIX_BYTES = 16;
/** A gap this long, over four seconds, stands in full among the long ones. */
const LONG_GAP = 0xffff_ffff;
const WRITERS = 65_536;

export function emptyChunk(count: number): TraceChunk {
  return {
    count,
    timeNs: new Float64Array(count), sequence: new Uint32Array(count), session: new Uint32Array(count),
    argument: new Uint32Array(count), cause: new Uint32Array(count), slot: new Uint16Array(count),
    actor: new Uint16Array(count), writer: new Uint16Array(count), causeWriter: new Uint16Array(count),
    writerKind: new Uint8Array(count),
    machine: new Uint8Array(count), event: new Uint8Array(count), from: new Uint8Array(count),
    to: new Uint8Array(count),
  };
}

/** Copies all of `source` into `target` from record `at` on. */
export function copyChunk(target: TraceChunk, at: number, source: TraceChunk): void {
  for (const [name] of columns) target[name].set(source[name].subarray(0, source.count), at);
}

/** Records `from` up to `to` of a chunk, without copying. */
export function sliceOfChunk(chunk: TraceChunk, from: number, to: number): TraceChunk {
  const part = <T extends { subarray(from: number, to: number): T }>(column: T) => column.subarray(from, to);
  return {
    count: to - from,
    timeNs: part(chunk.timeNs), sequence: part(chunk.sequence), session: part(chunk.session),
    argument: part(chunk.argument), cause: part(chunk.cause), slot: part(chunk.slot), actor: part(chunk.actor),
    writer: part(chunk.writer), causeWriter: part(chunk.causeWriter), writerKind: part(chunk.writerKind),
    machine: part(chunk.machine), event: part(chunk.event), from: part(chunk.from), to: part(chunk.to),
  };
}

const roundUp8 = (bytes: number): number => Math.ceil(bytes / 8) * 8;

/** Turns sequences into steps of their writers, or steps into sequences: the same walk, forwards. */
function eachStep(
  { count, writer, writerKind }: Pick<TraceChunk, "count" | "writer" | "writerKind">,
  visit: (record: number, last: number) => number,
): void {
  const last = new Uint32Array(writerKinds.length * WRITERS);
  for (let at = 0; at < count; at++) {
    const place = ((writerKind[at] as number) % writerKinds.length) * WRITERS + (writer[at] as number);
    last[place] = visit(at, last[place] as number);
  }
}

function gapsOf({ count, timeNs }: TraceChunk): { readonly gaps: Uint32Array; readonly long: readonly number[] } {
  const gaps = new Uint32Array(count);
  const long: number[] = [];
  let before = 0;
  for (let at = 0; at < count; at++) {
    // A record that came late has the time of the one before it, as everywhere.
    const gap = Math.max(0, Math.round(timeNs[at] as number) - before);
    before += gap;
    gaps[at] = Math.min(gap, LONG_GAP);
    if (gap >= LONG_GAP) long.push(gap);
  }
  return { gaps, long };
}

function stepsOf(chunk: TraceChunk): Uint32Array {
  const steps = new Uint32Array(chunk.count);
  eachStep(chunk, (at, last) => {
    const own = chunk.sequence[at] as number;
    steps[at] = own - last;
    return own;
  });
  return steps;
}

/** The heading and the records as bytes. */
export function packTrace(heading: TraceHeading, chunk: TraceChunk): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(heading));
  const { gaps, long } = gapsOf(chunk);
  const first = PREFIX_BYTES + roundUp8(text.length);
  const bytes = new Uint8Array(first + long.length * 8 + chunk.count * PACKED_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, text.length, true);
  view.setUint32(8, chunk.count, true);
  view.setUint32(12, long.length, true);
  bytes.set(text, PREFIX_BYTES);
  new Float64Array(bytes.buffer, first, long.length).set(long);
  let at = first + long.length * 8;
  for (const [name] of columns) {
    const whole = name === "timeNs" ? gaps : name === "sequence" ? stepsOf(chunk) : chunk[name];
    const column = whole.subarray(0, chunk.count);
    bytes.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), at);
    at += column.byteLength;
  }
  return bytes;
}

function timesOf(gaps: Uint32Array, long: Float64Array): Float64Array {
  const times = new Float64Array(gaps.length);
  let [time, longs] = [0, 0];
  for (let at = 0; at < gaps.length; at++) {
    const gap = gaps[at] as number;
    time += gap === LONG_GAP ? long[longs++] as number : gap;
    times[at] = time;
  }
  return times;
}

/** What packTrace wrote; most columns are views of the bytes when these are aligned. */
export function unpackTrace(given: Uint8Array): { readonly heading: TraceHeading; readonly chunk: TraceChunk } {
  const bytes = given.byteOffset % 8 === 0 ? given : given.slice();
  if (bytes.length < PREFIX_BYTES) throw new TraceChunkError("the trace is shorter than its prefix");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [textBytes, count, longs] = [view.getUint32(4, true), view.getUint32(8, true), view.getUint32(12, true)];
  const first = PREFIX_BYTES + roundUp8(textBytes);
  if (view.getUint32(0, true) !== MAGIC || bytes.length !== first + longs * 8 + count * PACKED_BYTES)
    throw new TraceChunkError("the trace is damaged or of another build");
  const text = new TextDecoder().decode(bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + textBytes));
  let at = bytes.byteOffset + first + longs * 8;
  const place = (width: number): number => {
    const start = at;
    at += count * width;
    return start;
  };
  const { buffer } = bytes;
  const long = new Float64Array(buffer, bytes.byteOffset + first, longs);
  const chunk: TraceChunk = {
    count,
    timeNs: timesOf(new Uint32Array(buffer, place(4), count), long),
    sequence: new Uint32Array(buffer, place(4), count).slice(),
    session: new Uint32Array(buffer, place(4), count), argument: new Uint32Array(buffer, place(4), count),
    cause: new Uint32Array(buffer, place(4), count), slot: new Uint16Array(buffer, place(2), count),
    actor: new Uint16Array(buffer, place(2), count), writer: new Uint16Array(buffer, place(2), count),
    causeWriter: new Uint16Array(buffer, place(2), count),
    writerKind: new Uint8Array(buffer, place(1), count), machine: new Uint8Array(buffer, place(1), count),
    event: new Uint8Array(buffer, place(1), count), from: new Uint8Array(buffer, place(1), count),
    to: new Uint8Array(buffer, place(1), count),
  };
  const { sequence } = chunk;
  eachStep(chunk, (record, last) => (sequence[record] = ((sequence[record] as number) + last) >>> 0));
  return { heading: JSON.parse(text) as TraceHeading, chunk };
}
