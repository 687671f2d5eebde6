// The host's side of an aggregate's groups: the first directory and growing it, when compiled code asks. Room for rows
// and bytes is row_chunks.ts. When it is full, values that grow go to disk first; then groups stay as they are and
// rows of others go elsewhere, to be grouped in a later round. Read next: lowering/group_table.ts,
// lowering/spill_pipeline.ts, spill/growing_values.ts.
import { type AggregatePlan, growingValues } from "#lowering/aggregate_plan.js";
import { AggregateState, GroupChunk } from "#lowering/control_block.js";
import type { Arena } from "./arena.js";
import type { Kernels } from "./kernels.js";
import type { MemoryBudget } from "./memory_budget.js";
import { RowChunks } from "./row_chunks.js";
import { GrowingValues } from "./spill/growing_values.js";
import type { SpillPort } from "./spill/spill_port.js";
import { type Batch, wholeGroups } from "./spill/whole_groups.js";

const ENTRY_BYTES = 8;
const FIRST_ENTRIES = 1024;
/** Never reached: a full directory is not grown. */
const GROUPS_MAX = 2 ** 32 - 1;

export interface GroupOptions {
  readonly arena: Arena;
  readonly kernels: Kernels;
  readonly plan: AggregatePlan;
  /** Address of the aggregate's state in the control block. */
  readonly state: number;
  readonly groupsEstimate: number;
  readonly budget: MemoryBudget;
  /** For groups that may come in rounds: there is but one who reads them. */
  readonly port: SpillPort | undefined;
  /** Place among the stores that share the budget. */
  readonly store: number;
}

export class GroupStore {
  readonly #arena: Arena;
  readonly #kernels: Kernels;
  readonly #plan: AggregatePlan;
  readonly #chunks: RowChunks;
  readonly #budget: MemoryBudget;
  readonly #growing: GrowingValues;
  readonly #spills: boolean;
  readonly #store: number;
  /** Bound of what narrow code may have added to any sum since the last flush. */
  pending = 0;
  /** For a while groups find room beyond the budget: others make groups of the same rows, to be merged first. */
  patient = false;
  /** It went beyond while it was patient. */
  pressed = false;
  /** No group may be added in this round. */
  #full = false;
  #groupsBefore = 0;
  #released = false;

  constructor({ arena, kernels, plan, state, groupsEstimate, budget, port, store }: GroupOptions) {
    this.#arena = arena;
    this.#kernels = kernels;
    this.#plan = plan;
    this.#budget = budget;
    this.#spills = port !== undefined;
    this.#store = store;
    const values = growingValues(plan);
    this.#growing = new GrowingValues({ arena, state, rowBytes: plan.rowBytes, values, budget, port });
    this.#chunks = new RowChunks(arena, state, plan.rowBytes, budget.chunkBytes);
    if (plan.keys.length === 0) this.#openSingle();
    else this.#openDirectory(groupsEstimate);
  }

  get groups(): number {
    return this.#get(AggregateState.groups);
  }

  /** Groups of all rounds. */
  get groupsEver(): number {
    return this.#groupsBefore + this.groups;
  }

  get full(): boolean {
    return this.#full;
  }

  /** Forgets all groups, for the next round. */
  restart(): void {
    this.#groupsBefore += this.groups;
    this.#growing.clear();
    this.#chunks.clear();
    this.#arena.freeRun(this.#get(AggregateState.directory));
    this.#set(AggregateState.groups, 0);
    this.#openDirectory(0);
    this.#full = false;
    this.pending = 0;
  }

  /** Nothing reads the groups any more. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#growing.clear();
    if (this.#plan.keys.length === 0) return;
    this.#chunks.clear();
    this.#arena.freeRun(this.#get(AggregateState.directory));
  }

  /** Doubles the directory; the old one is free at once. */
  growDirectory(): void {
    const entries = this.#get(AggregateState.mask) + 1;
    if (!this.#allows(entries * 2 * ENTRY_BYTES)) {
      // It is half full: good enough for the groups there are.
      this.#full = true;
      this.#chunks.forbidRows();
      this.#set(AggregateState.growAt, GROUPS_MAX);
      return;
    }
    const old = this.#get(AggregateState.directory);
    const fresh = this.#arena.takeRun(entries * 2 * ENTRY_BYTES);
    this.#kernels.rehash(old, entries, fresh, entries * 2);
    this.#arena.freeRun(old);
    this.#setDirectory(fresh, entries * 2);
  }

  /** Room for a group; false when there is none, and rows of new groups must go elsewhere. */
  addRows(): boolean {
    this.#full ||= this.groups > 0 && !this.#allows(this.#chunks.nextBytes);
    if (!this.#full) this.#chunks.addRows();
    return !this.#full;
  }

  /** Room for strings of groups that are there: there is always some. */
  addBytes(need: number): void {
    this.#chunks.addBytes(need);
    if (!this.#allows(0)) this.#chunks.closeRows();
  }

  /** Room for values that grow, of groups that are there. */
  addGrowingBytes(need: number): void {
    this.#growing.addBytes(need);
  }

  /** Writes some of what may go to disk when there is no room for more; true when there is. */
  makeRoom(): boolean {
    const isDue = this.#growing.writing ||
      (this.#growing.worthWriting && !this.#budget.allows(this.#store, 0));
    return !isDue || this.#growing.write();
  }

  /** Whether values of groups are in parts on disk: the groups are read batch by batch. */
  get inParts(): boolean {
    return this.#growing.spilled;
  }

  /** All groups, with their whole values: each batch until the next is asked for. Undefined: others may have a turn. */
  *batches(): Generator<Batch | undefined, void, void> {
    while (!this.#growing.write()) yield undefined;
    const { rowBytes } = this.#plan;
    const all = this.groupsEver;
    // The state is about to show each batch in place of what there is.
    const rows = [...this.#chunks.runs()];
    const parted = {
      arena: this.#arena, rowBytes, rows, values: growingValues(this.#plan), readers: this.#growing.open(),
      batchBytes: this.#budget.readBytes,
    };
    for (const batch of wholeGroups(parted)) {
      this.#chunks.adopt([{ address: batch.chunk, end: batch.end }]);
      this.#set(AggregateState.groups, batch.groups);
      this.#groupsBefore = all - batch.groups;
      yield batch;
    }
  }

  #allows(more: number): boolean {
    if (!this.#spills || this.#budget.allows(this.#store, more)) return true;
    this.pressed ||= this.patient;
    return this.patient || this.#fitsWithoutGrowing(more);
  }

  /** Whether there will be room once values are on disk that can go there, and for now there is. */
  #fitsWithoutGrowing(more: number): boolean {
    const { worthWriting, heldBytes } = this.#growing;
    return worthWriting && more <= this.#arena.memory.freeBytes && this.#budget.allows(this.#store, more - heldBytes);
  }

  #openDirectory(groupsEstimate: number): void {
    let entries = FIRST_ENTRIES;
    // An estimate is only a hint: it saves growing, within an eighth of the memory and a quarter of the budget.
    const most = Math.min(this.#arena.memory.stateBytes / 8, this.#budget.hintBytes) / ENTRY_BYTES;
    while (entries < groupsEstimate * 2 && entries * 2 <= most) entries *= 2;
    const directory = this.#arena.takeRun(entries * ENTRY_BYTES);
    this.#kernels.rehash(0, 0, directory, entries);
    this.#setDirectory(directory, entries);
  }

  #setDirectory(directory: number, entries: number): void {
    this.#set(AggregateState.directory, directory);
    this.#set(AggregateState.mask, entries - 1);
    this.#set(AggregateState.growAt, entries / 2);
  }

  /** Without keys there is exactly one group, whether or not a row comes. */
  #openSingle(): void {
    const bytes = GroupChunk.SIZE + this.#plan.rowBytes;
    const chunk = this.#arena.allocate(bytes);
    this.#chunks.open(chunk, bytes);
    const row = chunk + GroupChunk.SIZE;
    const { view } = this.#arena.memory;
    this.#arena.memory.bytes.fill(0, row, row + this.#plan.rowBytes);
    for (const slot of this.#plan.slots) {
      const at = row + slot.offset;
      if (slot.type === "i64") view.setBigInt64(at, BigInt(slot.initial), true);
      else if (slot.type === "i32") view.setInt32(at, Number(slot.initial), true);
      else if (slot.type === "f32") view.setFloat32(at, Number(slot.initial), true);
      else view.setFloat64(at, Number(slot.initial), true);
    }
    this.#set(AggregateState.rowNext, row + this.#plan.rowBytes);
    this.#set(AggregateState.groups, 1);
  }

  #get(field: number): number {
    return this.#chunks.get(field);
  }

  #set(field: number, value: number): void {
    this.#chunks.set(field, value);
  }
}
