// Comparing images of numeric in compiled code, and the bytes by which their equality shows: a word that orders sign
// and size, then the stored digits. Images are normalised (no zero digits at either end), so equal values differ in
// the display scale of the header alone. Read next: numeric_image.ts, which reads the same images in TypeScript.
import type { FunctionBuilder, Local } from "#wasm/function_builder.js";
import { VIEW_INLINE_BYTES, View } from "#generated/layout.js";
import type { LibraryFunction } from "../function.js";
import { pushViewBytes } from "./bytes.js";

/** The words of infinities and NaN lie beyond those of numbers. */
const SPECIAL = 2 ** 30;
/** Weights are 16 bits with a sign: moved to where all are positive. */
const WEIGHT_BIAS = 40_000;

/** Pushes the bytes of the image before its digits. */
function pushHeaderBytes(code: FunctionBuilder, bytes: Local): void {
  code.i32(2).i32(4).get(bytes).load("i32.load16_u").i32(0x8000).op("i32.and").select();
}

/** (bytes, length) -> a word that orders images of different sign, size or kind; 0 for zero. */
const numericOrder: LibraryFunction = {
  name: "numericOrder",
  type: { parameters: ["i32", "i32"], results: ["i32"] },
  write(code) {
    const [bytes, length] = [code.parameter(0), code.parameter(1)];
    const [header, weight, negative] = [code.local("i32"), code.local("i32"), code.local("i32")];
    code.get(bytes).load("i32.load16_u").tee(header).i32(0xc000).op("i32.and").i32(0xc000).op("i32.eq");
    code.if([], () => {
      code.get(header).i32(0xc000).op("i32.eq").if([], () => code.i32(SPECIAL + 1).return());
      code.i32(SPECIAL).i32(-SPECIAL).get(header).i32(0xd000).op("i32.eq").select().return();
    });
    pushHeaderBytes(code, bytes);
    code.get(length).op("i32.ge_u").if([], () => code.i32(0).return());
    code.get(header).i32(0x8000).op("i32.and").if([], () => {
      // Seven bits with a sign.
      code.get(header).i32(25).op("i32.shl").i32(25).op("i32.shr_s").set(weight);
      code.get(header).i32(0x2000).op("i32.and").set(negative);
    }, () => {
      code.get(bytes).load("i32.load16_s", 2).set(weight);
      code.get(header).i32(0x4000).op("i32.and").set(negative);
    });
    code.get(weight).i32(WEIGHT_BIAS).op("i32.add").set(weight);
    code.i32(0).get(weight).op("i32.sub").get(weight, negative).select();
  },
};

/** (view a, tail a, view b, tail b) -> negative, zero or positive: the order of the values. */
export const compareNumerics: LibraryFunction = {
  name: "compareNumerics",
  type: { parameters: ["i32", "i32", "i32", "i32"], results: ["i32"] },
  write(code, library) {
    const local = (): Local => code.local("i32");
    const sides = [0, 2].map((first) => ({
      view: code.parameter(first), tail: code.parameter(first + 1), bytes: local(), end: local(), order: local(),
    }));
    const [a, b] = sides;
    if (a === undefined || b === undefined) throw new Error("two sides");
    const difference = local();
    for (const { view, tail, bytes, end, order } of sides) {
      pushViewBytes(code, view, tail);
      code.tee(bytes).get(view).load("i32.load").call(library(numericOrder)).set(order);
      code.get(bytes, view).load("i32.load").op("i32.add").set(end);
      code.get(bytes);
      pushHeaderBytes(code, bytes);
      code.op("i32.add").set(bytes);
    }
    code.get(a.order, b.order).op("i32.ne").if([], () => {
      code.i32(1).i32(-1).get(a.order, b.order).op("i32.gt_s").select().return();
    });
    code.block([], (decided) => {
      code.loop((again) => {
        // Who has digits left is further from zero.
        code.get(a.bytes, a.end).op("i32.lt_u").get(b.bytes, b.end).op("i32.lt_u", "i32.sub").tee(difference);
        code.brIf(decided);
        code.get(a.bytes, a.end).op("i32.ge_u").if([], () => code.i32(0).return());
        code.get(a.bytes).load("i32.load16_u").get(b.bytes).load("i32.load16_u").op("i32.sub").tee(difference);
        code.brIf(decided);
        for (const { bytes } of sides) code.get(bytes).i32(2).op("i32.add").set(bytes);
        code.br(again);
      });
    });
    code.i32(0).get(difference).op("i32.sub").get(difference).get(a.order).i32(0).op("i32.lt_s").select();
  },
};

/** The first word of the view of a whole number from 1 to 9999, but for its digits, which are the upper 16 bits. */
export const SMALL_NUMERIC = 4n | (0x8000n << 32n);
/** The same of the view of its key, whose second word is the digits. */
export const SMALL_NUMERIC_KEY = 6n | (BigInt(WEIGHT_BIAS) << 32n);
export const SMALL_NUMERIC_SHIFT = 48n;

/** Room for the key of an image beyond the image's own length: its view, and a header that may be longer. */
export const NUMERIC_KEY_BYTES = View.SIZE + 8;

/** (view, tail, target): writes a view of the value's key at `target`; its bytes follow when they are many. */
export const numericKeyView: LibraryFunction = {
  name: "numericKeyView",
  type: { parameters: ["i32", "i32", "i32"], results: [] },
  write(code, library) {
    const [view, tail, target] = [code.parameter(0), code.parameter(1), code.parameter(2)];
    const [bytes, length, header, digits, key] = [
      code.local("i32"), code.local("i32"), code.local("i32"), code.local("i32"), code.local("i32"),
    ];
    pushViewBytes(code, view, tail);
    code.set(bytes).get(view).load("i32.load").set(length);
    pushHeaderBytes(code, bytes);
    code.set(header);
    // Zero and special values have no digits.
    code.i32(0).get(length, header).op("i32.sub").get(length, header).op("i32.le_u").select().set(digits);
    code.get(target).i64(0).store("i64.store").get(target).i64(0).store("i64.store", 8);
    code.get(target, digits).i32(4).op("i32.add").store("i32.store", View.length);
    code.get(digits).i32(VIEW_INLINE_BYTES - 4).op("i32.le_u").if([], () => {
      code.get(target).i32(View.prefix).op("i32.add").set(key);
      code.get(key, bytes, length).call(library(numericOrder)).store("i32.store");
      // Few groups: each is a store, which costs less than a call that copies memory.
      code.block([], (done) => code.loop((again) => {
        code.get(digits).op("i32.eqz").brIf(done).get(digits).i32(2).op("i32.sub").set(digits);
        code.get(key, digits).op("i32.add").get(bytes, header).op("i32.add").get(digits).op("i32.add");
        code.load("i32.load16_u").store("i32.store16", 4).br(again);
      }));
    }, () => {
      code.get(target).i32(View.SIZE).op("i32.add").tee(key).set(key);
      code.get(target, key).store("i32.store", View.offset);
      code.get(target, bytes, length).call(library(numericOrder)).store("i32.store", View.prefix);
      code.get(key, bytes, length).call(library(numericOrder)).store("i32.store");
      code.get(key).i32(4).op("i32.add").get(bytes, header).op("i32.add").get(digits).memoryCopy();
    });
  },
};
