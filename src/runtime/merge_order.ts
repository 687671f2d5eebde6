// Orders row addresses in an array by merging runs of doubling length from one array to another, a bounded number of
// comparisons at a time; or merges runs that are in order already. Read next: row_order.ts, which chooses between this
// and prefixes, lowering/sort_module.ts, spill/sorted_runs.ts.
import { MergeState } from "#lowering/control_block.js";
import type { EngineMemory } from "./memory.js";

/** (state, budget) -> what is left of the budget, or -1 when it ended first. */
export type Merge = (state: number, budget: number) => number;

export const ADDRESS_BYTES = 4;
/** About a few milliseconds. */
const COMPARISONS_PER_CALL = 1 << 16;

export interface MergeRoom {
  /** Room for a MergeState. */
  readonly state: number;
  /** Two arrays of addresses; the first holds them. */
  readonly source: number;
  readonly target: number;
}

export class MergeOrdering {
  readonly #memory: EngineMemory;
  readonly #merge: Merge;
  readonly #rows: number;
  readonly #state: number;
  #source: number;
  #target: number;
  #width = 1;
  #low = 0;
  #merging = false;

  constructor(memory: EngineMemory, merge: Merge, rows: number, { state, source, target }: MergeRoom) {
    this.#memory = memory;
    this.#merge = merge;
    this.#rows = rows;
    this.#state = state;
    this.#source = source;
    this.#target = target;
  }

  /** Merges for a while; the one of the two arrays that is in order, once it is. */
  advance(): number | undefined {
    let budget = COMPARISONS_PER_CALL;
    while (this.#width < this.#rows) {
      const [low, middle, high] = [0, 1, 2].map((runs) => Math.min(this.#low + runs * this.#width, this.#rows));
      if (!this.#merging)
        openMerge(this.#memory, this.#state, this.#source, this.#target, [low ?? 0, middle ?? 0, high ?? 0]);
      budget = this.#merge(this.#state, budget);
      this.#merging = budget < 0;
      if (this.#merging) return undefined;
      this.#low += 2 * this.#width;
      if (this.#low < this.#rows) continue;
      this.#low = 0;
      this.#width *= 2;
      [this.#source, this.#target] = [this.#target, this.#source];
    }
    return this.#source;
  }
}

/** Two neighbouring runs of an array, by their indexes, to the same place of another. */
function openMerge(
  { view }: EngineMemory, state: number, source: number, target: number,
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
 * to do other things. Returns the one of the two arrays that holds the result.
 */
export function* mergeRuns(
  memory: EngineMemory, merge: Merge, counts: readonly number[], room: MergeRoom,
): Generator<void, number, void> {
  let { source, target } = room;
  let ends = counts.map((_, index) => counts.slice(0, index + 1).reduce((sum, count) => sum + count, 0));
  let budget = COMPARISONS_PER_CALL;
  for (; ends.length > 1; [source, target] = [target, source]) {
    const merged: number[] = [];
    for (let at = 0; at < ends.length; at += 2) {
      const [low, middle] = [at === 0 ? 0 : (ends[at - 1] ?? 0), ends[at] ?? 0];
      const high = ends[at + 1] ?? middle;
      openMerge(memory, room.state, source, target, [low, middle, high]);
      for (budget = merge(room.state, budget); budget < 0; budget = merge(room.state, COMPARISONS_PER_CALL)) yield;
      merged.push(high);
    }
    ends = merged;
  }
  return source;
}
