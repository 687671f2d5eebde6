// Code for the functions of characters that statements use most, by the name after `text.` in their key; the others are
// the host's. Parts of strings are views of the same bytes. Read next: characters.ts for what they mean,
// library/characters.ts and library/text_making.ts for how they do it.
import { View } from "#generated/layout.js";
import type { Local } from "#wasm/function_builder.js";
import { errorTemplates } from "./error_templates.js";
import type { Emission, ErrorTemplate, Operand } from "./function.js";
import { type EmitOrHost, emitMadeView, emitView } from "./host_function.js";
import {
  isAscii, openView, skipCharacters, textField, textLength, textPart, textPosition, textStartsWith, trimmedBlanks,
  trimmedOf,
} from "./library/characters.js";
import { likeMatch } from "./library/like_match.js";
import { changedCase, countOccurrences, joinedTexts, paddedText, replacedText } from "./library/text_making.js";
import { writeView } from "./library/views.js";
import { first, push, second, third, viewParts } from "./operand.js";

export const negativeLength: ErrorTemplate = { sqlstate: "22011", message: "negative substring length not allowed" };
export const zeroField: ErrorTemplate = { sqlstate: "22023", message: "field position must not be zero" };

const INT4_MAX = 2n ** 31n - 1n;
const INT4_MIN = -(2 ** 31);
/** Without sign: no string has so many characters. */
const NO_END = -1;
/** Longer padding is looked at by the host: it may be too much. */
const PADDED_MAX = 1_000_000;
const CHARACTER_BYTES_MAX = 4;

const local = (emission: Emission): Local => emission.code.local("i32");
const lengthOf = (emission: Emission, operand: Operand): void =>
  void emission.code.get(first(operand.parts)).load("i32.load", View.length);

const length: EmitOrHost = (emission, operands) =>
  void push(emission.code, first(operands)).call(emission.library(textLength));

/** Pushes the larger of an i32 in a local and 0. */
function pushNotNegative(emission: Emission, value: Local): void {
  emission.code.get(value).i32(0).get(value).i32(0).op("i32.gt_s").select();
}

/** The part of the first operand whose ends the caller pushes. */
function part(emission: Emission, operands: readonly Operand[], ends: () => void): void {
  const [from, to] = [local(emission), local(emission)];
  ends();
  emission.code.set(to).set(from);
  emitMadeView(emission, View.SIZE, (room) => {
    push(emission.code, first(operands)).get(from, to, room).call(emission.library(textPart));
  });
}

const substring: EmitOrHost = (emission, operands) => {
  const { code } = emission;
  const [start, end] = [local(emission), code.local("i64")];
  push(code, third(operands)).i32(0).op("i32.lt_s");
  emission.raiseIf(negativeLength);
  part(emission, operands, () => {
    push(code, second(operands)).i32(1).op("i32.sub").set(start);
    push(code, second(operands)).i32(1).op("i32.lt_s").if([], () => code.i32(0).set(start));
    push(push(code, second(operands)).op("i64.extend_i32_s"), third(operands)).op("i64.extend_i32_s", "i64.add");
    code.set(end).get(start);
    code.i32(NO_END).get(end).i64(1).op("i64.sub", "i32.wrap_i64").get(end).i64(INT4_MAX).op("i64.gt_s").select();
    code.i32(0).get(end).i64(1).op("i64.ge_s").select();
  });
};

const from: EmitOrHost = (emission, operands) => {
  const { code } = emission;
  part(emission, operands, () => {
    push(code, second(operands)).i32(1).op("i32.sub").i32(0);
    push(code, second(operands)).i32(1).op("i32.gt_s").select().i32(NO_END);
  });
};

/** Pushes the characters of the text plus or minus a number, not below 0. */
function pushFromEnd(emission: Emission, operands: readonly Operand[], word: "i32.add" | "i32.sub"): void {
  const [count, sum] = [local(emission), emission.code.local("i64")];
  const { code } = emission;
  push(code, first(operands)).call(emission.library(textLength)).op("i64.extend_i32_u");
  push(code, second(operands)).op("i64.extend_i32_s", word === "i32.add" ? "i64.add" : "i64.sub").set(sum);
  code.get(sum).op("i32.wrap_i64").set(count);
  code.get(count).i32(0).get(sum).i64(0).op("i64.gt_s").select();
}

const left: EmitOrHost = (emission, operands) => {
  const { code } = emission;
  part(emission, operands, () => {
    push(code.i32(0), second(operands)).i32(0).op("i32.lt_s");
    code.if(["i32"], () => pushFromEnd(emission, operands, "i32.add"), () => push(code, second(operands)));
  });
};

const right: EmitOrHost = (emission, operands) => {
  const { code } = emission;
  push(code, second(operands)).i32(INT4_MIN).op("i32.eq");
  emission.raiseIf(errorTemplates.rightOfLeast);
  part(emission, operands, () => {
    push(code, second(operands)).i32(0).op("i32.lt_s");
    code.if(["i32"], () => push(code.i32(0), second(operands)).op("i32.sub"), () =>
      pushFromEnd(emission, operands, "i32.sub"));
    code.i32(NO_END);
  });
};

const splitPart: EmitOrHost = (emission, operands) => {
  const { code } = emission;
  push(code, third(operands)).op("i32.eqz");
  emission.raiseIf(zeroField);
  emitMadeView(emission, View.SIZE, (room) => {
    for (const operand of operands) push(code, operand);
    code.get(room).call(emission.library(textField));
  });
};

const trimBlanks = (atLeft: boolean, atRight: boolean): EmitOrHost => (emission, operands) =>
  emitMadeView(emission, View.SIZE, (room) => {
    push(emission.code, first(operands)).i32(Number(atLeft)).i32(Number(atRight)).get(room);
    emission.code.call(emission.library(trimmedBlanks));
  });

/** Sets of other characters than those of ASCII are the host's. */
const trimSet = (atLeft: boolean, atRight: boolean): EmitOrHost => (emission, operands, _types, host) =>
  emitView(emission, View.SIZE, host, (room) => {
    const { code } = emission;
    const [set, end] = openView(code, ...viewParts(second(operands)));
    code.get(set, end).call(emission.library(isAscii)).if(["i32"], () => {
      push(code, first(operands)).i32(Number(atLeft)).i32(Number(atRight)).get(room, set, end);
      code.call(emission.library(trimmedOf)).i32(1);
    }, () => code.i32(0));
  });

/** Pushes the bytes of a view and of texts behind it. */
function pushRoomFor(emission: Emission, operands: readonly Operand[]): void {
  emission.code.i32(View.SIZE);
  for (const operand of operands) {
    lengthOf(emission, operand);
    emission.code.op("i32.add");
  }
}

const concatenate: EmitOrHost = (emission, operands) => {
  const { code } = emission;
  const size = local(emission);
  pushRoomFor(emission, operands);
  code.set(size);
  emitMadeView(emission, size, (room) => {
    for (const operand of operands) push(code, operand);
    code.get(room).call(emission.library(joinedTexts));
  });
};

const changeCase = (firstLetter: string): EmitOrHost => (emission, operands) => {
  const { code } = emission;
  const size = local(emission);
  pushRoomFor(emission, operands);
  code.set(size);
  emitMadeView(emission, size, (room) => {
    push(code, first(operands)).get(room).i32(firstLetter.charCodeAt(0)).call(emission.library(changedCase));
  });
};

const replace: EmitOrHost = (emission, operands) => {
  const { code } = emission;
  const [count, size, view, tail] = [local(emission), local(emission), local(emission), local(emission)];
  push(push(code, first(operands)), second(operands)).call(emission.library(countOccurrences)).tee(count);
  code.if([], () => {
    pushRoomFor(emission, [first(operands)]);
    lengthOf(emission, third(operands));
    lengthOf(emission, second(operands));
    code.op("i32.sub").get(count).op("i32.mul", "i32.add").set(size);
    const room = emission.allocate(size);
    for (const operand of operands) push(code, operand);
    code.get(count, room).call(emission.library(replacedText)).get(room).set(view).i32(0).set(tail);
  }, () => {
    push(code, first(operands)).set(tail).set(view);
  });
  code.get(view, tail);
};

/** A string that is long enough is cut; the fill of the others is given, or a blank in the room of their view. */
const pad = (isLeft: boolean): EmitOrHost => (emission, operands, _types, host) => {
  const { code } = emission;
  const [wanted, missing, size] = [local(emission), local(emission), local(emission)];
  const [view, tail] = [local(emission), local(emission)];
  const [filler] = operands.slice(2);
  push(code, second(operands)).set(wanted);
  pushNotNegative(emission, wanted);
  code.tee(wanted).i32(PADDED_MAX).op("i32.gt_u").if([], () => {
    host();
    code.set(tail).set(view);
  }, () => {
    code.get(wanted);
    push(code, first(operands)).call(emission.library(textLength)).op("i32.sub").set(missing);
    if (filler !== undefined) {
      lengthOf(emission, filler);
      code.op("i32.eqz").if([], () => code.i32(0).set(missing));
    }
    pushRoomFor(emission, [first(operands)]);
    pushNotNegative(emission, missing);
    code.i32(CHARACTER_BYTES_MAX).op("i32.mul", "i32.add").set(size);
    const room = emission.allocate(size);
    code.get(missing).i32(0).op("i32.gt_s").if([], () => {
      let fill: readonly [Local, Local];
      if (filler === undefined) {
        fill = [local(emission), local(emission)];
        code.get(room).tee(fill[0]).i32(0x20).store("i32.store8").get(room).i32(1).op("i32.add").set(fill[1]);
      } else {
        fill = openView(code, ...viewParts(filler));
      }
      push(code, first(operands)).get(missing, ...fill).i32(Number(isLeft)).get(room);
      code.call(emission.library(paddedText));
    }, () => {
      push(code, first(operands)).i32(0).get(wanted, room).call(emission.library(textPart));
    });
    code.get(room).set(view).i32(0).set(tail);
  });
  code.get(view, tail);
};

/** varchar(n): what fits stays as it is; what an assignment would cut is looked at by the host. */
const cut: EmitOrHost = (emission, operands, _types, host) => {
  const { code } = emission;
  const [limit, kept] = [local(emission), local(emission)];
  const [keptView, keptTail] = [local(emission), local(emission)];
  push(code, second(operands)).i32(CHARACTER_BYTES_MAX).op("i32.sub").set(limit);
  const [bytes, end] = openView(code, ...viewParts(first(operands)));
  push(code, first(operands)).set(keptTail).set(keptView);
  code.get(limit).i32(0).op("i32.ge_s").if([], () => {
    code.get(bytes, end, limit).call(emission.library(skipCharacters)).tee(kept).get(end).op("i32.lt_u").if([], () => {
      push(code, third(operands)).if([], () => {
        const size = local(emission);
        code.i32(View.SIZE).set(size);
        const room = emission.allocate(size);
        code.get(room, bytes, kept, bytes).op("i32.sub").call(emission.library(writeView));
        code.get(room).set(keptView).i32(0).set(keptTail);
      }, () => {
        host();
        code.set(keptTail).set(keptView);
      });
    });
  });
  code.get(keptView, keptTail);
};

export const like = (negated: boolean): EmitOrHost => (emission, operands, _types, host) => {
  const { code } = emission;
  const matched = local(emission);
  push(push(code, first(operands)), second(operands)).call(emission.library(likeMatch)).tee(matched);
  code.i32(0).op("i32.lt_s").if(["i32"], host, () => {
    code.get(matched);
    if (negated) code.op("i32.eqz");
  });
};

export const textCode: Readonly<Record<string, EmitOrHost | undefined>> = {
  length,
  lengthOfChar: length,
  bytes: (emission, operands) => lengthOf(emission, first(operands)),
  position: (emission, operands) =>
    void push(push(emission.code, first(operands)), second(operands)).call(emission.library(textPosition)),
  startsWith: (emission, operands) =>
    void push(push(emission.code, first(operands)), second(operands)).call(emission.library(textStartsWith)),
  substring, from, left, right, splitPart, concatenate, replace, cut,
  ofChar: (emission, operands) => void push(emission.code, first(operands)),
  trimLeft: trimSet(true, false), trimRight: trimSet(false, true), trimBoth: trimSet(true, true),
  trimLeftBlanks: trimBlanks(true, false), trimRightBlanks: trimBlanks(false, true),
  trimBothBlanks: trimBlanks(true, true),
  padLeft: pad(true), padRight: pad(false), padLeftBlanks: pad(true), padRightBlanks: pad(false),
  upper: changeCase("a"), lower: changeCase("A"),
};
