// What the owner of an execution and one thread that helps it share: the pages lent and done, a gate only one of
// them passes, and what the helper has to say. The owner may close the gate at any time: then the helper touches
// nothing any more. A board is memory of its own, there for as long as either of them looks. Read next: team.ts,
// page_borrower.ts.
import { defined } from "#base/assert.js";
import { type ErrorFields, FusionError } from "#base/errors.js";
import type { Arena } from "../arena.js";
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
  /** Length of its error's text, 0 while it has none; where it stands, 0 for here. */
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
const BOARD_BYTES = ERROR_AT + ERROR_BYTES;

/** A board nobody knows of yet. */
export function newBoard(): SharedArrayBuffer {
  return new SharedArrayBuffer(BOARD_BYTES);
}

export class Board {
  readonly #words: Int32Array;
  readonly #numbers: Float64Array;
  readonly #text: Uint8Array;

  constructor(board: SharedArrayBuffer) {
    this.#words = new Int32Array(board, 0, BoardField.numbers / 4);
    this.#numbers = new Float64Array(board, BoardField.numbers, NUMBERS_MAX);
    this.#text = new Uint8Array(board, ERROR_AT, ERROR_BYTES);
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
    this.#numbers.set(numbers);
    if (pressed) this.#set(BoardField.pressed, 1);
    this.#set(BoardField.done, this.#get(BoardField.done) + 1);
  }

  numbers(count: number): readonly number[] {
    return [...this.#numbers.subarray(0, count)];
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

  /** By the helper: the page in work has failed, and it does no more. A long text stands in memory of its own. */
  fail({ code, sqlstate, message, detail, hint }: FusionError, arena: Arena | undefined): void {
    const text = Buffer.from(JSON.stringify({ code, sqlstate, message, detail, hint }));
    if (text.length <= ERROR_BYTES) this.#text.set(text);
    else {
      const own = defined(arena, "memory of its own");
      const address = own.takeRun(text.length);
      own.memory.bytes.set(text, address);
      this.#set(BoardField.errorAddress, address);
    }
    this.#set(BoardField.errorBytes, text.length);
  }

  get failed(): boolean {
    return this.#get(BoardField.errorBytes) !== 0;
  }

  /** What failed the page in work; it and those behind it are not done. */
  error({ bytes }: EngineMemory): FusionError {
    const address = this.#get(BoardField.errorAddress) >>> 0;
    const length = this.#get(BoardField.errorBytes);
    // A copy: the memory is shared, and text decoders refuse that.
    const text = Buffer.from(address === 0 ? this.#text.slice(0, length) : bytes.slice(address, address + length));
    return new FusionError(JSON.parse(text.toString()) as ErrorFields);
  }

  #get(field: number): number {
    return Atomics.load(this.#words, field / 4);
  }

  #set(field: number, value: number): void {
    Atomics.store(this.#words, field / 4, value);
  }
}
