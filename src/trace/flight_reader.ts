// Reads a flight recorder's file: its header, and every writer's ring of records. Records that are torn or of an
// earlier round are dropped; what is left is merged into one order. It gives numbers, story.ts gives words. The file's
// layout is schemas/layout/flight.json.
import {
  CONTROL_SLOTS_MAX, EXECUTORS_MAX, FLIGHT_MAGIC, FLIGHT_VERSION, FLIGHT_WORKER_RECORDS, FLIGHT_WRITER_RECORDS,
  FlightHeader, FlightRecord, FlightRingHeader, SCAN_SLOTS_MAX,
} from "#generated/layout.js";
import { MACHINES_FINGERPRINT } from "#generated/machines.js";

export type FlightWriter =
  | { readonly kind: "worker" }
  | { readonly kind: "executor"; readonly executor: number }
  | { readonly kind: "backend"; readonly controlSlot: number }
  | { readonly kind: "producer"; readonly scanSlot: number };

export interface FlightEntry {
  readonly writer: FlightWriter;
  /** Number of the writer in the file; with `sequence` it names the record. */
  readonly writerIndex: number;
  readonly sequence: number;
  /** Monotonic clock. */
  readonly timeNs: bigint;
  readonly slot: number;
  /** Lease epoch of the control slot; with `slot` it names the session. */
  readonly session: number;
  readonly machine: number;
  readonly event: number;
  readonly from: number;
  readonly to: number;
  readonly actor: number;
  readonly argument: number;
  /** Sequence of the peer's record that caused this one; 0 for none. */
  readonly cause: number;
}

export interface FlightOrigin {
  readonly incarnation: bigint;
  /** Time of day and monotonic clock of the same moment: the file's creation. */
  readonly wallNs: bigint;
  readonly monotonicNs: bigint;
  /** False when another build wrote the file: its numbers may mean other states. */
  readonly sameMachines: boolean;
}

export interface Flight extends FlightOrigin {
  /** In the order in which things happened, as well as it can be told. */
  readonly entries: readonly FlightEntry[];
  readonly torn: number;
  /** Records that newer ones of the same writer have replaced. */
  readonly overwritten: number;
  /** Writers that lost records so, with the time of the oldest they still have. */
  readonly lostBefore: ReadonlyMap<number, bigint>;
}

/** The file is not what it should be; the message says how. */
export class FlightFileError extends Error {}

export interface FlightCounts {
  readonly controlSlots: number;
  readonly scanSlots: number;
}

/**
 * How many writers the header promises; refuses what no build of this version would write. The fingerprint of all
 * layouts is not asked for: what a server recorded before it was built anew is to be read after.
 */
export function readCounts(view: DataView): FlightCounts {
  if (view.byteLength < FlightHeader.SIZE) throw new FlightFileError("the file is shorter than its header");
  const magic = view.getBigUint64(FlightHeader.magic, true);
  if (magic !== FLIGHT_MAGIC) throw new FlightFileError("this is no flight recorder file");
  const version = view.getUint32(FlightHeader.version, true);
  if (version !== FLIGHT_VERSION)
    throw new FlightFileError(`the file has version ${version}, this build reads ${FLIGHT_VERSION}`);
  const controlSlots = view.getUint32(FlightHeader.control_slot_count, true);
  const scanSlots = view.getUint32(FlightHeader.scan_slot_count, true);
  const writers = view.getUint32(FlightHeader.writer_count, true);
  const fits = controlSlots <= CONTROL_SLOTS_MAX && scanSlots <= SCAN_SLOTS_MAX &&
    writers === 1 + EXECUTORS_MAX + controlSlots + scanSlots;
  if (!fits) throw new FlightFileError("the file's numbers of writers and slots contradict each other");
  return { controlSlots, scanSlots };
}

/** Which recording it is; after readCounts has accepted the header. */
export function readOrigin(view: DataView): FlightOrigin {
  return {
    incarnation: view.getBigUint64(FlightHeader.incarnation, true),
    wallNs: view.getBigUint64(FlightHeader.wall_ns, true),
    monotonicNs: view.getBigUint64(FlightHeader.monotonic_ns, true),
    sameMachines: view.getBigUint64(FlightHeader.machines_fingerprint, true) === MACHINES_FINGERPRINT,
  };
}

/** Who writes the ring of this number. */
export function writerAt(index: number, { controlSlots }: FlightCounts): FlightWriter {
  if (index === 0) return { kind: "worker" };
  if (index <= EXECUTORS_MAX) return { kind: "executor", executor: index - 1 };
  const slot = index - 1 - EXECUTORS_MAX;
  if (slot < controlSlots) return { kind: "backend", controlSlot: slot };
  return { kind: "producer", scanSlot: slot - controlSlots };
}

/** Records the ring of this number has room for. */
export const ringCapacity = (index: number): number =>
  index === 0 ? FLIGHT_WORKER_RECORDS : FLIGHT_WRITER_RECORDS;

export function readEntry(view: DataView, at: number, writer: FlightWriter, writerIndex: number): FlightEntry {
  return {
    writer,
    writerIndex,
    sequence: view.getUint32(at + FlightRecord.sequence, true),
    timeNs: view.getBigUint64(at + FlightRecord.time_ns, true),
    slot: view.getUint16(at + FlightRecord.slot, true),
    session: view.getUint32(at + FlightRecord.session, true),
    machine: view.getUint8(at + FlightRecord.machine),
    event: view.getUint8(at + FlightRecord.event),
    from: view.getUint8(at + FlightRecord.from_state),
    to: view.getUint8(at + FlightRecord.to_state),
    actor: view.getUint16(at + FlightRecord.actor, true),
    argument: view.getUint32(at + FlightRecord.argument, true),
    cause: view.getUint32(at + FlightRecord.cause, true),
  };
}

interface Ring {
  readonly entries: FlightEntry[];
  readonly torn: number;
  readonly overwritten: number;
}

/** A record is whole when its sequence is the one that belongs at its place. */
function readRing(view: DataView, at: number, capacity: number, writer: FlightWriter, index: number): Ring {
  const written = view.getBigUint64(at + FlightRingHeader.next_sequence, true);
  // No writer lives long enough for 2^53 records: such a ring is damaged and tells nothing.
  if (written > BigInt(Number.MAX_SAFE_INTEGER)) return { entries: [], torn: 0, overwritten: 0 };
  const next = Number(written);
  const first = Math.max(1, next - capacity + 1);
  const entries: FlightEntry[] = [];
  let torn = 0;
  for (let sequence = first; sequence <= next; sequence++) {
    const place = at + FlightRingHeader.SIZE + ((sequence - 1) % capacity) * FlightRecord.SIZE;
    const entry = readEntry(view, place, writer, index);
    if (entry.sequence === sequence >>> 0) entries.push(entry);
    else torn += 1;
  }
  return { entries, torn, overwritten: first - 1 };
}

const isPostgres = ({ writer }: FlightEntry): boolean => writer.kind === "backend" || writer.kind === "producer";

/** By time; but never before its cause, since two processes read the clock a moment apart from what they do. */
export function inOrder(entries: readonly FlightEntry[]): FlightEntry[] {
  // A cause is a number of the other side's, in the same session; which of its threads wrote it, it does not say.
  const times = new Map<string, bigint>();
  const key = (fromPostgres: boolean, { slot, session }: FlightEntry, sequence: number): string =>
    `${fromPostgres ? "p" : "w"}/${slot}/${session}/${sequence}`;
  for (const entry of entries) {
    const name = key(isPostgres(entry), entry, entry.sequence);
    const known = times.get(name);
    // Backend and producers count apart: of two records of one number, the earlier one moves nobody without need.
    if (known === undefined || entry.timeNs < known) times.set(name, entry.timeNs);
  }
  const keyed = entries.map((entry) => {
    const causeNs = entry.cause === 0 ? undefined : times.get(key(!isPostgres(entry), entry, entry.cause));
    const after = causeNs !== undefined && causeNs >= entry.timeNs;
    return { entry, timeNs: after ? causeNs : entry.timeNs, rank: after ? 1 : 0 };
  });
  keyed.sort((a, b) => {
    if (a.timeNs !== b.timeNs) return a.timeNs < b.timeNs ? -1 : 1;
    if (a.rank !== b.rank) return a.rank - b.rank;
    if (a.entry.writerIndex !== b.entry.writerIndex) return a.entry.writerIndex - b.entry.writerIndex;
    return a.entry.sequence - b.entry.sequence;
  });
  return keyed.map(({ entry }) => entry);
}

/** Reads a whole file image. A truncated file is read as far as it goes. */
export function readFlight(bytes: Uint8Array): Flight {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const counts = readCounts(view);
  const entries: FlightEntry[] = [];
  let torn = 0;
  let overwritten = 0;
  const lostBefore = new Map<number, bigint>();
  let at: number = FlightHeader.SIZE;
  const writers = 1 + EXECUTORS_MAX + counts.controlSlots + counts.scanSlots;
  for (let index = 0; index < writers; index++) {
    const capacity = ringCapacity(index);
    const end = at + FlightRingHeader.SIZE + capacity * FlightRecord.SIZE;
    if (end > bytes.length) break;
    const ring = readRing(view, at, capacity, writerAt(index, counts), index);
    for (const entry of ring.entries) entries.push(entry);
    torn += ring.torn;
    overwritten += ring.overwritten;
    if (ring.overwritten > 0) lostBefore.set(index, ring.entries[0]?.timeNs ?? 0n);
    at = end;
  }
  return {
    ...readOrigin(view),
    entries: inOrder(entries),
    torn,
    overwritten,
    lostBefore,
  };
}
