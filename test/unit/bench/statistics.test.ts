// Median and geometric mean: the only arithmetic between a stopwatch and a report.
import { describe, expect, it } from "vitest";
import { geometricMean, lowerQuartile, median, rounded } from "#bench/statistics.js";

describe("statistics", () => {
  it("takes the middle", () => {
    expect(median([5])).toBe(5);
    expect(median([9, 1, 5])).toBe(5);
    expect(median([1, 2, 3, 10])).toBe(2.5);
    expect(() => median([])).toThrow();
  });

  it("takes a quarter in", () => {
    expect(lowerQuartile([7])).toBe(7);
    expect(lowerQuartile([9, 1, 5, 3, 7])).toBe(3);
    expect(() => lowerQuartile([])).toThrow();
  });

  it("means ratios so that a half undoes a double", () => {
    expect(geometricMean([2, 0.5])).toBeCloseTo(1);
    expect(rounded(1.23456)).toBe(1.235);
  });
});
