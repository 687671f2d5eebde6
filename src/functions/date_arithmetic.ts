// Arithmetic of dates with days, and casts between date and timestamp without time zone. Infinite dates stay infinite
// under shifts and cannot be subtracted. Intervals and time zones are PostgreSQL's business.
import {
  DATE_END, DATE_FIRST, DATE_INFINITY, DATE_MINUS_INFINITY, TIMESTAMP_END_DAY, TIMESTAMP_INFINITY,
  TIMESTAMP_MINUS_INFINITY, dateBeyondTimestamps, isInfiniteDate, timestampOfDate,
} from "./calendar.js";
import { castFunction } from "./cast_numbers.js";
import { errorTemplates, throwTemplate } from "./error_templates.js";
import type { Emission, Operand, Present, Procedure, ScalarFunction } from "./function.js";
import { DAY_MICROSECONDS } from "./interval_image.js";
import { asBigint, first, push, pushAsI64, second } from "./operand.js";

function pushIsInfiniteDate({ code }: Emission, operand: Operand): void {
  push(code, operand).i32(Number(DATE_MINUS_INFINITY)).op("i32.eq");
  push(code, operand).i32(Number(DATE_INFINITY)).op("i32.eq", "i32.or");
}

function shiftDate(days: Present, by: bigint): bigint {
  const date = asBigint(days);
  if (isInfiniteDate(date)) return date;
  const shifted = date + by;
  if (shifted < DATE_FIRST || shifted >= DATE_END) throwTemplate(errorTemplates.dateOutOfRange);
  return shifted;
}

function emitShift(emission: Emission, operands: readonly Operand[], word: "add" | "sub"): void {
  const { code } = emission;
  const [shifted, infinite] = [code.local("i64"), code.local("i32")];
  pushIsInfiniteDate(emission, first(operands));
  code.set(infinite);
  pushAsI64(pushAsI64(code, first(operands)), second(operands))
    .op(`i64.${word}`)
    .set(shifted);
  code.get(shifted).i64(DATE_FIRST).op("i64.lt_s").get(shifted).i64(DATE_END).op("i64.ge_s", "i32.or");
  code.get(infinite).op("i32.eqz", "i32.and");
  emission.raiseIf(errorTemplates.dateOutOfRange);
  push(code, first(operands)).get(shifted).op("i32.wrap_i64").get(infinite).select();
}

function shift(key: string, procedure: Procedure, word: "add" | "sub"): ScalarFunction {
  return {
    key,
    procedures: [procedure],
    doc: `A date ${word === "add" ? "plus" : "minus"} days; infinite dates stay`,
    resultType: ([a, b, ...more]) =>
      a?.kind === "date" && b?.kind === "int4" && more.length === 0 ? { kind: "date" } : undefined,
    mayFail: () => true,
    evaluate: (values) =>
      shiftDate(first(values), word === "add" ? asBigint(second(values)) : -asBigint(second(values))),
    emit: (emission, operands) => emitShift(emission, operands, word),
  };
}

const subtract: ScalarFunction = {
  key: "date.subtract",
  procedures: [{ oid: 1140, source: "date_mi" }],
  doc: "Days between two finite dates",
  resultType: ([a, b, ...more]) =>
    a?.kind === "date" && b?.kind === "date" && more.length === 0 ? { kind: "int4" } : undefined,
  mayFail: () => true,
  evaluate(values) {
    const [a, b] = [asBigint(first(values)), asBigint(second(values))];
    if (isInfiniteDate(a) || isInfiniteDate(b)) throwTemplate(errorTemplates.infiniteDates);
    return BigInt.asIntN(32, a - b);
  },
  emit(emission, operands) {
    pushIsInfiniteDate(emission, first(operands));
    pushIsInfiniteDate(emission, second(operands));
    emission.code.op("i32.or");
    emission.raiseIf(errorTemplates.infiniteDates);
    push(push(emission.code, first(operands)), second(operands)).op("i32.sub");
  },
};

const dateToTimestamp = castFunction(
  "date",
  "timestamp",
  { kind: "timestamp" },
  { oid: 2024, source: "date_timestamp" },
  {
    mayFail: true,
    evaluate: (value) => timestampOfDate(asBigint(value)),
    emit(emission, operand) {
      const { code } = emission;
      const days = code.local("i64");
      pushAsI64(code, operand)
        .tee(days)
        .i64(TIMESTAMP_END_DAY)
        .op("i64.ge_s")
        .get(days)
        .i64(DATE_INFINITY)
        .op("i64.ne", "i32.and");
      emission.raiseIf(dateBeyondTimestamps);
      code.get(days).i64(DAY_MICROSECONDS).op("i64.mul");
      code.i64(TIMESTAMP_INFINITY).get(days).i64(DATE_INFINITY).op("i64.ne").select();
      code.i64(TIMESTAMP_MINUS_INFINITY).get(days).i64(DATE_MINUS_INFINITY).op("i64.ne").select();
    },
  },
);

const timestampToDate = castFunction(
  "timestamp",
  "date",
  { kind: "date" },
  { oid: 2029, source: "timestamp_date" },
  {
    mayFail: false,
    evaluate(value) {
      const time = asBigint(value);
      if (time === TIMESTAMP_MINUS_INFINITY) return DATE_MINUS_INFINITY;
      if (time === TIMESTAMP_INFINITY) return DATE_INFINITY;
      const days = time / DAY_MICROSECONDS;
      return time % DAY_MICROSECONDS < 0n ? days - 1n : days;
    },
    emit({ code }, operand) {
      push(code, operand).i64(DAY_MICROSECONDS).op("i64.div_s");
      push(code, operand)
        .i64(DAY_MICROSECONDS)
        .op("i64.rem_s")
        .i64(0)
        .op("i64.lt_s", "i64.extend_i32_u", "i64.sub", "i32.wrap_i64");
      push(code.i32(Number(DATE_INFINITY)), operand)
        .i64(TIMESTAMP_INFINITY)
        .op("i64.ne")
        .select();
      push(code.i32(Number(DATE_MINUS_INFINITY)), operand)
        .i64(TIMESTAMP_MINUS_INFINITY)
        .op("i64.ne")
        .select();
    },
  },
);

export const dateArithmetic: readonly ScalarFunction[] = [
  shift("date.addDays", { oid: 1141, source: "date_pli" }, "add"),
  shift("date.subtractDays", { oid: 1142, source: "date_mii" }, "sub"),
  subtract,
  dateToTimestamp,
  timestampToDate,
];
