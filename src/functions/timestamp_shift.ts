// Timestamps moved by microseconds, as intervals without days and months move them: what limits of window frames are.
// Whole intervals are interval_arithmetic.ts's. Read next: calendar.ts.
import {
  checkedTimestamp, isInfiniteTimestamp, TIMESTAMP_END, TIMESTAMP_FIRST, TIMESTAMP_INFINITY, TIMESTAMP_MINUS_INFINITY,
} from "./calendar.js";
import { errorTemplates } from "./error_templates.js";
import type { ScalarFunction } from "./function.js";
import { asBigint, first, push, second } from "./operand.js";

function shift(word: "add" | "sub"): ScalarFunction {
  return {
    key: `timestamp.${word === "add" ? "add" : "subtract"}Microseconds`,
    procedures: [],
    doc: `A timestamp ${word === "add" ? "plus" : "minus"} microseconds; infinite ones stay`,
    resultType: ([a, b, ...more]) =>
      ((a?.kind === "timestamp" || a?.kind === "timestamptz") && b?.kind === "int8" && more.length === 0
        ? { kind: a.kind } : undefined),
    mayFail: () => true,
    evaluate(values) {
      const [timestamp, by] = [asBigint(first(values)), asBigint(second(values))];
      if (isInfiniteTimestamp(timestamp)) return timestamp;
      return checkedTimestamp(BigInt.asIntN(64, word === "add" ? timestamp + by : timestamp - by));
    },
    emit(emission, operands) {
      const { code } = emission;
      const [shifted, infinite] = [code.local("i64"), code.local("i32")];
      push(code, first(operands)).i64(TIMESTAMP_INFINITY).op("i64.eq");
      push(code, first(operands)).i64(TIMESTAMP_MINUS_INFINITY).op("i64.eq", "i32.or").set(infinite);
      push(push(code, first(operands)), second(operands)).op(`i64.${word}`).set(shifted);
      code.get(shifted).i64(TIMESTAMP_FIRST).op("i64.lt_s").get(shifted).i64(TIMESTAMP_END).op("i64.ge_s", "i32.or");
      code.get(infinite).op("i32.eqz", "i32.and");
      emission.raiseIf(errorTemplates.timestampOutOfRange);
      push(code, first(operands)).get(shifted, infinite).select();
    },
  };
}

export const timestampShifts: readonly ScalarFunction[] = [shift("add"), shift("sub")];
