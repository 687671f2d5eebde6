// Time zones as functions get them: a parameter whose bytes are every change of offset the zone has (ZoneHeader of
// schemas/layout/zone.json). Instants to local times and back, as PostgreSQL does it for skipped and repeated hours.
// Compiled code has its own reading: library/zones.ts. Read next: zone_functions.ts.
import { ZoneHeader } from "#generated/layout.js";
import { isInfiniteTimestamp } from "./calendar.js";

export const SECOND_MICROSECONDS = 1_000_000n;
export const DAY_SECONDS = 86_400n;
/** 400 years, after which the calendar repeats. */
export const ERA_SECONDS = 146_097n * DAY_SECONDS;

const BOUNDARY_BYTES = 8;
const OFFSET_BYTES = 4;

const floorSeconds = (timestamp: bigint): bigint => {
  const rest = timestamp % SECOND_MICROSECONDS;
  return (timestamp - (rest < 0n ? rest + SECOND_MICROSECONDS : rest)) / SECOND_MICROSECONDS;
};

export class ZoneTable {
  readonly #view: DataView;
  readonly #count: number;

  constructor(image: Uint8Array) {
    this.#view = new DataView(image.buffer, image.byteOffset, image.byteLength);
    this.#count = this.#view.getUint32(ZoneHeader.count, true);
  }

  /** When the transaction began. */
  get transactionStart(): bigint {
    return this.#view.getBigInt64(ZoneHeader.transaction_start, true);
  }

  /** How many of its boundaries an instant is behind. */
  boundariesPassedAt(timestamp: bigint): number {
    const seconds = floorSeconds(timestamp);
    return this.#passedBy(seconds - this.#beyond(seconds));
  }

  /** Seconds east of Greenwich at an instant. */
  offsetAt(timestamp: bigint): bigint {
    const passed = this.boundariesPassedAt(timestamp);
    return passed === 0 ? BigInt(this.#view.getInt32(ZoneHeader.first_offset, true)) : this.#offset(passed);
  }

  /**
   * The offset a local time is taken with. The boundary that may matter is the first one later than a day before. An
   * hour that is skipped counts as if the clock had not been set yet, a repeated one as if it had been already.
   */
  offsetOfLocal(timestamp: bigint): bigint {
    const local = floorSeconds(timestamp);
    const dayBefore = local - DAY_SECONDS;
    const beyond = this.#beyond(dayBefore);
    const passed = this.#passedBy(dayBefore - beyond);
    const before = this.#offset(passed);
    if (passed === this.#count) return before;
    const boundary = this.#boundary(passed) + beyond;
    const after = this.#offset(passed + 1);
    if (local - before < boundary && local - after < boundary) return before;
    if (local - before > boundary && local - after >= boundary) return after;
    return after > before ? before : after;
  }

  /** The local time of an instant, infinite for infinite ones; beyond the last timestamp it may be no timestamp. */
  localOf(timestamp: bigint): bigint {
    return isInfiniteTimestamp(timestamp) ? timestamp : this.clockOf(timestamp);
  }

  /** The same, infinity read as the number it is. */
  clockOf(timestamp: bigint): bigint {
    return timestamp + this.offsetAt(timestamp) * SECOND_MICROSECONDS;
  }

  /** The instant of a local time; it may be beyond all timestamps. */
  instantOf(local: bigint): bigint {
    return isInfiniteTimestamp(local) ? local : local - this.offsetOfLocal(local) * SECOND_MICROSECONDS;
  }

  /** How much later than the years the table has an instant is: a multiple of 400 years. */
  #beyond(seconds: bigint): bigint {
    const from = this.#view.getBigInt64(ZoneHeader.repeat_from, true);
    const before = this.#view.getBigInt64(ZoneHeader.repeat_before, true);
    if (seconds >= from) return ((seconds - from) / ERA_SECONDS + 1n) * ERA_SECONDS;
    if (seconds < before) return -((before - 1n - seconds) / ERA_SECONDS + 1n) * ERA_SECONDS;
    return 0n;
  }

  /** How many boundaries are not later. */
  #passedBy(seconds: bigint): number {
    let [low, high] = [0, this.#count];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#boundary(middle) <= seconds) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #boundary(index: number): bigint {
    return this.#view.getBigInt64(ZoneHeader.SIZE + index * BOUNDARY_BYTES, true);
  }

  /** Between the boundary before the index and the one at it. */
  #offset(index: number): bigint {
    return BigInt(this.#view.getInt32(
      ZoneHeader.SIZE + this.#count * BOUNDARY_BYTES + index * OFFSET_BYTES, true));
  }
}
