// Sets of up to 64 relations as two 32-bit words, and a hash map keyed by them. Not a general bitset: only what the
// enumeration of join orders asks for. BigInt would read better and is ten times slower here; the parts that run once
// per query (inner_regions.ts, conflict_detection.ts) do use it. Read next: hypergraph.ts.

/** Bit r of (hi:lo) is relation r; both words are signed, as JavaScript's bit operators leave them. */
export interface RelationSet {
  readonly lo: number;
  readonly hi: number;
}

/** Two words; larger queries are cut into pieces first (large_trees.ts). */
export const RELATIONS_MAX = 64;
export const WORD_BITS = 32;

export const emptySet: RelationSet = { lo: 0, hi: 0 };

export function singleton(relation: number): RelationSet {
  return relation < WORD_BITS ? { lo: 1 << relation, hi: 0 } : { lo: 0, hi: 1 << (relation - WORD_BITS) };
}

export function setOf(relations: Iterable<number>): RelationSet {
  let set = emptySet;
  for (const relation of relations) set = union(set, singleton(relation));
  return set;
}

/** The same set written as a BigInt mask. */
export function setOfMask(mask: bigint): RelationSet {
  return { lo: Number(mask & 0xffff_ffffn) | 0, hi: Number((mask >> 32n) & 0xffff_ffffn) | 0 };
}

/** All relations with a number of at most `relation`: the paper's B_v. */
export function upTo(relation: number): RelationSet {
  if (relation >= WORD_BITS - 1) return { lo: -1, hi: lowBits(relation - WORD_BITS + 1) };
  return { lo: lowBits(relation + 1), hi: 0 };
}

function lowBits(count: number): number {
  return count >= WORD_BITS ? -1 : (1 << count) - 1;
}

export function union(a: RelationSet, b: RelationSet): RelationSet {
  return { lo: a.lo | b.lo, hi: a.hi | b.hi };
}

export function intersection(a: RelationSet, b: RelationSet): RelationSet {
  return { lo: a.lo & b.lo, hi: a.hi & b.hi };
}

export function difference(a: RelationSet, b: RelationSet): RelationSet {
  return { lo: a.lo & ~b.lo, hi: a.hi & ~b.hi };
}

export function intersects(a: RelationSet, b: RelationSet): boolean {
  return ((a.lo & b.lo) | (a.hi & b.hi)) !== 0;
}

export function isSubset(part: RelationSet, whole: RelationSet): boolean {
  return ((part.lo & ~whole.lo) | (part.hi & ~whole.hi)) === 0;
}

export function isEmpty(set: RelationSet): boolean {
  return (set.lo | set.hi) === 0;
}

export function equalSets(a: RelationSet, b: RelationSet): boolean {
  return a.lo === b.lo && a.hi === b.hi;
}

/** The lowest relation of a non-empty set: the paper's min(S). */
export function lowest(set: RelationSet): number {
  return set.lo !== 0
    ? WORD_BITS - 1 - Math.clz32(set.lo & -set.lo)
    : 2 * WORD_BITS - 1 - Math.clz32(set.hi & -set.hi);
}

/** The highest relation of a non-empty set. */
export function highest(set: RelationSet): number {
  return set.hi !== 0 ? 2 * WORD_BITS - 1 - Math.clz32(set.hi) : WORD_BITS - 1 - Math.clz32(set.lo);
}

export function withoutLowest(set: RelationSet): RelationSet {
  return set.lo !== 0 ? { lo: set.lo & (set.lo - 1), hi: set.hi } : { lo: 0, hi: set.hi & (set.hi - 1) };
}

/** Ascending. */
export function members(set: RelationSet): number[] {
  const found: number[] = [];
  for (let lo = set.lo; lo !== 0; lo &= lo - 1) found.push(WORD_BITS - 1 - Math.clz32(lo & -lo));
  for (let hi = set.hi; hi !== 0; hi &= hi - 1) found.push(2 * WORD_BITS - 1 - Math.clz32(hi & -hi));
  return found;
}

export function sizeOf(set: RelationSet): number {
  return bitCount(set.lo) + bitCount(set.hi);
}

function bitCount(word: number): number {
  let count = 0;
  for (let rest = word; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}

/**
 * The subset of `of` that follows `current` when subsets are counted upwards; starts after the empty set with the
 * lowest single relation and returns to the empty set after `of` itself. (current - of) & of, with a borrow.
 */
export function nextSubset(current: RelationSet, of: RelationSet): RelationSet {
  const borrow = current.lo >>> 0 < of.lo >>> 0 ? 1 : 0;
  return { lo: (current.lo - of.lo) & of.lo, hi: (current.hi - of.hi - borrow) & of.hi };
}

/** Twice the connected sets of a join of eight relations: most maps never grow. */
const CAPACITY_FIRST = 512;

/** A map that grows at all is a star's or a clique's, and becomes large. */
const GROWTH = 4;

/** A map from non-empty relation sets to objects: open addressing, no deletion. */
export class RelationMap<T extends object> {
  private lows = new Int32Array(CAPACITY_FIRST);
  private highs = new Int32Array(CAPACITY_FIRST);
  /** Where in `values` the slot's value is; one more, so that free slots hold 0. */
  private places = new Int32Array(CAPACITY_FIRST);
  private readonly values: T[] = [];

  get(key: RelationSet): T | undefined {
    return this.values[(this.places[this.slotOf(key.lo, key.hi)] ?? 0) - 1];
  }

  set(key: RelationSet, value: T): void {
    const slot = this.slotOf(key.lo, key.hi);
    const place = this.places[slot] ?? 0;
    if (place !== 0) {
      this.values[place - 1] = value;
      return;
    }
    this.lows[slot] = key.lo;
    this.highs[slot] = key.hi;
    this.places[slot] = this.values.push(value);
    // At most half full, so that a probe for an absent key stays short.
    if (this.values.length * 2 > this.places.length) this.grow();
  }

  /** The slot of the key, or the free one where it would go; the empty set, all zeros, is what free slots hold. */
  private slotOf(lo: number, hi: number): number {
    const last = this.lows.length - 1;
    const mixed = Math.imul(lo, 0x9e37_79b1) ^ Math.imul(hi, 0x85eb_ca6b);
    let slot = (mixed ^ (mixed >>> 15)) & last;
    for (;;) {
      const foundLo = this.lows[slot] ?? 0;
      const foundHi = this.highs[slot] ?? 0;
      if ((foundLo === lo && foundHi === hi) || (foundLo | foundHi) === 0) return slot;
      slot = (slot + 1) & last;
    }
  }

  private grow(): void {
    const { lows, highs, places } = this;
    const capacity = lows.length * GROWTH;
    this.lows = new Int32Array(capacity);
    this.highs = new Int32Array(capacity);
    this.places = new Int32Array(capacity);
    places.forEach((place, old) => {
      if (place === 0) return;
      const slot = this.slotOf(lows[old] ?? 0, highs[old] ?? 0);
      this.lows[slot] = lows[old] ?? 0;
      this.highs[slot] = highs[old] ?? 0;
      this.places[slot] = place;
    });
  }
}
