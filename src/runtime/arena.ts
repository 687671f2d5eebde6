// The memory of one execution: runs of blocks it owns, all given back at once when it ends. Small things are carved
// from a common block; large ones have their own run and may go back early. A part counts what one operator holds of
// it. Read next: memory.ts.
import { FusionError } from "#base/errors.js";
import { assert } from "#base/assert.js";
import { BLOCK_BYTES, type EngineMemory, type MemoryRun } from "./memory.js";

const ALIGN = 64;

export class Arena {
  readonly memory: EngineMemory;
  readonly #owner: number;
  /** Of a part: the arena that has its memory. */
  readonly #whole: Arena | undefined;
  /** Bytes of each run by address. */
  readonly #runs = new Map<number, number>();
  #next = 0;
  #end = 0;
  #bytes = 0;
  #peak = 0;

  constructor(memory: EngineMemory, whole?: Arena) {
    this.memory = memory;
    this.#whole = whole;
    this.#owner = whole === undefined ? memory.newOwner() : whole.#owner;
  }

  /** Gives out the same memory, and counts its own bytes. It is not disposed: the arena is. */
  part(): Arena {
    return new Arena(this.memory, this);
  }

  /** By whose number the memory knows it. */
  get owner(): number {
    return this.#owner;
  }

  /** Bytes held now. */
  get heldBytes(): number {
    return this.#bytes;
  }

  /** Most bytes held at any time. */
  get peakBytes(): number {
    return this.#peak;
  }

  /** Bytes for the life of the execution, 64-byte aligned. */
  allocate(bytes: number): number {
    const rounded = Math.ceil(bytes / ALIGN) * ALIGN;
    if (rounded > BLOCK_BYTES) return this.takeRun(bytes);
    if (this.#whole !== undefined) {
      this.#count(rounded);
      return this.#whole.allocate(rounded);
    }
    if (this.#next + rounded > this.#end) {
      this.#next = this.takeRun(BLOCK_BYTES);
      this.#end = this.#next + BLOCK_BYTES;
    }
    const address = this.#next;
    this.#next += rounded;
    return address;
  }

  /** Whole blocks that may be given back with freeRun. */
  takeRun(bytes: number): number {
    const rounded = Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;
    if (this.#whole !== undefined) {
      const taken = this.#whole.takeRun(rounded);
      return this.#note({ address: taken, bytes: rounded });
    }
    const address = this.memory.take(this.#owner, rounded);
    if (address === undefined) {
      throw new FusionError({
        code: "limitReached",
        sqlstate: "53200",
        message: "out of memory",
        detail:
          `pg_fusion.worker_memory (${Math.floor(this.memory.stateBytes / 1024 / 1024)} MB) has no room for ` +
          `${rounded} more bytes; this statement holds ${this.#bytes}.`,
        hint: "Raise pg_fusion.worker_memory, or run the statement with pg_fusion.enable = off.",
      });
    }
    return this.#note({ address, bytes: rounded });
  }

  /** Takes over all memory of another owner, who is at work no more: where each run of it begins. */
  adopt(owner: number): readonly number[] {
    const runs = this.#whole === undefined
      ? this.memory.handOver(owner, this.#owner)
      : this.#whole.#adopt(owner);
    return runs.map((run) => this.#note(run));
  }

  #adopt(owner: number): readonly MemoryRun[] {
    const runs = this.memory.handOver(owner, this.#owner);
    for (const run of runs) this.#note(run);
    return runs;
  }

  #note({ address, bytes }: MemoryRun): number {
    this.#runs.set(address, bytes);
    this.#count(bytes);
    return address;
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.#peak = Math.max(this.#peak, this.#bytes);
  }

  freeRun(address: number): void {
    const bytes = this.#runs.get(address);
    assert(bytes !== undefined, "a run of this arena");
    this.#runs.delete(address);
    this.#bytes -= bytes;
    if (this.#whole !== undefined) this.#whole.freeRun(address);
    else this.memory.give(this.#owner, address, bytes);
  }

  /** Gives everything back; the arena is empty afterwards and may not be used. */
  dispose(): void {
    for (const address of this.#runs.keys()) this.freeRun(address);
    this.#next = 0;
    this.#end = 0;
  }
}
