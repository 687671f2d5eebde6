// Arithmetic over images of numeric in compiled code, group by group of four decimal digits as PostgreSQL keeps them.
// Each function writes its result into room of NUMERIC_ROOM bytes and says 1, or says 0 and leaves the call to the
// host: special values, a zero divisor, more than GROUPS_MAX groups. Read next: numeric_parts.ts.
import type { FunctionBuilder, Local } from "#wasm/function_builder.js";
import type { LibraryFunction } from "../function.js";
import {
  BASE, GROUPS_MAX, GROUPS_OFFSET, type NumericOperand, pushGroup, takeApart, writeNumericView,
} from "./numeric_parts.js";

/** Ends the function with 0 when an i32 on the stack is set. */
export const giveUpIf = (code: FunctionBuilder): FunctionBuilder => code.if([], () => code.i32(0).return());

function pushMax(code: FunctionBuilder, a: Local, b: Local): FunctionBuilder {
  return code.get(a, b, a, b).op("i32.gt_s").select();
}

/** Sets `first` to where the groups of a result begin. */
export function setFirst(code: FunctionBuilder, room: Local, first: Local): void {
  code.get(room).i32(GROUPS_OFFSET).op("i32.add").set(first);
}

/** For `at` from `last` down to `first`, two bytes at a time. */
function downwards(code: FunctionBuilder, at: Local, first: Local, step: () => void): void {
  code.block([], (done) => code.loop((again) => {
    code.get(at, first).op("i32.lt_u").brIf(done);
    step();
    code.get(at).i32(2).op("i32.sub").set(at).br(again);
  }));
}

/** A zero stands at the other's weight, so that it widens nothing. */
function alignZero(code: FunctionBuilder, zero: NumericOperand, other: NumericOperand): void {
  code.get(zero.count).op("i32.eqz").if([], () => code.get(other.weight).set(zero.weight));
}

/** Pushes the weight below the last group. */
function pushBottom(code: FunctionBuilder, { weight, count }: NumericOperand): FunctionBuilder {
  return code.get(weight, count).op("i32.sub");
}

/** Turns groups that came out negative, as complements, around. */
function complement(code: FunctionBuilder, first: Local, last: Local): void {
  const [at, group, borrow] = [code.local("i32"), code.local("i32"), code.local("i32")];
  code.i32(0).set(borrow).get(last).set(at);
  downwards(code, at, first, () => {
    code.i32(0).get(at).load("i32.load16_u").op("i32.sub").get(borrow).op("i32.sub").tee(group);
    code.i32(0).op("i32.lt_s").tee(borrow).if([], () => code.get(group).i32(BASE).op("i32.add").set(group));
    code.get(at, group).store("i32.store16");
  });
}

/** (a, tail, b, tail, room, whether to subtract) */
export const numericSum: LibraryFunction = {
  name: "numericSum",
  type: { parameters: ["i32", "i32", "i32", "i32", "i32", "i32"], results: ["i32"] },
  write(code, library) {
    const [room, subtract] = [code.parameter(4), code.parameter(5)];
    const local = (): Local => code.local("i32");
    const [first, last, at, top, count] = [local(), local(), local(), local(), local()];
    const [indexA, indexB, carry, sum, opposed] = [local(), local(), local(), local(), local()];
    const a = takeApart(code, library, code.parameter(0), code.parameter(1));
    const b = takeApart(code, library, code.parameter(2), code.parameter(3));
    code.get(b.negative, subtract).op("i32.xor").set(b.negative);
    alignZero(code, a, b);
    alignZero(code, b, a);
    pushMax(code, a.weight, b.weight).i32(1).op("i32.add").set(top);
    pushBottom(code, a).set(indexA);
    pushBottom(code, b).set(indexB);
    code.get(top).get(indexA, indexB, indexA, indexB).op("i32.lt_s").select().op("i32.sub").tee(count);
    giveUpIf(code.i32(GROUPS_MAX).op("i32.gt_s"));
    setFirst(code, room, first);
    code.get(first, count).i32(1).op("i32.shl", "i32.add").i32(2).op("i32.sub").tee(last).set(at);
    code.get(a.negative, b.negative).op("i32.ne").set(opposed);
    // Of the lowest group: index = own weight - its weight; the lowest weight is top - count + 1.
    for (const [index, { weight }] of [[indexA, a], [indexB, b]] as const)
      code.get(weight, top).op("i32.sub").get(count).op("i32.add").i32(1).op("i32.sub").set(index);
    downwards(code, at, first, () => {
      pushGroup(code, a, indexA);
      pushGroup(code, b, indexB);
      code.set(sum).i32(0).get(sum).op("i32.sub").get(sum, opposed).select();
      code.op("i32.add").get(carry).op("i32.add").set(sum);
      code.get(sum).i32(BASE).op("i32.ge_s").get(sum).i32(0).op("i32.lt_s", "i32.sub").tee(carry);
      code.if([], () => code.get(sum, carry).i32(BASE).op("i32.mul", "i32.sub").set(sum));
      code.get(at, sum).store("i32.store16");
      for (const index of [indexA, indexB]) code.get(index).i32(1).op("i32.sub").set(index);
    });
    code.get(carry).i32(0).op("i32.lt_s").if([], () => {
      complement(code, first, last);
      code.get(b.negative).set(a.negative);
    });
    code.get(room, first, last).i32(2).op("i32.add").get(top);
    pushMax(code, a.scale, b.scale).get(a.negative).call(library(writeNumericView));
  },
};

/** (a, tail, b, tail, room) */
export const numericProduct: LibraryFunction = {
  name: "numericProduct",
  type: { parameters: ["i32", "i32", "i32", "i32", "i32"], results: ["i32"] },
  write(code, library) {
    const room = code.parameter(4);
    const local = (): Local => code.local("i32");
    const [first, end, from, to, at] = [local(), local(), local(), local(), local()];
    const [group, carry, digits] = [local(), local(), local()];
    const a = takeApart(code, library, code.parameter(0), code.parameter(1));
    const b = takeApart(code, library, code.parameter(2), code.parameter(3));
    code.get(a.count, b.count).op("i32.add").tee(end);
    giveUpIf(code.i32(GROUPS_MAX).op("i32.gt_s"));
    // More places than any numeric shows are rounded.
    code.get(a.scale, b.scale).op("i32.add").tee(a.scale);
    giveUpIf(code.i32(0x3fff).op("i32.gt_s"));
    setFirst(code, room, first);
    code.get(first).i32(0).get(end).i32(1).op("i32.shl").memoryFill();
    code.get(first, end).i32(1).op("i32.shl", "i32.add").tee(end).set(to);
    const last = ({ groups, count }: NumericOperand): FunctionBuilder =>
      code.get(groups, count).i32(1).op("i32.shl", "i32.add").i32(2).op("i32.sub");
    last(a).set(from);
    downwards(code, from, a.groups, () => {
      code.get(from).load("i32.load16_u").set(group).i32(0).set(carry);
      code.get(to).i32(2).op("i32.sub").tee(to).set(end);
      last(b).set(at);
      downwards(code, at, b.groups, () => {
        code.get(group, at).load("i32.load16_u").op("i32.mul").get(end).load("i32.load16_u").op("i32.add");
        code.get(carry).op("i32.add").tee(carry).get(carry).i32(BASE).op("i32.div_u").tee(carry);
        code.i32(BASE).op("i32.mul", "i32.sub").set(digits).get(end, digits).store("i32.store16");
        code.get(end).i32(2).op("i32.sub").set(end);
      });
      code.get(end, carry).store("i32.store16");
    });
    code.get(room, first, to, a.count).i32(1).op("i32.shl", "i32.add");
    code.get(a.weight, b.weight).op("i32.add").i32(1).op("i32.add");
    code.get(a.scale, a.negative, b.negative).op("i32.xor").call(library(writeNumericView));
  },
};
