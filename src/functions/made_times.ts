// make_date(), make_time(), make_timestamp() and make_interval(): dates and times of fields, which are checked first;
// years before 1 are negative. to_timestamp() of seconds. Evaluated by the host. Read next: calendar.ts; zone_calls.ts
// for make_timestamptz().
import { sqlError } from "#base/errors.js";
import { INTERVAL, TIME, TIMESTAMP, TIMESTAMPTZ } from "#types/engine_type.js";
import {
  type CivilDate, DATE_END, DATE_FIRST, daysInMonth, daysOf, isInfiniteDate, isTimestamp, TIMESTAMP_INFINITY,
  TIMESTAMP_MINUS_INFINITY,
} from "./calendar.js";
import { throwTemplate } from "./error_templates.js";
import { nearest } from "./float_rounding.js";
import type { Present, ScalarFunction } from "./function.js";
import { hostFunction } from "./host_function.js";
import { INFINITE_INTERVALS, intervalOutOfRange } from "./interval_arithmetic.js";
import { DAY_MICROSECONDS, type Interval, writeInterval } from "./interval_image.js";
import { asBigint, asNumber } from "./operand.js";

const OUT_OF_RANGE = "22008";
const YEAR_LEAST = -(2 ** 31);

/** printf's %02d. */
const two = (value: number): string => (value < 0 ? String(value) : String(value).padStart(2, "0"));

/** %g as PostgreSQL prints it: six significant digits. */
function general(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const [mantissa = "0", power = "0"] = value.toExponential(5).split("e");
  const exponent = Number(power);
  const strip = (text: string): string => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
  const minus = Object.is(value, -0) ? "-" : "";
  if (exponent >= -4 && exponent < 6) return minus + strip(value.toFixed(5 - exponent));
  return `${strip(mantissa)}e${exponent < 0 ? "-" : "+"}${two(Math.abs(exponent))}`;
}

const dateText = (year: number, month: number, day: number): string => `${year}-${two(month)}-${two(day)}`;

/** The date of checked fields; `shown` is the year that messages name, which make_date() takes as it is counted. */
function checkedDate(year: number, month: number, day: number, showsCounted: boolean): CivilDate {
  const isBefore = year < 0;
  const counted = isBefore ? year + 1 : year;
  // The least year has no opposite, and stays as it is.
  const shown = showsCounted && year !== YEAR_LEAST ? counted : year;
  const isValid = year !== 0 && year !== YEAR_LEAST && month >= 1 && month <= 12 && day >= 1 && day <= 31;
  if (!isValid || day > daysInMonth(counted, month))
    throw sqlError(OUT_OF_RANGE, `date field value out of range: ${dateText(shown, month, day)}`);
  const isFirst = counted > -4713 || (counted === -4713 && month >= 11);
  if (!isFirst || counted > 5_874_898 || (counted === 5_874_898 && month >= 6))
    throw sqlError(OUT_OF_RANGE, `date out of range: ${dateText(shown, month, day)}`);
  return { year: counted, month, day };
}

function makeDate(year: number, month: number, day: number): bigint {
  const days = BigInt(daysOf(checkedDate(year, month, day, true)));
  if (days < DATE_FIRST || days >= DATE_END || isInfiniteDate(days))
    throw sqlError(OUT_OF_RANGE, `date out of range: ${dateText(year < 0 ? year + 1 : year, month, day)}`);
  return days;
}

const timeText = (hour: number, minute: number, second: number): string =>
  `${hour}:${two(minute)}:${general(second).padStart(2, "0")}`;

function makeTime(hour: number, minute: number, second: number): bigint {
  const fraction = nearest(second * 1e6);
  const isValid = hour >= 0 && hour <= 24 && minute >= 0 && minute <= 59 && fraction >= 0 && fraction <= 6e7;
  const time = isValid ? BigInt((hour * 60 + minute) * 60) * 1_000_000n + BigInt(fraction) : -1n;
  if (time < 0n || time > DAY_MICROSECONDS)
    throw sqlError(OUT_OF_RANGE, `time field value out of range: ${timeText(hour, minute, second)}`);
  return time;
}

function makeTimestamp(date: readonly [number, number, number], time: readonly [number, number, number]): bigint {
  const days = daysOf(checkedDate(...date, false));
  const timestamp = BigInt(days) * DAY_MICROSECONDS + makeTime(...time);
  if (!isTimestamp(timestamp))
    throw sqlError(OUT_OF_RANGE, `timestamp out of range: ${dateText(...date)} ${timeText(...time)}`);
  return timestamp;
}

/** Without checks before 17, but of the seconds: whole numbers wrap around. */
function makeInterval(fields: readonly number[], seconds: number): Interval {
  const [years = 0, months = 0, weeks = 0, days = 0, hours = 0, minutes = 0] = fields;
  if (!Number.isFinite(seconds)) throwTemplate(intervalOutOfRange);
  const fraction = nearest(seconds * 1e6);
  // What does not fit is the least number, as the processor has it.
  const rest = Math.abs(fraction) < 2 ** 63 ? BigInt(fraction) : -(2n ** 63n);
  return {
    microseconds: BigInt.asIntN(64, BigInt(hours) * 3_600_000_000n + BigInt(minutes) * 60_000_000n + rest),
    days: Math.imul(weeks, 7) + days | 0, months: Math.imul(years, 12) + months | 0,
  };
}

/** Seconds from 1970 to the first instant, and to the first beyond all. */
const EPOCH_FIRST = -210_866_803_200;
const EPOCH_END = 9_224_318_016_000;
const EPOCH_SECONDS = 946_684_800;

function fromEpoch(seconds: number): bigint {
  if (Number.isNaN(seconds)) throw sqlError(OUT_OF_RANGE, "timestamp cannot be NaN");
  if (!Number.isFinite(seconds)) return seconds > 0 ? TIMESTAMP_INFINITY : TIMESTAMP_MINUS_INFINITY;
  const isWithin = seconds >= EPOCH_FIRST && seconds < EPOCH_END;
  const timestamp = isWithin ? BigInt(nearest((seconds - EPOCH_SECONDS) * 1e6)) : TIMESTAMP_INFINITY;
  if (!isTimestamp(timestamp)) throw sqlError(OUT_OF_RANGE, `timestamp out of range: "${general(seconds)}"`);
  return timestamp;
}

const whole = (values: readonly Present[], index: number): number => Number(asBigint(values[index] as Present));
const float = (values: readonly Present[], index: number): number => asNumber(values[index] as Present);

export const madeTimes: readonly ScalarFunction[] = [
  hostFunction({
    key: "make.date", procedures: [{ oid: 3846, source: "make_date" }], doc: "A date of year, month and day",
    arguments: ["int4", "int4", "int4"], result: { kind: "date" },
    evaluate: (values) => makeDate(whole(values, 0), whole(values, 1), whole(values, 2)),
  }),
  hostFunction({
    key: "make.time", procedures: [{ oid: 3847, source: "make_time" }], doc: "A time of hour, minute and seconds",
    arguments: ["int4", "int4", "float8"], result: TIME,
    evaluate: (values) => makeTime(whole(values, 0), whole(values, 1), float(values, 2)),
  }),
  hostFunction({
    key: "make.timestamp", procedures: [{ oid: 3461, source: "make_timestamp" }],
    doc: "A timestamp of year, month, day, hour, minute and seconds",
    arguments: ["int4", "int4", "int4", "int4", "int4", "float8"], result: TIMESTAMP,
    evaluate: (values) => makeTimestamp(
      [whole(values, 0), whole(values, 1), whole(values, 2)], [whole(values, 3), whole(values, 4), float(values, 5)]),
  }),
  hostFunction({
    key: "make.interval", procedures: [{ oid: 3464, source: "make_interval" }], changedIn: INFINITE_INTERVALS,
    doc: "An interval of years, months, weeks, days, hours, minutes and seconds",
    arguments: ["int4", "int4", "int4", "int4", "int4", "int4", "float8"], result: INTERVAL,
    evaluate: (values) =>
      writeInterval(makeInterval(values.slice(0, 6).map((value) => Number(asBigint(value))), float(values, 6))),
  }),
  hostFunction({
    key: "make.timestamptz", procedures: [{ oid: 1158, source: "float8_timestamptz" }],
    doc: "The instant so many seconds after 1970 began, by Greenwich", arguments: ["float8"], result: TIMESTAMPTZ,
    evaluate: (values) => fromEpoch(float(values, 0)),
  }),
];
