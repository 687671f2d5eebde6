// Room for values computed for one row: strings and numerics that live until the row is consumed. Compiled code moves
// its free end and starts afresh with each row; the host makes it larger. Read next: lowering/function_context.ts.
import { ControlBlock } from "#lowering/control_block.js";
import type { Arena } from "./arena.js";

/** Enough for the values of most rows. */
const FIRST_BYTES = 64 * 1024;

/** Values begin at multiples of this. */
const ALIGN = 8;

export class RowScratch {
  readonly #arena: Arena;
  readonly #control: number;
  #bytes = 0;

  constructor(arena: Arena, control: number) {
    this.#arena = arena;
    this.#control = control;
  }

  /** Opens new room when so many bytes do not fit; what was allocated for the row before stays where it is. */
  reserve(need: number): void {
    if (this.#get(ControlBlock.scratchNext) + need <= this.#get(ControlBlock.scratchEnd)) return;
    // Each room is twice as large as the one before, so all that were outgrown take no more than the last.
    this.#bytes = Math.max(FIRST_BYTES, this.#bytes * 2, need * 2);
    const start = this.#arena.takeRun(this.#bytes);
    this.#set(ControlBlock.scratchStart, start);
    this.#set(ControlBlock.scratchNext, start);
    this.#set(ControlBlock.scratchEnd, start + this.#bytes);
  }

  allocate(bytes: number): number {
    const rounded = Math.ceil(bytes / ALIGN) * ALIGN;
    this.reserve(rounded);
    const address = this.#get(ControlBlock.scratchNext);
    this.#set(ControlBlock.scratchNext, address + rounded);
    return address;
  }

  #get(field: number): number {
    return this.#arena.memory.view.getUint32(this.#control + field, true);
  }

  #set(field: number, value: number): void {
    this.#arena.memory.view.setUint32(this.#control + field, value, true);
  }
}
