// make_date(), make_time() and make_timestamp(): dates and times of fields that are checked first. Years before 1 are
// negative. Evaluated by the host. Read next: calendar.ts.
import { sqlError } from "#base/errors.js";
import {
  type CivilDate, DATE_END, DATE_FIRST, TIMESTAMP_END, TIMESTAMP_FIRST, daysInMonth, daysOf, isInfiniteDate,
} from "./calendar.js";
import { nearest } from "./float_rounding.js";
import type { Present, ScalarFunction } from "./function.js";
import { hostFunction } from "./host_function.js";
import { DAY_MICROSECONDS } from "./interval_image.js";
import { asBigint, asNumber } from "./operand.js";

const OUT_OF_RANGE = "22008";
const YEAR_LEAST = -(2 ** 31);

/** printf's %02d. */
const two = (value: number): string => (value < 0 ? String(value) : String(value).padStart(2, "0"));

/** %02g as PostgreSQL prints it: six significant digits. */
function general(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const [mantissa = "0", power = "0"] = value.toExponential(5).split("e");
  const exponent = Number(power);
  const strip = (text: string): string => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
  const minus = Object.is(value, -0) ? "-" : "";
  if (exponent >= -4 && exponent < 6) return (minus + strip(value.toFixed(5 - exponent))).padStart(2, "0");
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

const timeText = (hour: number, minute: number, second: number): string => `${hour}:${two(minute)}:${general(second)}`;

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
  if (timestamp < TIMESTAMP_FIRST || timestamp >= TIMESTAMP_END)
    throw sqlError(OUT_OF_RANGE, `timestamp out of range: ${dateText(...date)} ${timeText(...time)}`);
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
    arguments: ["int4", "int4", "float8"], result: { kind: "time" },
    evaluate: (values) => makeTime(whole(values, 0), whole(values, 1), float(values, 2)),
  }),
  hostFunction({
    key: "make.timestamp", procedures: [{ oid: 3461, source: "make_timestamp" }],
    doc: "A timestamp of year, month, day, hour, minute and seconds",
    arguments: ["int4", "int4", "int4", "int4", "int4", "float8"], result: { kind: "timestamp" },
    evaluate: (values) => makeTimestamp(
      [whole(values, 0), whole(values, 1), whole(values, 2)], [whole(values, 3), whole(values, 4), float(values, 5)]),
  }),
];
