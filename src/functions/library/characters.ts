// Characters of UTF-8 in compiled code: counted, skipped, sought, and parts of strings as views of the same bytes.
// Bytes that are no continuation begin a character. Read next: text_making.ts for strings that are new.
import { View } from "#generated/layout.js";
import type { Callable, FunctionBuilder, Local } from "#wasm/function_builder.js";
import type { LibraryFunction } from "../function.js";
import { equalBytes, pushViewBytes } from "./bytes.js";
import { writeView } from "./views.js";

export type Library = (callee: LibraryFunction) => Callable;
const BLANK = 0x20;

/** Bytes of a string and their end, in fresh locals. */
export function openView(code: FunctionBuilder, view: Local, tail: Local): readonly [bytes: Local, end: Local] {
  const [bytes, end] = [code.local("i32"), code.local("i32")];
  pushViewBytes(code, view, tail);
  code.tee(bytes).get(view).load("i32.load", View.length).op("i32.add").set(end);
  return [bytes, end];
}

export function advance(code: FunctionBuilder, place: Local, by: number): void {
  code.get(place).i32(by).op("i32.add").set(place);
}

/** Runs `step` for as long as what `condition` pushes is set. */
export function loopWhile(code: FunctionBuilder, condition: () => void, step: () => void): void {
  code.block([], (done) => code.loop((again) => {
    condition();
    code.op("i32.eqz").brIf(done);
    step();
    code.br(again);
  }));
}

/** Moves a place behind the character that begins there; `end` is not passed. */
export function skipCharacter(code: FunctionBuilder, at: Local, end: Local): void {
  advance(code, at, 1);
  loopWhile(code, () => {
    code.get(at, end).op("i32.lt_u").if(["i32"], () => {
      code.get(at).load("i32.load8_u").i32(0xc0).op("i32.and").i32(0x80).op("i32.eq");
    }, () => code.i32(0));
  }, () => advance(code, at, 1));
}

/** (bytes, end) -> characters */
export const countCharacters: LibraryFunction = {
  name: "countCharacters",
  type: { parameters: ["i32", "i32"], results: ["i32"] },
  write(code) {
    const [at, end] = [code.parameter(0), code.parameter(1)];
    const [word, count, continuations] = [code.local("i64"), code.local("i32"), code.local("i32")];
    code.get(end, at).op("i32.sub").set(count);
    loopWhile(code, () => code.get(end, at).op("i32.sub").i32(8).op("i32.ge_s"), () => {
      // Continuations have the highest bit set and the next one not.
      code.get(at).load("i64.load").tee(word).get(word).i64(1).op("i64.shl").i64(-1).op("i64.xor", "i64.and");
      code.i64(0x8080808080808080n).op("i64.and", "i64.popcnt", "i32.wrap_i64");
      code.get(continuations).op("i32.add").set(continuations);
      advance(code, at, 8);
    });
    loopWhile(code, () => code.get(at, end).op("i32.lt_u"), () => {
      code.get(at).load("i32.load8_u").i32(0xc0).op("i32.and").i32(0x80).op("i32.eq");
      code.get(continuations).op("i32.add").set(continuations);
      advance(code, at, 1);
    });
    code.get(count, continuations).op("i32.sub");
  },
};

/** (bytes, end, characters) -> the place behind so many, at most the end. */
export const skipCharacters: LibraryFunction = {
  name: "skipCharacters",
  type: { parameters: ["i32", "i32", "i32"], results: ["i32"] },
  write(code) {
    const [at, end, count] = [code.parameter(0), code.parameter(1), code.parameter(2)];
    loopWhile(code, () => {
      code.get(count).i32(8).op("i32.ge_u").get(end, at).op("i32.sub").i32(8).op("i32.ge_s", "i32.and");
      code.if(["i32"], () => code.get(at).load("i64.load").i64(0x8080808080808080n).op("i64.and", "i64.eqz"), () =>
        code.i32(0));
    }, () => {
      advance(code, at, 8);
      advance(code, count, -8);
    });
    loopWhile(code, () => code.get(count).i32(0).op("i32.ne").get(at, end).op("i32.lt_u", "i32.and"), () => {
      skipCharacter(code, at, end);
      advance(code, count, -1);
    });
    code.get(at);
  },
};

/** (view, tail) -> characters */
export const textLength: LibraryFunction = {
  name: "textLength",
  type: { parameters: ["i32", "i32"], results: ["i32"] },
  write(code, library) {
    const [bytes, end] = openView(code, code.parameter(0), code.parameter(1));
    code.get(bytes, end).call(library(countCharacters));
  },
};

/** (view, tail, from, to, room): the characters from one number up to another, both without sign, as a view. */
export const textPart: LibraryFunction = {
  name: "textPart",
  type: { parameters: ["i32", "i32", "i32", "i32", "i32"], results: [] },
  write(code, library) {
    const [from, to, room] = [code.parameter(2), code.parameter(3), code.parameter(4)];
    const [bytes, end] = openView(code, code.parameter(0), code.parameter(1));
    code.get(from, to).op("i32.ge_u").if([], () => code.get(room, bytes).i32(0).call(library(writeView)).return());
    code.get(bytes, end, from).call(library(skipCharacters)).set(bytes);
    code.get(room, bytes).get(bytes, end, to, from).op("i32.sub").call(library(skipCharacters));
    code.get(bytes).op("i32.sub").call(library(writeView));
  },
};

/** (from, end, sought, its length) -> where the bytes stand first, or 0. */
export const findBytes: LibraryFunction = {
  name: "findBytes",
  type: { parameters: ["i32", "i32", "i32", "i32"], results: ["i32"] },
  write(code, library) {
    const [at, end, sought, length] = [code.parameter(0), code.parameter(1), code.parameter(2), code.parameter(3)];
    const [last, head] = [code.local("i32"), code.local("i32")];
    code.get(length).op("i32.eqz").if([], () => code.get(at).return());
    code.get(length, end, at).op("i32.sub", "i32.gt_u").if([], () => code.i32(0).return());
    code.get(sought).load("i32.load8_u").set(head).get(end, length).op("i32.sub").set(last);
    loopWhile(code, () => code.get(at, last).op("i32.le_u"), () => {
      code.get(at).load("i32.load8_u").get(head).op("i32.eq").if([], () => {
        code.get(at, sought, length).call(library(equalBytes)).if([], () => code.get(at).return());
      });
      advance(code, at, 1);
    });
    code.i32(0);
  },
};

/** (text, tail, sought, tail) -> the place in characters from 1; 0 when it is not there. */
export const textPosition: LibraryFunction = {
  name: "textPosition",
  type: { parameters: ["i32", "i32", "i32", "i32"], results: ["i32"] },
  write(code, library) {
    const [bytes, end] = openView(code, code.parameter(0), code.parameter(1));
    const [sought, soughtEnd] = openView(code, code.parameter(2), code.parameter(3));
    const found = code.local("i32");
    code.get(bytes, end, sought, soughtEnd, sought).op("i32.sub").call(library(findBytes)).tee(found);
    code.if(["i32"], () => code.get(bytes, found).call(library(countCharacters)).i32(1).op("i32.add"), () =>
      code.i32(0));
  },
};

/** (text, tail, start, tail) -> whether the text begins so. */
export const textStartsWith: LibraryFunction = {
  name: "textStartsWith",
  type: { parameters: ["i32", "i32", "i32", "i32"], results: ["i32"] },
  write(code, library) {
    const [bytes, end] = openView(code, code.parameter(0), code.parameter(1));
    const [start, startEnd] = openView(code, code.parameter(2), code.parameter(3));
    const length = code.local("i32");
    code.get(startEnd, start).op("i32.sub").tee(length).get(end, bytes).op("i32.sub", "i32.gt_u");
    code.if(["i32"], () => code.i32(0), () => code.get(bytes, start, length).call(library(equalBytes)));
  },
};

/** (text, tail, left, right, room): without the blanks at the wanted ends. */
export const trimmedBlanks: LibraryFunction = {
  name: "trimmedBlanks",
  type: { parameters: ["i32", "i32", "i32", "i32", "i32"], results: [] },
  write(code, library) {
    trimEnds(code, library, (at) => code.get(at).load("i32.load8_u").i32(BLANK).op("i32.eq"));
  },
};

/** (text, tail, left, right, room, set, its end): without characters of the set, all of ASCII, at the wanted ends. */
export const trimmedOf: LibraryFunction = {
  name: "trimmedOf",
  type: { parameters: ["i32", "i32", "i32", "i32", "i32", "i32", "i32"], results: [] },
  write(code, library) {
    const [set, setEnd] = [code.parameter(5), code.parameter(6)];
    const [member, each, found] = [code.local("i32"), code.local("i32"), code.local("i32")];
    trimEnds(code, library, (at) => {
      code.get(at).load("i32.load8_u").set(member).get(set).set(each).i32(0).set(found);
      loopWhile(code, () => code.get(each, setEnd).op("i32.lt_u").get(found).op("i32.eqz", "i32.and"), () => {
        code.get(each).load("i32.load8_u").get(member).op("i32.eq").set(found);
        advance(code, each, 1);
      });
      return code.get(found);
    });
  },
};

/** `goes` pushes whether the byte at a place is trimmed. */
function trimEnds(code: FunctionBuilder, library: Library, goes: (at: Local) => FunctionBuilder): void {
  const [left, right, room] = [code.parameter(2), code.parameter(3), code.parameter(4)];
  const [bytes, end] = openView(code, code.parameter(0), code.parameter(1));
  const last = code.local("i32");
  const side = (wanted: Local, at: () => Local, step: () => void): void => {
    loopWhile(code, () => {
      code.get(wanted).get(bytes, end).op("i32.lt_u", "i32.and").if(["i32"], () => goes(at()), () => code.i32(0));
    }, step);
  };
  side(left, () => bytes, () => advance(code, bytes, 1));
  side(right, () => {
    code.get(end).i32(1).op("i32.sub").set(last);
    return last;
  }, () => advance(code, end, -1));
  code.get(room, bytes, end, bytes).op("i32.sub").call(library(writeView));
}

/** (bytes, end) -> whether all characters are of ASCII. */
export const isAscii: LibraryFunction = {
  name: "isAscii",
  type: { parameters: ["i32", "i32"], results: ["i32"] },
  write(code) {
    const [at, end] = [code.parameter(0), code.parameter(1)];
    loopWhile(code, () => code.get(at, end).op("i32.lt_u"), () => {
      code.get(at).load("i32.load8_u").i32(0x80).op("i32.ge_u").if([], () => code.i32(0).return());
      advance(code, at, 1);
    });
    code.i32(1);
  },
};

/** (text, tail, separator, tail, field, room): a field between separators, not 0, from either end. */
export const textField: LibraryFunction = {
  name: "textField",
  type: { parameters: ["i32", "i32", "i32", "i32", "i32", "i32"], results: [] },
  write(code, library) {
    const [field, room] = [code.parameter(4), code.parameter(5)];
    const [bytes, end] = openView(code, code.parameter(0), code.parameter(1));
    const [separator, length] = openView(code, code.parameter(2), code.parameter(3));
    const [at, found] = [code.local("i32"), code.local("i32")];
    code.get(length, separator).op("i32.sub").set(length);
    const find = (): void => void code.get(at, end, separator, length).call(library(findBytes)).set(found);
    const pass = (): void => void code.get(found, length).op("i32.add").set(at);
    const empty = (): void => void code.get(room, bytes).i32(0).call(library(writeView)).return();
    code.get(length).op("i32.eqz").if([], () => {
      code.get(field).i32(1).op("i32.add").i32(-3).op("i32.and").if([], empty);
      code.get(room, bytes, end, bytes).op("i32.sub").call(library(writeView)).return();
    });
    code.get(field).i32(0).op("i32.lt_s").if([], () => {
      // Counted from the end: the number of fields, and one for the last.
      code.get(bytes).set(at);
      advance(code, field, 2);
      find();
      loopWhile(code, () => code.get(found), () => {
        advance(code, field, 1);
        pass();
        find();
      });
      code.get(field).i32(0).op("i32.le_s").if([], empty);
    });
    code.get(bytes).set(at);
    find();
    loopWhile(code, () => code.get(found).i32(0).op("i32.ne").get(field).i32(1).op("i32.gt_s", "i32.and"), () => {
      advance(code, field, -1);
      pass();
      find();
    });
    code.get(field).i32(1).op("i32.gt_s").if([], empty);
    code.get(room, at, found, end, found).select().get(at).op("i32.sub").call(library(writeView));
  },
};
