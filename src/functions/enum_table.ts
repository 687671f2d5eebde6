// The order of an enum's values, as functions get it: a parameter whose bytes are the count, pairs of OID and rank in
// the order of OIDs, then OIDs in the order of ranks. Written by native/extension/enum_table.c. Read next:
// order_keys.ts.

const COUNT_BYTES = 4;
const PAIR_BYTES = 8;
const OID_BYTES = 4;

export class EnumTable {
  readonly #view: DataView;
  readonly #count: number;

  constructor(image: Uint8Array) {
    this.#view = new DataView(image.buffer, image.byteOffset, image.byteLength);
    this.#count = this.#view.getUint32(0, true);
  }

  /** The place of a value in the enum's order; values it does not have come last. */
  rankOf(oid: number): number {
    let [low, high] = [0, this.#count];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const found = this.#view.getUint32(COUNT_BYTES + middle * PAIR_BYTES, true);
      if (found === oid) return this.#view.getUint32(COUNT_BYTES + middle * PAIR_BYTES + OID_BYTES, true);
      if (found < oid) low = middle + 1;
      else high = middle;
    }
    return this.#count;
  }

  /** The value in that place; 0 where there is none. */
  oidAt(rank: number): number {
    if (rank < 0 || rank >= this.#count) return 0;
    return this.#view.getUint32(COUNT_BYTES + this.#count * PAIR_BYTES + rank * OID_BYTES, true);
  }
}

/** For tests: the table of values in their order. */
export function enumImage(oids: readonly number[]): Uint8Array {
  const image = new Uint8Array(COUNT_BYTES + oids.length * (PAIR_BYTES + OID_BYTES));
  const view = new DataView(image.buffer);
  view.setUint32(0, oids.length, true);
  oids.map((oid, rank) => [oid, rank] as const).toSorted(([a], [b]) => a - b).forEach(([oid, rank], index) => {
    view.setUint32(COUNT_BYTES + index * PAIR_BYTES, oid, true);
    view.setUint32(COUNT_BYTES + index * PAIR_BYTES + OID_BYTES, rank, true);
  });
  oids.forEach((oid, rank) =>
    view.setUint32(COUNT_BYTES + oids.length * PAIR_BYTES + rank * OID_BYTES, oid, true));
  return image;
}
