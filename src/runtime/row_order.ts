// Orders the rows of a table: by the prefixes of their keys where those have any and there are enough rows, else by
// merging their addresses. Read next: prefix_order.ts, merge_order.ts.
import { MergeState } from "#lowering/control_block.js";
import { firstPrefix } from "#lowering/sort_prefix.js";
import type { Arena } from "./arena.js";
import type { Kernels } from "./kernels.js";
import { ADDRESS_BYTES, type Merge, MergeOrdering } from "./merge_order.js";
import { PREFIX_ROWS_MIN, type PrefixesOf, PrefixOrdering } from "./prefix_order.js";
import type { RowRun } from "./row_chunks.js";

/** What the module of a sort exports. */
export interface SortKernel {
  readonly merge: Merge;
  /** Of two rows: below 0, 0 or above. */
  compare(a: number, b: number): number;
  /** (layout, first entry, end): writes the prefixes of their rows. */
  prefixes(layout: number, first: number, end: number): void;
  /**
   * (first, until, end): orders entries with equal prefixes, from the first on; returns the first of many that tie, or
   * one at `until` or behind it.
   */
  settle(first: number, until: number, end: number): number;
}

/** An order being made. */
export interface RowOrdering {
  /** Takes in the rows of a chunk. */
  gather(first: number, end: number, rowBytes: number): void;
  /** Orders for a while; the address of the rows' addresses once they are in order. */
  advance(): number | undefined;
  /** Gives the addresses back. */
  free(): void;
}

export function openOrdering(
  arena: Arena, kernel: SortKernel, kernels: Kernels, rows: number, prefixes: PrefixesOf,
): RowOrdering {
  const layout = rows < PREFIX_ROWS_MIN ? undefined : prefixes(firstPrefix);
  return layout === undefined ? new AddressOrdering(arena, kernel.merge, rows)
    : new PrefixOrdering(arena, kernel, kernels, rows, prefixes);
}

/** Merges addresses, gathered in an array. */
class AddressOrdering implements RowOrdering {
  readonly #arena: Arena;
  readonly #merging: MergeOrdering;
  readonly #source: number;
  readonly #target: number;
  #gathered = 0;
  #order: number | undefined;

  constructor(arena: Arena, merge: Merge, rows: number) {
    this.#arena = arena;
    const state = arena.allocate(MergeState.SIZE);
    this.#source = arena.takeRun(Math.max(1, rows) * ADDRESS_BYTES);
    this.#target = arena.takeRun(Math.max(1, rows) * ADDRESS_BYTES);
    this.#merging = new MergeOrdering(arena.memory, merge, rows, { state, source: this.#source, target: this.#target });
  }

  gather(first: number, end: number, rowBytes: number): void {
    const { view } = this.#arena.memory;
    for (let row = first; row < end; row += rowBytes)
      view.setUint32(this.#source + ADDRESS_BYTES * this.#gathered++, row, true);
  }

  free(): void {
    if (this.#order !== undefined) this.#arena.freeRun(this.#order);
  }

  advance(): number | undefined {
    this.#order = this.#merging.advance();
    if (this.#order !== undefined)
      this.#arena.freeRun(this.#order === this.#source ? this.#target : this.#source);
    return this.#order;
  }
}

/** The row that is in the given place, counted from 1, among those of a chunk. */
export function nthRow(
  arena: Arena, merge: Merge, { first, end }: RowRun, rowBytes: number, place: number,
): number {
  const ordering = new AddressOrdering(arena, merge, (end - first) / rowBytes);
  ordering.gather(first, end, rowBytes);
  let order: number | undefined;
  while (order === undefined) order = ordering.advance();
  const row = arena.memory.view.getUint32(order + ADDRESS_BYTES * (place - 1), true);
  ordering.free();
  return row;
}
