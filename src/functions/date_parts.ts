// Parts of dates and timestamps without time zone other than the year, and their truncation, by the planner's choice of
// function: the field is a constant of the statement. Parts are of finite values: extract() gives NULL for the others,
// which the planner says with a CASE. Read next: date_code.ts, field_calls.ts; growing_fields.ts for years.
import { defined } from "#base/assert.js";
import type { EngineType } from "#types/engine_type.js";
import {
  type CivilDate, DATE_MINUS_INFINITY, type SplitTimestamp, TIMESTAMP_MINUS_INFINITY, civilOf, daysOf, isInfiniteDate,
  isInfiniteTimestamp, joinTimestamp, splitTimestamp,
} from "./calendar.js";
import { partCode, truncationCode } from "./date_code.js";
import type { Emission, Operand, Present, ScalarFunction } from "./function.js";
import { hostFunction } from "./host_function.js";
import { asBigint, first, push } from "./operand.js";

type Source = "date" | "timestamp";

interface Part {
  readonly name: string;
  /** Of extract()'s numeric. */
  readonly scale: number;
  readonly of: (civil: CivilDate, split: SplitTimestamp) => bigint;
}

const SECOND = 1_000_000n;
const MINUTE = 60n * SECOND;
const HOUR = 60n * MINUTE;
const DAY = 24n * HOUR;
const WEEK_DAYS = 7;
/** 2000-01-01 was a Saturday. */
const EPOCH_WEEKDAY = 6;

const weekday = (days: number): number => (((days + EPOCH_WEEKDAY) % WEEK_DAYS) + WEEK_DAYS) % WEEK_DAYS;
/** Days since Monday. */
const sinceMonday = (days: number): number => (weekday(days) + WEEK_DAYS - 1) % WEEK_DAYS;
const firstOfYear = (year: number): number => daysOf({ year, month: 1, day: 1 });

/** The day that decides what ISO year a day belongs to: its week's Thursday. */
export function thursdayOf(days: number): number {
  return days - sinceMonday(days) + 3;
}

/** The number of the week that a year's first Thursday begins the count of. */
function isoWeek(days: number): number {
  const thursday = thursdayOf(days);
  return Math.floor((thursday - firstOfYear(civilOf(thursday).year)) / WEEK_DAYS) + 1;
}

const dateParts: readonly Part[] = [
  { name: "quarter", scale: 0, of: ({ month }) => BigInt(Math.floor((month - 1) / 3) + 1) },
  { name: "month", scale: 0, of: ({ month }) => BigInt(month) },
  { name: "week", scale: 0, of: (_civil, { days }) => BigInt(isoWeek(days)) },
  { name: "day", scale: 0, of: ({ day }) => BigInt(day) },
  { name: "dow", scale: 0, of: (_civil, { days }) => BigInt(weekday(days)) },
  { name: "isodow", scale: 0, of: (_civil, { days }) => BigInt(sinceMonday(days) + 1) },
  { name: "doy", scale: 0, of: ({ year }, { days }) => BigInt(days - firstOfYear(year) + 1) },
];

const timeParts: readonly Part[] = [
  { name: "hour", scale: 0, of: (_civil, { time }) => time / HOUR },
  { name: "minute", scale: 0, of: (_civil, { time }) => (time % HOUR) / MINUTE },
  { name: "second", scale: 6, of: (_civil, { time }) => time % MINUTE },
  { name: "milliseconds", scale: 3, of: (_civil, { time }) => time % MINUTE },
  { name: "microseconds", scale: 0, of: (_civil, { time }) => time % MINUTE },
];

const partsOf: Readonly<Record<Source, readonly Part[]>> = {
  date: dateParts, timestamp: [...dateParts, ...timeParts],
};

/** The type of a part of finite dates or timestamps; undefined for what is none. */
export function partType(source: Source, name: string): EngineType | undefined {
  const part = partsOf[source].find((each) => each.name === name);
  return part === undefined ? undefined : typeOf(part);
}

/** The function that truncates timestamps to a unit. */
export function truncation(unit: string): string | undefined {
  return units.some(({ name }) => name === unit) ? `timestamp.truncate.${unit}` : undefined;
}

/** Whole numbers are carried as wide as the largest year; microseconds of a minute have eight digits. */
function typeOf({ scale, name }: Part): EngineType {
  return { kind: "decimal", precision: scale > 0 || name === "microseconds" ? 8 : 7, scale };
}

const splitOf = (source: Source, value: Present): SplitTimestamp =>
  (source === "date" ? { days: Number(asBigint(value)), time: 0n } : splitTimestamp(asBigint(value)));

const parts: readonly ScalarFunction[] = (["date", "timestamp"] as const).flatMap((source) =>
  partsOf[source].map((part) => hostFunction({
    key: `${source}.${part.name}`,
    procedures: [],
    doc: `extract(${part.name} FROM ${source}), of a finite one`,
    arguments: [source],
    result: typeOf(part),
    magnitude: 10 ** 8,
    evaluate(values) {
      const split = splitOf(source, first(values));
      return part.of(civilOf(split.days), split);
    },
    emit: partCode(source, part.name),
  })));

/** A part of a finite timestamp. */
export function datePart(name: string, timestamp: bigint): bigint {
  const split = splitTimestamp(timestamp);
  return defined(partsOf.timestamp.find((part) => part.name === name), name).of(civilOf(split.days), split);
}

interface Unit {
  readonly name: string;
  readonly cut: (civil: CivilDate, split: SplitTimestamp) => SplitTimestamp;
}

const midnight = (civil: CivilDate): SplitTimestamp => ({ days: daysOf(civil), time: 0n });
const cutTime = (name: string, unit: bigint): Unit => (
  { name, cut: (_civil, { days, time }) => ({ days, time: time - time % unit }) });

/** Years are counted from 1; decades by their digits. */
function firstYear(year: number, years: number): number {
  if (years === 10) return Math.floor(year / 10) * 10;
  return Math.floor((year - 1) / years) * years + 1;
}

const cutYears = (name: string, years: number): Unit => (
  { name, cut: ({ year }) => midnight({ year: firstYear(year, years), month: 1, day: 1 }) });

const units: readonly Unit[] = [
  cutTime("microseconds", 1n), cutTime("milliseconds", 1000n), cutTime("second", SECOND), cutTime("minute", MINUTE),
  cutTime("hour", HOUR), cutTime("day", DAY),
  { name: "week", cut: (_civil, { days }) => ({ days: days - sinceMonday(days), time: 0n }) },
  { name: "month", cut: (civil) => midnight({ ...civil, day: 1 }) },
  {
    name: "quarter",
    cut: ({ year, month }) => midnight({ year, month: Math.floor((month - 1) / 3) * 3 + 1, day: 1 }),
  },
  cutYears("year", 1), cutYears("decade", 10), cutYears("century", 100), cutYears("millennium", 1000),
];

const truncations: readonly ScalarFunction[] = units.map(({ name, cut }) => hostFunction({
  key: `timestamp.truncate.${name}`,
  procedures: [],
  doc: `date_trunc('${name}', timestamp)`,
  arguments: ["timestamp"],
  result: { kind: "timestamp" },
  evaluate(values) {
    const value = asBigint(first(values));
    if (isInfiniteTimestamp(value)) return value;
    const split = splitTimestamp(value);
    return joinTimestamp(cut(civilOf(split.days), split));
  },
  emit: truncationCode(name),
}));

const least = {
  date: DATE_MINUS_INFINITY, timestamp: TIMESTAMP_MINUS_INFINITY, timestamptz: TIMESTAMP_MINUS_INFINITY,
} as const;

function finiteness(kind: "date" | "timestamp" | "timestamptz", oid: number, source: string): ScalarFunction {
  return {
    key: `${kind}.isFinite`,
    procedures: [{ oid, source }],
    doc: `Whether a ${kind} is finite`,
    resultType: ([a, ...more]) => (a?.kind === kind && more.length === 0 ? { kind: "bool" } : undefined),
    mayFail: () => false,
    evaluate(values) {
      const value = asBigint(first(values));
      return !(kind === "date" ? isInfiniteDate(value) : isInfiniteTimestamp(value));
    },
    emit({ code }: Emission, operands: readonly Operand[]) {
      const end = least[kind];
      for (const bound of [end, -end - 1n]) {
        push(code, first(operands));
        if (kind === "date") code.i32(Number(bound)).op("i32.ne");
        else code.i64(bound).op("i64.ne");
      }
      code.op("i32.and");
    },
  };
}

export const datePartFunctions: readonly ScalarFunction[] = [
  ...parts, ...truncations, finiteness("date", 1373, "date_finite"), finiteness("timestamp", 2048, "timestamp_finite"),
  finiteness("timestamptz", 1389, "timestamp_finite"),
];
