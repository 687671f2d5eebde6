// Code for parts of dates and timestamps and for truncation, by the names date_parts.ts has for them. Infinite ones and
// what truncation brings before the first timestamp are the host's. Read next: library/calendar.ts.
import type { FunctionBuilder, Local } from "#wasm/function_builder.js";
import { DATE_INFINITY, DATE_MINUS_INFINITY, TIMESTAMP_FIRST, TIMESTAMP_INFINITY, TIMESTAMP_MINUS_INFINITY } from
  "./calendar.js";
import type { Emission } from "./function.js";
import type { EmitOrHost } from "./host_function.js";
import { DAY_MICROSECONDS } from "./interval_image.js";
import { civilOfDays, dayOfYear, daysOfCivil, sinceMonday, splitTimestamp, weekday } from "./library/calendar.js";
import { first, push } from "./operand.js";

/** Pushes an i32 or, of a time, an i64; `days` and `time` stand in locals. */
type PushPart = (emission: Emission, days: Local, time: Local) => FunctionBuilder;

const SECOND = 1_000_000n;
const WEEK_DAYS = 7;

const ofTime = (unit: bigint, within: bigint): PushPart => ({ code }, _days, time) =>
  code.get(time).i64(within).op("i64.rem_u").i64(unit).op("i64.div_u");

/** Sets three locals to the fields of a date. */
function civil(emission: Emission, days: Local): readonly [year: Local, month: Local, day: Local] {
  const { code } = emission;
  const [year, month, day] = [code.local("i32"), code.local("i32"), code.local("i32")];
  code.get(days).call(emission.library(civilOfDays)).set(day).set(month).set(year);
  return [year, month, day];
}

const widen = (code: FunctionBuilder): FunctionBuilder => code.op("i64.extend_i32_s");

const pushParts: Readonly<Record<string, PushPart>> = {
  quarter(emission, days) {
    const [, month] = civil(emission, days);
    return widen(emission.code.get(month).i32(2).op("i32.add").i32(3).op("i32.div_u"));
  },
  month(emission, days) {
    const [, month] = civil(emission, days);
    return widen(emission.code.get(month));
  },
  day(emission, days) {
    const [, , day] = civil(emission, days);
    return widen(emission.code.get(day));
  },
  /** The number of the week that a year's first Thursday begins the count of. */
  week(emission, days) {
    const { code } = emission;
    code.get(days).i32(3).op("i32.add").get(days).call(emission.library(sinceMonday)).op("i32.sub");
    code.call(emission.library(dayOfYear)).i32(WEEK_DAYS).op("i32.div_u").i32(1).op("i32.add");
    return widen(code);
  },
  dow: (emission, days) => widen(emission.code.get(days).call(emission.library(weekday))),
  isodow: (emission, days) =>
    widen(emission.code.get(days).call(emission.library(sinceMonday)).i32(1).op("i32.add")),
  doy: (emission, days) => widen(emission.code.get(days).call(emission.library(dayOfYear)).i32(1).op("i32.add")),
  hour: ofTime(3600n * SECOND, DAY_MICROSECONDS),
  minute: ofTime(60n * SECOND, 3600n * SECOND),
  second: ofTime(1n, 60n * SECOND),
  milliseconds: ofTime(1n, 60n * SECOND),
  microseconds: ofTime(1n, 60n * SECOND),
};

/** Pushes whether a date or timestamp is infinite. */
export function pushIsInfinite(code: FunctionBuilder, value: Local, source: "date" | "timestamp"): void {
  if (source === "date") {
    code.get(value).i32(Number(DATE_INFINITY)).op("i32.eq");
    code.get(value).i32(Number(DATE_MINUS_INFINITY)).op("i32.eq", "i32.or");
    return;
  }
  code.get(value).i64(TIMESTAMP_INFINITY).op("i64.eq");
  code.get(value).i64(TIMESTAMP_MINUS_INFINITY).op("i64.eq", "i32.or");
}

/** Code for extract(); undefined for a part without. */
export function partCode(source: "date" | "timestamp", name: string): EmitOrHost | undefined {
  const pushPart = pushParts[name];
  if (pushPart === undefined) return undefined;
  return (emission, operands, _types, host) => {
    const { code } = emission;
    const value = code.local(source === "date" ? "i32" : "i64");
    const [days, time] = [code.local("i32"), code.local("i64")];
    push(code, first(operands)).set(value);
    pushIsInfinite(code, value, source);
    code.if(["i64"], host, () => {
      if (source === "date") code.get(value).set(days);
      else code.get(value).call(emission.library(splitTimestamp)).set(time).set(days);
      pushPart(emission, days, time);
    });
  };
}

/** Pushes the day a unit of whole days begins with. */
const firstDays: Readonly<Record<string, PushPart>> = {
  week: (emission, days) =>
    emission.code.get(days, days).call(emission.library(sinceMonday)).op("i32.sub"),
  month(emission, days) {
    const [year, month] = civil(emission, days);
    return emission.code.get(year, month).i32(1).call(emission.library(daysOfCivil));
  },
  quarter(emission, days) {
    const [year, month] = civil(emission, days);
    const { code } = emission;
    code.get(year, month).i32(1).op("i32.sub").i32(3).op("i32.div_u").i32(3).op("i32.mul").i32(1).op("i32.add");
    return code.i32(1).call(emission.library(daysOfCivil));
  },
  year(emission, days) {
    const [year] = civil(emission, days);
    return emission.code.get(year).i32(1).i32(1).call(emission.library(daysOfCivil));
  },
};

/** Times a unit of less than a day holds. */
const units: Readonly<Record<string, bigint>> = {
  microseconds: 1n, milliseconds: 1000n, second: SECOND, minute: 60n * SECOND, hour: 3600n * SECOND,
  day: DAY_MICROSECONDS,
};

/** Code for date_trunc() of timestamps; undefined for a unit without. */
export function truncationCode(name: string): EmitOrHost | undefined {
  const [unit, firstDay] = [units[name], firstDays[name]];
  if (unit === undefined && firstDay === undefined) return undefined;
  return (emission, operands, _types, host) => {
    const { code } = emission;
    const [value, days, time, cut] = [code.local("i64"), code.local("i32"), code.local("i64"), code.local("i64")];
    push(code, first(operands)).set(value);
    pushIsInfinite(code, value, "timestamp");
    code.if(["i64"], () => code.get(value), () => {
      code.get(value).call(emission.library(splitTimestamp)).set(time).set(days);
      if (unit !== undefined) code.get(value, time).i64(unit).op("i64.rem_u", "i64.sub");
      else widen(firstDay?.(emission, days, time) ?? code).i64(DAY_MICROSECONDS).op("i64.mul");
      code.tee(cut).i64(TIMESTAMP_FIRST).op("i64.lt_s").if(["i64"], host, () => code.get(cut));
    });
  };
}
