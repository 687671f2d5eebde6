// The host's side of an aggregate's memory: the first directory, growing it, and room for rows and bytes. Compiled code
// calls in when it runs out; a shortage throws through it. Read next: lowering/group_table.ts, arena.ts.
import type { AggregatePlan } from "#lowering/aggregate_plan.js";
import { AggregateState, GroupChunk } from "#lowering/control_block.js";
import type { Arena } from "./arena.js";
import type { Kernels } from "./kernels.js";
import { BLOCK_BYTES } from "./memory.js";

const ENTRY_BYTES = 8;
const FIRST_ENTRIES = 1024;
/** Chunks double from one block to this, so that few groups cost little and many need few chunks. */
const CHUNK_BYTES_MAX = 4 * 1024 * 1024;
const ROW_ALIGN = 8;

export class GroupStore {
  readonly #arena: Arena;
  readonly #kernels: Kernels;
  readonly #plan: AggregatePlan;
  readonly #state: number;
  #rowChunkBytes: number;
  #byteChunkBytes = BLOCK_BYTES;

  /** `state` is the address of the aggregate state in the control block. */
  constructor(arena: Arena, kernels: Kernels, plan: AggregatePlan, state: number, groupsEstimate: number) {
    this.#arena = arena;
    this.#kernels = kernels;
    this.#plan = plan;
    this.#state = state;
    this.#rowChunkBytes = BLOCK_BYTES;
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
    const bytes = Math.max(this.#rowChunkBytes, GroupChunk.SIZE + this.#plan.rowBytes);
    this.#rowChunkBytes = Math.min(bytes * 2, CHUNK_BYTES_MAX);
    const chunk = this.#arena.takeRun(bytes);
    this.#openChunk(chunk, Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES);
  }

  addBytes(need: number): void {
    const bytes = Math.max(this.#byteChunkBytes, need);
    this.#byteChunkBytes = Math.min(this.#byteChunkBytes * 2, CHUNK_BYTES_MAX);
    const start = this.#arena.takeRun(bytes);
    this.#set(AggregateState.bytesNext, start);
    this.#set(AggregateState.bytesEnd, start + Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES);
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
    this.#openChunk(chunk, bytes);
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

  /** Links a chunk behind the current one and makes it current. */
  #openChunk(chunk: number, bytes: number): void {
    const { view } = this.#arena.memory;
    const current = this.#get(AggregateState.currentChunk);
    view.setUint32(chunk + GroupChunk.next, 0, true);
    if (current === 0) {
      this.#set(AggregateState.firstChunk, chunk);
    } else {
      view.setUint32(current + GroupChunk.next, chunk, true);
      view.setUint32(current + GroupChunk.end, this.#get(AggregateState.rowNext), true);
    }
    this.#set(AggregateState.currentChunk, chunk);
    this.#set(AggregateState.rowNext, Math.ceil((chunk + GroupChunk.SIZE) / ROW_ALIGN) * ROW_ALIGN);
    this.#set(AggregateState.rowEnd, chunk + bytes);
  }

  #get(field: number): number {
    return this.#arena.memory.view.getUint32(this.#state + field, true);
  }

  #set(field: number, value: number): void {
    this.#arena.memory.view.setUint32(this.#state + field, value, true);
  }
}
