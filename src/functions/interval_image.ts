// Images of interval as PostgreSQL stores them: microseconds, days and months, each with a sign of its own. Equality
// and order take a month for 30 days of 24 hours. Compiled code has its own comparison: library/intervals.ts.
import { assert } from "#base/assert.js";

export interface Interval {
  readonly microseconds: bigint;
  readonly days: number;
  readonly months: number;
}

export const INTERVAL_BYTES = 16;
export const DAY_MICROSECONDS = 86_400_000_000n;
export const DAYS_PER_MONTH = 30;

export function readInterval(image: Uint8Array): Interval {
  assert(image.length === INTERVAL_BYTES, "an image of interval");
  const data = new DataView(image.buffer, image.byteOffset, image.byteLength);
  return { microseconds: data.getBigInt64(0, true), days: data.getInt32(8, true), months: data.getInt32(12, true) };
}

/** Whatever the parts are, they fit by now. */
export function writeInterval({ microseconds, days, months }: Interval): Uint8Array {
  const image = new Uint8Array(INTERVAL_BYTES);
  const data = new DataView(image.buffer);
  data.setBigInt64(0, microseconds, true);
  data.setInt32(8, days, true);
  data.setInt32(12, months, true);
  return image;
}

/** The length by which intervals compare. */
export function intervalLength({ microseconds, days, months }: Interval): bigint {
  return microseconds + (BigInt(months) * BigInt(DAYS_PER_MONTH) + BigInt(days)) * DAY_MICROSECONDS;
}

export function orderIntervals(a: Interval, b: Interval): number {
  const [x, y] = [intervalLength(a), intervalLength(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}
