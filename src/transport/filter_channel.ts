// Runtime filter slots over the addon: rows of the engine's tables go into them. What they become there, and how they
// are read, is native/shm/runtime_filter.c's; this file only turns layouts into numbers and statuses into answers.
import type { FilterRows } from "#base/filter_rows.js";
import { addon, type NativeRegion } from "./addon.js";
import { protocolViolation } from "./status.js";
import type { FilterChannel, SlotLease } from "./transport.js";

const kinds = ["word", "pair", "bytes"] as const;

function layout(rows: FilterRows): Uint32Array {
  const keys = rows.keys.flatMap(({ kind, offset }) => [kinds.indexOf(kind), offset]);
  return Uint32Array.of(rows.first, rows.end, rows.rowBytes, rows.flagsOffset, rows.flagsSkip, ...keys);
}

/** Stale and too large are answers; anything else is a slot or a table that is not what it should be. */
function accepted(status: number): boolean {
  const known = addon().status;
  if (status === known.ok) return true;
  if (status === known.stale || status === known.tooLarge) return false;
  throw protocolViolation("A runtime filter's rows are not where the table says.");
}

export class RegionFilterChannel implements FilterChannel {
  readonly #native: NativeRegion;

  constructor(native: NativeRegion) {
    this.#native = native;
  }

  begin(filter: SlotLease): boolean {
    return accepted(this.#native.filterBegin(filter.slot, filter.epoch));
  }

  measure(filter: SlotLease, memory: Uint8Array, rows: FilterRows): boolean {
    return accepted(this.#native.filterMeasure(filter.slot, filter.epoch, memory, layout(rows)));
  }

  size(filter: SlotLease, rows: number, isOneWord: boolean): boolean {
    return accepted(this.#native.filterSize(filter.slot, filter.epoch, rows, isOneWord ? 1 : 0));
  }

  enter(filter: SlotLease, memory: Uint8Array, rows: FilterRows): boolean {
    return accepted(this.#native.filterEnter(filter.slot, filter.epoch, memory, layout(rows)));
  }

  publish(filter: SlotLease): boolean {
    return accepted(this.#native.filterPublish(filter.slot, filter.epoch));
  }

  decline(filter: SlotLease): void {
    this.#native.filterDecline(filter.slot, filter.epoch);
  }
}
