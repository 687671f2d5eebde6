// Comparisons of values that travel as datum images and mean more than their bytes: numerics of any precision and
// intervals. Read next: library/numerics.ts, library/intervals.ts.
import { type ComparisonFamily, comparisonsOfViews, integerWord } from "./comparison.js";
import type { LibraryFunction, ScalarFunction } from "./function.js";
import { orderIntervals, readInterval } from "./interval_image.js";
import { compareIntervals } from "./library/intervals.js";
import { compareNumerics } from "./library/numerics.js";
import { orderNumerics, readNumeric } from "./numeric_image.js";
import { asBytes, first, push, second } from "./operand.js";

function images(
  kind: "numeric" | "interval", doc: string, procedures: ComparisonFamily["procedures"],
  order: ComparisonFamily["order"], compare: LibraryFunction,
): readonly ScalarFunction[] {
  const family: ComparisonFamily = {
    name: kind,
    doc,
    procedures,
    accepts: (a, b) => a.kind === kind && b.kind === kind,
    order,
    emit(emission, operands, comparison) {
      push(push(emission.code, first(operands)), second(operands)).call(emission.library(compare));
      emission.code.i32(0).op(`i32.${integerWord[comparison]}`);
    },
  };
  return comparisonsOfViews(family);
}

export const comparisonsOfImages: readonly ScalarFunction[] = [
  ...images(
    "numeric", "Comparison of numerics, NaN equal to itself and largest",
    [[
      [1718, "numeric_eq"], [1719, "numeric_ne"], [1722, "numeric_lt"], [1723, "numeric_le"], [1720, "numeric_gt"],
      [1721, "numeric_ge"],
    ]],
    (a, b) => orderNumerics(readNumeric(asBytes(a)), readNumeric(asBytes(b))), compareNumerics),
  ...images(
    "interval", "Comparison of intervals, a month taken for 30 days",
    [[
      [1162, "interval_eq"], [1163, "interval_ne"], [1164, "interval_lt"], [1165, "interval_le"],
      [1167, "interval_gt"], [1166, "interval_ge"],
    ]],
    (a, b) => orderIntervals(readInterval(asBytes(a)), readInterval(asBytes(b))), compareIntervals),
];
