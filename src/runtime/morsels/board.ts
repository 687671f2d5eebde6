// What the owner of an execution and one thread that helps it share: the pages lent and done, a gate only one of
// them passes, and what the helper has to say. It stands in the common memory and belongs to the owner, who may close
// the gate at any time: then the helper touches nothing any more. Read next: team.ts, page_borrower.ts.
import { FusionError } from "#base/errors.js";
import type { EngineMemory } from "../memory.js";

/** Byte offsets; every word is 32 bits but the numbers. */
const BoardField = {
  gate: 0,
  /** Pages ever lent, and how many of them are done. */
  lent: 4,
  done: 8,
  /** Of the helper: the owner number of its memory, and where its sink's state stands; 0 before it has begun. */
  memoryOwner: 12,
  sinkState: 16,
  /** 1 when it holds as much as it may. */
  pressed: 20,
  /** Length and address of its error's text; 0 while it has none. */
  errorBytes: 24,
  errorAddress: 28,
  pages: 32,
  numbers: 64,
} as const;

/** `closing`: the owner waits for the helper to come out, who then closes the gate itself. */
const Gate = { open: 0, inside: 1, closing: 2, closed: 3 } as const;

/** Pages a helper has at a time: one in work and some behind it, so that it need not wait for the owner. */
export const PAGES_LENT_MAX = 3;
const PAGE_PLACES = 4;
const NUMBERS_MAX = 24;
const ERROR_BYTES = 1024;
const ERROR_AT = BoardField.numbers + NUMBERS_MAX * 8;

export const BOARD_BYTES = ERROR_AT + ERROR_BYTES;

export class Board {
  readonly #memory: EngineMemory;
  readonly #address: number;
  readonly #words: Int32Array;

  constructor(memory: EngineMemory, address: number) {
    this.#memory = memory;
    this.#address = address;
    this.#words = new Int32Array(memory.memory.buffer, address, BoardField.numbers / 4);
  }

  /** As it is before anybody knows of it. */
  clear(): void {
    this.#memory.bytes.fill(0, this.#address, this.#address + BOARD_BYTES);
  }

  /** Whether the helper may work: it must leave() soon, and the owner waits for that if it wants to close. */
  enter(): boolean {
    return Atomics.compareExchange(this.#words, BoardField.gate / 4, Gate.open, Gate.inside) === Gate.open;
  }

  leave(): void {
    const found = Atomics.compareExchange(this.#words, BoardField.gate / 4, Gate.inside, Gate.open);
    if (found === Gate.inside) return;
    Atomics.store(this.#words, BoardField.gate / 4, Gate.closed);
    Atomics.notify(this.#words, BoardField.gate / 4);
  }

  /** Keeps the helper out for good; waits while it is inside, which is one call of compiled code at most. */
  close(): void {
    const at = BoardField.gate / 4;
    for (;;) {
      const found = Atomics.compareExchange(this.#words, at, Gate.open, Gate.closed);
      if (found === Gate.open || found === Gate.closed) return;
      Atomics.compareExchange(this.#words, at, Gate.inside, Gate.closing);
      Atomics.wait(this.#words, at, Gate.closing);
    }
  }

  get closed(): boolean {
    return this.#get(BoardField.gate) >= Gate.closing;
  }

  /** Pages the helper has, in work or waiting. */
  get pages(): number {
    return this.#get(BoardField.lent) - this.#get(BoardField.done);
  }

  /** By the owner, while there are fewer than PAGES_LENT_MAX. */
  lend(page: number): void {
    const lent = this.#get(BoardField.lent);
    this.#set(BoardField.pages + 4 * (lent % PAGE_PLACES), page);
    this.#set(BoardField.lent, lent + 1);
  }

  /** By the helper: the page to work on, if there is one. */
  get page(): number | undefined {
    if (this.pages === 0 || this.failed) return undefined;
    return this.#get(BoardField.pages + 4 * (this.#get(BoardField.done) % PAGE_PLACES)) >>> 0;
  }

  /** By the helper: the page is done, and so stand its numbers; `pressed` when it should get no more of them. */
  finishPage(numbers: readonly number[], pressed: boolean): void {
    numbers.forEach((each, index) =>
      this.#memory.view.setFloat64(this.#address + BoardField.numbers + 8 * index, each, true));
    if (pressed) this.#set(BoardField.pressed, 1);
    this.#set(BoardField.done, this.#get(BoardField.done) + 1);
  }

  numbers(count: number): readonly number[] {
    return Array.from({ length: count }, (_, index) =>
      this.#memory.view.getFloat64(this.#address + BoardField.numbers + 8 * index, true));
  }

  get pressed(): boolean {
    return this.#get(BoardField.pressed) !== 0;
  }

  /** By the helper, before it takes any memory and once it has a sink. */
  begin(memoryOwner: number, sinkState: number): void {
    this.#set(BoardField.memoryOwner, memoryOwner);
    this.#set(BoardField.sinkState, sinkState);
  }

  get memoryOwner(): number {
    return this.#get(BoardField.memoryOwner);
  }

  /** 0 when the helper has not begun. */
  get sinkState(): number {
    return this.#get(BoardField.sinkState) >>> 0;
  }

  /** By the helper: the page in work has failed, and it does no more. `room` gives memory for a long text. */
  fail(error: FusionError, room: (bytes: number) => number): void {
    const { code, sqlstate, message, detail, hint } = error;
    const text = Buffer.from(JSON.stringify({ code, sqlstate, message, detail, hint }));
    const address = text.length <= ERROR_BYTES ? this.#address + ERROR_AT : room(text.length);
    this.#memory.bytes.set(text, address);
    this.#set(BoardField.errorAddress, address);
    this.#set(BoardField.errorBytes, text.length);
  }

  get failed(): boolean {
    return this.#get(BoardField.errorBytes) !== 0;
  }

  /** What failed the page in work; it and those behind it are not done. */
  get error(): FusionError {
    const address = this.#get(BoardField.errorAddress) >>> 0;
    // A copy: the memory is shared, and text decoders refuse that.
    const text = Buffer.from(this.#memory.bytes.slice(address, address + this.#get(BoardField.errorBytes)));
    return new FusionError(JSON.parse(text.toString()) as ConstructorParameters<typeof FusionError>[0]);
  }

  #get(field: number): number {
    return Atomics.load(this.#words, field / 4);
  }

  #set(field: number, value: number): void {
    Atomics.store(this.#words, field / 4, value);
  }
}
