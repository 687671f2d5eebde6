// Reads what a flight recorder's file has gained since the last look, by ring heads: a quiet server costs one small
// read per writer. It decides no rhythm: its caller asks. The whole file at once is flight_reader.ts's.
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { EXECUTORS_MAX, FlightHeader, FlightRecord, FlightRingHeader } from "#generated/layout.js";
import {
  inOrder, readCounts, readEntry, readOrigin, ringCapacity, writerAt,
  type FlightEntry, type FlightOrigin, type FlightWriter,
} from "./flight_reader.js";

interface FollowedRing {
  readonly index: number;
  readonly at: number;
  readonly capacity: number;
  readonly writer: FlightWriter;
  /** Sequence of the last record that was read. */
  read: number;
}

export interface FlightNews {
  readonly entries: readonly FlightEntry[];
  /** Records that were overwritten, or torn, before they could be read. */
  readonly lost: number;
}

export class FlightFollower {
  readonly origin: FlightOrigin;
  readonly controlSlots: number;
  readonly #file: number;
  readonly #rings: FollowedRing[] = [];
  #held: FlightEntry[] = [];

  /** Opens the file; everything it holds now is news. */
  constructor(path: string) {
    this.#file = openSync(path, "r");
    try {
      const size = fstatSync(this.#file).size;
      const header = this.#view(0, Math.min(size, FlightHeader.SIZE));
      const counts = readCounts(header);
      this.origin = readOrigin(header);
      this.controlSlots = counts.controlSlots;
      const writers = 1 + EXECUTORS_MAX + counts.controlSlots + counts.scanSlots;
      let at: number = FlightHeader.SIZE;
      for (let index = 0; index < writers; index++) {
        const capacity = ringCapacity(index);
        const end = at + FlightRingHeader.SIZE + capacity * FlightRecord.SIZE;
        if (end > size) break;
        this.#rings.push({ index, at, capacity, writer: writerAt(index, counts), read: 0 });
        at = end;
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * Records older than `beforeNs` on the monotonic clock that have not been given yet, in order. Younger ones wait,
   * since another writer's record of the same moment may still be on its way.
   */
  news(beforeNs: bigint): FlightNews {
    let lost = 0;
    const gained = this.#held;
    for (const ring of this.#rings) lost += this.#readRing(ring, gained);
    const entries = gained.filter(({ timeNs }) => timeNs < beforeNs);
    this.#held = gained.filter(({ timeNs }) => timeNs >= beforeNs);
    return { entries: inOrder(entries), lost };
  }

  close(): void {
    closeSync(this.#file);
  }

  #readRing(ring: FollowedRing, entries: FlightEntry[]): number {
    const written = Number(this.#view(ring.at, 8).getBigUint64(FlightRingHeader.next_sequence, true));
    if (written <= ring.read || written > Number.MAX_SAFE_INTEGER) return 0;
    const first = Math.max(ring.read + 1, written - ring.capacity + 1);
    let lost = first - ring.read - 1;
    const records = this.#records(ring, first, written);
    for (let sequence = first; sequence <= written; sequence++) {
      const entry = readEntry(records, (sequence - first) * FlightRecord.SIZE, ring.writer, ring.index);
      if (entry.sequence === sequence >>> 0) entries.push(entry);
      else lost += 1;
    }
    ring.read = written;
    return lost;
  }

  /** The bytes of some records of a ring, unrolled. */
  #records(ring: FollowedRing, first: number, last: number): DataView {
    const bytes = new Uint8Array((last - first + 1) * FlightRecord.SIZE);
    const start = (first - 1) % ring.capacity;
    const body = ring.at + FlightRingHeader.SIZE;
    const untilEnd = Math.min(last - first + 1, ring.capacity - start);
    const head = this.#view(body + start * FlightRecord.SIZE, untilEnd * FlightRecord.SIZE);
    bytes.set(new Uint8Array(head.buffer));
    const rest = bytes.length - head.byteLength;
    if (rest > 0) bytes.set(new Uint8Array(this.#view(body, rest).buffer), head.byteLength);
    return new DataView(bytes.buffer);
  }

  #view(at: number, length: number): DataView {
    const bytes = new Uint8Array(length);
    const read = readSync(this.#file, bytes, 0, length, at);
    return new DataView(bytes.buffer, 0, read);
  }
}
