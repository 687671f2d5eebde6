// 128-bit arithmetic of decimals for wide code, in pairs of i64 (low, high). The pair (0, least i64) is NaN, and
// every function below lets it through as PostgreSQL's numeric does. Read next: decimal_arithmetic.ts.
import { LEAST64 } from "#types/encoding_of.js";
import type { FunctionBuilder, Local } from "#wasm/function_builder.js";
import type { ValueType } from "#wasm/value_type.js";
import type { LibraryFunction } from "../function.js";

const LIMIT = 10n ** 38n;
const LIMIT_LOW = BigInt.asIntN(64, LIMIT);
const LIMIT_HIGH = LIMIT >> 64n;

const i64s = (count: number): ValueType[] => Array.from({ length: count }, () => "i64" as const);

/** (low, high) -> 1 when the pair is NaN. */
function pushIsNan(code: FunctionBuilder, low: Local, high: Local): void {
  code.get(high).i64(LEAST64).op("i64.eq").get(low).op("i64.eqz", "i32.and");
}

/** (low, high) of a magnitude -> 1 when it is 10^38 or more. */
function pushTooWide(code: FunctionBuilder, low: Local, high: Local): void {
  code.get(high).i64(LIMIT_HIGH).op("i64.gt_u");
  code.get(high).i64(LIMIT_HIGH).op("i64.eq").get(low).i64(LIMIT_LOW).op("i64.ge_u", "i32.and", "i32.or");
}

/** Negates the pair in place when `condition` (an i32 local) is not zero. */
function negateIf(code: FunctionBuilder, low: Local, high: Local, condition: Local): void {
  code.get(condition).if([], () => {
    code.i64(0).get(high).op("i64.sub").get(low).i64(0).op("i64.ne", "i64.extend_i32_u", "i64.sub").set(high);
    code.i64(0).get(low).op("i64.sub").set(low);
  });
}

/** An int64 decimal as a pair. */
export const widenDecimal: LibraryFunction = {
  name: "widenDecimal",
  type: { parameters: ["i64"], results: i64s(2) },
  write(code) {
    const value = code.parameter(0);
    const isNan = code.local("i32");
    code.get(value).i64(LEAST64).op("i64.eq").set(isNan);
    code.i64(0).get(value, isNan).select();
    code.i64(LEAST64).get(value).i64(63).op("i64.shr_s").get(isNan).select();
  },
};

/** A pair known to have at most 18 digits as an int64 decimal. */
export const narrowDecimal: LibraryFunction = {
  name: "narrowDecimal",
  type: { parameters: i64s(2), results: ["i64"] },
  write(code) {
    const [low, high] = [code.parameter(0), code.parameter(1)];
    code.i64(LEAST64).get(low);
    pushIsNan(code, low, high);
    code.select();
  },
};

/** Unsigned 64 x 64 -> 128 bits, by four 32-bit products. */
const multiplyUnsigned: LibraryFunction = {
  name: "multiplyUnsigned",
  type: { parameters: i64s(2), results: i64s(2) },
  write(code) {
    const [a, b] = [code.parameter(0), code.parameter(1)];
    const [low, cross1, cross2, middle] = [
      code.local("i64"),
      code.local("i64"),
      code.local("i64"),
      code.local("i64"),
    ];
    const half = (value: Local, upper: boolean): FunctionBuilder =>
      upper ? code.get(value).i64(32).op("i64.shr_u") : code.get(value).i64(0xffffffffn).op("i64.and");
    half(a, false);
    half(b, false).op("i64.mul").set(low);
    half(a, true);
    half(b, false).op("i64.mul").set(cross1);
    half(a, false);
    half(b, true).op("i64.mul").set(cross2);
    // The middle column holds three 32-bit terms: no carry out of 64 bits.
    half(low, true);
    half(cross1, false).op("i64.add");
    half(cross2, false).op("i64.add").set(middle);
    half(low, false);
    code.get(middle).i64(32).op("i64.shl", "i64.or");
    half(a, true);
    half(b, true).op("i64.mul");
    half(cross1, true).op("i64.add");
    half(cross2, true).op("i64.add");
    half(middle, true).op("i64.add");
  },
};

/** (a, b) -> (sum, too wide): the sum of two decimals; too wide from 10^38 on. */
export const addDecimal: LibraryFunction = {
  name: "addDecimal",
  type: { parameters: i64s(4), results: ["i64", "i64", "i32"] },
  write(code) {
    const [aLow, aHigh, bLow, bHigh] = [
      code.parameter(0),
      code.parameter(1),
      code.parameter(2),
      code.parameter(3),
    ];
    const [low, high, negative] = [code.local("i64"), code.local("i64"), code.local("i32")];
    const [sumLow, sumHigh] = [code.local("i64"), code.local("i64")];
    returnNan(code, aLow, aHigh);
    returnNan(code, bLow, bHigh);
    code.get(aLow, bLow).op("i64.add").tee(sumLow).set(low);
    code
      .get(aHigh, bHigh)
      .op("i64.add")
      .get(low, aLow)
      .op("i64.lt_u", "i64.extend_i32_u", "i64.add")
      .tee(sumHigh)
      .set(high);
    // Terms below 10^38 can leave 127 bits by one: the magnitude, as an unsigned pair, still tells.
    code.get(aHigh).i64(0).op("i64.lt_s").set(negative);
    code.get(aHigh, bHigh).op("i64.xor").i64(0).op("i64.lt_s");
    code.if([], () => code.get(high).i64(0).op("i64.lt_s").set(negative));
    negateIf(code, low, high, negative);
    code.get(sumLow, sumHigh);
    pushTooWide(code, low, high);
  },
};

/** Returns the NaN triple when the pair is NaN. */
function returnNan(code: FunctionBuilder, low: Local, high: Local): void {
  pushIsNan(code, low, high);
  code.if([], () => code.i64(0).i64(LEAST64).i32(0).return());
}

export const negateDecimal: LibraryFunction = {
  name: "negateDecimal",
  type: { parameters: i64s(2), results: i64s(2) },
  write(code) {
    const [low, high, always] = [code.parameter(0), code.parameter(1), code.local("i32")];
    pushIsNan(code, low, high);
    code.op("i32.eqz").set(always);
    negateIf(code, low, high, always);
    code.get(low, high);
  },
};

/** (a, b) -> (product, too wide). */
export const multiplyDecimal: LibraryFunction = {
  name: "multiplyDecimal",
  type: { parameters: i64s(4), results: ["i64", "i64", "i32"] },
  write(code, library) {
    const [aLow, aHigh, bLow, bHigh] = [
      code.parameter(0),
      code.parameter(1),
      code.parameter(2),
      code.parameter(3),
    ];
    const [low, high, cross, over] = [
      code.local("i64"),
      code.local("i64"),
      code.local("i64"),
      code.local("i64"),
    ];
    const [sign, negative, tooWide] = [code.local("i32"), code.local("i32"), code.local("i32")];
    const multiply = library(multiplyUnsigned);
    returnNan(code, aLow, aHigh);
    returnNan(code, bLow, bHigh);
    code.get(aHigh, bHigh).op("i64.xor").i64(0).op("i64.lt_s").set(sign);
    code.get(aHigh).i64(0).op("i64.lt_s").set(negative);
    negateIf(code, aLow, aHigh, negative);
    code.get(bHigh).i64(0).op("i64.lt_s").set(negative);
    negateIf(code, bLow, bHigh, negative);
    code.get(aLow, bLow).call(multiply).set(high).set(low);
    // Two high words make 2^128; one high word adds a cross product that must itself fit 64 bits.
    code.get(aHigh).i64(0).op("i64.ne").get(bHigh).i64(0).op("i64.ne", "i32.and").set(tooWide);
    code.get(bHigh, aHigh, aHigh).op("i64.eqz").select().set(over);
    code.get(bLow, aLow).get(aHigh).i64(0).op("i64.ne").select().get(over);
    code.call(multiply).set(over).set(cross);
    code.get(over).i64(0).op("i64.ne").get(tooWide).op("i32.or").set(tooWide);
    code
      .get(high, cross)
      .op("i64.add")
      .tee(high)
      .get(cross)
      .op("i64.lt_u")
      .get(tooWide)
      .op("i32.or")
      .set(tooWide);
    pushTooWide(code, low, high);
    code.get(tooWide).op("i32.or").set(tooWide);
    negateIf(code, low, high, sign);
    code.get(low, high, tooWide);
  },
};

/** The product of two int64 decimals as a pair: 36 digits at most. */
export const multiplyDecimal64: LibraryFunction = {
  name: "multiplyDecimal64",
  type: { parameters: i64s(2), results: i64s(2) },
  write(code, library) {
    const [a, b] = [code.parameter(0), code.parameter(1)];
    const [low, high] = [code.local("i64"), code.local("i64")];
    code.get(a).i64(LEAST64).op("i64.eq").get(b).i64(LEAST64).op("i64.eq", "i32.or");
    code.if([], () => code.i64(0).i64(LEAST64).return());
    // The unsigned product of a negative factor is too large by the other factor, 64 bits up.
    code.get(a, b).call(library(multiplyUnsigned)).set(high).set(low);
    code.get(low, high).get(a).i64(63).op("i64.shr_s").get(b).op("i64.and", "i64.sub");
    code.get(b).i64(63).op("i64.shr_s").get(a).op("i64.and", "i64.sub");
  },
};

/** (a, b) -> -1, 0 or 1; NaN equals NaN and is above everything. */
export const compareDecimal: LibraryFunction = {
  name: "compareDecimal",
  type: { parameters: i64s(4), results: ["i32"] },
  write(code) {
    const [aLow, aHigh, bLow, bHigh] = [
      code.parameter(0),
      code.parameter(1),
      code.parameter(2),
      code.parameter(3),
    ];
    // High words of numbers never reach either end of i64, so NaN may move from one end to the other.
    for (const high of [aHigh, bHigh]) {
      code
        .i64(-LEAST64 - 1n)
        .get(high, high)
        .i64(LEAST64)
        .op("i64.eq")
        .select()
        .set(high);
    }
    code.get(aHigh, bHigh).op("i64.eq");
    code.if(
      ["i32"],
      () => code.get(aLow, bLow).op("i64.gt_u").get(aLow, bLow).op("i64.lt_u", "i32.sub"),
      () => code.get(aHigh, bHigh).op("i64.gt_s").get(aHigh, bHigh).op("i64.lt_s", "i32.sub"),
    );
  },
};

/** (value, digits) -> value without its last `digits` decimal digits, rounded half away from zero. */
export const roundDecimal: LibraryFunction = {
  name: "roundDecimal",
  type: { parameters: ["i64", "i64", "i32"], results: i64s(2) },
  write(code, library) {
    const [low, high, digits] = [code.parameter(0), code.parameter(1), code.parameter(2)];
    const [negative, done] = [code.local("i32"), code.local("i32")];
    const divide = library(divideByTen);
    pushIsNan(code, low, high);
    code.if([], () => code.get(low, high).return());
    code.get(high).i64(0).op("i64.lt_s").set(negative);
    negateIf(code, low, high, negative);
    // Half away from zero looks only at the first digit dropped: add 5 before the last division.
    code.block([], (end) => {
      code.loop((again) => {
        code.get(digits).op("i32.eqz").brIf(end);
        code.get(digits).i32(1).op("i32.sub").tee(digits).op("i32.eqz").set(done);
        code.get(low).get(done).op("i64.extend_i32_u").i64(5).op("i64.mul", "i64.add").tee(low);
        code
          .get(done)
          .op("i64.extend_i32_u")
          .i64(5)
          .op("i64.mul", "i64.lt_u", "i64.extend_i32_u")
          .get(high)
          .op("i64.add")
          .set(high);
        code.get(low, high).call(divide).set(high).set(low).br(again);
      });
    });
    negateIf(code, low, high, negative);
    code.get(low, high);
  },
};

/** An unsigned pair divided by ten, in 32-bit digits. */
const divideByTen: LibraryFunction = {
  name: "divideByTen",
  type: { parameters: i64s(2), results: i64s(2) },
  write(code) {
    const [low, high] = [code.parameter(0), code.parameter(1)];
    const [digit, quotient, result] = [code.local("i64"), code.local("i64"), code.local("i64")];
    code.get(high).i64(10).op("i64.rem_u").set(digit);
    code.get(high).i64(10).op("i64.div_u").set(result);
    code
      .get(digit)
      .i64(32)
      .op("i64.shl")
      .get(low)
      .i64(32)
      .op("i64.shr_u", "i64.or")
      .tee(digit)
      .i64(10)
      .op("i64.div_u")
      .set(quotient);
    code
      .get(digit)
      .i64(10)
      .op("i64.rem_u")
      .i64(32)
      .op("i64.shl")
      .get(low)
      .i64(0xffffffffn)
      .op("i64.and", "i64.or")
      .i64(10)
      .op("i64.div_u");
    code.get(quotient).i64(32).op("i64.shl", "i64.or").get(result);
  },
};

/** Pushes 10^digits as a pair. */
export function pushPowerOfTen(code: FunctionBuilder, digits: number): void {
  const power = 10n ** BigInt(digits);
  code.i64(power).i64(power >> 64n);
}

/** (low, high) on the stack are compared in magnitude with 10^digits: leaves 1 when they reach it and are not NaN. */
export const reachesPowerOfTen: LibraryFunction = {
  name: "reachesPowerOfTen",
  type: { parameters: i64s(4), results: ["i32"] },
  write(code) {
    const [low, high, powerLow, powerHigh] = [
      code.parameter(0),
      code.parameter(1),
      code.parameter(2),
      code.parameter(3),
    ];
    const negative = code.local("i32");
    pushIsNan(code, low, high);
    code.if([], () => code.i32(0).return());
    code.get(high).i64(0).op("i64.lt_s").set(negative);
    negateIf(code, low, high, negative);
    code.get(high, powerHigh).op("i64.gt_u");
    code.get(high, powerHigh).op("i64.eq").get(low, powerLow).op("i64.ge_u", "i32.and", "i32.or");
  },
};
