// A record of a trace as an object, and its bytes. What the numbers mean beyond a transition's is trace_call.ts's; the
// layout is schemas/layout/trace.json. Read next: trace_writer.ts, trace_reader.ts.
import {
  TRACE_LEVEL_CONTROL, TRACE_LEVEL_FULL, TRACE_RECORD_CALL, TRACE_RECORD_INPUT, TRACE_RECORD_NOTE,
  TRACE_RECORD_RECEIVED, TRACE_RECORD_SENT, TRACE_RECORD_TRANSITION, TRACE_SOURCE_CAPTURE, TRACE_SOURCE_EXPLORER,
  TRACE_SOURCE_FLIGHT, TRACE_SOURCE_SIMULATOR, TraceRecord as Layout,
} from "#generated/layout.js";

export type TraceLevel = "control" | "full";
export type TraceSource = "capture" | "flight" | "explorer" | "simulator";
export type RecordKind = "transition" | "received" | "sent" | "call" | "input" | "note";

export const levelCodes = { control: TRACE_LEVEL_CONTROL, full: TRACE_LEVEL_FULL } as const satisfies
  Record<TraceLevel, number>;
export const sourceCodes = {
  capture: TRACE_SOURCE_CAPTURE, flight: TRACE_SOURCE_FLIGHT, explorer: TRACE_SOURCE_EXPLORER,
  simulator: TRACE_SOURCE_SIMULATOR,
} as const satisfies Record<TraceSource, number>;
export const kindCodes = {
  transition: TRACE_RECORD_TRANSITION, received: TRACE_RECORD_RECEIVED, sent: TRACE_RECORD_SENT,
  call: TRACE_RECORD_CALL, input: TRACE_RECORD_INPUT, note: TRACE_RECORD_NOTE,
} as const satisfies Record<RecordKind, number>;

/** The word of a code in one of the tables above. */
export function wordOf<Word extends string>(codes: Readonly<Record<Word, number>>, code: number): Word | undefined {
  return (Object.keys(codes) as Word[]).find((word) => codes[word] === code);
}

export interface TraceHeading {
  readonly level: TraceLevel;
  readonly source: TraceSource;
  readonly redacted: boolean;
  readonly pageBytes: number;
  readonly pageCount: number;
  readonly workerMemoryMb: number;
  /** Of the flight recorder: ring numbers follow from it. */
  readonly controlSlots: number;
  readonly layoutFingerprint: bigint;
  readonly machinesFingerprint: bigint;
  readonly incarnation: bigint;
  /** Time of day and monotonic clock of the same moment. */
  readonly wallNs: bigint;
  readonly monotonicNs: bigint;
  /** 0: none. */
  readonly limitBytes: number;
  readonly slot: number;
  readonly session: number;
  readonly backendPid: number;
  readonly role: number;
}

export interface TraceRecord {
  readonly kind: RecordKind;
  readonly timeNs: bigint;
  /** Of its writer in this file, from 1, without gaps. */
  readonly sequence: number;
  /** Its number in the flight recorder, which causes name; 0 for none. */
  readonly flight: number;
  readonly cause: number;
  /** Ring of the cause's writer in the flight recorder, plus 1; 0: not known. */
  readonly causeWriter: number;
  readonly slot: number;
  readonly session: number;
  readonly actor: number;
  readonly machine: number;
  /** Event, message type, call or input, by kind. */
  readonly code: number;
  readonly from: number;
  readonly to: number;
  readonly effects: number;
  readonly argument: number;
  readonly numbers: readonly [number, number, number];
  /** The call threw. */
  readonly failed: boolean;
  readonly data: Uint8Array;
}

/** What a writer is told; it adds time and sequence. Absent numbers are 0. */
export type TraceRecordFields = Pick<TraceRecord, "kind" | "code"> &
  Partial<Omit<TraceRecord, "kind" | "code" | "sequence">>;

const NO_DATA = new Uint8Array(0);
const ZEROS = [0, 0, 0] as const;

const padded = (bytes: number): number => (bytes + 7) & ~7;

/** Bytes that a record with this much data takes. */
export const recordBytes = (dataBytes: number): number => Layout.SIZE + padded(dataBytes);

/** Writes a record at `at`; the place must be zero before. */
export function putRecord(
  target: Uint8Array, view: DataView, at: number, record: TraceRecordFields, sequence: number, timeNs: bigint,
): void {
  const [a, b, c] = record.numbers ?? ZEROS;
  const data = record.data ?? NO_DATA;
  view.setBigUint64(at + Layout.time_ns, timeNs, true);
  view.setUint32(at + Layout.sequence, sequence, true);
  view.setUint32(at + Layout.flight, record.flight ?? 0, true);
  view.setUint32(at + Layout.cause, record.cause ?? 0, true);
  view.setUint32(at + Layout.session, record.session ?? 0, true);
  view.setUint16(at + Layout.slot, record.slot ?? 0, true);
  view.setUint16(at + Layout.actor, record.actor ?? 0, true);
  view.setUint8(at + Layout.kind, kindCodes[record.kind]);
  view.setUint8(at + Layout.machine, record.machine ?? 0);
  view.setUint8(at + Layout.code, record.code);
  view.setUint8(at + Layout.from_state, record.from ?? 0);
  view.setUint8(at + Layout.to_state, record.to ?? 0);
  view.setUint8(at + Layout.flags, record.failed === true ? 1 : 0);
  view.setUint16(at + Layout.cause_writer, record.causeWriter ?? 0, true);
  view.setUint32(at + Layout.effects, record.effects ?? 0, true);
  view.setUint32(at + Layout.argument, record.argument ?? 0, true);
  view.setUint32(at + Layout.number_a, a, true);
  view.setUint32(at + Layout.number_b, b, true);
  view.setUint32(at + Layout.number_c, c, true);
  view.setUint32(at + Layout.data_bytes, data.length, true);
  target.set(data, at + Layout.SIZE);
}

/** A record at `at` and where the next one begins; undefined when it does not fit or is of no known kind. */
export function takeRecord(
  bytes: Uint8Array, view: DataView, at: number,
): { readonly record: TraceRecord; readonly next: number } | undefined {
  if (at + Layout.SIZE > bytes.length) return undefined;
  const dataBytes = view.getUint32(at + Layout.data_bytes, true);
  const next = at + recordBytes(dataBytes);
  const kind = wordOf(kindCodes, view.getUint8(at + Layout.kind));
  if (next > bytes.length || kind === undefined) return undefined;
  const record: TraceRecord = {
    kind,
    timeNs: view.getBigUint64(at + Layout.time_ns, true),
    sequence: view.getUint32(at + Layout.sequence, true),
    flight: view.getUint32(at + Layout.flight, true),
    cause: view.getUint32(at + Layout.cause, true),
    causeWriter: view.getUint16(at + Layout.cause_writer, true),
    slot: view.getUint16(at + Layout.slot, true),
    session: view.getUint32(at + Layout.session, true),
    actor: view.getUint16(at + Layout.actor, true),
    machine: view.getUint8(at + Layout.machine),
    code: view.getUint8(at + Layout.code),
    from: view.getUint8(at + Layout.from_state),
    to: view.getUint8(at + Layout.to_state),
    effects: view.getUint32(at + Layout.effects, true),
    argument: view.getUint32(at + Layout.argument, true),
    numbers: [
      view.getUint32(at + Layout.number_a, true), view.getUint32(at + Layout.number_b, true),
      view.getUint32(at + Layout.number_c, true),
    ],
    failed: (view.getUint8(at + Layout.flags) & 1) !== 0,
    data: bytes.subarray(at + Layout.SIZE, at + Layout.SIZE + dataBytes),
  };
  return { record, next };
}
