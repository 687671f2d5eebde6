// The sign of numerics changed in compiled code; read numeric_sums.ts first, whose conventions hold here.
import type { LibraryFunction } from "../function.js";
import { GROUPS_MAX, takeApart, writeNumericView } from "./numeric_parts.js";
import { giveUpIf, setFirst } from "./numeric_sums.js";

export const Sign = { none: 0, other: 1 } as const;

/** (value, tail, room, what becomes of the sign) */
export const numericSigned: LibraryFunction = {
  name: "numericSigned",
  type: { parameters: ["i32", "i32", "i32", "i32"], results: ["i32"] },
  write(code, library) {
    const [room, sign, first] = [code.parameter(2), code.parameter(3), code.local("i32")];
    const value = takeApart(code, library, code.parameter(0), code.parameter(1));
    giveUpIf(code.get(value.count).i32(GROUPS_MAX).op("i32.gt_s"));
    setFirst(code, room, first);
    code.get(first, value.groups, value.count).i32(1).op("i32.shl").memoryCopy();
    code.get(room, first, first, value.count).i32(1).op("i32.shl", "i32.add").get(value.weight, value.scale);
    code.get(value.negative).op("i32.eqz").get(sign).op("i32.and").call(library(writeNumericView));
  },
};
