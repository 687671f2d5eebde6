// Two-word sets against JavaScript's own sets, over both words and their border.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  RELATIONS_MAX, RelationMap, difference, emptySet, equalSets, highest, intersection, intersects, isEmpty, isSubset,
  lowest, members, nextSubset, setOf, setOfMask, singleton, sizeOf, union, upTo, withoutLowest,
} from "#optimizer/joinorder/relation_set.js";

const relation = fc.integer({ min: 0, max: RELATIONS_MAX - 1 });
const relations = fc.uniqueArray(relation, { maxLength: 20 }).map((found) => found.sort((a, b) => a - b));

describe("a relation set", () => {
  it("does what a set of numbers does", () => {
    fc.assert(fc.property(relations, relations, (one, other) => {
      const a = setOf(one);
      const b = setOf(other);
      const common = one.filter((each) => other.includes(each));
      expect(members(a)).toEqual(one);
      expect(sizeOf(a)).toBe(one.length);
      expect(members(union(a, b))).toEqual([...new Set([...one, ...other])].sort((x, y) => x - y));
      expect(members(intersection(a, b))).toEqual(common);
      expect(members(difference(a, b))).toEqual(one.filter((each) => !other.includes(each)));
      expect(intersects(a, b)).toBe(common.length > 0);
      expect(isSubset(a, b)).toBe(common.length === one.length);
      expect(isEmpty(a)).toBe(one.length === 0);
      expect(equalSets(a, setOf([...one].reverse()))).toBe(true);
      expect(setOfMask(one.reduce((mask, each) => mask | (1n << BigInt(each)), 0n))).toEqual(a);
    }));
  });

  it("knows its ends", () => {
    fc.assert(fc.property(relations.filter((found) => found.length > 0), (found) => {
      const set = setOf(found);
      expect(lowest(set)).toBe(found[0]);
      expect(highest(set)).toBe(found.at(-1));
      expect(members(withoutLowest(set))).toEqual(found.slice(1));
    }));
    for (let last = 0; last < RELATIONS_MAX; last += 1) {
      expect(members(upTo(last))).toEqual(Array.from({ length: last + 1 }, (_, each) => each));
      expect(members(singleton(last))).toEqual([last]);
    }
  });

  it("lists each non-empty subset once", () => {
    const of = setOf([0, 3, 30, 31, 32, 40, 62, 63]);
    const seen = new Set<string>();
    for (let part = nextSubset(emptySet, of); !isEmpty(part); part = nextSubset(part, of)) {
      expect(isSubset(part, of)).toBe(true);
      seen.add(members(part).join());
    }
    expect(seen.size).toBe(2 ** 8 - 1);
  });
});

describe("a relation map", () => {
  it("finds what was put last under each set, through growth", () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.maxSafeNat(), fc.maxSafeNat()), { maxLength: 1500 }), (words) => {
      const map = new RelationMap<{ readonly at: number }>();
      const wanted = new Map<string, number>();
      words.forEach(([lo, hi], at) => {
        const key = { lo: lo | 1, hi: (hi % 7) | 0 };
        map.set(key, { at });
        wanted.set(`${key.lo} ${key.hi}`, at);
      });
      for (const [key, at] of wanted) {
        const [lo = 0, hi = 0] = key.split(" ").map(Number);
        expect(map.get({ lo, hi })?.at).toBe(at);
      }
      expect(map.get({ lo: 0, hi: 64 })).toBeUndefined();
    }), { numRuns: 20 });
  });
});
