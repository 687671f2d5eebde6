// Dates and times of day as PostgreSQL counts them: days and microseconds since 2000-01-01 in the Gregorian calendar,
// years before 1 counted through zero. Which instants there are, and what lies beyond them. Holds no functions of SQL;
// read next: interval_arithmetic.ts, date_parts.ts.
import { errorTemplates, throwTemplate } from "./error_templates.js";
import type { ErrorTemplate } from "./function.js";
import { DAY_MICROSECONDS } from "./interval_image.js";

/** Days of 400 years, after which the calendar repeats. */
const ERA_DAYS = 146_097;
/** From 1 March of year 0 to 2000-01-01: years that begin in March have their leap day last. */
const EPOCH_DAYS = 730_425;

export interface CivilDate {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
}

export function civilOf(days: number): CivilDate {
  const since = days + EPOCH_DAYS;
  const era = Math.floor(since / ERA_DAYS);
  const dayOfEra = since - era * ERA_DAYS;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  const day = dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

export function daysOf({ year, month, day }: CivilDate): number {
  const fromMarch = month > 2 ? year : year - 1;
  const era = Math.floor(fromMarch / 400);
  const yearOfEra = fromMarch - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * ERA_DAYS + dayOfEra - EPOCH_DAYS;
}

const monthDays: readonly number[] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

export function daysInMonth(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && isLeap ? 29 : monthDays[month - 1] ?? 0;
}

export const TIMESTAMP_MINUS_INFINITY = -(1n << 63n);
export const TIMESTAMP_INFINITY = (1n << 63n) - 1n;
export const DATE_MINUS_INFINITY = -(1n << 31n);
export const DATE_INFINITY = (1n << 31n) - 1n;

/** Days from 4714-11-24 BC, where dates and timestamps begin, to 2000-01-01. */
export const EPOCH_JULIAN = 2_451_545;
/** The first date, and the first number of days past the last one. */
export const DATE_FIRST = -BigInt(EPOCH_JULIAN);
export const DATE_END = 2_147_483_494n - BigInt(EPOCH_JULIAN);
/** The first day that is beyond all timestamps. */
export const TIMESTAMP_END_DAY = 109_203_528n - BigInt(EPOCH_JULIAN);

/** The first instant, and the first that is beyond all. */
export const TIMESTAMP_FIRST = -211_813_488_000_000_000n;
export const TIMESTAMP_END = 9_223_371_331_200_000_000n;

export function isInfiniteTimestamp(timestamp: bigint): boolean {
  return timestamp === TIMESTAMP_INFINITY || timestamp === TIMESTAMP_MINUS_INFINITY;
}

export function isInfiniteDate(date: bigint): boolean {
  return date === DATE_INFINITY || date === DATE_MINUS_INFINITY;
}

/** Whether it is a finite timestamp. */
export function isTimestamp(timestamp: bigint): boolean {
  return timestamp >= TIMESTAMP_FIRST && timestamp < TIMESTAMP_END;
}

export function checkedTimestamp(timestamp: bigint): bigint {
  return isTimestamp(timestamp) ? timestamp : throwTemplate(errorTemplates.timestampOutOfRange);
}

export const dateBeyondTimestamps: ErrorTemplate = { sqlstate: "22008", message: "date out of range for timestamp" };

/** A date as the timestamp of its midnight. */
export function timestampOfDate(date: bigint): bigint {
  if (isInfiniteDate(date)) return date === DATE_INFINITY ? TIMESTAMP_INFINITY : TIMESTAMP_MINUS_INFINITY;
  return date >= TIMESTAMP_END_DAY ? throwTemplate(dateBeyondTimestamps) : date * DAY_MICROSECONDS;
}

/** A finite timestamp as its date and the microseconds since midnight. */
export interface SplitTimestamp {
  readonly days: number;
  readonly time: bigint;
}

export function splitTimestamp(timestamp: bigint): SplitTimestamp {
  const rest = timestamp % DAY_MICROSECONDS;
  const time = rest < 0n ? rest + DAY_MICROSECONDS : rest;
  return { days: Number((timestamp - time) / DAY_MICROSECONDS), time };
}

export function joinTimestamp({ days, time }: SplitTimestamp): bigint {
  return checkedTimestamp(BigInt(days) * DAY_MICROSECONDS + time);
}
