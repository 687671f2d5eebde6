// Intervals as texts, in the four styles a session may have. Holds no functions of SQL: those are texts_of_values.ts's.
// Each style has rules of its own about signs, which are PostgreSQL's. Read next: session_formats.ts.
import type { Interval } from "./interval_image.js";
import type { IntervalStyle } from "./session_formats.js";
import { secondsText } from "./texts_of_times.js";

/** The parts as they are written: each with its sign, hours without bound. */
interface Parts {
  readonly years: bigint;
  readonly months: bigint;
  readonly days: bigint;
  readonly hours: bigint;
  readonly minutes: bigint;
  /** Seconds with what is less than one, in microseconds. */
  readonly seconds: bigint;
}

const HOUR = 3_600_000_000n;
const MINUTE = 60_000_000n;

function partsOf({ microseconds, days, months }: Interval): Parts {
  return {
    years: BigInt(months) / 12n, months: BigInt(months) % 12n, days: BigInt(days),
    hours: microseconds / HOUR, minutes: microseconds % HOUR / MINUTE, seconds: microseconds % MINUTE,
  };
}

const size = (value: bigint): bigint => (value < 0n ? -value : value);
const two = (value: bigint): string => String(size(value)).padStart(2, "0");
const isTime = ({ hours, minutes, seconds }: Parts): boolean => hours !== 0n || minutes !== 0n || seconds !== 0n;
const isTimeNegative = ({ hours, minutes, seconds }: Parts): boolean => hours < 0n || minutes < 0n || seconds < 0n;

/** Hours as they are, minutes and seconds of two digits; no sign. */
const clock = ({ hours, minutes, seconds }: Parts, hourDigits: number): string =>
  `${String(size(hours)).padStart(hourDigits, "0")}:${two(minutes)}:${secondsText(size(seconds))}`;

/** What follows a negative part shows its own sign, a plus too. */
function postgresText(parts: Parts): string {
  const pieces: string[] = [];
  let isBehindNegative = false;
  for (const [value, unit] of [[parts.years, "year"], [parts.months, "mon"], [parts.days, "day"]] as const) {
    if (value === 0n) continue;
    pieces.push(`${isBehindNegative && value > 0n ? "+" : ""}${value} ${unit}${value === 1n ? "" : "s"}`);
    isBehindNegative = value < 0n;
  }
  if (pieces.length === 0 || isTime(parts))
    pieces.push(`${isTimeNegative(parts) ? "-" : isBehindNegative ? "+" : ""}${clock(parts, 2)}`);
  return pieces.join(" ");
}

/** The first part that is not zero says whether all is "ago", against which the signs of the others count. */
function verboseText(parts: Parts): string {
  let isAgo: boolean | undefined;
  let text = "@";
  const units = [
    [parts.years, "year"], [parts.months, "mon"], [parts.days, "day"], [parts.hours, "hour"], [parts.minutes, "min"],
  ] as const;
  for (const [value, unit] of units) {
    if (value === 0n) continue;
    isAgo ??= value < 0n;
    const shown = isAgo ? -value : value;
    text += ` ${shown} ${unit}${shown === 1n ? "" : "s"}`;
  }
  const { seconds } = parts;
  if (seconds !== 0n) {
    const isFirst = isAgo === undefined;
    isAgo ??= seconds < 0n;
    const sign = !isFirst && (seconds < 0n) !== isAgo ? "-" : "";
    text += ` ${sign}${secondsText(size(seconds), 1)} sec${size(seconds) === 1_000_000n ? "" : "s"}`;
  }
  if (isAgo === undefined) text += " 0";
  return isAgo === true ? `${text} ago` : text;
}

/** One sign before all where the standard has such intervals, else one before each of three groups. */
function standardText(parts: Parts): string {
  const values = Object.values(parts) as readonly bigint[];
  const [isNegative, isPositive] = [values.some((value) => value < 0n), values.some((value) => value > 0n)];
  if (!isNegative && !isPositive) return "0";
  const { years, months, days } = parts;
  const hasMonths = years !== 0n || months !== 0n;
  const hasTime = days !== 0n || isTime(parts);
  if ((isNegative && isPositive) || (hasMonths && hasTime)) {
    const sign = (negative: boolean): string => (negative ? "-" : "+");
    return `${sign(years < 0n || months < 0n)}${size(years)}-${size(months)} ${sign(days < 0n)}${size(days)} `
      + `${sign(isTimeNegative(parts))}${clock(parts, 1)}`;
  }
  const sign = isNegative ? "-" : "";
  if (hasMonths) return `${sign}${size(years)}-${size(months)}`;
  return days === 0n ? `${sign}${clock(parts, 1)}` : `${sign}${size(days)} ${clock(parts, 1)}`;
}

function isoText(parts: Parts): string {
  const piece = (value: bigint, unit: string): string => (value === 0n ? "" : `${value}${unit}`);
  const { seconds } = parts;
  const date = piece(parts.years, "Y") + piece(parts.months, "M") + piece(parts.days, "D");
  const whole = seconds === 0n ? "" : `${seconds < 0n ? "-" : ""}${secondsText(size(seconds), 1)}S`;
  const time = piece(parts.hours, "H") + piece(parts.minutes, "M") + whole;
  if (date === "" && time === "") return "PT0S";
  return time === "" ? `P${date}` : `P${date}T${time}`;
}

const writers: Readonly<Record<IntervalStyle, (parts: Parts) => string>> = {
  postgres: postgresText, postgresVerbose: verboseText, sqlStandard: standardText, iso8601: isoText,
};

export function intervalText(interval: Interval, style: IntervalStyle): string {
  return writers[style](partsOf(interval));
}
