// date_trunc() of intervals: what is smaller than the unit is cut off, towards zero, each part by itself. Weeks, which
// months are not made of, are PostgreSQL's error. By the planner's choice of function, evaluated by the host. Read
// next: field_calls.ts; date_parts.ts for timestamps.
import { INTERVAL } from "#types/engine_type.js";
import type { ScalarFunction } from "./function.js";
import { hostFunction } from "./host_function.js";
import { INFINITE_INTERVALS, intervalOf } from "./interval_arithmetic.js";
import { type Interval, writeInterval } from "./interval_image.js";
import { first } from "./operand.js";

type Cut = (interval: Interval) => Interval;

const toTime = (unit: bigint): Cut => (interval) =>
  ({ ...interval, microseconds: interval.microseconds - interval.microseconds % unit });
const toMonths = (unit: number): Cut => ({ months }) =>
  ({ microseconds: 0n, days: 0, months: months - months % unit });

const cuts: Readonly<Record<string, Cut>> = {
  microseconds: toTime(1n), milliseconds: toTime(1000n), second: toTime(1_000_000n), minute: toTime(60_000_000n),
  hour: toTime(3_600_000_000n), day: (interval) => ({ ...interval, microseconds: 0n }), month: toMonths(1),
  quarter: toMonths(3), year: toMonths(12), decade: toMonths(120), century: toMonths(1200),
  millennium: toMonths(12_000),
};

/** The function that truncates intervals to a unit. */
export function intervalTruncation(unit: string): string | undefined {
  return cuts[unit] === undefined ? undefined : `interval.truncate.${unit}`;
}

export const intervalTruncations: readonly ScalarFunction[] = Object.entries(cuts).map(([unit, cut]) => hostFunction({
  key: `interval.truncate.${unit}`, procedures: [], doc: `date_trunc('${unit}', interval)`,
  changedIn: INFINITE_INTERVALS, arguments: ["interval"], result: INTERVAL, neverRaises: true,
  evaluate: (values) => writeInterval(cut(intervalOf(first(values)))),
}));
