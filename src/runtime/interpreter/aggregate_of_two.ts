// Reference aggregates over two arguments: regression over pairs of numbers, and strings put together. Read next:
// aggregate.ts, lowering/aggregate_pairs.ts.
import { assert } from "#base/assert.js";
import type { Scalar } from "#expr/expression.js";
import { COMPUTED_BYTES_MAX } from "#functions/characters.js";
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

/** string_agg(): the first value's delimiter counts for nothing. */
export function concatenation(): Accumulator {
  let parts: Uint8Array[] | undefined;
  let bytes = 0;
  const append = (part: Uint8Array): void => {
    bytes += part.length;
    if (bytes > COMPUTED_BYTES_MAX) throwTemplate(errorTemplates.valueTooLong);
    parts = [...(parts ?? []), part];
  };
  return {
    add(value, delimiter) {
      if (value === null) return;
      assert(value instanceof Uint8Array, "a string");
      if (parts !== undefined && delimiter instanceof Uint8Array) append(delimiter);
      append(value);
    },
    result: (): Scalar => (parts === undefined ? null : new Uint8Array(Buffer.concat(parts))),
  };
}
