// New strings in compiled code: two joined, letters changed, parts replaced, padding. Each stands in room behind its
// view. Read characters.ts first.
import { View } from "#generated/layout.js";
import type { FunctionBuilder, Local } from "#wasm/function_builder.js";
import type { LibraryFunction } from "../function.js";
import { advance, findBytes, type Library, loopWhile, openView, skipCharacter } from "./characters.js";
import { writeView } from "./views.js";

/** Sets `to` to the first byte behind a view. */
function openRoom(code: FunctionBuilder, room: Local): Local {
  const to = code.local("i32");
  code.get(room).i32(View.SIZE).op("i32.add").set(to);
  return to;
}

/** Copies bytes up to `end` and moves on behind them. */
function append(code: FunctionBuilder, to: Local, bytes: Local, end: Local): void {
  code.get(to, bytes, end, bytes).op("i32.sub").memoryCopy();
  code.get(to, end, bytes).op("i32.sub", "i32.add").set(to);
}

/** Writes the view of what stands behind it up to `to`. */
function close(code: FunctionBuilder, library: Library, room: Local, to: Local): void {
  code.get(room).get(room).i32(View.SIZE).op("i32.add");
  code.get(to, room).op("i32.sub").i32(View.SIZE).op("i32.sub").call(library(writeView));
}

/** (a, tail, b, tail, room) */
export const joinedTexts: LibraryFunction = {
  name: "joinedTexts",
  type: { parameters: ["i32", "i32", "i32", "i32", "i32"], results: [] },
  write(code, library) {
    const room = code.parameter(4);
    const [a, aEnd] = openView(code, code.parameter(0), code.parameter(1));
    const [b, bEnd] = openView(code, code.parameter(2), code.parameter(3));
    const to = openRoom(code, room);
    append(code, to, a, aEnd);
    append(code, to, b, bEnd);
    close(code, library, room, to);
  },
};

/** (text, tail, room, first letter): the 26 letters from the first one on become those of the other case. */
export const changedCase: LibraryFunction = {
  name: "changedCase",
  type: { parameters: ["i32", "i32", "i32", "i32"], results: [] },
  write(code, library) {
    const [room, letter] = [code.parameter(2), code.parameter(3)];
    const [bytes, end] = openView(code, code.parameter(0), code.parameter(1));
    const to = openRoom(code, room);
    const byte = code.local("i32");
    loopWhile(code, () => code.get(bytes, end).op("i32.lt_u"), () => {
      code.get(to, bytes).load("i32.load8_u").tee(byte);
      code.get(byte, letter).op("i32.sub").i32(26).op("i32.lt_u").i32(5).op("i32.shl", "i32.xor").store("i32.store8");
      advance(code, bytes, 1);
      advance(code, to, 1);
    });
    close(code, library, room, to);
  },
};

/** (text, tail, from, tail) -> occurrences of what is not empty, one behind the other. */
export const countOccurrences: LibraryFunction = {
  name: "countOccurrences",
  type: { parameters: ["i32", "i32", "i32", "i32"], results: ["i32"] },
  write(code, library) {
    const [at, end] = openView(code, code.parameter(0), code.parameter(1));
    const [from, length] = openView(code, code.parameter(2), code.parameter(3));
    const count = code.local("i32");
    code.get(length, from).op("i32.sub").tee(length).op("i32.eqz").if([], () => code.i32(0).return());
    loopWhile(code, () => code.get(at, end, from, length).call(library(findBytes)).tee(at), () => {
      advance(code, count, 1);
      code.get(at, length).op("i32.add").set(at);
    });
    code.get(count);
  },
};

/** (text, tail, from, tail, to, tail, occurrences, room) */
export const replacedText: LibraryFunction = {
  name: "replacedText",
  type: { parameters: ["i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32"], results: [] },
  write(code, library) {
    const [count, room] = [code.parameter(6), code.parameter(7)];
    const [at, end] = openView(code, code.parameter(0), code.parameter(1));
    const [from, length] = openView(code, code.parameter(2), code.parameter(3));
    const [by, byEnd] = openView(code, code.parameter(4), code.parameter(5));
    const [to, found] = [openRoom(code, room), code.local("i32")];
    code.get(length, from).op("i32.sub").set(length);
    loopWhile(code, () => code.get(count), () => {
      code.get(at, end, from, length).call(library(findBytes)).set(found);
      append(code, to, at, found);
      append(code, to, by, byEnd);
      code.get(found, length).op("i32.add").set(at);
      advance(code, count, -1);
    });
    append(code, to, at, end);
    close(code, library, room, to);
  },
};

/** (text, tail, missing characters, fill, its end, whether on the left, room); the fill is not empty. */
export const paddedText: LibraryFunction = {
  name: "paddedText",
  type: { parameters: ["i32", "i32", "i32", "i32", "i32", "i32", "i32"], results: [] },
  write(code, library) {
    const [missing, fill, fillEnd] = [code.parameter(2), code.parameter(3), code.parameter(4)];
    const [isLeft, room] = [code.parameter(5), code.parameter(6)];
    const [bytes, end] = openView(code, code.parameter(0), code.parameter(1));
    const [to, from, next] = [openRoom(code, room), code.local("i32"), code.local("i32")];
    code.get(isLeft).op("i32.eqz").if([], () => append(code, to, bytes, end));
    code.get(fill).set(from);
    loopWhile(code, () => code.get(missing), () => {
      code.get(from).set(next);
      skipCharacter(code, next, fillEnd);
      loopWhile(code, () => code.get(from, next).op("i32.lt_u"), () => {
        code.get(to, from).load("i32.load8_u").store("i32.store8");
        advance(code, to, 1);
        advance(code, from, 1);
      });
      code.get(fill, from).get(from, fillEnd).op("i32.ge_u").select().set(from);
      advance(code, missing, -1);
    });
    code.get(isLeft).if([], () => append(code, to, bytes, end));
    close(code, library, room, to);
  },
};
