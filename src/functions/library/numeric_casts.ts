// Numerics from and to integers and decimals of fixed scale in compiled code. Those that write a numeric do so into
// room of NUMERIC_ROOM bytes; all say 0 where the host must decide. Read next: numeric_parts.ts, numeric_cast.ts.
import type { FunctionBuilder, Local } from "#wasm/function_builder.js";
import type { LibraryFunction } from "../function.js";
import {
  BASE, GROUP_DIGITS, GROUPS_OFFSET, type NumericOperand, pushGroup, takeApart, writeNumericView,
} from "./numeric_parts.js";
import { giveUpIf } from "./numeric_sums.js";

/** More than 38 digits and a group cut in two have. */
const DECIMAL_GROUPS = 12;
/** Digits that fit an int64 whatever they are. */
const INT64_DIGITS = 18;

/** An unsigned pair divided by a number below 2^32, in place; leaves the remainder on the stack. */
function divideInPlace(code: FunctionBuilder, low: Local, high: Local, by: Local): void {
  const [rest, upper] = [code.local("i64"), code.local("i64")];
  code.get(high).op("i64.eqz").if([], () => {
    code.get(low, by).op("i64.rem_u").set(rest).get(low, by).op("i64.div_u").set(low);
  }, () => {
    code.get(high, by).op("i64.rem_u").i64(32).op("i64.shl").get(low).i64(32).op("i64.shr_u", "i64.or").set(rest);
    code.get(high, by).op("i64.div_u").set(high);
    code.get(rest, by).op("i64.div_u").i64(32).op("i64.shl").set(upper);
    code.get(rest, by).op("i64.rem_u").i64(32).op("i64.shl").get(low).i64(0xffffffffn).op("i64.and", "i64.or");
    code.set(rest).get(upper, rest, by).op("i64.div_u", "i64.or").set(low);
    code.get(rest, by).op("i64.rem_u").set(rest);
  });
  code.get(rest);
}

/** (low, high, room) of a decimal with `scale` places; NaN is the host's. */
export function numericOfDecimal(scale: number): LibraryFunction {
  const padding = (GROUP_DIGITS - (scale % GROUP_DIGITS)) % GROUP_DIGITS;
  return {
    name: `numericOfDecimal${scale}`,
    type: { parameters: ["i64", "i64", "i32"], results: ["i32"] },
    write(code, library) {
      const [low, high, room] = [code.parameter(0), code.parameter(1), code.parameter(2)];
      const [at, end, negative, by] = [code.local("i32"), code.local("i32"), code.local("i32"), code.local("i64")];
      giveUpIf(code.get(high).i64(-(1n << 63n)).op("i64.eq").get(low).op("i64.eqz", "i32.and"));
      code.get(high).i64(0).op("i64.lt_s").tee(negative).if([], () => {
        code.i64(0).get(high).op("i64.sub").get(low).i64(0).op("i64.ne", "i64.extend_i32_u", "i64.sub").set(high);
        code.i64(0).get(low).op("i64.sub").set(low);
      });
      code.get(room).i32(GROUPS_OFFSET + 2 * DECIMAL_GROUPS).op("i32.add").tee(end).set(at);
      const step = (): void => {
        code.get(at).i32(2).op("i32.sub").tee(at);
        divideInPlace(code, low, high, by);
      };
      if (padding > 0) {
        code.i64(10n ** BigInt(GROUP_DIGITS - padding)).set(by);
        step();
        code.i64(10n ** BigInt(padding)).op("i64.mul").store("i64.store16");
      }
      code.i64(BASE).set(by);
      code.block([], (done) => code.loop((again) => {
        code.get(low, high).op("i64.or", "i64.eqz").brIf(done);
        step();
        code.store("i64.store16").br(again);
      }));
      code.get(room, at, end, end, at).op("i32.sub").i32(1).op("i32.shr_u");
      code.i32(1 + (scale + padding) / GROUP_DIGITS).op("i32.sub").i32(scale).get(negative);
      code.call(library(writeNumericView));
    },
  };
}

/** Appends the digits of the group at `index` to a coefficient, and counts on. */
function append(code: FunctionBuilder, value: NumericOperand, index: Local, coefficient: Local): void {
  code.get(coefficient).i64(BASE).op("i64.mul");
  pushGroup(code, value, index);
  code.op("i64.extend_i32_u", "i64.add").set(coefficient).get(index).i32(1).op("i32.add").set(index);
}

/** (value, tail) with `scale` places, rounded half away from zero: an i64 of at most 18 digits. */
export function decimalOfNumeric(scale: number): LibraryFunction {
  const whole = Math.floor(scale / GROUP_DIGITS);
  const part = scale % GROUP_DIGITS;
  return {
    name: `decimalOfNumeric${scale}`,
    type: { parameters: ["i32", "i32"], results: ["i64", "i32"] },
    write(code, library) {
      const [index, group, coefficient] = [code.local("i32"), code.local("i32"), code.local("i64")];
      const value = takeApartOrLeave(code, library);
      // Digits up to the last place, and one group for the rounding.
      code.get(value.weight).i32(1).op("i32.add").i32(GROUP_DIGITS).op("i32.mul");
      code.i32(INT64_DIGITS - scale).op("i32.gt_s").if([], () => code.i64(0).i32(0).return());
      const end = code.local("i32");
      code.get(value.weight).i32(1 + whole).op("i32.add").set(end);
      code.block([], (done) => code.loop((again) => {
        code.get(index, end).op("i32.ge_s").brIf(done);
        append(code, value, index, coefficient);
        code.br(again);
      }));
      // The group that is cut, when it is not before the first.
      code.get(end).set(index);
      pushGroup(code, value, index);
      code.set(group);
      const power = 10 ** (GROUP_DIGITS - part);
      if (part > 0) {
        code.get(coefficient).i64(10n ** BigInt(part)).op("i64.mul");
        code.get(group).i32(power).op("i32.div_u", "i64.extend_i32_u", "i64.add").set(coefficient);
      }
      code.get(coefficient, group).i32(power).op("i32.rem_u").i32(power / 2).op("i32.ge_u", "i64.extend_i32_u");
      code.op("i64.add").set(coefficient);
      code.i64(0).get(coefficient).op("i64.sub").get(coefficient, value.negative).select().i32(1);
    },
  };
}

/** As takeApart(), for a function of two results. */
function takeApartOrLeave(code: FunctionBuilder, library: Parameters<typeof takeApart>[1]): NumericOperand {
  return takeApart(code, library, code.parameter(0), code.parameter(1), () => code.i64(0).i32(0).return());
}

/** Integers below it are floats, and so are powers of ten up to this one: their quotient is rounded once. */
const FLOAT_INTEGERS = 1n << 53n;
const FLOAT_POWER_MAX = 22;

/** (value, tail) -> the nearest float, and whether it was found. */
export const floatOfNumeric: LibraryFunction = {
  name: "floatOfNumeric",
  type: { parameters: ["i32", "i32"], results: ["f64", "i32"] },
  write(code, library) {
    const [index, places, coefficient] = [code.local("i32"), code.local("i32"), code.local("i64")];
    const [power, float] = [code.local("f64"), code.local("f64")];
    const giveUp = (): void => void code.f64(0).i32(0).return();
    const value = takeApart(code, library, code.parameter(0), code.parameter(1), giveUp);
    code.get(value.count).i32(GROUP_DIGITS).op("i32.gt_u").if([], giveUp);
    // Places of the last group; below zero when zeros follow it.
    code.get(value.count, value.weight).op("i32.sub").i32(1).op("i32.sub").i32(GROUP_DIGITS).op("i32.mul");
    code.tee(places).i32(FLOAT_POWER_MAX).op("i32.add").i32(2 * FLOAT_POWER_MAX).op("i32.gt_u").if([], giveUp);
    code.block([], (done) => code.loop((again) => {
      code.get(index, value.count).op("i32.ge_u").brIf(done);
      append(code, value, index, coefficient);
      code.br(again);
    }));
    code.get(coefficient).i64(FLOAT_INTEGERS).op("i64.gt_u").if([], giveUp);
    code.get(places).i32(0).op("i32.lt_s").set(index);
    code.i32(0).get(places).op("i32.sub").get(places, index).select().set(places).f64(1).set(power);
    code.block([], (done) => code.loop((again) => {
      code.get(places).op("i32.eqz").brIf(done);
      code.get(power).f64(10).op("f64.mul").set(power).get(places).i32(1).op("i32.sub").set(places).br(again);
    }));
    code.get(coefficient).op("f64.convert_i64_u").tee(float).get(power).op("f64.mul");
    code.get(float, power).op("f64.div").get(index).select().tee(float).op("f64.neg").get(float);
    code.get(value.negative).select().i32(1);
  },
};
