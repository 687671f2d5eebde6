// extract(year FROM date or timestamp), by the planner's choice of function: the field is a constant of the
// statement (field_calls.ts). An infinite date has an infinite year, which no decimal is: it fails, and the statement
// is refused, as in a scan. Read next: date_parts.ts, for the parts infinite dates have not.
import type { Local } from "#wasm/function_builder.js";
import { throwTemplate } from "./error_templates.js";
import type { Emission, ErrorTemplate, ScalarFunction } from "./function.js";
import { asBigint, first, push } from "./operand.js";

type Source = "date" | "timestamp";

/** PostgreSQL's numeric answer is carried with the digits the largest year has. */
export const FIELD_TYPE = { kind: "decimal", precision: 7, scale: 0 } as const;

/** Not PostgreSQL's: its answer is Infinity. */
export const infiniteField: ErrorTemplate = {
  sqlstate: "0A000",
  message: "pg_fusion: an infinite numeric, as extract() gives for an infinite date, is not supported",
};

const DAY_MICROSECONDS = 86_400_000_000n;
const infinite: Readonly<Record<Source, readonly [bigint, bigint]>> = {
  date: [-(1n << 31n), (1n << 31n) - 1n],
  timestamp: [-(1n << 63n), (1n << 63n) - 1n],
};

/** Days of 400 years, after which the calendar repeats. */
const ERA_DAYS = 146_097;
const ERA_YEARS = 400;
/** Eras added so that every date PostgreSQL has counts from 0: they begin in 4714 BC. */
const ERAS_BEFORE = 20;
/** From 1 March of year 0 to 2000-01-01. Years that begin in March have their leap day last. */
const EPOCH_DAYS = 730_425;
/** The first of January in a year that begins in March. */
const JANUARY = 306;
const OFFSET_DAYS = EPOCH_DAYS + ERAS_BEFORE * ERA_DAYS;

function yearOf(days: number): number {
  const since = days + OFFSET_DAYS;
  const era = Math.floor(since / ERA_DAYS);
  const day = since - era * ERA_DAYS;
  const year = Math.floor((day - Math.floor(day / 1460) + Math.floor(day / 36_524) - Math.floor(day / 146_096)) / 365);
  const dayOfYear = day - (365 * year + Math.floor(year / 4) - Math.floor(year / 100));
  const whole = year + (era - ERAS_BEFORE) * ERA_YEARS + (dayOfYear >= JANUARY ? 1 : 0);
  // 1 BC comes before 1 AD.
  return whole > 0 ? whole : whole - 1;
}

/** Leaves an i32 on the stack. */
function emitYear({ code }: Emission, days: Local): void {
  const local = (): Local => code.local("i32");
  const [era, day, year, dayOfYear] = [local(), local(), local(), local()];
  const divided = (value: Local, by: number): void => void code.get(value).i32(by).op("i32.div_u");
  code.get(days).i32(OFFSET_DAYS).op("i32.add").set(day);
  divided(day, ERA_DAYS);
  code.set(era).get(day, era).i32(ERA_DAYS).op("i32.mul", "i32.sub").set(day);
  code.get(day);
  divided(day, 1460);
  code.op("i32.sub");
  divided(day, 36_524);
  code.op("i32.add");
  divided(day, 146_096);
  code.op("i32.sub").i32(365).op("i32.div_u").set(year);
  code.get(day, year).i32(365).op("i32.mul", "i32.sub");
  divided(year, 4);
  code.op("i32.sub");
  divided(year, 100);
  code.op("i32.add").set(dayOfYear);
  code.get(year, era).i32(ERAS_BEFORE).op("i32.sub").i32(ERA_YEARS).op("i32.mul", "i32.add");
  code.get(dayOfYear).i32(JANUARY).op("i32.ge_u", "i32.add").tee(year);
  code.get(year).i32(0).op("i32.le_s", "i32.sub");
}

function yearFunction(source: Source): ScalarFunction {
  const [least, greatest] = infinite[source];
  return {
    key: `${source}.year`,
    procedures: [],
    doc: `extract(year FROM ${source})`,
    resultType: ([value, ...more]) => (value?.kind === source && more.length === 0 ? FIELD_TYPE : undefined),
    mayFail: () => true,
    evaluate([value = 0n]) {
      const instant = asBigint(value);
      if (instant === least || instant === greatest) throwTemplate(infiniteField);
      if (source === "date") return BigInt(yearOf(Number(instant)));
      const days = instant / DAY_MICROSECONDS - (instant % DAY_MICROSECONDS < 0n ? 1n : 0n);
      return BigInt(yearOf(Number(days)));
    },
    emit(emission, operands) {
      const { code } = emission;
      const value = first(operands);
      const push64 = (bound: bigint): void => {
        push(code, value);
        if (source === "date") code.i32(Number(bound)).op("i32.eq");
        else code.i64(bound).op("i64.eq");
      };
      push64(least);
      push64(greatest);
      code.op("i32.or");
      emission.raiseIf(infiniteField);
      const days = code.local("i32");
      push(code, value);
      if (source === "timestamp") {
        code.i64(DAY_MICROSECONDS).op("i64.div_s");
        push(code, value).i64(DAY_MICROSECONDS).op("i64.rem_s").i64(0).op("i64.lt_s", "i64.extend_i32_u", "i64.sub");
        code.op("i32.wrap_i64");
      }
      code.set(days);
      emitYear(emission, days);
      code.op("i64.extend_i32_s");
    },
    bound: () => ({ result: 6_000_000, peak: 6_000_000 }),
  };
}

export const dateFields: readonly ScalarFunction[] = [yearFunction("date"), yearFunction("timestamp")];
