// Rows that outlive those they stood among: copied with their strings, and given up all at once. Not for many rows:
// each is written by its address. Read next: window_chain.ts, lowering/spill_module.ts.
import { assert } from "#base/assert.js";
import { SpillBuffer, type SpillKernel } from "#lowering/spill_module.js";
import type { Arena } from "../arena.js";
import { ADDRESS_BYTES } from "../merge_order.js";

const ROW_ALIGN = 8;

export class KeptRows {
  /** In the order in which they were given. */
  readonly addresses: readonly number[];
  readonly #arena: Arena;
  readonly #run: number;

  constructor(arena: Arena, kernel: SpillKernel, rowBytes: number, rows: readonly number[]) {
    this.#arena = arena;
    const head = Math.ceil((SpillBuffer.SIZE + rows.length * ADDRESS_BYTES) / ROW_ALIGN) * ROW_ALIGN;
    const bytes = rows.reduce((sum, row) => sum + kernel.measure(row), 0);
    this.#run = arena.takeRun(head + bytes);
    const { view } = arena.memory;
    const [places, start] = [this.#run + SpillBuffer.SIZE, this.#run + head];
    rows.forEach((row, index) => view.setUint32(places + index * ADDRESS_BYTES, row, true));
    for (const [field, value] of [
      [SpillBuffer.next, start], [SpillBuffer.low, start + bytes],
      [SpillBuffer.start, start], [SpillBuffer.end, start + bytes],
    ] as const) view.setUint32(this.#run + field, value, true);
    const end = places + rows.length * ADDRESS_BYTES;
    assert(kernel.gather(this.#run, places, end) === end, "there is room for all rows");
    kernel.relocate(start, start + rows.length * rowBytes, start + bytes);
    this.addresses = rows.map((_, index) => start + index * rowBytes);
  }

  free(): void {
    this.#arena.freeRun(this.#run);
  }
}
