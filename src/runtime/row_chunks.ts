// Memory behind the rows and strings of an aggregate or a table: chunks linked in order, bump pointers in the state
// record that compiled code allocates from. Compiled code calls in when it runs out; a shortage throws through it.
import { AggregateState, GroupChunk } from "#lowering/control_block.js";
import type { Arena } from "./arena.js";
import { BLOCK_BYTES } from "./memory.js";

const ROW_ALIGN = 8;

/** Rows that stand one behind the other. */
export interface RowRun {
  readonly first: number;
  readonly end: number;
}

export class RowChunks {
  readonly #arena: Arena;
  readonly #state: number;
  readonly #rowBytes: number;
  readonly #chunkBytesMax: number;
  #rowChunkBytes: number;
  #byteChunkBytes = BLOCK_BYTES;
  /** Rows' and strings' memory, but for what `open` was given. */
  #rowRuns: number[] = [];
  #byteRuns: number[] = [];

  /**
   * `state` is the address of an aggregate's or table's state. Chunks double from one block to `chunkBytesMax`, so that
   * few rows cost little and many need few chunks.
   */
  constructor(arena: Arena, state: number, rowBytes: number, chunkBytesMax: number) {
    this.#arena = arena;
    this.#state = state;
    this.#rowBytes = rowBytes;
    this.#chunkBytesMax = chunkBytesMax;
    this.#rowChunkBytes = Math.min(BLOCK_BYTES, chunkBytesMax);
  }

  /** What the next chunk of rows will take. */
  get nextBytes(): number {
    return Math.max(this.#rowChunkBytes, GroupChunk.SIZE + this.#rowBytes);
  }

  addRows(): void {
    const bytes = this.nextBytes;
    this.#rowChunkBytes = Math.min(bytes * 2, Math.max(this.#chunkBytesMax, bytes));
    const run = this.#arena.takeRun(bytes);
    this.#rowRuns.push(run);
    // A whole block is there anyway, unless smaller chunks are wanted.
    this.open(run, this.#chunkBytesMax < BLOCK_BYTES ? bytes : Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES);
  }

  addBytes(need: number): void {
    const bytes = Math.max(this.#byteChunkBytes, need);
    this.#byteChunkBytes = Math.min(this.#byteChunkBytes * 2, Math.max(this.#chunkBytesMax, BLOCK_BYTES));
    const start = this.#arena.takeRun(bytes);
    this.#byteRuns.push(start);
    this.set(AggregateState.bytesNext, start);
    this.set(AggregateState.bytesEnd, start + Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES);
  }

  /** No further row without asking: there is no more room for strings than they have. */
  closeRows(): void {
    // A piece of memory for rows and one for strings are always there, or every row would have to ask.
    if (this.#byteRuns.length < 2) return;
    this.forbidRows();
  }

  forbidRows(): void {
    this.set(AggregateState.rowEnd, this.get(AggregateState.rowNext));
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

  /** The chunks of others in place of its own, which must be gone; none: no rows. */
  adopt(chunks: readonly { readonly address: number; readonly end: number }[]): void {
    const last = chunks.at(-1);
    this.set(AggregateState.firstChunk, chunks[0]?.address ?? 0);
    this.set(AggregateState.currentChunk, last?.address ?? 0);
    this.set(AggregateState.rowNext, last?.end ?? 0);
    this.set(AggregateState.rowEnd, last?.end ?? 0);
  }

  /** Adds the chunks of another state behind its own; `runs` is the memory they stand in, which is its own now. */
  append(other: number, runs: readonly number[]): void {
    this.#rowRuns.push(...runs);
    const { view } = this.#arena.memory;
    const first = view.getUint32(other + AggregateState.firstChunk, true);
    if (first === 0) return;
    const current = this.get(AggregateState.currentChunk);
    if (current === 0) this.set(AggregateState.firstChunk, first);
    else {
      view.setUint32(current + GroupChunk.next, first, true);
      view.setUint32(current + GroupChunk.end, this.get(AggregateState.rowNext), true);
    }
    for (const field of [AggregateState.currentChunk, AggregateState.rowNext, AggregateState.rowEnd])
      this.set(field, view.getUint32(other + field, true));
  }

  /** Gives all memory back: no rows, and no room for any. */
  clear(): void {
    for (const run of [...this.#rowRuns, ...this.#byteRuns]) this.#arena.freeRun(run);
    this.#rowRuns = [];
    this.#byteRuns = [];
    for (const field of [AggregateState.bytesNext, AggregateState.bytesEnd]) this.set(field, 0);
    this.adopt([]);
  }

  /** The rows' places, run by run. */
  runs(): IterableIterator<RowRun> {
    return rowRuns(this.#arena.memory.view, this.#state);
  }

  /** Rows of the chunk that fills. */
  get current(): RowRun {
    const chunk = this.get(AggregateState.currentChunk);
    return { first: chunk + GroupChunk.SIZE, end: chunk === 0 ? GroupChunk.SIZE : this.get(AggregateState.rowNext) };
  }

  get(field: number): number {
    return this.#arena.memory.view.getUint32(this.#state + field, true);
  }

  set(field: number, value: number): void {
    this.#arena.memory.view.setUint32(this.#state + field, value, true);
  }
}

/** The places of an aggregate's or table's rows, by the address of its state. */
export function* rowRuns(view: DataView, state: number): IterableIterator<RowRun> {
  const current = view.getUint32(state + AggregateState.currentChunk, true);
  for (let chunk = view.getUint32(state + AggregateState.firstChunk, true); chunk !== 0;) {
    const end = chunk === current
      ? view.getUint32(state + AggregateState.rowNext, true) : view.getUint32(chunk + GroupChunk.end, true);
    yield { first: chunk + GroupChunk.SIZE, end };
    chunk = view.getUint32(chunk + GroupChunk.next, true);
  }
}
