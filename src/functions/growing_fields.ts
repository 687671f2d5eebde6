// extract() of the fields that grow with time, from dates and timestamps, by the planner's choice of function: the
// field is a constant of the statement (field_calls.ts). Those of infinite dates are infinite, so they are numerics of
// any scale; nearly all years are one group of digits, written at once. Read next: date_parts.ts, for the parts
// infinite dates have not; field_floats.ts, for date_part().
import { NUMERIC } from "#types/engine_type.js";
import type { FunctionBuilder, Local } from "#wasm/function_builder.js";
import {
  EPOCH_JULIAN, type SplitTimestamp, civilOf, isInfiniteDate, isInfiniteTimestamp, splitTimestamp,
} from "./calendar.js";
import { pushIsInfinite } from "./date_code.js";
import { thursdayOf } from "./date_parts.js";
import type { Emission, Operand, ScalarFunction } from "./function.js";
import { type EmitOrHost, emitView, hostFunction } from "./host_function.js";
import { DAY_MICROSECONDS } from "./interval_image.js";
import { civilOfDays, sinceMonday, splitTimestamp as splitInCode } from "./library/calendar.js";
import { widenDecimal } from "./library/int128.js";
import { numericOfDecimal } from "./library/numeric_casts.js";
import { NUMERIC_ROOM } from "./library/numeric_parts.js";
import { SMALL_NUMERIC, SMALL_NUMERIC_SHIFT } from "./library/numerics.js";
import { add, divide } from "./numeric_arithmetic.js";
import { type Numeric, writeNumeric } from "./numeric_image.js";
import { asBigint, first, push } from "./operand.js";

type Source = "date" | "timestamp";

/** Counts in years, of which there is none between -1 and 1 in what is shown but for decades. */
interface YearField {
  readonly name: string;
  /** Of a year counted through zero. */
  readonly of: (year: number) => number;
  /** The same in code: replaces an i32 local. */
  readonly emit: (code: FunctionBuilder, year: Local) => void;
}

const shownYear = (year: number): number => (year > 0 ? year : year - 1);

function emitShownYear(code: FunctionBuilder, year: Local): void {
  code.get(year, year).i32(0).op("i32.le_s", "i32.sub").set(year);
}

/** Centuries and millennia: the first begins with year 1, the one before it ends there. */
const lasting = (name: string, years: number): YearField => ({
  name,
  of: (year) => (year > 0 ? Math.floor((year + years - 1) / years) : -Math.floor((years - year) / years)),
  emit(code, year) {
    code.get(year).i32(years - 1).op("i32.add").i32(years).op("i32.div_s");
    code.get(year).i32(years).op("i32.sub").i32(years).op("i32.div_s");
    code.get(year).i32(0).op("i32.gt_s").select().set(year);
  },
});

const yearFields: readonly YearField[] = [
  { name: "year", of: shownYear, emit: emitShownYear },
  { name: "isoyear", of: shownYear, emit: emitShownYear },
  {
    name: "decade",
    of: (year) => Math.floor(year / 10),
    emit(code, year) {
      // Rounded down, not towards zero.
      code.get(year, year).i32(0).op("i32.lt_s").i32(9).op("i32.mul", "i32.sub").i32(10).op("i32.div_s").set(year);
    },
  },
  lasting("century", 100),
  lasting("millennium", 1000),
];

export const yearNames: readonly string[] = yearFields.map(({ name }) => name);
const names: ReadonlySet<string> = new Set([...yearNames, "julian"]);

/** Whether a field is infinite for infinite dates; the epoch is another (span_fields.ts). */
export function isGrowing(name: string): boolean {
  return names.has(name);
}

/** The field of a finite day; undefined for a name that is no count of years. */
export function yearsOf(name: string, days: number): number | undefined {
  const field = yearFields.find((each) => each.name === name);
  return field?.of(civilOf(name === "isoyear" ? thursdayOf(days) : days).year);
}

/** A finite day as a Julian one. */
export function julianDay(days: number): number {
  return days + EPOCH_JULIAN;
}

function julianOf(source: Source, split: SplitTimestamp): Numeric {
  const day = { coefficient: BigInt(julianDay(split.days)), scale: 0 };
  if (source === "date") return day;
  const part = divide({ coefficient: split.time, scale: 0 }, { coefficient: DAY_MICROSECONDS, scale: 0 });
  return add(day, part);
}

function fieldOf(source: Source, name: string, value: bigint): Numeric {
  const isInfinite = source === "date" ? isInfiniteDate(value) : isInfiniteTimestamp(value);
  if (isInfinite) return value > 0n ? "Infinity" : "-Infinity";
  const split = source === "date" ? { days: Number(value), time: 0n } : splitTimestamp(value);
  const years = yearsOf(name, split.days);
  return years === undefined ? julianOf(source, split) : { coefficient: BigInt(years), scale: 0 };
}

const SMALL_MAX = 9999;

/** Writes a whole number into room for a numeric; pushes whether it did. */
function writeWhole(emission: Emission, value: Local, room: Local): void {
  const { code } = emission;
  code.get(value).i32(1).op("i32.sub").i32(SMALL_MAX).op("i32.lt_u").if(["i32"], () => {
    code.get(room).get(value).op("i64.extend_i32_u").i64(SMALL_NUMERIC_SHIFT).op("i64.shl");
    code.i64(SMALL_NUMERIC).op("i64.or").store("i64.store").get(room).i64(0).store("i64.store", 8).i32(1);
  }, () => {
    code.get(value).op("i64.extend_i32_s").call(emission.library(widenDecimal)).get(room);
    code.call(emission.library(numericOfDecimal(0)));
  });
}

/** Sets `days` to the day of a finite value. */
function setDay(emission: Emission, source: Source, value: Local, days: Local): void {
  const { code } = emission;
  if (source === "date") code.get(value).set(days);
  else code.get(value).call(emission.library(splitInCode)).drop().set(days);
}

/** The host has what is infinite. */
const emitOfDay = (source: Source, write: (emission: Emission, days: Local) => void): EmitOrHost =>
  (emission: Emission, operands: readonly Operand[], _types, host) =>
    emitView(emission, NUMERIC_ROOM, host, (room) => {
      const { code } = emission;
      const [value, days] = [code.local(source === "date" ? "i32" : "i64"), code.local("i32")];
      push(code, first(operands)).set(value);
      pushIsInfinite(code, value, source);
      code.if(["i32"], () => code.i32(0), () => {
        setDay(emission, source, value, days);
        write(emission, days);
        writeWhole(emission, days, room);
      });
    });

/** Replaces a day with a count of years. */
const emitYears = ({ name, emit }: YearField) => (emission: Emission, days: Local): void => {
  const { code } = emission;
  if (name === "isoyear")
    code.get(days, days).call(emission.library(sinceMonday)).op("i32.sub").i32(3).op("i32.add").set(days);
  code.get(days).call(emission.library(civilOfDays)).drop().drop().set(days);
  emit(code, days);
};

const emitJulian = ({ code }: Emission, days: Local): void =>
  void code.get(days).i32(EPOCH_JULIAN).op("i32.add").set(days);

function growingField(source: Source, name: string, emit: EmitOrHost | undefined): ScalarFunction {
  return hostFunction({
    key: `${source}.${name}`,
    procedures: [],
    doc: `extract(${name} FROM ${source})`,
    neverRaises: true,
    arguments: [source],
    result: NUMERIC,
    evaluate: (values) => writeNumeric(fieldOf(source, name, asBigint(first(values)))),
    emit,
  });
}

export const growingFields: readonly ScalarFunction[] = (["date", "timestamp"] as const).flatMap((source) => [
  ...yearFields.map((field) => growingField(source, field.name, emitOfDay(source, emitYears(field)))),
  growingField(source, "julian", source === "date" ? emitOfDay(source, emitJulian) : undefined),
]);
