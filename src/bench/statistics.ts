// The few numbers a comparison needs. Medians, because a shared machine has outliers on one side only.
import { assert, defined } from "#base/assert.js";

/** The middle value; of two middle values their mean. */
export function median(values: readonly number[]): number {
  assert(values.length > 0, "a median needs a value");
  const sorted = [...values].sort((a, b) => a - b);
  const upper = defined(sorted[Math.floor(sorted.length / 2)], "an upper middle");
  const lower = defined(sorted[Math.floor((sorted.length - 1) / 2)], "a lower middle");
  return (lower + upper) / 2;
}

/** A quarter of the values are less, or as much: for costs to which chance only adds. */
export function lowerQuartile(values: readonly number[]): number {
  assert(values.length > 0, "a quartile needs a value");
  const sorted = [...values].sort((a, b) => a - b);
  return defined(sorted[Math.floor((sorted.length - 1) / 4)], "a quarter in");
}

/** The mean of ratios. */
export function geometricMean(values: readonly number[]): number {
  assert(values.length > 0, "a mean needs a value");
  const logarithms = values.map((value) => Math.log(value));
  return Math.exp(logarithms.reduce((sum, value) => sum + value, 0) / values.length);
}

/** Rounded for a report: enough digits to compare, not so many that they promise precision. */
export function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
