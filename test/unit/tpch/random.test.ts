// The row-wise random numbers: reproducible, in range, and without visible bias.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random, streamId } from "#tpch/random.js";

const draw = (stream: number, key: number, count: number): number[] => {
  const random = new Random();
  random.seed(streamId(stream), key);
  return Array.from({ length: count }, () => random.next());
};

describe("random", () => {
  it("depends on stream and key only", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (stream, key) => {
        expect(draw(stream, key, 8)).toEqual(draw(stream, key, 8));
        expect(draw(stream, key, 8)).not.toEqual(draw(stream, key + 1, 8));
        expect(draw(stream, key, 8)).not.toEqual(draw(stream + 1, key, 8));
      }),
    );
  });

  it("stays within its bounds and reaches both", () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: -1000, max: 1000 }), fc.nat(5), (key, low, span) => {
        const random = new Random();
        random.seed(streamId(7), key);
        const seen = new Set(Array.from({ length: 300 }, () => random.between(low, low + span)));
        expect(Math.min(...seen)).toBe(low);
        expect(Math.max(...seen)).toBe(low + span);
        expect(seen.size).toBe(span + 1);
      }),
    );
  });

  it("spreads the first number of neighbouring keys evenly", () => {
    const buckets = Array.from({ length: 16 }, () => 0);
    const random = new Random();
    const keys = 64_000;
    for (let key = 0; key < keys; key++) {
      random.seed(streamId(3), key);
      const bucket = random.below(16);
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    for (const count of buckets) expect(Math.abs(count - keys / 16)).toBeLessThan(300);
  });
});
