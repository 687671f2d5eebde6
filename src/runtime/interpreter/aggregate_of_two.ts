// Reference aggregates over pairs of numbers: regression, covariance, correlation. Read next: aggregate.ts,
// lowering/aggregate_pairs.ts.
import { assert } from "#base/assert.js";
import { errorTemplates, throwTemplate } from "#functions/error_templates.js";
import { pairRules } from "#lowering/aggregate_pairs.js";
import type { PairFunction } from "#plan/physical.js";
import type { Accumulator } from "./aggregate.js";

const isInfinite = (value: number): boolean => Math.abs(value) === Infinity;

/** float8_regr_accum and its final functions. */
export function pairs(name: PairFunction): Accumulator {
  const sums = { count: 0, x: 0, xx: 0, y: 0, yy: 0, xy: 0 };
  const add = (x: number, y: number): void => {
    const before = { ...sums };
    sums.count++;
    sums.x += x;
    sums.y += y;
    if (before.count === 0) {
      if (!Number.isFinite(x)) sums.xx = sums.xy = NaN;
      if (!Number.isFinite(y)) sums.yy = sums.xy = NaN;
      return;
    }
    const [byX, byY] = [x * sums.count - sums.x, y * sums.count - sums.y];
    const scale = 1 / (sums.count * before.count);
    sums.xx += byX * byX * scale;
    sums.yy += byY * byY * scale;
    sums.xy += byX * byY * scale;
    const [infiniteX, infiniteY] = [isInfinite(before.x) || isInfinite(x), isInfinite(before.y) || isInfinite(y)];
    const overflows = ((isInfinite(sums.x) || isInfinite(sums.xx)) && !infiniteX)
      || ((isInfinite(sums.y) || isInfinite(sums.yy)) && !infiniteY)
      || (isInfinite(sums.xy) && !infiniteX && !infiniteY);
    if (overflows) throwTemplate(errorTemplates.floatOverflow);
    for (const slot of ["xx", "yy", "xy"] as const) if (isInfinite(sums[slot])) sums[slot] = NaN;
  };
  return {
    add(y, x) {
      if (y === null || x === null) return;
      assert(typeof y === "number" && typeof x === "number", "a pair of floats");
      add(x, y);
    },
    result() {
      const { needs, divisors, result } = pairRules[name];
      return sums.count < needs || divisors.some((slot) => sums[slot] === 0) ? null : result(sums);
    },
  };
}
