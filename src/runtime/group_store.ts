// The host's side of an aggregate's groups: the first directory and growing it, when compiled code asks. Room for rows
// and bytes is row_chunks.ts. Read next: lowering/group_table.ts, arena.ts.
import type { AggregatePlan } from "#lowering/aggregate_plan.js";
import { AggregateState, GroupChunk } from "#lowering/control_block.js";
import type { Arena } from "./arena.js";
import type { Kernels } from "./kernels.js";
import { RowChunks } from "./row_chunks.js";

const ENTRY_BYTES = 8;
const FIRST_ENTRIES = 1024;

export class GroupStore {
  readonly #arena: Arena;
  readonly #kernels: Kernels;
  readonly #plan: AggregatePlan;
  readonly #chunks: RowChunks;
  /** Bound of what narrow code may have added to any sum since the last flush. */
  pending = 0;

  /** `state` is the address of the aggregate state in the control block. */
  constructor(arena: Arena, kernels: Kernels, plan: AggregatePlan, state: number, groupsEstimate: number) {
    this.#arena = arena;
    this.#kernels = kernels;
    this.#plan = plan;
    this.#chunks = new RowChunks(arena, state, plan.rowBytes);
    if (plan.keys.length === 0) this.#openSingle();
    else this.#openDirectory(groupsEstimate);
  }

  get groups(): number {
    return this.#get(AggregateState.groups);
  }

  /** Doubles the directory; the old one is free at once. */
  growDirectory(): void {
    const entries = this.#get(AggregateState.mask) + 1;
    const old = this.#get(AggregateState.directory);
    const fresh = this.#arena.takeRun(entries * 2 * ENTRY_BYTES);
    this.#kernels.rehash(old, entries, fresh, entries * 2);
    this.#arena.freeRun(old);
    this.#setDirectory(fresh, entries * 2);
  }

  addRows(): void {
    this.#chunks.addRows();
  }

  addBytes(need: number): void {
    this.#chunks.addBytes(need);
  }

  #openDirectory(groupsEstimate: number): void {
    let entries = FIRST_ENTRIES;
    // An estimate is only a hint: it saves growing, within an eighth of the memory.
    const most = this.#arena.memory.stateBytes / 8 / ENTRY_BYTES;
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
