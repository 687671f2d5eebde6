// Comparing images of interval in compiled code: their length as whole days and the rest of a day, a month taken for 30
// days. Read next: interval_image.ts, which reads the same images in TypeScript.
import type { FunctionBuilder, Local } from "#wasm/function_builder.js";
import type { LibraryFunction } from "../function.js";
import { DAY_MICROSECONDS, DAYS_PER_MONTH } from "../interval_image.js";
import { pushViewBytes } from "./bytes.js";

/** (view, tail) -> whole days, and microseconds of a day: equal intervals give equal numbers. */
export const intervalDays: LibraryFunction = {
  name: "intervalDays",
  type: { parameters: ["i32", "i32"], results: ["i64", "i64"] },
  write(code) {
    const [bytes, time, days, rest] = [code.local("i32"), code.local("i64"), code.local("i64"), code.local("i64")];
    pushViewBytes(code, code.parameter(0), code.parameter(1));
    code.tee(bytes).load("i64.load").set(time);
    code.get(bytes).load("i64.load32_s", 12).i64(BigInt(DAYS_PER_MONTH)).op("i64.mul");
    code.get(bytes).load("i64.load32_s", 8).op("i64.add");
    code.get(time).i64(DAY_MICROSECONDS).op("i64.div_s", "i64.add").set(days);
    code.get(time).i64(DAY_MICROSECONDS).op("i64.rem_s").tee(rest).i64(0).op("i64.lt_s").if([], () => {
      code.get(rest).i64(DAY_MICROSECONDS).op("i64.add").set(rest);
      code.get(days).i64(1).op("i64.sub").set(days);
    });
    code.get(days, rest);
  },
};

/** Pushes -1, 0 or 1. */
function pushOrder(code: FunctionBuilder, a: Local, b: Local): void {
  code.get(a, b).op("i64.gt_s").get(a, b).op("i64.lt_s", "i32.sub");
}

/** (view a, tail a, view b, tail b) -> negative, zero or positive. */
export const compareIntervals: LibraryFunction = {
  name: "compareIntervals",
  type: { parameters: ["i32", "i32", "i32", "i32"], results: ["i32"] },
  write(code, library) {
    const [days1, rest1, days2, rest2] = [
      code.local("i64"), code.local("i64"), code.local("i64"), code.local("i64"),
    ];
    code.get(code.parameter(0), code.parameter(1)).call(library(intervalDays)).set(rest1).set(days1);
    code.get(code.parameter(2), code.parameter(3)).call(library(intervalDays)).set(rest2).set(days2);
    code.get(days1, days2).op("i64.ne").if(["i32"], () => pushOrder(code, days1, days2), () =>
      pushOrder(code, rest1, rest2));
  },
};
