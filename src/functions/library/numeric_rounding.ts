// Numerics rounded, cut and divided in compiled code; read numeric_sums.ts first, whose conventions hold here.
import type { FunctionBuilder, Local } from "#wasm/function_builder.js";
import type { LibraryFunction } from "../function.js";
import { BASE, GROUP_DIGITS, GROUPS_MAX, pushGroup, takeApart, writeNumericView } from "./numeric_parts.js";
import { giveUpIf, setFirst } from "./numeric_sums.js";

export const RoundingMode = { truncate: 0, round: 1, ceiling: 2, floor: 3 } as const;

/** Beyond so many places either way the host decides. */
const PLACES_MAX = 200;
/** NUMERIC_MIN_SIG_DIGITS. */
const QUOTIENT_DIGITS = 16;
/** A rest below this takes another group in 64 bits. */
const DIVISOR_LIMIT = 1_800_000_000_000_000n;

/** Pushes 10^digits for 0 to 4 digits in a local. */
function pushSmallPower(code: FunctionBuilder, digits: Local): void {
  code.i32(1).i32(10).i32(100).get(digits).i32(1).op("i32.eq").select();
  code.get(digits).op("i32.eqz").select();
  code.i32(1000).i32(BASE).get(digits).i32(3).op("i32.eq").select();
  code.get(digits).i32(2).op("i32.le_u").select();
}

/** Adds what stands on the stack to the group at an address, and carries. A free group stands before the first. */
function addAndCarry(code: FunctionBuilder, at: Local): void {
  const sum = code.local("i32");
  code.get(at).load("i32.load16_u").op("i32.add").set(sum);
  code.block([], (done) => code.loop((again) => {
    code.get(sum).i32(BASE).op("i32.lt_u").brIf(done);
    code.get(at, sum).i32(BASE).op("i32.sub").store("i32.store16");
    code.get(at).i32(2).op("i32.sub").tee(at).load("i32.load16_u").i32(1).op("i32.add").set(sum).br(again);
  }));
  code.get(at, sum).store("i32.store16");
}

/** (value, tail, places, room, mode) */
export const numericRounded: LibraryFunction = {
  name: "numericRounded",
  type: { parameters: ["i32", "i32", "i32", "i32", "i32"], results: ["i32"] },
  write(code, library) {
    const [places, room, mode] = [code.parameter(2), code.parameter(3), code.parameter(4)];
    const local = (): Local => code.local("i32");
    const [first, keep, at, power, rest, group, end] =
      [local(), local(), local(), local(), local(), local(), local()];
    const value = takeApart(code, library, code.parameter(0), code.parameter(1));
    giveUpIf(code.get(value.count).i32(GROUPS_MAX).op("i32.gt_s"));
    giveUpIf(code.get(places).i32(PLACES_MAX).op("i32.add").i32(2 * PLACES_MAX).op("i32.gt_u"));
    // A free group for the carry, then the groups.
    setFirst(code, room, first);
    code.get(first).i32(0).store("i32.store16").get(value.count).if([], () => {
      code.get(first).i32(2).op("i32.add").get(value.groups, value.count).i32(1).op("i32.shl").memoryCopy();
    });
    code.get(first, value.count).i32(1).op("i32.shl", "i32.add").i32(2).op("i32.add").set(end);
    // Digits that stay, from the first group's.
    code.get(value.weight).i32(1).op("i32.add").i32(GROUP_DIGITS).op("i32.mul").get(places).op("i32.add").set(keep);
    code.get(keep, value.count).i32(GROUP_DIGITS).op("i32.mul", "i32.lt_s").if([], () => {
      code.get(keep).i32(0).op("i32.lt_s").if([], () => {
        // Less than a tenth of the last place: nothing, unless any rest counts.
        giveUpIf(code.get(mode).i32(RoundingMode.ceiling).op("i32.ge_u"));
        code.get(first).set(end);
      }, () => {
        code.get(first, keep).i32(2).op("i32.shr_u").i32(1).op("i32.shl", "i32.add").i32(2).op("i32.add").set(at);
        code.i32(GROUP_DIGITS).get(keep).i32(3).op("i32.and", "i32.sub").set(keep);
        pushSmallPower(code, keep);
        code.set(power).get(at).load("i32.load16_u").tee(group).get(power).op("i32.rem_u").set(rest);
        code.get(at, group, rest).op("i32.sub").store("i32.store16");
        pushRoundsUp(code, { mode, negative: value.negative, rest, power, at, end });
        code.get(at).i32(2).op("i32.add").set(end);
        code.if([], () => {
          code.get(power);
          addAndCarry(code, at);
        });
      });
    });
    code.get(room, first, end, value.weight).i32(1).op("i32.add");
    code.get(places).i32(0).get(places).i32(0).op("i32.gt_s").select().get(value.negative);
    code.call(library(writeNumericView));
  },
};

interface Cut {
  readonly mode: Local;
  readonly negative: Local;
  /** What the cut group loses, and the power it is less than. */
  readonly rest: Local;
  readonly power: Local;
  readonly at: Local;
  readonly end: Local;
}

/** Pushes whether the kept part grows by one in its last place. The last group of a numeric is never zero. */
function pushRoundsUp(code: FunctionBuilder, { mode, negative, rest, power, at, end }: Cut): void {
  code.get(mode).i32(RoundingMode.round).op("i32.eq");
  code.get(rest).i32(1).op("i32.shl").get(power).op("i32.ge_u", "i32.and");
  code.get(mode).i32(RoundingMode.ceiling).get(negative).op("i32.add", "i32.eq");
  code.get(rest).i32(0).op("i32.ne").get(at).i32(2).op("i32.add").get(end).op("i32.lt_u", "i32.or", "i32.and");
  code.op("i32.or");
}

/** (a, tail, b, tail, room): a divisor of at most four groups, by what select_div_scale() and div_var() make of it. */
export const numericQuotient: LibraryFunction = {
  name: "numericQuotient",
  type: { parameters: ["i32", "i32", "i32", "i32", "i32"], results: ["i32"] },
  write(code, library) {
    const room = code.parameter(4);
    const local = (): Local => code.local("i32");
    const [first, at, index, scale, weight] = [local(), local(), local(), local(), local()];
    const [count, drop, power, group] = [local(), local(), local(), local()];
    const [divisor, rest] = [code.local("i64"), code.local("i64")];
    const a = takeApart(code, library, code.parameter(0), code.parameter(1));
    const b = takeApart(code, library, code.parameter(2), code.parameter(3));
    giveUpIf(code.get(b.count).i32(1).op("i32.sub").i32(3).op("i32.gt_u"));
    code.block([], (done) => code.loop((again) => {
      code.get(index, b.count).op("i32.ge_u").brIf(done);
      code.get(divisor).i64(BASE).op("i64.mul");
      pushGroup(code, b, index);
      code.op("i64.extend_i32_u", "i64.add").set(divisor).get(index).i32(1).op("i32.add").set(index).br(again);
    }));
    giveUpIf(code.get(divisor).i64(DIVISOR_LIMIT).op("i64.gt_u"));
    setQuotientScale(code, a, b, scale);
    // The first group of the quotient, counted from the dividend's; the last one reaches the scale.
    code.get(a.weight, b.weight).op("i32.sub").get(b.count).op("i32.add").i32(1).op("i32.sub").set(weight);
    code.get(scale).i32(3).op("i32.add").i32(2).op("i32.shr_u").set(drop);
    code.get(weight, drop).op("i32.add").i32(1).op("i32.add").tee(count);
    giveUpIf(code.i32(1).op("i32.sub").i32(GROUPS_MAX - 1).op("i32.gt_u"));
    code.get(drop).i32(2).op("i32.shl").get(scale).op("i32.sub").set(drop);
    setFirst(code, room, first);
    code.get(first).tee(at).i32(0).store("i32.store16").i32(0).set(index);
    code.loop((again) => {
      code.get(rest).i64(BASE).op("i64.mul");
      pushGroup(code, a, index);
      code.op("i64.extend_i32_u", "i64.add").set(rest);
      code.get(at).i32(2).op("i32.add").tee(at).get(rest, divisor).op("i64.div_u").store("i64.store16");
      code.get(rest, divisor).op("i64.rem_u").set(rest);
      code.get(index).i32(1).op("i32.add").tee(index).get(count).op("i32.lt_u").brIf(again);
    });
    pushSmallPower(code, drop);
    code.tee(power).i32(1).op("i32.eq").if(["i32"], () => {
      // The group that would come next decides: the divisor may have been shorter than its weight.
      code.get(rest).i64(BASE).op("i64.mul");
      pushGroup(code, a, index);
      code.op("i64.extend_i32_u", "i64.add").get(divisor).op("i64.div_u").i64(BASE / 2).op("i64.ge_u");
    }, () => {
      code.get(at).load("i32.load16_u").tee(group).get(group, power).op("i32.rem_u").tee(group).op("i32.sub");
      code.set(count).get(at, count).store("i32.store16");
      code.get(group).i32(1).op("i32.shl").get(power).op("i32.ge_u");
    });
    code.get(at).i32(2).op("i32.add").set(index);
    code.if([], () => {
      code.get(power);
      addAndCarry(code, at);
    });
    code.get(room, first, index, weight).i32(1).op("i32.add").get(scale);
    code.get(a.negative, b.negative).op("i32.xor").call(library(writeNumericView));
  },
};

/** Sixteen digits from where the quotient is thought to begin. */
function setQuotientScale(
  code: FunctionBuilder, a: Parameters<typeof pushGroup>[1], b: Parameters<typeof pushGroup>[1], scale: Local,
): void {
  const zero = code.local("i32");
  code.i32(QUOTIENT_DIGITS).get(a.weight, b.weight).op("i32.sub");
  pushGroup(code, a, zero);
  pushGroup(code, b, zero);
  code.op("i32.le_u", "i32.sub").i32(GROUP_DIGITS).op("i32.mul", "i32.sub").set(scale);
  for (const least of [a.scale, b.scale, zero]) code.get(scale, least, scale, least).op("i32.gt_s").select().set(scale);
}
