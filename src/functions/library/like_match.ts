// Matching LIKE patterns in compiled code: the last `%` met is where matching resumes, one character further on. Read
// like.ts first, the reference.
import type { LibraryFunction } from "../function.js";
import { advance, loopWhile, openView, skipCharacter } from "./characters.js";

const PERCENT = 0x25;
const UNDERSCORE = 0x5f;
const BACKSLASH = 0x5c;

/** (text, tail, pattern, tail) -> 1 for a match, 0 for none, -1 when the pattern ends in its escape character. */
export const likeMatch: LibraryFunction = {
  name: "likeMatch",
  type: { parameters: ["i32", "i32", "i32", "i32"], results: ["i32"] },
  write(code) {
    const [text, end] = openView(code, code.parameter(0), code.parameter(1));
    const [pattern, patternEnd] = openView(code, code.parameter(2), code.parameter(3));
    const [resumeText, resumePattern, wanted] = [code.local("i32"), code.local("i32"), code.local("i32")];
    // An odd number of them at the end.
    code.get(patternEnd).set(wanted);
    loopWhile(code, () => {
      code.get(wanted, pattern).op("i32.gt_u").if(["i32"], () => {
        code.get(wanted).i32(1).op("i32.sub").load("i32.load8_u").i32(BACKSLASH).op("i32.eq");
      }, () => code.i32(0));
    }, () => advance(code, wanted, -1));
    code.get(patternEnd, wanted).op("i32.sub").i32(1).op("i32.and").if([], () => code.i32(-1).return());
    code.block([], (over) => code.loop((again) => {
      code.get(text, end).op("i32.ge_u").brIf(over);
      code.get(pattern, patternEnd).op("i32.lt_u").if([], () => {
        code.get(pattern).load("i32.load8_u").tee(wanted).i32(PERCENT).op("i32.eq").if([], () => {
          advance(code, pattern, 1);
          code.get(pattern).set(resumePattern).get(text).set(resumeText).br(again);
        });
        code.get(wanted).i32(UNDERSCORE).op("i32.eq").if([], () => {
          advance(code, pattern, 1);
          skipCharacter(code, text, end);
          code.br(again);
        });
        code.get(wanted).i32(BACKSLASH).op("i32.eq").if([], () => {
          advance(code, pattern, 1);
          code.get(pattern).load("i32.load8_u").set(wanted);
        });
        code.get(text).load("i32.load8_u").get(wanted).op("i32.eq").if([], () => {
          advance(code, pattern, 1);
          advance(code, text, 1);
          code.br(again);
        });
      });
      code.get(resumePattern).op("i32.eqz").if([], () => code.i32(0).return());
      skipCharacter(code, resumeText, end);
      code.get(resumeText).set(text).get(resumePattern).set(pattern).br(again);
    }));
    loopWhile(code, () => {
      code.get(pattern, patternEnd).op("i32.lt_u").if(["i32"], () => {
        code.get(pattern).load("i32.load8_u").i32(PERCENT).op("i32.eq");
      }, () => code.i32(0));
    }, () => advance(code, pattern, 1));
    code.get(pattern, patternEnd).op("i32.eq");
  },
};
