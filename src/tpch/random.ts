// Random numbers that depend only on (stream, key): every row is drawn from its own seed, so the
// rows of a table can be made in any order, twice, and always alike. Not for secrets.

/** One number per independent use; changing a value changes the data, so values are never reused. */
export type StreamId = number & { readonly stream: unique symbol };

export function streamId(id: number): StreamId {
  return id as StreamId;
}

/** Finaliser of a 32-bit hash: every input bit reaches every output bit. */
function mix(value: number): number {
  let mixed = value | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return mixed ^ (mixed >>> 15);
}

/** xoshiro128** over four 32-bit words, seeded by hashing. */
export class Random {
  #a = 1;
  #b = 2;
  #c = 3;
  #d = 4;

  /** Starts the sequence of one key of one stream; keys stay below 2^32. */
  seed(stream: StreamId, key: number): void {
    const start = mix(mix(stream) + key);
    this.#a = mix(start + 0x9e3779b9);
    this.#b = mix(start + 0x3c6ef372);
    this.#c = mix(start + 0xdaa66d2b);
    // Never all zero, which would be the one fixed point.
    this.#d = mix(start + 0x78dde6e4) | 1;
  }

  /** The next 32 bits, unsigned. */
  next(): number {
    const five = Math.imul(this.#b, 5);
    const result = Math.imul((five << 7) | (five >>> 25), 9);
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result >>> 0;
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + Math.floor((this.next() / 0x1_0000_0000) * (high - low + 1));
  }

  /** A whole number below `count`. */
  below(count: number): number {
    return Math.floor((this.next() / 0x1_0000_0000) * count);
  }
}
