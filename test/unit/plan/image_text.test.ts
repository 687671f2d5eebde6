// How EXPLAIN shows constants that are images.
import { writeInterval } from "#functions/interval_image.js";
import { writeNumeric } from "#functions/numeric_image.js";
import { intervalText, numericText } from "#plan/image_text.js";
import { expect, test } from "vitest";

test.each([
  [{ months: 1, days: 0, microseconds: 0n }, "'1 mons'"],
  [{ months: 0, days: 10, microseconds: 1_500_000n }, "'10 days 1.5 s'"],
  [{ months: 0, days: 0, microseconds: 0n }, "'0 s'"],
])("an interval %o", (interval, text) => {
  expect(intervalText(writeInterval(interval))).toBe(text);
});

test("numerics", () => {
  expect(numericText(writeNumeric({ coefficient: -1250n, scale: 2 }))).toBe("-12.50");
  expect(numericText(writeNumeric("NaN"))).toBe("'NaN'");
});
