// Intervals added to dates and timestamps without time zone, to times and to each other, and differences as intervals.
// Months first, cut to the end of the month they come to, then days, then time; each step must give a valid timestamp.
// With a time zone it is PostgreSQL's business. Read next: calendar.ts, library/shifted_times.ts for compiled code.
import { BOOL, type EngineType, type EngineTypeKind, INTERVAL, TIME, TIMESTAMP } from "#types/engine_type.js";
import {
  EPOCH_JULIAN, type SplitTimestamp, checkedTimestamp, civilOf, daysInMonth, daysOf, isInfiniteTimestamp,
  joinTimestamp, splitTimestamp, timestampOfDate, TIMESTAMP_MINUS_INFINITY,
} from "./calendar.js";
import { errorTemplates, throwTemplate } from "./error_templates.js";
import { nearest } from "./float_rounding.js";
import type { ErrorTemplate, Present, ScalarFunction } from "./function.js";
import { type EmitOrHost, hostFunction } from "./host_function.js";
import { intervalCode, shiftCode, timeCode } from "./interval_code.js";
import { DAY_MICROSECONDS, DAYS_PER_MONTH, type Interval, readInterval, writeInterval } from "./interval_image.js";
import { asBigint, asBytes, asNumber } from "./operand.js";

const MONTHS_PER_YEAR = 12;
const INT4_MAX = 2 ** 31 - 1;
const INT4_MIN = -(2 ** 31);
const INT8_MAX = 2n ** 63n - 1n;

export const intervalOutOfRange: ErrorTemplate = { sqlstate: "22008", message: "interval out of range" };
const infiniteTimestamps: ErrorTemplate = { sqlstate: "22008", message: "cannot subtract infinite timestamps" };
/** Since 17 these are infinite intervals, whose arithmetic is another. */
const extremeInterval: ErrorTemplate = {
  sqlstate: "0A000", message: "pg_fusion: arithmetic with an infinite interval is not supported",
};

/** Reads an interval; its ends are refused. */
export function intervalOf(value: Present): Interval {
  const interval = readInterval(asBytes(value));
  const { microseconds, days, months } = interval;
  const isMost = microseconds === INT8_MAX && days === INT4_MAX && months === INT4_MAX;
  const isLeast = microseconds === -INT8_MAX - 1n && days === INT4_MIN && months === INT4_MIN;
  return isMost || isLeast ? throwTemplate(extremeInterval) : interval;
}

function checked({ microseconds, days, months }: Interval): Interval {
  const fits = BigInt.asIntN(64, microseconds) === microseconds && days <= INT4_MAX && days >= INT4_MIN
    && months <= INT4_MAX && months >= INT4_MIN;
  return fits ? { microseconds, days, months } : throwTemplate(intervalOutOfRange);
}

export function negated({ microseconds, days, months }: Interval): Interval {
  return { microseconds: -microseconds, days: -days, months: -months };
}

function plus(a: Interval, b: Interval): Interval {
  return checked({
    microseconds: a.microseconds + b.microseconds, days: a.days + b.days, months: a.months + b.months,
  });
}

/** The same day of another month, or its last one. */
export function monthsLater({ days, time }: SplitTimestamp, months: number): SplitTimestamp {
  const { year, month, day } = civilOf(days);
  const count = year * MONTHS_PER_YEAR + (month - 1) + months;
  const toYear = Math.floor(count / MONTHS_PER_YEAR);
  const toMonth = count - toYear * MONTHS_PER_YEAR + 1;
  const civil = { year: toYear, month: toMonth, day: Math.min(day, daysInMonth(toYear, toMonth)) };
  return { days: daysOf(civil), time };
}

function shifted(timestamp: bigint, { microseconds, days, months }: Interval): bigint {
  if (isInfiniteTimestamp(timestamp)) return timestamp;
  let moved = timestamp;
  if (months !== 0) moved = joinTimestamp(monthsLater(splitTimestamp(moved), months));
  if (days !== 0) {
    const split = splitTimestamp(moved);
    if (split.days + EPOCH_JULIAN + days < 0) throwTemplate(errorTemplates.timestampOutOfRange);
    moved = joinTimestamp({ ...split, days: split.days + days });
  }
  return checkedTimestamp(BigInt.asIntN(64, moved + microseconds));
}

/** Whole days of the time part, as far as the signs agree. */
function justifyHours({ microseconds, days, months }: Interval): Interval {
  const whole = Number(microseconds / DAY_MICROSECONDS);
  let rest = microseconds % DAY_MICROSECONDS;
  let sum = days + whole;
  if (sum > INT4_MAX || sum < INT4_MIN) throwTemplate(intervalOutOfRange);
  if (sum > 0 && rest < 0n) [rest, sum] = [rest + DAY_MICROSECONDS, sum - 1];
  else if (sum < 0 && rest > 0n) [rest, sum] = [rest - DAY_MICROSECONDS, sum + 1];
  return { microseconds: rest, days: sum, months };
}

/** Whole months of 30 days. */
function justifyDays({ microseconds, days, months }: Interval): Interval {
  let sum = months + Math.trunc(days / DAYS_PER_MONTH);
  let rest = days % DAYS_PER_MONTH;
  if (sum > INT4_MAX || sum < INT4_MIN) throwTemplate(intervalOutOfRange);
  if (sum > 0 && rest < 0) [rest, sum] = [rest + DAYS_PER_MONTH, sum - 1];
  else if (sum < 0 && rest > 0) [rest, sum] = [rest - DAYS_PER_MONTH, sum + 1];
  return { microseconds, days: rest, months: sum };
}

const sum32 = (a: number, b: number): number =>
  ((a + b) | 0) === a + b ? a + b : throwTemplate(intervalOutOfRange);

/** Whole months and whole days, as far as all signs agree. */
function justified(interval: Interval): Interval {
  let { microseconds: time, days, months } = interval;
  const toMonths = (): void => {
    const whole = Math.trunc(days / DAYS_PER_MONTH);
    [days, months] = [days - whole * DAYS_PER_MONTH, sum32(months, whole)];
  };
  // Days that agree with the time become months first, so that the sum of days fits.
  if ((days > 0 && time > 0n) || (days < 0 && time < 0n)) toMonths();
  [days, time] = [days + Number(time / DAY_MICROSECONDS), time % DAY_MICROSECONDS];
  toMonths();
  if (months > 0 && (days < 0 || (days === 0 && time < 0n))) [days, months] = [days + DAYS_PER_MONTH, months - 1];
  else if (months < 0 && (days > 0 || (days === 0 && time > 0n))) [days, months] = [days - DAYS_PER_MONTH, months + 1];
  if (days > 0 && time < 0n) [time, days] = [time + DAY_MICROSECONDS, days - 1];
  else if (days < 0 && time > 0n) [time, days] = [time - DAY_MICROSECONDS, days + 1];
  return { microseconds: time, days, months };
}

function difference(a: bigint, b: bigint): Interval {
  if (isInfiniteTimestamp(a) || isInfiniteTimestamp(b)) throwTemplate(infiniteTimestamps);
  return justifyHours({ microseconds: BigInt.asIntN(64, a - b), days: 0, months: 0 });
}

/** Six decimal places, as TSROUND. */
const toMicroseconds = (value: number): number => nearest(value * 1e6) / 1e6;
const DAY_SECONDS = 86_400;

function wholePart(value: number): number {
  if (Number.isNaN(value) || value > INT4_MAX || value < INT4_MIN) throwTemplate(intervalOutOfRange);
  return Math.trunc(value);
}

/** What is left of months becomes days, and what is left of days becomes time. */
function scaled(interval: Interval, scale: (part: number) => number): Interval {
  const months = wholePart(scale(interval.months));
  let days = wholePart(scale(interval.days));
  const monthDays = toMicroseconds((scale(interval.months) - months) * DAYS_PER_MONTH);
  let seconds = toMicroseconds((scale(interval.days) - days + monthDays - Math.trunc(monthDays)) * DAY_SECONDS);
  if (Math.abs(seconds) >= DAY_SECONDS) {
    const whole = Math.trunc(seconds / DAY_SECONDS);
    days = wholePart(days + whole);
    seconds -= whole * DAY_SECONDS;
  }
  days = wholePart(days + Math.trunc(monthDays));
  const time = nearest(scale(Number(interval.microseconds)) + seconds * 1e6);
  if (Number.isNaN(time) || time >= 2 ** 63 || time < -(2 ** 63)) throwTemplate(intervalOutOfRange);
  return { microseconds: BigInt(time), days, months };
}

function quotient(interval: Interval, by: number): Interval {
  return by === 0 ? throwTemplate(errorTemplates.divisionByZero) : scaled(interval, (part) => part / by);
}

/** The time of an interval as one of a day. The least one has no opposite, and comes out beyond the day. */
function asTimeOfDay({ microseconds: time }: Interval): bigint {
  if (time >= 0n) return time % DAY_MICROSECONDS;
  const days = BigInt.asIntN(64, BigInt.asIntN(64, -time) + DAY_MICROSECONDS - 1n) / DAY_MICROSECONDS;
  return BigInt.asIntN(64, time + days * DAY_MICROSECONDS);
}

/** A time of day: midnight at its end is midnight at its start. */
export function timeOfDay(microseconds: bigint): bigint {
  const rest = BigInt.asIntN(64, microseconds) % DAY_MICROSECONDS;
  return rest < 0n ? rest + DAY_MICROSECONDS : rest;
}

/** Fields of the difference between two instants, each borrowed from the next where it is negative. */
export function age(later: bigint, earlier: bigint): Interval {
  const [a, b] = [splitTimestamp(later), splitTimestamp(earlier)];
  const [x, y] = [civilOf(a.days), civilOf(b.days)];
  let time = a.time - b.time;
  let [days, months] = [x.day - y.day, (x.year - y.year) * MONTHS_PER_YEAR + x.month - y.month];
  if (time < 0n) [time, days] = [time + DAY_MICROSECONDS, days - 1];
  while (days < 0) [days, months] = [days + daysInMonth(y.year, y.month), months - 1];
  return { microseconds: time, days, months };
}

/** Before 17 the greatest timestamp has fields like others; the least one is before the calendar. */
export function checkAge(a: bigint, b: bigint): void {
  if (a === TIMESTAMP_MINUS_INFINITY || b === TIMESTAMP_MINUS_INFINITY)
    throwTemplate(errorTemplates.timestampOutOfRange);
}

function ageOf(a: bigint, b: bigint): Interval {
  checkAge(a, b);
  return a >= b ? age(a, b) : negated(age(b, a));
}

interface Listed {
  readonly key: string;
  readonly doc: string;
  readonly oid: number;
  readonly source: string;
  readonly arguments: readonly EngineTypeKind[];
  readonly result: EngineType;
  readonly evaluate: (values: readonly Present[]) => Present;
  readonly emit?: EmitOrHost;
}

const listed = ({ oid, source, ...rest }: Listed): ScalarFunction =>
  hostFunction({ ...rest, procedures: [{ oid, source }] });

const at = (values: readonly Present[], index: number): Present => values[index] as Present;
const instant = (values: readonly Present[], index: number): bigint => asBigint(at(values, index));
const span = (values: readonly Present[], index: number): Interval => intervalOf(at(values, index));

const shifts: readonly ScalarFunction[] = ([
  ["timestamp", "addInterval", 2032, "timestamp_pl_interval", 1],
  ["timestamp", "subtractInterval", 2033, "timestamp_mi_interval", -1],
  ["date", "addInterval", 2071, "date_pl_interval", 1],
  ["date", "subtractInterval", 2072, "date_mi_interval", -1],
] as const).map(([kind, name, oid, source, sign]) => listed({
  key: `${kind}.${name}`, doc: `A ${kind} ${sign < 0 ? "minus" : "plus"} an interval`, oid, source,
  arguments: [kind, "interval"], result: TIMESTAMP,
  evaluate(values) {
    const start = kind === "date" ? timestampOfDate(instant(values, 0)) : instant(values, 0);
    const interval = span(values, 1);
    return shifted(start, sign < 0 ? negated(interval) : interval);
  },
  emit: shiftCode(kind, sign),
}));

const intervals: readonly ScalarFunction[] = [
  listed({
    key: "interval.add", doc: "Sum of intervals", oid: 1169, source: "interval_pl",
    arguments: ["interval", "interval"], result: INTERVAL,
    emit: intervalCode.add,
    evaluate: (values) => writeInterval(plus(span(values, 0), span(values, 1))),
  }),
  listed({
    key: "interval.subtract", doc: "Difference of intervals", oid: 1170, source: "interval_mi",
    arguments: ["interval", "interval"], result: INTERVAL,
    emit: intervalCode.subtract,
    evaluate: (values) => writeInterval(plus(span(values, 0), negated(span(values, 1)))),
  }),
  listed({
    key: "interval.negate", doc: "Negation of an interval", oid: 1168, source: "interval_um", arguments: ["interval"],
    result: INTERVAL, emit: intervalCode.negate,
    evaluate: (values) => writeInterval(checked(negated(span(values, 0)))),
  }),
  listed({
    key: "interval.multiply", doc: "An interval times a number", oid: 1618, source: "interval_mul",
    arguments: ["interval", "float8"], result: INTERVAL,
    emit: intervalCode.multiply,
    evaluate: (values) => writeInterval(scaled(span(values, 0), (part) => part * asNumber(at(values, 1)))),
  }),
  listed({
    key: "interval.multiplied", doc: "A number times an interval", oid: 1624, source: "mul_d_interval",
    arguments: ["float8", "interval"], result: INTERVAL,
    emit: intervalCode.multiplied,
    evaluate: (values) => writeInterval(scaled(span(values, 1), (part) => part * asNumber(at(values, 0)))),
  }),
  listed({
    key: "interval.justifyHours", doc: "An interval with 24 hours taken for a day", oid: 1175,
    source: "interval_justify_hours", arguments: ["interval"], result: INTERVAL,
    evaluate: (values) => writeInterval(justifyHours(span(values, 0))),
  }),
  listed({
    key: "interval.justifyDays", doc: "An interval with 30 days taken for a month", oid: 1295,
    source: "interval_justify_days", arguments: ["interval"], result: INTERVAL,
    evaluate: (values) => writeInterval(justifyDays(span(values, 0))),
  }),
  listed({
    key: "interval.justify", doc: "An interval with both, and all signs alike", oid: 2711,
    source: "interval_justify_interval", arguments: ["interval"], result: INTERVAL,
    evaluate: (values) => writeInterval(justified(span(values, 0))),
  }),
  listed({
    key: "interval.divide", doc: "An interval by a number", oid: 1326, source: "interval_div",
    arguments: ["interval", "float8"], result: INTERVAL,
    evaluate: (values) => writeInterval(quotient(span(values, 0), asNumber(at(values, 1)))),
  }),
  listed({
    key: "interval.isFinite", doc: "Whether an interval is finite", oid: 1390, source: "interval_finite",
    arguments: ["interval"], result: BOOL,
    evaluate: () => true, emit: ({ code }) => void code.i32(1),
  }),
  listed({
    key: "cast.interval.time", doc: "Cast of interval to time: its time part, within a day", oid: 1419,
    source: "interval_time", arguments: ["interval"], result: TIME,
    evaluate: (values) => asTimeOfDay(span(values, 0)),
  }),
];

const times: readonly ScalarFunction[] = [
  listed({
    key: "timestamp.subtract", doc: "Days and time between two timestamps", oid: 2031, source: "timestamp_mi",
    arguments: ["timestamp", "timestamp"], result: INTERVAL,
    emit: timeCode.difference,
    evaluate: (values) => writeInterval(difference(instant(values, 0), instant(values, 1))),
  }),
  listed({
    key: "timestamptz.subtract", doc: "Days and time between two timestamps with time zone", oid: 1188,
    source: "timestamp_mi", arguments: ["timestamptz", "timestamptz"], result: INTERVAL,
    emit: timeCode.difference,
    evaluate: (values) => writeInterval(difference(instant(values, 0), instant(values, 1))),
  }),
  listed({
    key: "timestamp.age", doc: "Years to microseconds between two timestamps", oid: 2058, source: "timestamp_age",
    arguments: ["timestamp", "timestamp"], result: INTERVAL,
    emit: timeCode.age,
    evaluate: (values) => writeInterval(ageOf(instant(values, 0), instant(values, 1))),
  }),
  listed({
    key: "date.addTime", doc: "A date at a time of day", oid: 1272, source: "datetime_timestamp",
    arguments: ["date", "time"], result: TIMESTAMP,
    emit: timeCode.dateAndTime,
    evaluate(values) {
      const midnight = timestampOfDate(instant(values, 0));
      return isInfiniteTimestamp(midnight) ? midnight : checkedTimestamp(midnight + instant(values, 1));
    },
  }),
  listed({
    key: "time.subtract", doc: "The time between two times of day", oid: 1690, source: "time_mi_time",
    arguments: ["time", "time"], result: INTERVAL,
    emit: timeCode.timeDifference,
    evaluate: (values) =>
      writeInterval({ microseconds: instant(values, 0) - instant(values, 1), days: 0, months: 0 }),
  }),
  listed({
    key: "cast.time.interval", doc: "Cast of time to interval", oid: 1370, source: "time_interval", arguments: ["time"],
    result: INTERVAL, emit: timeCode.timeAsInterval,
    evaluate: (values) => writeInterval({ microseconds: instant(values, 0), days: 0, months: 0 }),
  }),
  listed({
    key: "time.addInterval", doc: "A time of day plus the time of an interval", oid: 1747, source: "time_pl_interval",
    arguments: ["time", "interval"], result: TIME,
    emit: timeCode.addInterval,
    evaluate: (values) => timeOfDay(instant(values, 0) + span(values, 1).microseconds),
  }),
  listed({
    key: "time.subtractInterval", doc: "A time of day minus the time of an interval", oid: 1748,
    source: "time_mi_interval", arguments: ["time", "interval"], result: TIME,
    emit: timeCode.subtractInterval,
    evaluate: (values) => timeOfDay(instant(values, 0) - span(values, 1).microseconds),
  }),
];

/** From then on intervals have infinities, and what overflowed silently is an error. */
export const INFINITE_INTERVALS = 17;

/** Those that neither take an interval nor can come to an infinite one. */
const finite: ReadonlySet<string> = new Set(["date.addTime", "time.subtract", "cast.time.interval"]);

export const intervalArithmetic: readonly ScalarFunction[] = [...shifts, ...intervals, ...times].map((each) =>
  (finite.has(each.key) ? each : { ...each, changedIn: INFINITE_INTERVALS }));
