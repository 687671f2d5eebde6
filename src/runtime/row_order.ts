// Orders the rows of a table: their addresses gathered in an array, then merged in runs of doubling length from one
// array to another, a bounded number of comparisons at a time; or merges runs that are in order already. Read next:
// lowering/sort_module.ts, spill/sorted_runs.ts.
import { MergeState } from "#lowering/control_block.js";
import type { Arena } from "./arena.js";
import type { RowRun } from "./row_chunks.js";

/** (state, budget) -> what is left of the budget, or -1 when it ended first. */
type Merge = (state: number, budget: number) => number;

/** What the module of a sort exports. */
export interface SortKernel {
  readonly merge: Merge;
  /** Of two rows: below 0, 0 or above. */
  compare(a: number, b: number): number;
}

export const ADDRESS_BYTES = 4;
/** About a few milliseconds. */
const COMPARISONS_PER_CALL = 1 << 16;

export class RowOrdering {
  readonly #arena: Arena;
  readonly #merge: Merge;
  readonly #rows: number;
  readonly #state: number;
  #source: number;
  #target: number;
  #gathered = 0;
  #width = 1;
  #low = 0;
  #merging = false;

  constructor(arena: Arena, merge: Merge, rows: number) {
    this.#arena = arena;
    this.#merge = merge;
    this.#rows = rows;
    this.#state = arena.allocate(MergeState.SIZE);
    this.#source = arena.takeRun(Math.max(1, rows) * ADDRESS_BYTES);
    this.#target = arena.takeRun(Math.max(1, rows) * ADDRESS_BYTES);
  }

  /** Takes in the rows of a chunk. */
  gather(first: number, end: number, rowBytes: number): void {
    const { view } = this.#arena.memory;
    for (let row = first; row < end; row += rowBytes)
      view.setUint32(this.#source + ADDRESS_BYTES * this.#gathered++, row, true);
  }

  /** Gives the arrays back. */
  free(): void {
    this.#arena.freeRun(this.#source);
  }

  /** Merges for a while; the array's address once it is in order. */
  advance(): number | undefined {
    let budget = COMPARISONS_PER_CALL;
    while (this.#width < this.#rows) {
      const [low, middle, high] = [0, 1, 2].map((runs) => Math.min(this.#low + runs * this.#width, this.#rows));
      if (!this.#merging) this.#open(low ?? 0, middle ?? 0, high ?? 0);
      budget = this.#merge(this.#state, budget);
      this.#merging = budget < 0;
      if (this.#merging) return undefined;
      this.#low += 2 * this.#width;
      if (this.#low < this.#rows) continue;
      this.#low = 0;
      this.#width *= 2;
      [this.#source, this.#target] = [this.#target, this.#source];
    }
    this.#arena.freeRun(this.#target);
    return this.#source;
  }

  #open(low: number, middle: number, high: number): void {
    openMerge(this.#arena, this.#state, this.#source, this.#target, [low, middle, high]);
  }
}

/** The row that is in the given place, counted from 1, among those of a chunk. */
export function nthRow(
  arena: Arena, merge: Merge, { first, end }: RowRun, rowBytes: number, place: number,
): number {
  const ordering = new RowOrdering(arena, merge, (end - first) / rowBytes);
  ordering.gather(first, end, rowBytes);
  let order: number | undefined;
  while (order === undefined) order = ordering.advance();
  const row = arena.memory.view.getUint32(order + ADDRESS_BYTES * (place - 1), true);
  ordering.free();
  return row;
}

/** Two neighbouring runs of an array, by their indexes, to the same place of another. */
function openMerge(
  { memory: { view } }: Arena, state: number, source: number, target: number,
  [low, middle, high]: readonly [number, number, number],
): void {
  const set = (field: number, value: number): void => view.setUint32(state + field, value, true);
  const at = (index: number): number => source + ADDRESS_BYTES * index;
  set(MergeState.left, at(low));
  set(MergeState.leftEnd, at(middle));
  set(MergeState.right, at(middle));
  set(MergeState.rightEnd, at(high));
  set(MergeState.target, target + ADDRESS_BYTES * low);
}

/**
 * Merges runs of any length that stand one behind the other in an array, neighbours first; each yield is a good moment
 * to do other things. Returns the one of the two arrays that holds the result. `state` is room for a MergeState.
 */
export function* mergeRuns(
  arena: Arena, merge: Merge, state: number, counts: readonly number[], source: number, target: number,
): Generator<void, number, void> {
  let ends = counts.map((_, index) => counts.slice(0, index + 1).reduce((sum, count) => sum + count, 0));
  let budget = COMPARISONS_PER_CALL;
  for (; ends.length > 1; [source, target] = [target, source]) {
    const merged: number[] = [];
    for (let at = 0; at < ends.length; at += 2) {
      const [low, middle] = [at === 0 ? 0 : (ends[at - 1] ?? 0), ends[at] ?? 0];
      const high = ends[at + 1] ?? middle;
      openMerge(arena, state, source, target, [low, middle, high]);
      for (budget = merge(state, budget); budget < 0; budget = merge(state, COMPARISONS_PER_CALL)) yield;
      merged.push(high);
    }
    ends = merged;
  }
  return source;
}
