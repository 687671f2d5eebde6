// The letters of a locale of the C library, as functions get them: a parameter of the plan whose bytes are what each
// character's other case is, and which ones words are made of (LetterHeader of schemas/layout/letters.json). Written by
// native/extension/letter_table.c. Read next: cased_texts.ts.
import { LetterHeader } from "#generated/layout.js";

const CODE_BYTES = 4;
const PAIR_BYTES = 2 * CODE_BYTES;

type Pair = readonly [first: number, second: number];

export class LetterTable {
  readonly #upper: ReadonlyMap<number, number>;
  readonly #lower: ReadonlyMap<number, number>;
  readonly #runs: readonly Pair[];

  constructor(image: Uint8Array) {
    const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
    let at: number = LetterHeader.SIZE;
    const pairs = (countAt: number): readonly Pair[] =>
      Array.from({ length: view.getUint32(countAt, true) }, (): Pair => {
        at += PAIR_BYTES;
        return [view.getUint32(at - PAIR_BYTES, true), view.getUint32(at - CODE_BYTES, true)];
      });
    this.#upper = new Map(pairs(LetterHeader.upper_count));
    this.#lower = new Map(pairs(LetterHeader.lower_count));
    this.#runs = pairs(LetterHeader.run_count);
  }

  upper(code: number): number {
    return this.#upper.get(code) ?? code;
  }

  lower(code: number): number {
    return this.#lower.get(code) ?? code;
  }

  /** Whether it is a letter or a digit. */
  isOfWord(code: number): boolean {
    let [low, high] = [0, this.#runs.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#runs[middle]?.[1] ?? 0) < code) low = middle + 1;
      else high = middle;
    }
    return (this.#runs[low]?.[0] ?? Infinity) <= code;
  }
}

const known = new WeakMap<Uint8Array, LetterTable>();

/** The table of these bytes. Each call of an execution brings the same, which are read once. */
export function letterTable(image: Uint8Array): LetterTable {
  const found = known.get(image) ?? new LetterTable(image);
  known.set(image, found);
  return found;
}
