// date_part(), the older extract(): the same fields as double precision, added up in floating point where there is a
// fraction. By the planner's choice of function; a date is a timestamp first. Evaluated by the host where seconds have
// a fraction, else the field of date_parts.ts or span_fields.ts and a conversion.
import type { EngineTypeKind } from "#types/engine_type.js";
import { isInfiniteTimestamp, splitTimestamp } from "./calendar.js";
import { partCode } from "./date_code.js";
import { datePart } from "./date_parts.js";
import type { Present, ScalarFunction } from "./function.js";
import { isGrowing, julianDay, yearNames, yearsOf } from "./growing_fields.js";
import { hostFunction } from "./host_function.js";
import { INFINITE_INTERVALS, intervalOf } from "./interval_arithmetic.js";
import { DAY_MICROSECONDS } from "./interval_image.js";
import { asBigint, first } from "./operand.js";

export type FloatSource = "timestamp" | "time" | "interval";

const MINUTE = 60_000_000n;
const SECOND = 1_000_000n;
const DAY_SECONDS = 86_400;
const MONTH_SECONDS = 30 * DAY_SECONDS;
const YEAR_SECONDS = 365.25 * DAY_SECONDS;
const MONTHS_PER_YEAR = 12;
const EPOCH_MICROSECONDS = 10_957n * DAY_MICROSECONDS;

type Evaluate = (value: Present) => number;

/** Seconds of a minute in three units, as sums of two floats. */
function secondsOf(microseconds: bigint, unit: "second" | "milliseconds" | "microseconds"): number {
  const [seconds, rest] = [Number((microseconds % MINUTE) / SECOND), Number(microseconds % SECOND)];
  if (unit === "second") return seconds + rest / 1e6;
  return unit === "milliseconds" ? seconds * 1000 + rest / 1000 : seconds * 1e6 + rest;
}

const units = ["second", "milliseconds", "microseconds"] as const;
const HOUR = 60n * MINUTE;

/** The three, of the microseconds a value has. */
const secondUnits = (microseconds: (value: Present) => bigint): Record<string, Evaluate> =>
  Object.fromEntries(units.map((unit) => [unit, (value: Present) => secondsOf(microseconds(value), unit)]));

const ofTime: Readonly<Record<string, Evaluate>> = {
  hour: (value) => Number(asBigint(value) / HOUR),
  minute: (value) => Number((asBigint(value) % HOUR) / MINUTE),
  ...secondUnits(asBigint),
  epoch: (value) => Number(asBigint(value)) / 1e6,
};

const ofInterval: Readonly<Record<string, Evaluate>> = {
  hour: (value) => Number(intervalOf(value).microseconds / HOUR),
  minute: (value) => Number((intervalOf(value).microseconds % HOUR) / MINUTE),
  ...secondUnits((value) => intervalOf(value).microseconds),
  day: (value) => intervalOf(value).days,
  month: (value) => intervalOf(value).months % MONTHS_PER_YEAR,
  quarter: (value) => Math.trunc((intervalOf(value).months % MONTHS_PER_YEAR) / 3) + 1,
  year: (value) => Math.trunc(intervalOf(value).months / MONTHS_PER_YEAR),
  decade: (value) => Math.trunc(intervalOf(value).months / 120),
  century: (value) => Math.trunc(intervalOf(value).months / 1200),
  millennium: (value) => Math.trunc(intervalOf(value).months / 12_000),
  epoch(value) {
    const { microseconds, days, months } = intervalOf(value);
    const whole = Number(microseconds) / 1e6 + YEAR_SECONDS * Math.trunc(months / MONTHS_PER_YEAR);
    return whole + MONTH_SECONDS * (months % MONTHS_PER_YEAR) + DAY_SECONDS * days;
  },
};

/** Fields that only grow are infinite for infinite timestamps. */
const growing = (ofFinite: (timestamp: bigint) => number): Evaluate => (value) => {
  const timestamp = asBigint(value);
  if (isInfiniteTimestamp(timestamp)) return timestamp > 0n ? Infinity : -Infinity;
  return ofFinite(timestamp);
};

/** The day of a timestamp, and the part of it that is over. */
function julianOf(timestamp: bigint): number {
  const { days, time } = splitTimestamp(timestamp);
  return julianDay(days) + (Number(time / SECOND) + Number(time % SECOND) / 1e6) / DAY_SECONDS;
}

function epochOf(timestamp: bigint): number {
  const since = timestamp + EPOCH_MICROSECONDS;
  // Beyond 64 bits the difference is taken of floats.
  return BigInt.asIntN(64, since) === since
    ? Number(since) / 1e6 : (Number(timestamp) + Number(EPOCH_MICROSECONDS)) / 1e6;
}

const wholeParts = ["quarter", "month", "week", "day", "dow", "isodow", "doy", "hour", "minute"] as const;

const ofTimestamp: Readonly<Record<string, Evaluate>> = {
  ...Object.fromEntries(
    yearNames.map((name) => [name, growing((value) => yearsOf(name, splitTimestamp(value).days) ?? 0)])),
  julian: growing(julianOf),
  epoch: growing(epochOf),
  ...Object.fromEntries(wholeParts.map((name) => [name, (value: Present) => Number(datePart(name, asBigint(value)))])),
  ...secondUnits((value) => splitTimestamp(asBigint(value)).time),
};

const evaluations: Readonly<Record<FloatSource, Readonly<Record<string, Evaluate>>>> = {
  time: ofTime, interval: ofInterval, timestamp: ofTimestamp,
};

/** Parts that infinite timestamps do not have. */
const isMonotone = (name: string): boolean => name === "epoch" || isGrowing(name);

export interface FloatField {
  readonly function: string;
  readonly isPartial: boolean;
}

/** The function for a field; `isPartial` when infinite timestamps have no such part. */
export function floatField(source: FloatSource, name: string): FloatField | undefined {
  if (evaluations[source][name] === undefined) return undefined;
  return { function: `${source}.part.${name}`, isPartial: source === "timestamp" && !isMonotone(name) };
}

export const fieldFloats: readonly ScalarFunction[] = (["timestamp", "time", "interval"] as const).flatMap((source) =>
  Object.entries(evaluations[source]).map(([name, evaluate]) => {
    const whole = source === "timestamp" && (wholeParts as readonly string[]).includes(name)
      ? partCode("timestamp", name) : undefined;
    return hostFunction({
      key: `${source}.part.${name}`,
      procedures: [],
      doc: `date_part('${name}', ${source})${source === "timestamp" && !isMonotone(name) ? ", of a finite one" : ""}`,
      ...(source === "interval" ? { changedIn: INFINITE_INTERVALS } : {}),
      arguments: [source satisfies EngineTypeKind],
      result: { kind: "float8" },
      // Whole numbers have one zero.
      evaluate: (values) => evaluate(first(values)) + 0,
      // The host has the answer as a float already.
      emit: whole === undefined ? undefined : (emission, operands, types, host) => {
        whole(emission, operands, types, () => {
          host();
          emission.code.op("i64.trunc_f64_s");
        });
        emission.code.op("f64.convert_i64_s");
      },
    });
  }));
