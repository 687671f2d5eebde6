// How much state memory one execution may hold before what it retains goes to disk, and the sizes that follow from
// it. A soft limit: what must be in memory at once for any progress is taken anyway, up to the worker's memory.
// Read next: table_store.ts, group_store.ts, spill/spilled_stages.ts.
import type { Arena } from "./arena.js";
import type { SpillPort } from "./spill/spill_port.js";

export interface SpillOptions {
  /** What the execution may hold. */
  readonly bytes: number;
  readonly port: SpillPort;
  /** Of one piece of memory for rows; tests make it small. */
  readonly chunkBytes?: number;
  /** Of one buffer of rows on their way to disk. */
  readonly bufferBytes?: number;
  /** Of rows on disk that wait for a table; tests make it small. */
  readonly waitingBytes?: number;
}

const KB = 1024;
const MB = 1024 * KB;

/** Of the worker's memory: executions that fit their budgets together may still be too many. */
export const SHARE_KEPT_FREE = 1 / 8;

/** One for each partition (row_writer.ts). */
const BUFFERS_PER_FILE = 16;
/** So many times what reading it takes. */
const WAITING_PER_TABLE = 8;

const within = (least: number, value: number, most: number): number => Math.min(Math.max(least, value), most);

export class MemoryBudget {
  readonly #arena: Arena;
  readonly #options: SpillOptions | undefined;
  readonly #stores: number;
  /** Of the result page and the like, which every execution has. */
  readonly #baseBytes: number;

  /** `stores` is how many tables and aggregates the plan has. Without options nothing spills. */
  constructor(arena: Arena, options: SpillOptions | undefined, stores: number) {
    this.#arena = arena;
    this.#options = options;
    this.#stores = stores;
    this.#baseBytes = arena.heldBytes;
  }

  get port(): SpillPort | undefined {
    return this.#options?.port;
  }

  get #bytes(): number {
    return this.#options?.bytes ?? Infinity;
  }

  /**
   * Whether the execution may hold so much more for a store, by its place in the order in which they fill. The first
   * may take the half of everything, later ones more, so that something is always left for those that come.
   */
  allows(store: number, more: number): boolean {
    if (this.#heldBytes + more > this.#limit(store)) return false;
    // What is left of the worker's memory is for what must be in it for any progress, of this execution or others.
    const { memory } = this.#arena;
    return memory.freeBytes - more >= memory.stateBytes * SHARE_KEPT_FREE;
  }

  /** What a thread that helps to fill a store may hold of its own: as little as is left for all who fill it. */
  helperBytes(store: number, threads: number): number {
    const { memory } = this.#arena;
    const left = Math.min(this.#limit(store) - this.#heldBytes, memory.freeBytes * (1 - SHARE_KEPT_FREE));
    return left / 2 / threads;
  }

  #limit(store: number): number {
    return (this.#bytes / 2) * (1 + store / Math.max(1, this.#stores));
  }

  get #heldBytes(): number {
    return this.#arena.heldBytes - this.#baseBytes;
  }

  /** What may be taken for no better reason than an estimate. */
  get hintBytes(): number {
    return this.#bytes / 4;
  }

  /** Largest piece of memory for rows, of which an operator wastes half a one on average. */
  get chunkBytes(): number {
    return this.#options?.chunkBytes ?? within(64 * KB, this.#bytes / 32, 4 * MB);
  }

  /** Buffers of rows on their way to disk: so large is one of those that each table has that is being written. */
  get bufferBytes(): number {
    return this.#options?.bufferBytes ?? within(8 * KB, this.#bytes / 512, 256 * KB);
  }

  /** Rows on disk that wait for a table of so many bytes, before it is read for them alone. */
  waitingBytes(tableBytes: number): number {
    return this.#options?.waitingBytes ?? WAITING_PER_TABLE * (tableBytes + this.bufferBytes * BUFFERS_PER_FILE);
  }

  /** Rows that are read back at a time. */
  get readBytes(): number {
    return this.#options?.chunkBytes ?? within(64 * KB, this.#bytes / 32, 4 * MB);
  }

  /** What a part of a table may take that is read back to be probed: most of what is left. */
  get partBytes(): number {
    const left = this.#bytes - this.#heldBytes;
    return this.#options?.chunkBytes ?? Math.max(this.readBytes, left / 2);
  }
}
