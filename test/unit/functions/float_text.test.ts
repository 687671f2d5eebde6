// Floats as texts: every text names its number again, none shorter does, and numbers whose texts are known.
// PostgreSQL's own are a server's business: test/cluster/session_formats.test.ts.
import { floatText } from "#functions/float_text.js";
import * as fc from "fast-check";
import { expect, test } from "vitest";

const SHORTEST = 1;

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });

test("float8 reads back", () => {
  fc.assert(fc.property(finite, (value) => {
    expect(Number(floatText(value, "float8", SHORTEST))).toBe(value);
  }));
});

test("float4 reads back", () => {
  fc.assert(fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
    expect(Math.fround(Number(floatText(value, "float4", SHORTEST)))).toBe(value);
  }));
});

test.each([
  [0.1, "0.1"], [-0, "-0"], [NaN, "NaN"], [-Infinity, "-Infinity"], [1e15, "1e+15"],
  [999999999999999, "999999999999999"],
  [0.0001, "0.0001"], [0.00001234, "1.234e-05"], [2 ** -1074, "5e-324"], [2 ** 53, "9.007199254740992e+15"],
  [1e23, "9.999999999999999e+22"],
  [9.5367431640625e-7, "9.5367431640625e-07"], [2 ** 60, "1.152921504606847e+18"],
  [1.7976931348623157e308, "1.7976931348623157e+308"], [-120, "-120"],
])("%d as float8", (value, text) => expect(floatText(value, "float8", SHORTEST)).toBe(text));

test.each([
  [0.1, "0.1"], [16777216, "1.6777216e+07"], [123456, "123456"], [1234567, "1.234567e+06"], [2 ** -149, "1e-45"],
  [3.4028234663852886e38, "3.4028235e+38"], [8388608, "8.388608e+06"], [-1e6, "-1e+06"],
])("%d as float4", (value, text) => expect(floatText(Math.fround(value), "float4", SHORTEST)).toBe(text));

test.each([
  [2.5, -14, "2"], [3.5, -14, "4"], [2.5, -20, "2"], [0.125, -13, "0.12"], [0.1, 0, "0.1"],
  [1 / 3, -3, "0.333333333333"], [123456789, -12, "1.23e+08"], [9.9999, -12, "10"], [1e15, 0, "1e+15"],
])("%d with %d more digits", (value, extra, text) => expect(floatText(value, "float8", extra)).toBe(text));
