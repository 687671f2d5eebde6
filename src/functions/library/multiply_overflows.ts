// Whether the product of two int64 leaves 64 bits, decided by dividing it back. Read next: integer_arithmetic.ts.
import type { LibraryFunction } from "../function.js";

export const multiplyOverflows: LibraryFunction = {
  name: "multiplyOverflows",
  type: { parameters: ["i64", "i64"], results: ["i32"] },
  write(code) {
    const [a, b] = [code.parameter(0), code.parameter(1)];
    code.get(a).op("i64.eqz");
    code.if(
      ["i32"],
      () => code.i32(0),
      () => {
        // -1 times the least value is the one overflow that dividing back cannot see, and it would trap.
        code.get(a).i64(-1n).op("i64.eq");
        code.if(
          ["i32"],
          () =>
            code
              .get(b)
              .i64(-(1n << 63n))
              .op("i64.eq"),
          () => code.get(a, b).op("i64.mul").get(a).op("i64.div_s").get(b).op("i64.ne"),
        );
      },
    );
  },
};
