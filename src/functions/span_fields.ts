// extract() from times of day and intervals, and the epoch of dates and timestamps, by the planner's choice of function
// as in date_parts.ts. An interval's fields have its sign; its months are counted as years of 365.25 days and the rest
// as months of 30. Seconds since 1970 of an infinite date are infinite, so those of dates are numerics of any scale.
import { type EngineType, NUMERIC } from "#types/engine_type.js";
import { isInfiniteDate, isInfiniteTimestamp } from "./calendar.js";
import type { CallTypes, Emission, Operand, Present, ScalarFunction } from "./function.js";
import { type EmitOrHost, emitView, hostFunction } from "./host_function.js";
import { INFINITE_INTERVALS, intervalOf } from "./interval_arithmetic.js";
import type { Interval } from "./interval_image.js";
import { widenDecimal } from "./library/int128.js";
import { numericOfDecimal } from "./library/numeric_casts.js";
import { NUMERIC_ROOM } from "./library/numeric_parts.js";
import { intervalField, type IntervalField } from "./library/shifted_times.js";
import { divide, rounded } from "./numeric_arithmetic.js";
import { isSpecial, type Numeric, writeNumeric } from "./numeric_image.js";
import { asBigint, first, push, pushAsI64 } from "./operand.js";

const SECOND = 1_000_000n;
const MINUTE = 60n * SECOND;
const HOUR = 60n * MINUTE;
const DAY = 24n * HOUR;
const MONTHS_PER_YEAR = 12;
/** 365.25 days, and 30. */
const YEAR = 31_557_600n * SECOND;
const MONTH = 30n * DAY;
const EPOCH_DAYS = 10_957n;

export type SpanSource = "time" | "interval";

interface Field {
  readonly name: string;
  readonly type: Extract<EngineType, { readonly kind: "decimal" }>;
  readonly ofInterval: (interval: Interval) => bigint;
}

const decimal = (precision: number, scale = 0): Field["type"] => ({ kind: "decimal", precision, scale });

/** As many digits as the hours of the longest time. */
const WHOLE = decimal(10);
const years = ({ months }: Interval): bigint => BigInt(Math.trunc(months / MONTHS_PER_YEAR));
const monthsOfYear = ({ months }: Interval): bigint => BigInt(months % MONTHS_PER_YEAR);

/** The first are those of times of day as well. */
const timeFields: readonly Field[] = [
  { name: "hour", type: WHOLE, ofInterval: ({ microseconds }) => microseconds / HOUR },
  { name: "minute", type: WHOLE, ofInterval: ({ microseconds }) => (microseconds % HOUR) / MINUTE },
  { name: "second", type: decimal(8, 6), ofInterval: ({ microseconds }) => microseconds % MINUTE },
  { name: "milliseconds", type: decimal(8, 3), ofInterval: ({ microseconds }) => microseconds % MINUTE },
  { name: "microseconds", type: decimal(8), ofInterval: ({ microseconds }) => microseconds % MINUTE },
  {
    name: "epoch", type: decimal(22, 6),
    ofInterval: (interval) =>
      interval.microseconds + BigInt(interval.days) * DAY + monthsOfYear(interval) * MONTH + years(interval) * YEAR,
  },
];

const intervalFields: readonly Field[] = [
  ...timeFields,
  { name: "day", type: WHOLE, ofInterval: ({ days }) => BigInt(days) },
  { name: "month", type: WHOLE, ofInterval: monthsOfYear },
  { name: "quarter", type: WHOLE, ofInterval: (interval) => monthsOfYear(interval) / 3n + 1n },
  { name: "year", type: WHOLE, ofInterval: years },
  { name: "decade", type: WHOLE, ofInterval: (interval) => years(interval) / 10n },
  { name: "century", type: WHOLE, ofInterval: (interval) => years(interval) / 100n },
  { name: "millennium", type: WHOLE, ofInterval: (interval) => years(interval) / 1000n },
];

const fieldsOf: Readonly<Record<SpanSource, readonly Field[]>> = { time: timeFields, interval: intervalFields };

/** The type of a field's decimal; undefined for what is none. */
export function spanField(source: SpanSource, name: string): EngineType | undefined {
  return fieldsOf[source].find((field) => field.name === name)?.type;
}

function spanOf(source: SpanSource, value: Present): Interval {
  return source === "time" ? { microseconds: asBigint(value), days: 0, months: 0 } : intervalOf(value);
}

/** Takes an i64 off the stack as the field's decimal, which may be a pair. */
function widen(emission: Emission, type: EngineType): void {
  const isPair = !emission.narrow && type.kind === "decimal" && type.precision > 18;
  if (isPair) emission.code.call(emission.library(widenDecimal));
}

const WIDTH: Partial<Record<string, readonly [unit: bigint, within: bigint]>> = {
  hour: [HOUR, 2n * DAY], minute: [MINUTE, HOUR], second: [1n, MINUTE], milliseconds: [1n, MINUTE],
  microseconds: [1n, MINUTE], epoch: [1n, 2n * DAY],
};

function emitOfTime(emission: Emission, operands: readonly Operand[], name: string, types: CallTypes): void {
  const [unit, within] = WIDTH[name] ?? [1n, 1n];
  push(emission.code, first(operands)).i64(within).op("i64.rem_s").i64(unit).op("i64.div_s");
  widen(emission, types.result);
}

const ofInterval = (name: string): EmitOrHost => (emission, operands, types, host) => {
  const { code } = emission;
  const [value, low, high] = [code.local("i64"), code.local("i64"), code.local("i64")];
  const known = code.local("i32");
  const isPair = !emission.narrow && types.result.kind === "decimal" && types.result.precision > 18;
  push(code, first(operands)).call(emission.library(intervalField(name as IntervalField))).set(known).set(value);
  code.get(known).if([], () => code.get(value).set(low).get(value).i64(63).op("i64.shr_s").set(high), () => {
    host();
    if (isPair) code.set(high);
    code.set(low);
  });
  code.get(low);
  if (isPair) code.get(high);
};

const fields: readonly ScalarFunction[] = (["time", "interval"] as const).flatMap((source) =>
  fieldsOf[source].map(({ name, type, ofInterval: evaluate }) => hostFunction({
    key: `${source}.${name}`,
    procedures: [],
    doc: `extract(${name} FROM ${source})`,
    ...(source === "interval" ? { changedIn: INFINITE_INTERVALS } : {}),
    arguments: [source],
    result: type,
    magnitude: 10 ** type.precision,
    evaluate: (values) => evaluate(spanOf(source, first(values))),
    emit: source === "interval" ? ofInterval(name)
      : (emission, operands, types) => emitOfTime(emission, operands, name, types),
  })));

function epochOf(source: "date" | "timestamp", value: bigint): Numeric {
  const isInfinite = source === "date" ? isInfiniteDate(value) : isInfiniteTimestamp(value);
  if (isInfinite) return value > 0n ? "Infinity" : "-Infinity";
  if (source === "date") return { coefficient: (value + EPOCH_DAYS) * 86_400n, scale: 0 };
  const since = { coefficient: value + EPOCH_DAYS * DAY, scale: 6 };
  if (BigInt.asIntN(64, since.coefficient) === since.coefficient) return since;
  // Beyond 64 bits it is a quotient, with fewer places.
  const quotient = divide({ ...since, scale: 0 }, { coefficient: SECOND, scale: 0 });
  return isSpecial(quotient) ? quotient : rounded(quotient, 6);
}

/** Nearer the ends, where infinity and overflow are, the host decides. */
const NEAR = { date: 2n ** 31n - 2n, timestamp: 9_000_000_000_000_000_000n } as const;

const epochs = (["date", "timestamp"] as const).map((source) => hostFunction({
  key: `${source}.epoch`,
  procedures: [],
  doc: `extract(epoch FROM ${source})`,
  arguments: [source],
  result: NUMERIC,
  evaluate: (values) => writeNumeric(epochOf(source, asBigint(first(values)))),
  emit: (emission, operands, _types, host) => emitView(emission, NUMERIC_ROOM, host, (room) => {
    const { code } = emission;
    const value = code.local("i64");
    const limit = NEAR[source];
    pushAsI64(code, first(operands)).tee(value).i64(limit).op("i64.add").i64(2n * limit).op("i64.lt_u");
    code.if(["i32"], () => {
      code.get(value).i64(source === "date" ? EPOCH_DAYS : EPOCH_DAYS * DAY).op("i64.add");
      if (source === "date") code.i64(86_400).op("i64.mul");
      code.call(emission.library(widenDecimal)).get(room);
      code.call(emission.library(numericOfDecimal(source === "date" ? 0 : 6)));
    }, () => code.i32(0));
  }),
}));

export const spanFields: readonly ScalarFunction[] = [...fields, ...epochs];
