// Timestamps and intervals added and subtracted in compiled code, as interval_arithmetic.ts does it. Every function
// says whether it has a result: errors, infinite timestamps that give none and ends of intervals are the host's.
import type { FunctionBuilder, Local } from "#wasm/function_builder.js";
import { TIMESTAMP_END, TIMESTAMP_FIRST, TIMESTAMP_INFINITY, TIMESTAMP_MINUS_INFINITY } from "../calendar.js";
import type { LibraryFunction } from "../function.js";
import { DAY_MICROSECONDS, DAYS_PER_MONTH, INTERVAL_BYTES } from "../interval_image.js";
import { pushViewBytes } from "./bytes.js";
import { civilOfDays, daysInMonth, daysOfCivil, splitTimestamp } from "./calendar.js";
import type { Library } from "./characters.js";
import { writeView } from "./views.js";
import { View } from "#generated/layout.js";

/** Room for an interval and its view. */
export const INTERVAL_ROOM = View.SIZE + INTERVAL_BYTES;

const MONTHS_PER_YEAR = 12;
/** Years beyond these have no timestamps: their months are not looked at. */
const YEARS = { first: -5000, last: 300_000 };
/** Days beyond these neither. */
const DAYS = { first: -2_451_545, last: 110_000_000 };
const INT4_MIN = -(2 ** 31);
const INT4_MAX = 2 ** 31 - 1;
const INT8_MIN = -(2n ** 63n);

/** An interval's parts, all as i64: sums of them do not overflow but for the time's. */
export interface Parts {
  readonly time: Local;
  readonly days: Local;
  readonly months: Local;
}

/** Reads an interval; the function ends by `leave` for parts that cannot be negated, or stand for infinity. */
export function readParts(code: FunctionBuilder, view: Local, tail: Local, leave: () => void): Parts {
  const [bytes, time, days, months] = [code.local("i32"), code.local("i64"), code.local("i64"), code.local("i64")];
  pushViewBytes(code, view, tail);
  code.tee(bytes).load("i64.load").tee(time).i64(INT8_MIN).op("i64.eq");
  code.get(bytes).load("i64.load32_s", 8).tee(days).i64(INT4_MIN).op("i64.eq", "i32.or");
  code.get(bytes).load("i64.load32_s", 12).tee(months).i64(INT4_MIN).op("i64.eq", "i32.or");
  code.get(months).i64(INT4_MAX).op("i64.eq", "i32.or").if([], leave);
  return { time, days, months };
}

function pushIsInfinite(code: FunctionBuilder, timestamp: Local): FunctionBuilder {
  code.get(timestamp).i64(TIMESTAMP_INFINITY).op("i64.eq");
  return code.get(timestamp).i64(TIMESTAMP_MINUS_INFINITY).op("i64.eq", "i32.or");
}

/** Ends a function of two results when an i32 on the stack is set. */
const giveUpIf = (code: FunctionBuilder): FunctionBuilder => code.if([], () => code.i64(0).i32(0).return());

function pushIsOutside(code: FunctionBuilder, value: Local, first: bigint, end: bigint): FunctionBuilder {
  return code.get(value).i64(first).op("i64.lt_s").get(value).i64(end).op("i64.ge_s", "i32.or");
}

/** (timestamp, interval, tail, sign) -> (timestamp, whether it is right) */
export const shiftedTimestamp: LibraryFunction = {
  name: "shiftedTimestamp",
  type: { parameters: ["i64", "i32", "i32", "i64"], results: ["i64", "i32"] },
  write(code, library) {
    const [timestamp, sign] = [code.parameter(0), code.parameter(3)];
    const parts = readParts(code, code.parameter(1), code.parameter(2), () => code.i64(0).i32(0).return());
    for (const part of [parts.time, parts.days, parts.months]) code.get(part, sign).op("i64.mul").set(part);
    pushIsInfinite(code, timestamp).if([], () => code.get(timestamp).i32(1).return());
    code.get(parts.months).op("i64.eqz", "i32.eqz").if([], () => addMonths(code, library, timestamp, parts.months));
    code.get(parts.days).op("i64.eqz", "i32.eqz").if([], () => addDays(code, library, timestamp, parts.days));
    code.get(timestamp, parts.time).op("i64.add").set(timestamp);
    giveUpIf(pushIsOutside(code, timestamp, TIMESTAMP_FIRST, TIMESTAMP_END));
    code.get(timestamp).i32(1);
  },
};

/** Sets a timestamp to so many days and the time, within those PostgreSQL has. */
function join(code: FunctionBuilder, days: Local, time: Local, timestamp: Local): void {
  code.get(days).i64(DAY_MICROSECONDS).op("i64.mul").get(time).op("i64.add").set(timestamp);
  giveUpIf(pushIsOutside(code, timestamp, TIMESTAMP_FIRST, TIMESTAMP_END));
}

/** The same time of another day; leaves a function of a timestamp and a truth value when there is none. */
export function addDays(code: FunctionBuilder, library: Library, timestamp: Local, by: Local): void {
  const [days, time] = [code.local("i64"), code.local("i64")];
  code.get(timestamp).call(library(splitTimestamp)).set(time).op("i64.extend_i32_s");
  code.get(by).op("i64.add").set(days);
  giveUpIf(pushIsOutside(code, days, BigInt(DAYS.first), BigInt(DAYS.last)));
  join(code, days, time, timestamp);
}

/** The same day of another month, or its last one; likewise. */
export function addMonths(code: FunctionBuilder, library: Library, timestamp: Local, months: Local): void {
  const [year, month, day] = [code.local("i32"), code.local("i32"), code.local("i32")];
  const [time, count, last] = [code.local("i64"), code.local("i64"), code.local("i32")];
  code.get(timestamp).call(library(splitTimestamp)).set(time).call(library(civilOfDays)).set(day).set(month).set(year);
  code.get(year).i32(MONTHS_PER_YEAR).op("i32.mul").get(month).op("i32.add").i32(1).op("i32.sub", "i64.extend_i32_s");
  code.get(months).op("i64.add").set(count);
  const [first, end] = [YEARS.first * MONTHS_PER_YEAR, YEARS.last * MONTHS_PER_YEAR];
  giveUpIf(pushIsOutside(code, count, BigInt(first), BigInt(end)));
  // Counted from 0, so that the quotient is the year.
  code.get(count).op("i32.wrap_i64").i32(first).op("i32.sub").tee(month).i32(MONTHS_PER_YEAR).op("i32.div_u");
  code.i32(YEARS.first).op("i32.add").set(year);
  code.get(month).i32(MONTHS_PER_YEAR).op("i32.rem_u").i32(1).op("i32.add").set(month);
  code.get(year, month).call(library(daysInMonth)).set(last);
  code.get(year, month, day, last, day, last).op("i32.lt_s").select().call(library(daysOfCivil));
  code.op("i64.extend_i32_s").set(count);
  join(code, count, time, timestamp);
}

/** Writes an interval behind its view. */
function writeInterval(code: FunctionBuilder, library: Library, room: Local, { time, days, months }: Parts): void {
  code.get(room, time).store("i64.store", View.SIZE);
  code.get(room, days).store("i64.store32", View.SIZE + 8);
  code.get(room, months).store("i64.store32", View.SIZE + 12);
  code.get(room).get(room).i32(View.SIZE).op("i32.add").i32(INTERVAL_BYTES).call(library(writeView));
}

/** (a, tail, b, tail, sign of b, room) -> whether the sum is made. */
export const intervalSum: LibraryFunction = {
  name: "intervalSum",
  type: { parameters: ["i32", "i32", "i32", "i32", "i64", "i32"], results: ["i32"] },
  write(code, library) {
    const [sign, sum] = [code.parameter(4), code.local("i64")];
    const leave = (): void => void code.i32(0).return();
    const a = readParts(code, code.parameter(0), code.parameter(1), leave);
    const b = readParts(code, code.parameter(2), code.parameter(3), leave);
    for (const part of [b.time, b.days, b.months]) code.get(part, sign).op("i64.mul").set(part);
    for (const name of ["days", "months"] as const) {
      code.get(a[name], b[name]).op("i64.add").tee(a[name]).get(a[name]).op("i64.extend32_s", "i64.ne").if([], leave);
    }
    // It overflows when both terms differ from it in sign.
    code.get(a.time, b.time).op("i64.add").tee(sum).get(a.time).op("i64.xor");
    code.get(sum, b.time).op("i64.xor", "i64.and").i64(0).op("i64.lt_s").if([], leave);
    writeInterval(code, library, code.parameter(5), { ...a, time: sum });
    code.i32(1);
  },
};

/** (interval, tail, room) -> whether the negation is made. */
export const negatedInterval: LibraryFunction = {
  name: "negatedInterval",
  type: { parameters: ["i32", "i32", "i32"], results: ["i32"] },
  write(code, library) {
    const parts = readParts(code, code.parameter(0), code.parameter(1), () => code.i32(0).return());
    for (const part of [parts.time, parts.days, parts.months]) code.i64(0).get(part).op("i64.sub").set(part);
    writeInterval(code, library, code.parameter(2), parts);
    code.i32(1);
  },
};

/** (microseconds, room): an interval of nothing else. */
export const intervalOfTime: LibraryFunction = {
  name: "intervalOfTime",
  type: { parameters: ["i64", "i32"], results: [] },
  write(code, library) {
    const none = code.local("i64");
    writeInterval(code, library, code.parameter(1), { time: code.parameter(0), days: none, months: none });
  },
};

/** (later, earlier, room) -> whether the days and time between them are made. */
export const timestampDifference: LibraryFunction = {
  name: "timestampDifference",
  type: { parameters: ["i64", "i64", "i32"], results: ["i32"] },
  write(code, library) {
    const [a, b] = [code.parameter(0), code.parameter(1)];
    const [time, days, months] = [code.local("i64"), code.local("i64"), code.local("i64")];
    for (const each of [a, b]) pushIsInfinite(code, each).if([], () => code.i32(0).return());
    code.get(a, b).op("i64.sub").tee(time).i64(DAY_MICROSECONDS).op("i64.div_s").set(days);
    code.get(time).i64(DAY_MICROSECONDS).op("i64.rem_s").set(time);
    writeInterval(code, library, code.parameter(2), { time, days, months });
    code.i32(1);
  },
};

/** (later, earlier, room) -> whether age() of them is made. */
export const timestampAge: LibraryFunction = {
  name: "timestampAge",
  type: { parameters: ["i64", "i64", "i32"], results: ["i32"] },
  write(code, library) {
    const [a, b, swapped] = [code.parameter(0), code.parameter(1), code.local("i64")];
    const [time, days, months, sign] = [code.local("i64"), code.local("i64"), code.local("i64"), code.local("i64")];
    for (const each of [a, b]) pushIsInfinite(code, each).if([], () => code.i32(0).return());
    code.i64(1).set(sign);
    code.get(a, b).op("i64.lt_s").if([], () => {
      code.get(a).set(swapped).get(b).set(a).get(swapped).set(b).i64(-1).set(sign);
    });
    const [later, earlier] = [a, b].map((each) => {
      const parts = {
        time: code.local("i64"), year: code.local("i32"), month: code.local("i32"), day: code.local("i32"),
      };
      code.get(each).call(library(splitTimestamp)).set(parts.time).call(library(civilOfDays));
      code.set(parts.day).set(parts.month).set(parts.year);
      return parts;
    });
    if (later === undefined || earlier === undefined) throw new Error("two instants");
    code.get(later.time, earlier.time).op("i64.sub").set(time);
    code.get(later.day, earlier.day).op("i32.sub", "i64.extend_i32_s").set(days);
    code.get(later.year, earlier.year).op("i32.sub").i32(MONTHS_PER_YEAR).op("i32.mul");
    code.get(later.month, earlier.month).op("i32.sub", "i32.add", "i64.extend_i32_s").set(months);
    code.get(time).i64(0).op("i64.lt_s").if([], () => {
      code.get(time).i64(DAY_MICROSECONDS).op("i64.add").set(time).get(days).i64(1).op("i64.sub").set(days);
    });
    code.block([], (done) => code.loop((again) => {
      code.get(days).i64(0).op("i64.ge_s").brIf(done);
      code.get(earlier.year, earlier.month).call(library(daysInMonth)).op("i64.extend_i32_s");
      code.get(days).op("i64.add").set(days).get(months).i64(1).op("i64.sub").set(months).br(again);
    }));
    for (const part of [time, days, months]) code.get(part, sign).op("i64.mul").set(part);
    writeInterval(code, library, code.parameter(2), { time, days, months });
    code.i32(1);
  },
};

/** (interval, tail, factor, room) -> whether the product is made: what is left of months becomes days, and so on. */
export const scaledInterval: LibraryFunction = {
  name: "scaledInterval",
  type: { parameters: ["i32", "i32", "f64", "i32"], results: ["i32"] },
  write(code, library) {
    const factor = code.parameter(2);
    const leave = (): void => void code.i32(0).return();
    const parts = readParts(code, code.parameter(0), code.parameter(1), leave);
    const f64 = (): Local => code.local("f64");
    const [months, days, monthDays, seconds, time] = [f64(), f64(), f64(), f64(), f64()];
    // Not below the limit when it is NaN.
    const giveUpBeyond = (value: Local, limit: number): void =>
      void code.get(value).op("f64.abs").f64(limit).op("f64.lt", "i32.eqz").if([], leave);
    const microseconds = (): FunctionBuilder => code.f64(1e6).op("f64.mul", "f64.nearest").f64(1e6).op("f64.div");
    for (const [part, value] of [[parts.months, months], [parts.days, days]] as const) {
      code.get(part).op("f64.convert_i64_s").get(factor).op("f64.mul").set(value);
      giveUpBeyond(value, INT4_MAX);
    }
    code.get(months, months).op("f64.trunc", "f64.sub").f64(DAYS_PER_MONTH).op("f64.mul");
    microseconds().set(monthDays);
    code.get(days, days).op("f64.trunc", "f64.sub").get(monthDays).op("f64.add");
    code.get(monthDays).op("f64.trunc", "f64.sub").f64(86_400).op("f64.mul");
    microseconds().set(seconds);
    giveUpBeyond(seconds, 86_400);
    code.get(parts.time).op("f64.convert_i64_s").get(factor).op("f64.mul");
    code.get(seconds).f64(1e6).op("f64.mul", "f64.add", "f64.nearest").set(time);
    giveUpBeyond(time, 2 ** 62);
    code.get(days).op("f64.trunc").get(monthDays).op("f64.trunc", "f64.add").set(days);
    giveUpBeyond(days, INT4_MAX);
    for (const [part, value] of [[parts.months, months], [parts.days, days], [parts.time, time]] as const)
      code.get(value).op("i64.trunc_f64_s").set(part);
    writeInterval(code, library, code.parameter(3), parts);
    code.i32(1);
  },
};

export type IntervalField = "hour" | "minute" | "second" | "milliseconds" | "microseconds" | "epoch" | "day" | "month"
  | "quarter" | "year" | "decade" | "century" | "millennium";

const [MINUTE, HOUR] = [60_000_000n, 3_600_000_000n];
/** Months whose microseconds fit 64 bits together with those of as many days. */
const EPOCH_MONTHS_MAX = 1_000_000n;

/** (interval, tail) -> (field, whether it is right); that of the seconds in microseconds. */
export function intervalField(name: IntervalField): LibraryFunction {
  return {
    name: `intervalField.${name}`,
    type: { parameters: ["i32", "i32"], results: ["i64", "i32"] },
    write(code) {
      const parts = readParts(code, code.parameter(0), code.parameter(1), () => code.i64(0).i32(0).return());
      const ofTime = (unit: bigint, within?: bigint): void => {
        code.get(parts.time);
        if (within !== undefined) code.i64(within).op("i64.rem_s");
        code.i64(unit).op("i64.div_s");
      };
      const ofMonths = (months: number): void => void code.get(parts.months).i64(months).op("i64.div_s");
      const monthOfYear = (): FunctionBuilder => code.get(parts.months).i64(MONTHS_PER_YEAR).op("i64.rem_s");
      switch (name) {
        case "hour": ofTime(HOUR); break;
        case "minute": ofTime(MINUTE, HOUR); break;
        case "second": case "milliseconds": case "microseconds": ofTime(1n, MINUTE); break;
        case "day": code.get(parts.days); break;
        case "month": monthOfYear(); break;
        case "quarter": monthOfYear().i64(3).op("i64.div_s").i64(1).op("i64.add"); break;
        case "year": ofMonths(12); break;
        case "decade": ofMonths(120); break;
        case "century": ofMonths(1200); break;
        case "millennium": ofMonths(12_000); break;
        case "epoch":
          for (const part of [parts.months, parts.days])
            giveUpIf(pushIsOutside(code, part, -EPOCH_MONTHS_MAX, EPOCH_MONTHS_MAX));
          // The time is at most 2^62 then, and the others a tenth of that.
          giveUpIf(pushIsOutside(code, parts.time, -(2n ** 62n), 2n ** 62n));
          ofMonths(12);
          code.i64(31_557_600_000_000n).op("i64.mul");
          monthOfYear().i64(BigInt(DAYS_PER_MONTH) * DAY_MICROSECONDS).op("i64.mul", "i64.add");
          code.get(parts.days).i64(DAY_MICROSECONDS).op("i64.mul", "i64.add").get(parts.time).op("i64.add");
          break;
      }
      code.i32(1);
    },
  };
}
