// Comparing the bytes behind Arrow views: equality and memcmp order, 8 bytes at a time. A view is its address and the
// address its offsets count from; up to 12 bytes stand in the view itself. Read next: comparison_text.ts.
import type { FunctionBuilder, Local } from "#wasm/function_builder.js";
import { VIEW_INLINE_BYTES, View } from "#generated/layout.js";
import type { LibraryFunction } from "../function.js";

/** Pushes the address of a view's bytes. */
export function pushViewBytes(code: FunctionBuilder, view: Local, tail: Local): void {
  code.get(view).i32(View.prefix).op("i32.add");
  code.get(view).load("i32.load", View.offset).get(tail).op("i32.add");
  code.get(view).load("i32.load", View.length).i32(VIEW_INLINE_BYTES).op("i32.le_u").select();
}

/** (a, b, length) -> 1 when the bytes are equal. */
export const equalBytes: LibraryFunction = {
  name: "equalBytes",
  type: { parameters: ["i32", "i32", "i32"], results: ["i32"] },
  write(code) {
    const [a, b, length] = [code.parameter(0), code.parameter(1), code.parameter(2)];
    code.block([], (tail) => {
      code.loop((again) => {
        code.get(length).i32(8).op("i32.lt_u").brIf(tail);
        code.get(a).load("i64.load").get(b).load("i64.load").op("i64.ne");
        code.if([], () => code.i32(0).return());
        for (const pointer of [a, b]) code.get(pointer).i32(8).op("i32.add").set(pointer);
        code.get(length).i32(8).op("i32.sub").set(length).br(again);
      });
    });
    code.loop((again) => {
      code
        .get(length)
        .op("i32.eqz")
        .if([], () => code.i32(1).return());
      code.get(a).load("i32.load8_u").get(b).load("i32.load8_u").op("i32.ne");
      code.if([], () => code.i32(0).return());
      for (const pointer of [a, b]) code.get(pointer).i32(1).op("i32.add").set(pointer);
      code.get(length).i32(1).op("i32.sub").set(length).br(again);
    });
    code.unreachable();
  },
};

/** (view a, tail a, view b, tail b) -> 1 when both hold the same bytes. */
export const equalViews: LibraryFunction = {
  name: "equalViews",
  type: { parameters: ["i32", "i32", "i32", "i32"], results: ["i32"] },
  write(code, library) {
    const [a, aTail, b, bTail] = [code.parameter(0), code.parameter(1), code.parameter(2), code.parameter(3)];
    const length = code.local("i32");
    // Length and prefix first: they differ in most unequal pairs.
    code
      .get(a)
      .load("i64.load")
      .get(b)
      .load("i64.load")
      .op("i64.ne")
      .if([], () => code.i32(0).return());
    code.get(a).load("i32.load").tee(length).i32(VIEW_INLINE_BYTES).op("i32.le_u");
    code.if([], () => code.get(a).load("i64.load", 8).get(b).load("i64.load", 8).op("i64.eq").return());
    code.get(a).load("i32.load", View.offset).get(aTail).op("i32.add");
    code.get(b).load("i32.load", View.offset).get(bTail).op("i32.add");
    code.get(length).call(library(equalBytes));
  },
};

/** (view a, tail a, view b, tail b) -> negative, zero or positive, as memcmp and then the lengths decide. */
export const compareViews: LibraryFunction = {
  name: "compareViews",
  type: { parameters: ["i32", "i32", "i32", "i32"], results: ["i32"] },
  write(code) {
    const [a, aTail, b, bTail] = [code.parameter(0), code.parameter(1), code.parameter(2), code.parameter(3)];
    const [aBytes, bBytes, rest, difference] = [
      code.local("i32"),
      code.local("i32"),
      code.local("i32"),
      code.local("i32"),
    ];
    pushViewBytes(code, a, aTail);
    code.set(aBytes);
    pushViewBytes(code, b, bTail);
    code.set(bBytes);
    code.get(a).load("i32.load").get(b).load("i32.load");
    code.get(a).load("i32.load").get(b).load("i32.load").op("i32.lt_u").select().set(rest);
    code.block([], (tail) => {
      code.loop((again) => {
        code.get(rest).i32(8).op("i32.lt_u").brIf(tail);
        code.get(aBytes).load("i64.load").get(bBytes).load("i64.load").op("i64.ne").brIf(tail);
        for (const pointer of [aBytes, bBytes]) code.get(pointer).i32(8).op("i32.add").set(pointer);
        code.get(rest).i32(8).op("i32.sub").set(rest).br(again);
      });
    });
    code.block([], (end) => {
      code.loop((again) => {
        code.get(rest).op("i32.eqz").brIf(end);
        code.get(aBytes).load("i32.load8_u").get(bBytes).load("i32.load8_u").op("i32.sub").tee(difference);
        code.if([], () => code.get(difference).return());
        for (const pointer of [aBytes, bBytes]) code.get(pointer).i32(1).op("i32.add").set(pointer);
        code.get(rest).i32(1).op("i32.sub").set(rest).br(again);
      });
    });
    code.get(a).load("i32.load").get(b).load("i32.load").op("i32.gt_u");
    code.get(a).load("i32.load").get(b).load("i32.load").op("i32.lt_u", "i32.sub");
  },
};
