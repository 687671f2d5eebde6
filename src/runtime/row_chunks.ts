// Memory behind the rows and strings of an aggregate or a table: chunks linked in order, bump pointers in the state
// record that compiled code allocates from. Compiled code calls in when it runs out; a shortage throws through it.
import { AggregateState, GroupChunk } from "#lowering/control_block.js";
import type { Arena } from "./arena.js";
import { BLOCK_BYTES } from "./memory.js";

/** Chunks double from one block to this, so that few rows cost little and many need few chunks. */
const CHUNK_BYTES_MAX = 4 * 1024 * 1024;
const ROW_ALIGN = 8;

export class RowChunks {
  readonly #arena: Arena;
  readonly #state: number;
  readonly #rowBytes: number;
  #rowChunkBytes = BLOCK_BYTES;
  #byteChunkBytes = BLOCK_BYTES;

  /** `state` is the address of an aggregate's or table's state. */
  constructor(arena: Arena, state: number, rowBytes: number) {
    this.#arena = arena;
    this.#state = state;
    this.#rowBytes = rowBytes;
  }

  addRows(): void {
    const bytes = Math.max(this.#rowChunkBytes, GroupChunk.SIZE + this.#rowBytes);
    this.#rowChunkBytes = Math.min(bytes * 2, CHUNK_BYTES_MAX);
    this.open(this.#arena.takeRun(bytes), Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES);
  }

  addBytes(need: number): void {
    const bytes = Math.max(this.#byteChunkBytes, need);
    this.#byteChunkBytes = Math.min(this.#byteChunkBytes * 2, CHUNK_BYTES_MAX);
    const start = this.#arena.takeRun(bytes);
    this.set(AggregateState.bytesNext, start);
    this.set(AggregateState.bytesEnd, start + Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES);
  }

  /** Links a chunk behind the current one and makes it current. */
  open(chunk: number, bytes: number): void {
    const { view } = this.#arena.memory;
    const current = this.get(AggregateState.currentChunk);
    view.setUint32(chunk + GroupChunk.next, 0, true);
    if (current === 0) {
      this.set(AggregateState.firstChunk, chunk);
    } else {
      view.setUint32(current + GroupChunk.next, chunk, true);
      view.setUint32(current + GroupChunk.end, this.get(AggregateState.rowNext), true);
    }
    this.set(AggregateState.currentChunk, chunk);
    this.set(AggregateState.rowNext, Math.ceil((chunk + GroupChunk.SIZE) / ROW_ALIGN) * ROW_ALIGN);
    this.set(AggregateState.rowEnd, chunk + bytes);
  }

  get(field: number): number {
    return this.#arena.memory.view.getUint32(this.#state + field, true);
  }

  set(field: number, value: number): void {
    this.#arena.memory.view.setUint32(this.#state + field, value, true);
  }
}
