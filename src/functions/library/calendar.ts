// The Gregorian calendar in compiled code: days since 2000-01-01 to years, months and days and back, timestamps to days
// and times. All are of finite dates PostgreSQL has. Read next: calendar.ts in src/functions, which does the same in
// TypeScript; library/shifted_times.ts computes with them.
import type { FunctionBuilder, Local } from "#wasm/function_builder.js";
import type { LibraryFunction } from "../function.js";
import { DAY_MICROSECONDS } from "../interval_image.js";

/** Days of 400 years, after which the calendar repeats. */
const ERA_DAYS = 146_097;
const ERA_YEARS = 400;
/** Eras added so that every date counts from 0: they begin in 4714 BC. */
const ERAS_BEFORE = 20;
/** From 1 March of year 0 to 2000-01-01: years that begin in March have their leap day last. */
const EPOCH_DAYS = 730_425;
const OFFSET_DAYS = EPOCH_DAYS + ERAS_BEFORE * ERA_DAYS;
const OFFSET_YEARS = ERAS_BEFORE * ERA_YEARS;

const WEEK_DAYS = 7;
/** 2000-01-01 was a Saturday; whole weeks make every date count from 0. */
const WEEKDAY_OFFSET = 6 + WEEK_DAYS * 400_000;

function divided(code: FunctionBuilder, value: Local, by: number): FunctionBuilder {
  return code.get(value).i32(by).op("i32.div_u");
}

/** (timestamp) -> (days, microseconds of the day) */
export const splitTimestamp: LibraryFunction = {
  name: "splitTimestamp",
  type: { parameters: ["i64"], results: ["i32", "i64"] },
  write(code) {
    const [timestamp, days, time] = [code.parameter(0), code.local("i64"), code.local("i64")];
    code.get(timestamp).i64(DAY_MICROSECONDS).op("i64.div_s").set(days);
    code.get(timestamp, days).i64(DAY_MICROSECONDS).op("i64.mul", "i64.sub").tee(time).i64(0).op("i64.lt_s");
    code.if([], () => {
      code.get(time).i64(DAY_MICROSECONDS).op("i64.add").set(time).get(days).i64(1).op("i64.sub").set(days);
    });
    code.get(days).op("i32.wrap_i64").get(time);
  },
};

/** (timestamp or time) -> microseconds since midnight */
export const timeOfDay: LibraryFunction = {
  name: "timeOfDay",
  type: { parameters: ["i64"], results: ["i64"] },
  write(code) {
    const rest = code.local("i64");
    code.get(code.parameter(0)).i64(DAY_MICROSECONDS).op("i64.rem_s").tee(rest);
    code.get(rest).i64(63n).op("i64.shr_s").i64(DAY_MICROSECONDS).op("i64.and", "i64.add");
  },
};

/** (days) -> (year, month, day); years before 1 go on through 0. */
export const civilOfDays: LibraryFunction = {
  name: "civilOfDays",
  type: { parameters: ["i32"], results: ["i32", "i32", "i32"] },
  write(code) {
    const [day, era, year, fromMarch] = [code.parameter(0), code.local("i32"), code.local("i32"), code.local("i32")];
    code.get(day).i32(OFFSET_DAYS).op("i32.add").set(day);
    divided(code, day, ERA_DAYS).set(era);
    code.get(day, era).i32(ERA_DAYS).op("i32.mul", "i32.sub").set(day);
    divided(code.get(day), day, 1460).op("i32.sub");
    divided(code, day, 36_524).op("i32.add");
    divided(code, day, 146_096).op("i32.sub").i32(365).op("i32.div_u").set(year);
    code.get(day, year).i32(365).op("i32.mul", "i32.sub");
    divided(code, year, 4).op("i32.sub");
    divided(code, year, 100).op("i32.add").tee(day);
    code.i32(5).op("i32.mul").i32(2).op("i32.add").i32(153).op("i32.div_u").set(fromMarch);
    code.get(year, era).i32(ERAS_BEFORE).op("i32.sub").i32(ERA_YEARS).op("i32.mul", "i32.add");
    code.get(fromMarch).i32(10).op("i32.ge_u", "i32.add");
    code.get(fromMarch).i32(3).i32(-9).get(fromMarch).i32(10).op("i32.lt_u").select().op("i32.add");
    code.get(day, fromMarch).i32(153).op("i32.mul").i32(2).op("i32.add").i32(5).op("i32.div_u", "i32.sub");
    code.i32(1).op("i32.add");
  },
};

/** (year, month, day) -> days, of years from -8000 to 300000. */
export const daysOfCivil: LibraryFunction = {
  name: "daysOfCivil",
  type: { parameters: ["i32", "i32", "i32"], results: ["i32"] },
  write(code) {
    const [year, month, day] = [code.parameter(0), code.parameter(1), code.parameter(2)];
    const [era, isEarly] = [code.local("i32"), code.local("i32")];
    code.get(month).i32(3).op("i32.lt_s").set(isEarly);
    code.get(year).i32(OFFSET_YEARS).op("i32.add").get(isEarly).op("i32.sub").set(year);
    divided(code, year, ERA_YEARS).set(era);
    code.get(year, era).i32(ERA_YEARS).op("i32.mul", "i32.sub").set(year);
    code.get(era).i32(ERA_DAYS).op("i32.mul").i32(OFFSET_DAYS).op("i32.sub");
    code.get(year).i32(365).op("i32.mul", "i32.add");
    divided(code, year, 4).op("i32.add");
    divided(code, year, 100).op("i32.sub");
    code.get(month).i32(9).i32(-3).get(isEarly).select().op("i32.add").i32(153).op("i32.mul").i32(2).op("i32.add");
    code.i32(5).op("i32.div_u", "i32.add").get(day).op("i32.add").i32(1).op("i32.sub");
  },
};

/** (year, month) -> days */
export const daysInMonth: LibraryFunction = {
  name: "daysInMonth",
  type: { parameters: ["i32", "i32"], results: ["i32"] },
  write(code) {
    const [year, month] = [code.parameter(0), code.parameter(1)];
    const divides = (by: number): FunctionBuilder => code.get(year).i32(by).op("i32.rem_s", "i32.eqz");
    code.get(month).i32(2).op("i32.eq").if([], () => {
      code.i32(28);
      divides(4);
      divides(100).op("i32.eqz");
      divides(ERA_YEARS).op("i32.or", "i32.and", "i32.add").return();
    });
    // Long months are odd up to July and even from August on.
    code.i32(30).get(month).get(month).i32(3).op("i32.shr_u", "i32.add").i32(1).op("i32.and", "i32.add");
  },
};

/** (days) -> days since Sunday */
export const weekday: LibraryFunction = {
  name: "weekday",
  type: { parameters: ["i32"], results: ["i32"] },
  write: (code) => void code.get(code.parameter(0)).i32(WEEKDAY_OFFSET).op("i32.add").i32(WEEK_DAYS).op("i32.rem_u"),
};

/** (days) -> days since Monday */
export const sinceMonday: LibraryFunction = {
  name: "sinceMonday",
  type: { parameters: ["i32"], results: ["i32"] },
  write: (code) =>
    void code.get(code.parameter(0)).i32(WEEKDAY_OFFSET - 1).op("i32.add").i32(WEEK_DAYS).op("i32.rem_u"),
};

/** (days) -> days since the first of January */
export const dayOfYear: LibraryFunction = {
  name: "dayOfYear",
  type: { parameters: ["i32"], results: ["i32"] },
  write(code, library) {
    const days = code.parameter(0);
    code.get(days, days).call(library(civilOfDays)).drop().drop().i32(1).i32(1).call(library(daysOfCivil));
    code.op("i32.sub");
  },
};
