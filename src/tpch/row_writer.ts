// Writes rows in COPY's text format straight into bytes: no string is made per value, which is what
// keeps scale 1 within two minutes. Values contain no tab, newline or backslash by construction.
import { defined } from "#base/assert.js";
import { dayTexts } from "./calendar.js";
import type { Random } from "./random.js";
import { textPool } from "./text_pool.js";
import type { WordList } from "./vocabulary.js";

/** Part of a table in COPY text format. */
export interface Chunk {
  readonly bytes: Uint8Array;
  readonly rows: number;
}

/** One write to the pipe: large enough that the calls do not matter. */
const chunkBytes = 256 * 1024;
/** No row of any table is longer: the widest, partsupp and customer, stay below 300 bytes. */
const rowBytesMax = 1024;

const tab = 0x09;
const newline = 0x0a;
const minus = 0x2d;
const point = 0x2e;
const zero = 0x30;
/** The 64 characters of a v-string (clause 4.2.2.7): digits, letters, comma and space. */
const addressAlphabet = new TextEncoder().encode(
  "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ, ",
);

export class RowWriter {
  #buffer = new Uint8Array(chunkBytes);
  #position = 0;
  #rows = 0;
  readonly #pool = textPool();

  /** Ends a column. */
  next(): void {
    this.#buffer[this.#position++] = tab;
  }

  /** Ends a row; true when the chunk should be taken now. */
  endRow(): boolean {
    this.#buffer[this.#position++] = newline;
    this.#rows++;
    return this.#position > chunkBytes - rowBytesMax;
  }

  /** Hands out what was written; the caller owns it, and writing goes on in fresh bytes. */
  take(): Chunk {
    const chunk = { bytes: this.#buffer.subarray(0, this.#position), rows: this.#rows };
    this.#buffer = new Uint8Array(chunkBytes);
    this.#position = 0;
    this.#rows = 0;
    return chunk;
  }

  byte(value: number): void {
    this.#buffer[this.#position++] = value;
  }

  bytes(source: Uint8Array): void {
    this.#buffer.set(source, this.#position);
    this.#position += source.length;
  }

  word(list: WordList, index: number): void {
    this.bytes(defined(list[index], "a word of the list"));
  }

  /** A whole number with at least `digits` digits. */
  padded(value: number, digits: number): void {
    let width = digits;
    for (let bound = 10 ** digits; value >= bound; bound *= 10) width++;
    let rest = value;
    for (let at = this.#position + width - 1; at >= this.#position; at--) {
      const quotient = Math.floor(rest / 10);
      this.#buffer[at] = zero + (rest - quotient * 10);
      rest = quotient;
    }
    this.#position += width;
  }

  integer(value: number): void {
    this.padded(value, 1);
  }

  /** A number of hundredths as a decimal with two places. */
  hundredths(value: number): void {
    let rest = value;
    if (rest < 0) {
      this.byte(minus);
      rest = -rest;
    }
    const whole = Math.floor(rest / 100);
    this.padded(whole, 1);
    this.byte(point);
    this.padded(rest - whole * 100, 2);
  }

  day(number: number): void {
    this.bytes(defined(dayTexts[number], "a day of the period"));
  }

  /** A piece of the text pool, `low` to `high` bytes long. */
  comment(random: Random, low: number, high: number): void {
    const length = random.between(low, high);
    const start = random.below(this.#pool.length - length);
    this.bytes(this.#pool.subarray(start, start + length));
  }

  /** Random characters, 10 to 40 of them (clause 4.2.3: addresses). */
  address(random: Random): void {
    const length = random.between(10, 40);
    for (let count = 0; count < length; count++) {
      this.byte(addressAlphabet[random.next() >>> 26] ?? zero);
    }
  }

  /** Country code and three groups of digits (clause 4.2.2.9). */
  phone(random: Random, nation: number): void {
    this.integer(nation + 10);
    this.byte(minus);
    this.integer(random.between(100, 999));
    this.byte(minus);
    this.integer(random.between(100, 999));
    this.byte(minus);
    this.integer(random.between(1000, 9999));
  }
}
