// Making Arrow views in compiled code: of bytes that stand somewhere for as long as the row does, and copies of them.
// Offsets of the views made here are addresses: their tail is 0. Read next: bytes.ts, which reads views.
import { VIEW_INLINE_BYTES, View } from "#generated/layout.js";
import type { FunctionBuilder, Local } from "#wasm/function_builder.js";
import type { LibraryFunction } from "../function.js";

/** (target, bytes, length): writes a view of the bytes at `target`; many of them stay where they are. */
export const writeView: LibraryFunction = {
  name: "writeView",
  type: { parameters: ["i32", "i32", "i32"], results: [] },
  write(code) {
    const [target, bytes, length] = [code.parameter(0), code.parameter(1), code.parameter(2)];
    code.get(length).i32(VIEW_INLINE_BYTES).op("i32.gt_u").if([], () => {
      code.get(target, length).store("i32.store", View.length);
      code.get(target, bytes).load("i32.load").store("i32.store", View.prefix);
      code.get(target).i32(0).store("i32.store", View.prefix + 4);
      code.get(target, bytes).store("i32.store", View.offset).return();
    });
    writeInline(code, target, bytes, length);
  },
};

/** Bytes that fit the view, in steps of eight, four and one: most are few. */
function writeInline(code: FunctionBuilder, target: Local, bytes: Local, length: Local): void {
  const end = code.local("i32");
  code.get(target).i64(0).store("i64.store").get(target).i64(0).store("i64.store", 8);
  code.get(target, length).store("i32.store", View.length);
  code.get(target).i32(View.prefix).op("i32.add").set(target);
  code.get(bytes, length).op("i32.add").set(end);
  code.get(length).i32(8).op("i32.ge_u").if([], () => {
    code.get(target, bytes).load("i64.load").store("i64.store");
    for (const place of [target, bytes]) code.get(place).i32(8).op("i32.add").set(place);
  });
  code.get(end, bytes).op("i32.sub").i32(4).op("i32.ge_u").if([], () => {
    code.get(target, bytes).load("i32.load").store("i32.store");
    for (const place of [target, bytes]) code.get(place).i32(4).op("i32.add").set(place);
  });
  code.block([], (done) => {
    code.loop((again) => {
      code.get(bytes, end).op("i32.ge_u").brIf(done);
      code.get(target, bytes).load("i32.load8_u").store("i32.store8");
      for (const place of [target, bytes]) code.get(place).i32(1).op("i32.add").set(place);
      code.br(again);
    });
  });
}
