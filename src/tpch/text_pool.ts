// The pool of pseudo text that comments are cut from (TPC-H clause 4.2.2.10 and 4.2.2.14): sentences
// of a small grammar, made once per process. A comment is a random piece of a random length.
import { defined } from "#base/assert.js";
import { Random, streamId } from "./random.js";
import {
  adjectives,
  adverbs,
  auxiliaries,
  nouns,
  prepositions,
  terminators,
  verbs,
} from "./vocabulary.js";
import type { WeightedWords } from "./vocabulary.js";

/** Large enough that a comment hardly ever repeats within a table of scale 1. */
const poolBytes = 8 * 1024 * 1024;
const poolStream = streamId(1);

/** Parts of a sentence: N noun phrase, V verb phrase, P prepositional phrase. */
const sentences = { forms: ["NV", "NVP", "NVN", "NPVN", "NPVP"], sums: [3, 6, 9, 10, 11] } as const;

class SentenceWriter {
  readonly #random = new Random();
  readonly #parts: string[] = [];

  constructor() {
    this.#random.seed(poolStream, 0);
  }

  #draw(sums: readonly number[]): number {
    const total = defined(sums.at(-1), "a weighted list has an entry");
    const point = this.#random.below(total);
    return sums.findIndex((sum) => point < sum);
  }

  #word(list: WeightedWords): string {
    return defined(list.words[this.#draw(list.sums)], "a drawn word");
  }

  #nounPhrase(): string {
    const form = this.#random.below(90);
    const noun = this.#word(nouns);
    if (form < 10) return noun;
    if (form < 30) return `${this.#word(adjectives)} ${noun}`;
    if (form < 40) return `${this.#word(adjectives)}, ${this.#word(adjectives)} ${noun}`;
    return `${this.#word(adverbs)} ${this.#word(adjectives)} ${noun}`;
  }

  #verbPhrase(): string {
    const form = this.#random.below(72);
    const verb = this.#word(verbs);
    if (form < 30) return verb;
    if (form < 31) return `${this.#word(auxiliaries)} ${verb}`;
    if (form < 71) return `${verb} ${this.#word(adverbs)}`;
    return `${this.#word(auxiliaries)} ${verb} ${this.#word(adverbs)}`;
  }

  #sentence(): string {
    const form = defined(sentences.forms[this.#draw(sentences.sums)], "a sentence form");
    this.#parts.length = 0;
    for (const part of form) {
      if (part === "N") this.#parts.push(this.#nounPhrase());
      else if (part === "V") this.#parts.push(this.#verbPhrase());
      else this.#parts.push(`${this.#word(prepositions)} the ${this.#nounPhrase()}`);
    }
    return this.#parts.join(" ") + this.#word(terminators);
  }

  fill(pool: Uint8Array): void {
    const encoder = new TextEncoder();
    let position = 0;
    while (position < pool.length) {
      const text = `${this.#sentence()} `;
      position += encoder.encodeInto(text, pool.subarray(position)).written;
      // encodeInto stops before a sentence's end only when the pool is full.
      if (pool.length - position < text.length) {
        pool.fill(0x20, position);
        return;
      }
    }
  }
}

let shared: Uint8Array | undefined;

/** The pool; made at first use. */
export function textPool(): Uint8Array {
  if (!shared) {
    shared = new Uint8Array(poolBytes);
    new SentenceWriter().fill(shared);
  }
  return shared;
}
