// The worlds an exploration has seen, each under a number in the order of their discovery: their bytes in one array,
// found by hash and compared whole, so that no two are ever taken for one.
const FIRST_WORLDS = 1024;

export class WorldSet {
  readonly #worldBytes: number;
  #bytes: Uint8Array;
  #table: Int32Array;
  #count = 0;

  constructor(worldBytes: number) {
    this.#worldBytes = worldBytes;
    this.#bytes = new Uint8Array(FIRST_WORLDS * worldBytes);
    this.#table = new Int32Array(2 * FIRST_WORLDS).fill(-1);
  }

  get size(): number {
    return this.#count;
  }

  /** Copies world `number` to `target`. */
  read(number: number, target: Uint8Array): void {
    const start = number * this.#worldBytes;
    target.set(this.#bytes.subarray(start, start + this.#worldBytes));
  }

  /** The world's number, a new one when it has not been seen. */
  intern(world: Uint8Array): number {
    if (2 * this.#count >= this.#table.length) this.#grow();
    const place = this.#place(world);
    const known = this.#table[place] as number;
    if (known >= 0) return known;
    const number = this.#count++;
    this.#bytes.set(world, number * this.#worldBytes);
    this.#table[place] = number;
    return number;
  }

  /** Where the world stands in the table, or would. */
  #place(world: Uint8Array): number {
    const mask = this.#table.length - 1;
    let place = hashOf(world) & mask;
    for (;;) {
      const number = this.#table[place] as number;
      if (number < 0 || this.#equals(number, world)) return place;
      place = (place + 1) & mask;
    }
  }

  #equals(number: number, world: Uint8Array): boolean {
    const start = number * this.#worldBytes;
    for (let at = 0; at < this.#worldBytes; at++)
      if (this.#bytes[start + at] !== world[at]) return false;
    return true;
  }

  #grow(): void {
    const bytes = new Uint8Array(2 * this.#count * this.#worldBytes);
    bytes.set(this.#bytes.subarray(0, this.#count * this.#worldBytes));
    this.#bytes = bytes;
    this.#table = new Int32Array(2 * this.#table.length).fill(-1);
    for (let number = 0; number < this.#count; number++) {
      const start = number * this.#worldBytes;
      this.#table[this.#place(bytes.subarray(start, start + this.#worldBytes))] = number;
    }
  }
}

/** FNV-1a, and its upper bits mixed into the lower ones that the table uses. */
function hashOf(world: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < world.length; at++) hash = Math.imul(hash ^ (world[at] as number), 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}
