// The host's side of an aggregate's groups: the first directory and growing it, when compiled code asks. Room for rows
// and bytes is row_chunks.ts. When it is full, groups stay as they are and rows of others go elsewhere, to be grouped
// in a later round. Read next: lowering/group_table.ts, lowering/spill_pipeline.ts, arena.ts.
import type { AggregatePlan } from "#lowering/aggregate_plan.js";
import { AggregateState, GroupChunk } from "#lowering/control_block.js";
import type { Arena } from "./arena.js";
import type { Kernels } from "./kernels.js";
import type { MemoryBudget } from "./memory_budget.js";
import { RowChunks } from "./row_chunks.js";

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
  /** Whether groups may come in rounds: there is but one who reads them. */
  readonly spills: boolean;
  /** Place among the stores that share the budget. */
  readonly store: number;
}

export class GroupStore {
  readonly #arena: Arena;
  readonly #kernels: Kernels;
  readonly #plan: AggregatePlan;
  readonly #chunks: RowChunks;
  readonly #budget: MemoryBudget;
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

  constructor({ arena, kernels, plan, state, groupsEstimate, budget, spills, store }: GroupOptions) {
    this.#arena = arena;
    this.#kernels = kernels;
    this.#plan = plan;
    this.#budget = budget;
    this.#spills = spills && budget.port !== undefined;
    this.#store = store;
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
    this.#chunks.clear();
    this.#arena.freeRun(this.#get(AggregateState.directory));
    this.#set(AggregateState.groups, 0);
    this.#openDirectory(0);
    this.#full = false;
    this.pending = 0;
  }

  /** Nothing reads the groups any more. */
  release(): void {
    if (this.#released || this.#plan.keys.length === 0) return;
    this.#released = true;
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

  #allows(more: number): boolean {
    if (!this.#spills || this.#budget.allows(this.#store, more)) return true;
    this.pressed ||= this.patient;
    return this.patient;
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
