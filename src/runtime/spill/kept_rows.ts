// Rows that outlive those they stood among: copied with their strings, and given up all at once, if they take a run of
// memory of their own. Not for many rows: each is written by its address. Read next: window_chain.ts,
// lowering/spill_module.ts.
import { assert } from "#base/assert.js";
import { SpillBuffer, type SpillKernel } from "#lowering/spill_module.js";
import type { Arena } from "../arena.js";
import { ADDRESS_BYTES } from "../merge_order.js";

const ROW_ALIGN = 8;
/** Of rows that are not given up before their execution ends: a run of memory has sixteen times as many at least. */
const SMALL_BYTES = 4096;

export class KeptRows {
  /** In the order in which they were given. */
  readonly addresses: readonly number[];
  readonly #arena: Arena;
  readonly #run: number | undefined;

  constructor(arena: Arena, kernel: SpillKernel, rowBytes: number, rows: readonly number[]) {
    this.#arena = arena;
    const head = Math.ceil((SpillBuffer.SIZE + rows.length * ADDRESS_BYTES) / ROW_ALIGN) * ROW_ALIGN;
    const bytes = rows.reduce((sum, row) => sum + kernel.measure(row), 0);
    const isSmall = head + bytes <= SMALL_BYTES;
    const buffer = isSmall ? arena.allocate(head + bytes) : arena.takeRun(head + bytes);
    this.#run = isSmall ? undefined : buffer;
    const { view } = arena.memory;
    const [places, start] = [buffer + SpillBuffer.SIZE, buffer + head];
    rows.forEach((row, index) => view.setUint32(places + index * ADDRESS_BYTES, row, true));
    for (const [field, value] of [
      [SpillBuffer.next, start], [SpillBuffer.low, start + bytes],
      [SpillBuffer.start, start], [SpillBuffer.end, start + bytes],
    ] as const) view.setUint32(buffer + field, value, true);
    const end = places + rows.length * ADDRESS_BYTES;
    assert(kernel.gather(buffer, places, end) === end, "there is room for all rows");
    kernel.relocate(start, start + rows.length * rowBytes, start + bytes);
    this.addresses = rows.map((_, index) => start + index * rowBytes);
  }

  free(): void {
    if (this.#run !== undefined) this.#arena.freeRun(this.#run);
  }
}
