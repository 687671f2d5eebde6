// Images of numeric taken apart and put together in compiled code: sign, weight of the first group of four digits,
// places shown, and the groups themselves. Read next: numeric_image.ts, which does the same in TypeScript, and
// numeric_sums.ts, which computes with them.
import { View } from "#generated/layout.js";
import type { Callable, FunctionBuilder, Local } from "#wasm/function_builder.js";
import type { LibraryFunction } from "../function.js";
import { pushViewBytes } from "./bytes.js";
import { writeView } from "./views.js";

/** Groups of digits the compiled code makes at most: numbers of up to 240 digits. The host computes others. */
export const GROUPS_MAX = 60;
const HEADER_BYTES_MAX = 4;
/** Room for a result: its view, a header, one group more than are kept, and their zeros. */
export const NUMERIC_ROOM = View.SIZE + HEADER_BYTES_MAX + 2 * (GROUPS_MAX + 4);
/** Where the groups of a result begin in its room. */
export const GROUPS_OFFSET = View.SIZE + HEADER_BYTES_MAX;

export const BASE = 10_000;
export const GROUP_DIGITS = 4;
const SHORT_SCALE_MAX = 63;
const SCALE_MAX = 0x3fff;
const WEIGHT_MAX = 0x7fff;

/** (view, tail) -> (address of the groups, their number, weight, scale, negative); the number is -1 without digits. */
const numericParts: LibraryFunction = {
  name: "numericParts",
  type: { parameters: ["i32", "i32"], results: ["i32", "i32", "i32", "i32", "i32"] },
  write(code) {
    const [view, tail] = [code.parameter(0), code.parameter(1)];
    const [bytes, header, end] = [code.local("i32"), code.local("i32"), code.local("i32")];
    pushViewBytes(code, view, tail);
    code.tee(bytes).load("i32.load16_u").set(header);
    code.get(bytes, view).load("i32.load", View.length).op("i32.add").set(end);
    code.get(header).i32(0xc000).op("i32.and").i32(0xc000).op("i32.eq").if([], () => {
      code.get(bytes).i32(-1).i32(0).i32(0).i32(0).return();
    });
    code.get(header).i32(0x8000).op("i32.and").if([], () => {
      code.get(bytes).i32(2).op("i32.add").tee(bytes);
      code.get(end, bytes).op("i32.sub").i32(1).op("i32.shr_u");
      code.get(header).i32(25).op("i32.shl").i32(25).op("i32.shr_s");
      code.get(header).i32(7).op("i32.shr_u").i32(SHORT_SCALE_MAX).op("i32.and");
      code.get(header).i32(13).op("i32.shr_u").i32(1).op("i32.and").return();
    });
    code.get(bytes).i32(HEADER_BYTES_MAX).op("i32.add");
    code.get(end, bytes).op("i32.sub").i32(HEADER_BYTES_MAX).op("i32.sub").i32(1).op("i32.shr_u");
    code.get(bytes).load("i32.load16_s", 2);
    code.get(header).i32(SCALE_MAX).op("i32.and");
    code.get(header).i32(14).op("i32.shr_u");
  },
};

/**
 * (room, first, end, weight, scale, negative) -> 1, the view of the value standing at `room`; or 0 when no image holds
 * it. Groups stand from `first` to `end`, four free bytes before them; zeros at either end are left out.
 */
export const writeNumericView: LibraryFunction = {
  name: "writeNumericView",
  type: { parameters: ["i32", "i32", "i32", "i32", "i32", "i32"], results: ["i32"] },
  write(code, library) {
    const [room, first, end] = [code.parameter(0), code.parameter(1), code.parameter(2)];
    const [weight, scale, negative] = [code.parameter(3), code.parameter(4), code.parameter(5)];
    const bytes = code.local("i32");
    code.block([], (done) => code.loop((again) => {
      code.get(first, end).op("i32.ge_u").brIf(done);
      code.get(first).load("i32.load16_u").brIf(done);
      code.get(first).i32(2).op("i32.add").set(first).get(weight).i32(1).op("i32.sub").set(weight).br(again);
    }));
    code.block([], (done) => code.loop((again) => {
      code.get(first, end).op("i32.ge_u").brIf(done);
      code.get(end).i32(2).op("i32.sub").load("i32.load16_u").brIf(done);
      code.get(end).i32(2).op("i32.sub").set(end).br(again);
    }));
    code.get(first, end).op("i32.ge_u").if([], () => code.i32(0).set(weight).i32(0).set(negative));
    code.get(scale).i32(SHORT_SCALE_MAX).op("i32.le_u");
    code.get(weight).i32(64).op("i32.add").i32(128).op("i32.lt_u", "i32.and").if([], () => {
      code.get(first).i32(2).op("i32.sub").tee(bytes);
      code.get(negative).i32(13).op("i32.shl").get(scale).i32(7).op("i32.shl", "i32.or");
      code.get(weight).i32(0x7f).op("i32.and", "i32.or").i32(0x8000).op("i32.or").store("i32.store16");
    }, () => {
      code.get(scale).i32(SCALE_MAX).op("i32.gt_u").get(weight).i32(WEIGHT_MAX).op("i32.gt_s", "i32.or");
      code.if([], () => code.i32(0).return());
      code.get(first).i32(HEADER_BYTES_MAX).op("i32.sub").tee(bytes);
      code.get(negative).i32(14).op("i32.shl").get(scale).op("i32.or").store("i32.store16");
      code.get(bytes, weight).store("i32.store16", 2);
    });
    code.get(room, bytes, end, bytes).op("i32.sub").call(library(writeView)).i32(1);
  },
};

/** The parts of an operand in locals. */
export interface NumericOperand {
  readonly groups: Local;
  readonly count: Local;
  readonly weight: Local;
  readonly scale: Local;
  readonly negative: Local;
}

/** Takes an image apart; the function ends, with 0 unless told otherwise, when it is no number. */
export function takeApart(
  code: FunctionBuilder, library: (callee: LibraryFunction) => Callable, view: Local, tail: Local,
  leave: () => void = () => code.i32(0).return(),
): NumericOperand {
  const local = (): Local => code.local("i32");
  const operand = { groups: local(), count: local(), weight: local(), scale: local(), negative: local() };
  code.get(view, tail).call(library(numericParts));
  code.set(operand.negative).set(operand.scale).set(operand.weight).set(operand.count).set(operand.groups);
  code.get(operand.count).i32(0).op("i32.lt_s").if([], leave);
  return operand;
}

/** Pushes the group at an index, 0 beyond the ends. */
export function pushGroup(code: FunctionBuilder, { groups, count }: NumericOperand, index: Local): void {
  code.get(index, count).op("i32.lt_u").if(["i32"], () => {
    code.get(groups, index).i32(1).op("i32.shl", "i32.add").load("i32.load16_u");
  }, () => code.i32(0));
}
