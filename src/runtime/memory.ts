// The one WebAssembly memory of the worker: [null guard | owner map | state blocks | pool window]. Executor threads
// share it; blocks of 64 KiB are taken and given back with compare-and-swap on the owner map, so no thread ever waits
// for another. The pool window belongs to the addon, which maps the page pool over it. Read next: arena.ts.
import { assert } from "#base/assert.js";
import { FusionError } from "#base/errors.js";

/** A WebAssembly page; also the unit in which state memory changes hands. */
export const BLOCK_BYTES = 65_536;
/** The pool starts at a multiple of this, so that large pages could back it. */
const POOL_ALIGN = 2 * 1024 * 1024;
/** Addresses are 32 bits. */
const MEMORY_BYTES_MAX = 2 ** 32;
const OWNER_NONE = 0;

/** Plain numbers, so that a thread can be told about a memory with one message. */
export interface MemoryLayout {
  readonly stateOffset: number;
  readonly stateBlocks: number;
  readonly ownersOffset: number;
  readonly poolOffset: number;
  readonly poolBytes: number;
}

const alignUp = (value: number, unit: number): number => Math.ceil(value / unit) * unit;

/** Where everything stands for a state of so many bytes beside a pool of so many. */
export function memoryLayout(stateBytes: number, poolBytes: number): MemoryLayout {
  const stateBlocks = Math.ceil(stateBytes / BLOCK_BYTES);
  const ownersOffset = BLOCK_BYTES;
  // One word per block, one that numbers the owners, and one that counts the blocks in use.
  const stateOffset = alignUp(ownersOffset + (stateBlocks + 2) * 4, BLOCK_BYTES);
  const poolOffset = alignUp(stateOffset + stateBlocks * BLOCK_BYTES, POOL_ALIGN);
  if (poolOffset + poolBytes > MEMORY_BYTES_MAX) {
    throw new FusionError({
      code: "limitReached",
      sqlstate: "53200",
      message: "pg_fusion: page pool and worker memory exceed 4 GiB",
      detail: `The pool has ${poolBytes} bytes, state memory ${stateBlocks * BLOCK_BYTES}.`,
      hint: "Lower pg_fusion.worker_memory or pg_fusion.page_count.",
    });
  }
  return { stateOffset, stateBlocks, ownersOffset, poolOffset, poolBytes };
}

/** Blocks that stand one behind the other. */
export interface MemoryRun {
  readonly address: number;
  bytes: number;
}

export class EngineMemory {
  readonly memory: WebAssembly.Memory;
  readonly layout: MemoryLayout;
  /** Shared memory never moves: the views stay valid for its life. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly #owners: Int32Array;

  /** The memory's creator passes no `memory`; other threads pass the one they were sent. */
  constructor(layout: MemoryLayout, memory?: WebAssembly.Memory) {
    const pages = Math.ceil((layout.poolOffset + layout.poolBytes) / BLOCK_BYTES);
    this.memory = memory ?? new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    this.layout = layout;
    this.bytes = new Uint8Array(this.memory.buffer);
    this.view = new DataView(this.memory.buffer);
    this.#owners = new Int32Array(this.memory.buffer, layout.ownersOffset, layout.stateBlocks + 2);
  }

  get stateBytes(): number {
    return this.layout.stateBlocks * BLOCK_BYTES;
  }

  /** Bytes nobody holds; others may take them at any time. */
  get freeBytes(): number {
    return (this.layout.stateBlocks - Atomics.load(this.#owners, this.layout.stateBlocks + 1)) * BLOCK_BYTES;
  }

  /** A number no living execution has, on any thread. */
  newOwner(): number {
    for (;;) {
      const owner = Atomics.add(this.#owners, this.layout.stateBlocks, 1) + 1;
      if (owner !== OWNER_NONE) return owner;
    }
  }

  /** Takes a run of blocks for an owner; undefined when no run is free. */
  take(owner: number, bytes: number): number | undefined {
    const count = Math.ceil(bytes / BLOCK_BYTES);
    let first = 0;
    while (first + count <= this.layout.stateBlocks) {
      const busy = this.#claim(owner, first, count);
      if (busy === undefined) {
        Atomics.add(this.#owners, this.layout.stateBlocks + 1, count);
        return this.layout.stateOffset + first * BLOCK_BYTES;
      }
      first = busy + 1;
    }
    return undefined;
  }

  give(owner: number, address: number, bytes: number): void {
    const first = (address - this.layout.stateOffset) / BLOCK_BYTES;
    const count = Math.ceil(bytes / BLOCK_BYTES);
    assert(
      Number.isInteger(first) && first >= 0 && first + count <= this.layout.stateBlocks,
      "a run of blocks",
    );
    for (let block = first; block < first + count; block++) {
      const found = Atomics.compareExchange(this.#owners, block, owner, OWNER_NONE);
      assert(found === owner, "blocks are given back by their owner");
    }
    Atomics.sub(this.#owners, this.layout.stateBlocks + 1, count);
  }

  /** Hands all blocks of an owner that is at work no more to another, or back to everybody; the runs there were. */
  handOver(from: number, to: number | undefined): readonly MemoryRun[] {
    const runs: MemoryRun[] = [];
    let count = 0;
    for (let block = 0; block < this.layout.stateBlocks; block++) {
      if (Atomics.load(this.#owners, block) !== from) continue;
      Atomics.store(this.#owners, block, to ?? OWNER_NONE);
      count++;
      const address = this.layout.stateOffset + block * BLOCK_BYTES;
      const last = runs.at(-1);
      if (last !== undefined && last.address + last.bytes === address) last.bytes += BLOCK_BYTES;
      else runs.push({ address, bytes: BLOCK_BYTES });
    }
    if (to === undefined) Atomics.sub(this.#owners, this.layout.stateBlocks + 1, count);
    return runs;
  }

  /** Blocks in use, by anyone; 0 when nothing leaks. */
  usedBlocks(): number {
    let used = 0;
    for (let block = 0; block < this.layout.stateBlocks; block++) {
      if (Atomics.load(this.#owners, block) !== OWNER_NONE) used++;
    }
    return used;
  }

  /** Claims a whole run, or nothing and returns the last busy block in it. */
  #claim(owner: number, first: number, count: number): number | undefined {
    for (let block = first + count - 1; block >= first; block--) {
      if (Atomics.load(this.#owners, block) !== OWNER_NONE) return block;
    }
    for (let block = first; block < first + count; block++) {
      if (Atomics.compareExchange(this.#owners, block, OWNER_NONE, owner) === OWNER_NONE) continue;
      for (let claimed = first; claimed < block; claimed++) Atomics.store(this.#owners, claimed, OWNER_NONE);
      return block;
    }
    return undefined;
  }
}
