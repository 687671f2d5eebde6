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
const WORD_BITS = 32;

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

/** Ascending. */
export function members(set: RelationSet): number[] {
  const found: number[] = [];
  for (let lo = set.lo; lo !== 0; lo &= lo - 1) found.push(lowest({ lo, hi: 0 }));
  for (let hi = set.hi; hi !== 0; hi &= hi - 1) found.push(lowest({ lo: 0, hi }));
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

const CAPACITY_FIRST = 64;

function hashOf(set: RelationSet): number {
  const mixed = Math.imul(set.lo, 0x9e37_79b1) ^ Math.imul(set.hi, 0x85eb_ca6b);
  return mixed ^ (mixed >>> 15);
}

interface Entry<T> {
  readonly key: RelationSet;
  value: T;
}

function freeSlots(count: number): undefined[] {
  return Array.from({ length: count });
}

/** A map from non-empty relation sets to objects: open addressing, no deletion. */
export class RelationMap<T extends object> {
  private slots: (Entry<T> | undefined)[] = freeSlots(CAPACITY_FIRST);
  private count = 0;

  get size(): number {
    return this.count;
  }

  get(key: RelationSet): T | undefined {
    return this.slots[this.slotOf(key)]?.value;
  }

  set(key: RelationSet, value: T): void {
    const slot = this.slotOf(key);
    const found = this.slots[slot];
    if (found !== undefined) {
      found.value = value;
      return;
    }
    this.slots[slot] = { key, value };
    this.count += 1;
    // At most half full, so that a probe for an absent key stays short.
    if (this.count * 2 > this.slots.length) this.grow();
  }

  values(): T[] {
    return this.slots.flatMap((slot) => (slot === undefined ? [] : [slot.value]));
  }

  private slotOf(key: RelationSet): number {
    const last = this.slots.length - 1;
    let slot = hashOf(key) & last;
    for (let found = this.slots[slot]; found !== undefined; found = this.slots[slot]) {
      if (found.key.lo === key.lo && found.key.hi === key.hi) break;
      slot = (slot + 1) & last;
    }
    return slot;
  }

  private grow(): void {
    const old = this.slots;
    this.slots = freeSlots(old.length * 2);
    for (const entry of old) if (entry !== undefined) this.slots[this.slotOf(entry.key)] = entry;
  }
}
