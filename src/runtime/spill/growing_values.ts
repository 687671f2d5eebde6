// Values of groups that grow with every row, lists and the least and greatest strings: their room in memory, and when
// that is full, where parts of them go on disk. Each time all groups' parts are written, in the order of the groups, so
// that reading the groups later goes through all of these rounds at once, each from its beginning to its end. Groups
// themselves stay in memory. Read next: part_rounds.ts, whole_groups.ts, ../group_store.ts.
import { assert, defined } from "#base/assert.js";
import { VIEW_INLINE_BYTES, View } from "#generated/layout.js";
import type { GrowingValue } from "#lowering/aggregate_plan.js";
import { AggregateState } from "#lowering/control_block.js";
import type { Arena } from "../arena.js";
import { BLOCK_BYTES } from "../memory.js";
import type { MemoryBudget } from "../memory_budget.js";
import { rowRuns } from "../row_chunks.js";
import { type Round, RoundReader, RoundWriter } from "./part_rounds.js";
import type { SpillFile, SpillPort } from "./spill_port.js";

/** Groups of which the parts are written in one go. */
const GROUPS_PER_STEP = 1 << 14;
/** What all rounds are read through, and the least of it for one. */
const READ_BYTES_ALL = 4 * 1024 * 1024;
const READ_BYTES_MIN = 4096;

export interface GrowingOptions {
  readonly arena: Arena;
  /** Address of the aggregate's state. */
  readonly state: number;
  readonly rowBytes: number;
  readonly values: readonly GrowingValue[];
  readonly budget: MemoryBudget;
  /** Without one they stay in memory. */
  readonly port: SpillPort | undefined;
}

export class GrowingValues {
  readonly #options: GrowingOptions;
  #runs: number[] = [];
  #heldBytes = 0;
  #chunkBytes = BLOCK_BYTES;
  #file: SpillFile | undefined;
  #rounds: Round[] = [];
  #writing: Generator<undefined, void, void> | undefined;

  constructor(options: GrowingOptions) {
    this.#options = options;
  }

  /** What is free once all of it is on disk. */
  get heldBytes(): number {
    return this.#options.port === undefined ? 0 : this.#heldBytes;
  }

  /** Whether there are parts on disk. */
  get spilled(): boolean {
    return this.#rounds.length > 0;
  }

  /** Whether a round was begun that is not written yet. */
  get writing(): boolean {
    return this.#writing !== undefined;
  }

  /** Whether a round would not be too small to be read with all the others. */
  get worthWriting(): boolean {
    return this.heldBytes >= Math.max(BLOCK_BYTES, this.#options.budget.readBytes);
  }

  addBytes(need: number): void {
    const { arena, budget } = this.#options;
    const bytes = Math.ceil(Math.max(this.#chunkBytes, need) / BLOCK_BYTES) * BLOCK_BYTES;
    this.#chunkBytes = Math.min(this.#chunkBytes * 2, Math.max(budget.chunkBytes, BLOCK_BYTES));
    const start = arena.takeRun(bytes);
    this.#runs.push(start);
    this.#heldBytes += bytes;
    this.#setRoom(start, start + bytes);
  }

  /** Writes the parts of some groups; true when those of all are on disk and their memory is free. */
  write(): boolean {
    this.#writing ??= this.#writeRound();
    if (this.#writing.next().done !== true) return false;
    this.#writing = undefined;
    this.#freeRuns();
    return true;
  }

  /** Forgets all values: there are no groups any more. */
  clear(): void {
    this.#writing = undefined;
    this.#freeRuns();
    this.#file?.close();
    this.#file = undefined;
    this.#rounds = [];
  }

  /** All rounds from their beginning; everything is on disk. */
  open(): readonly RoundReader[] {
    const { values } = this.#options;
    const file = defined(this.#file, "a file of parts");
    const bytes = Math.max(READ_BYTES_MIN, Math.floor(READ_BYTES_ALL / this.#rounds.length));
    return this.#rounds.map((round) => new RoundReader(file, round, values.length, bytes));
  }

  *#writeRound(): Generator<undefined, void, void> {
    const { arena: { memory: { view } }, state, port, budget, rowBytes } = this.#options;
    assert(port !== undefined, "values that may go to disk");
    this.#file ??= port.open();
    const writer = new RoundWriter(this.#file, budget.bufferBytes);
    let groups = 0;
    for (const { first, end } of rowRuns(view, state))
      for (let row = first; row < end; row += rowBytes) {
        this.#writeParts(writer, row);
        if (++groups % GROUPS_PER_STEP === 0) yield undefined;
      }
    this.#rounds.push(writer.end(groups));
  }

  /** Of one group, whose values begin anew. */
  #writeParts(writer: RoundWriter, row: number): void {
    const { arena: { memory: { bytes, view } }, values } = this.#options;
    const present = values.filter((value) => {
      const isPresent = this.#isPresent(value, row);
      writer.head(isPresent ? view.getUint32(row + value.view.first.offset, true) : undefined);
      return isPresent;
    });
    for (const { view: { first, buffer, capacity, seen }, combined } of present) {
      const at = row + first.offset;
      const length = view.getUint32(at, true);
      // A list is in its buffer however short it is, other short values stand in the row.
      const isInRow = combined !== "appended" && length <= VIEW_INLINE_BYTES;
      const start = isInRow ? at + View.prefix : view.getUint32(row + buffer.offset, true);
      writer.part(bytes.subarray(start, start + length));
      view.setUint32(at, 0, true);
      view.setUint32(row + capacity.offset, 0, true);
      if (combined !== "appended") view.setUint32(row + seen.offset, 0, true);
    }
  }

  #isPresent({ view: { first, seen }, combined }: GrowingValue, row: number): boolean {
    return this.#options.arena.memory.view.getUint32(row + (combined === "appended" ? first : seen).offset, true) !== 0;
  }

  #freeRuns(): void {
    for (const run of this.#runs) this.#options.arena.freeRun(run);
    this.#runs = [];
    this.#heldBytes = 0;
    this.#setRoom(0, 0);
  }

  #setRoom(next: number, end: number): void {
    const { arena: { memory: { view } }, state } = this.#options;
    view.setUint32(state + AggregateState.growingNext, next, true);
    view.setUint32(state + AggregateState.growingEnd, end, true);
  }
}
