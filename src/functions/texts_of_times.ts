// Dates, times of day and instants as texts, in the styles a session may have. Holds no functions of SQL: those are
// texts_of_values.ts's. Read next: session_formats.ts, zone_table.ts.
import { civilOf, EPOCH_JULIAN, isInfiniteDate, isInfiniteTimestamp, splitTimestamp } from "./calendar.js";
import type { DateStyle, SessionFormats } from "./session_formats.js";
import { SECOND_MICROSECONDS, type ZoneTable } from "./zone_table.js";

const monthNames = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;
const dayNames = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const;

const two = (value: bigint | number): string => String(value).padStart(2, "0");

/** Seconds with as many places as are not zero. */
export function secondsText(microseconds: bigint, places: 1 | 2 = 2): string {
  const fraction = microseconds % SECOND_MICROSECONDS;
  const whole = String(microseconds / SECOND_MICROSECONDS).padStart(places, "0");
  return fraction === 0n ? whole : `${whole}.${String(fraction).padStart(6, "0").replace(/0+$/, "")}`;
}

/** Hours, minutes and seconds. */
export function timeText(microseconds: bigint): string {
  const minutes = microseconds / 60_000_000n;
  return `${two(minutes / 60n)}:${two(minutes % 60n)}:${secondsText(microseconds % 60_000_000n)}`;
}

/** An offset in seconds east of Greenwich, whose minutes and seconds show where there are some. */
export function offsetText(east: bigint): string {
  const size = east < 0n ? -east : east;
  const [minutes, seconds] = [size / 60n % 60n, size % 60n];
  const rest = seconds !== 0n ? `:${two(minutes)}:${two(seconds)}` : minutes !== 0n ? `:${two(minutes)}` : "";
  return `${east >= 0n ? "+" : "-"}${two(size / 3600n)}${rest}`;
}

interface Day {
  /** Of at least four digits; the year before 1 is 1 BC. */
  readonly year: string;
  readonly month: string;
  readonly monthName: string;
  readonly day: string;
  readonly weekday: string;
  readonly era: "" | " BC";
}

function dayOf(days: number): Day {
  const { year, month, day } = civilOf(days);
  return {
    year: String(year > 0 ? year : 1 - year).padStart(4, "0"), month: two(month),
    monthName: monthNames[month - 1] ?? "", day: two(day),
    weekday: dayNames[(days + EPOCH_JULIAN + 1) % dayNames.length] ?? "", era: year > 0 ? "" : " BC",
  };
}

const infinity = (value: bigint): string => (value > 0n ? "infinity" : "-infinity");

/** Day and month in their order. */
const ordered = (formats: SessionFormats, day: string, month: string, between: string): string =>
  (formats.dayFirst ? `${day}${between}${month}` : `${month}${between}${day}`);

export function dateText(date: bigint, formats: SessionFormats): string {
  if (isInfiniteDate(date)) return infinity(date);
  const { year, month, day, era } = dayOf(Number(date));
  switch (formats.dateStyle) {
    case "iso": return `${year}-${month}-${day}${era}`;
    case "sql": return `${ordered(formats, day, month, "/")}/${year}${era}`;
    case "german": return `${day}.${month}.${year}${era}`;
    case "postgres": return `${ordered(formats, day, month, "-")}-${year}${era}`;
  }
}

/** A day and a time of it; `zone` is what stands behind the time, or at the end in the style of the weekday. */
function dateTimeText(local: bigint, formats: SessionFormats, zone: string): string {
  const { days, time } = splitTimestamp(local);
  const { year, month, monthName, day, weekday, era } = dayOf(days);
  const clock = timeText(time);
  switch (formats.dateStyle) {
    case "iso": return `${year}-${month}-${day} ${clock}${zone}${era}`;
    case "sql": return `${ordered(formats, day, month, "/")}/${year} ${clock}${zone}${era}`;
    case "german": return `${day}.${month}.${year} ${clock}${zone}${era}`;
    case "postgres": return `${weekday} ${ordered(formats, day, monthName, " ")} ${clock} ${year}${zone}${era}`;
  }
}

export function timestampText(timestamp: bigint, formats: SessionFormats): string {
  return isInfiniteTimestamp(timestamp) ? infinity(timestamp) : dateTimeText(timestamp, formats, "");
}

/** Styles but ISO name the zone where it has a name, and that of weekdays sets the offset off where it has none. */
function zoneText(name: string, offset: string, style: DateStyle): string {
  if (style === "iso") return offset;
  if (name !== "") return ` ${name}`;
  return style === "postgres" ? ` ${offset}` : offset;
}

export function timestamptzText(timestamp: bigint, formats: SessionFormats, zone: ZoneTable): string {
  if (isInfiniteTimestamp(timestamp)) return infinity(timestamp);
  const name = formats.zoneName(zone.boundariesPassedAt(timestamp));
  const offset = offsetText(zone.offsetAt(timestamp));
  return dateTimeText(zone.clockOf(timestamp), formats, zoneText(name, offset, formats.dateStyle));
}
