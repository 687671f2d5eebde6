// Images of numeric: what is written is read again, equal values have equal keys, and the arithmetic agrees with exact
// fractions. The server's own images are compared in test/cluster/functions.test.ts.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { add, divide, multiply } from "#functions/numeric_arithmetic.js";
import {
  type NumericNumber, isSpecial, numericKey, numericText, orderNumerics, readNumeric, writeNumeric,
} from "#functions/numeric_image.js";

const numbers: fc.Arbitrary<NumericNumber> = fc.record({
  coefficient: fc.oneof(
    fc.bigInt({ min: -(10n ** 6n), max: 10n ** 6n }), fc.bigInt({ min: -(10n ** 90n), max: 10n ** 90n })),
  scale: fc.oneof(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 200 })),
});

describe("images of numeric", () => {
  test("are read as they were written", () => {
    fc.assert(fc.property(numbers, (number) => {
      expect(readNumeric(writeNumeric(number))).toEqual(number);
    }));
    for (const special of ["NaN", "Infinity", "-Infinity"] as const)
      expect(readNumeric(writeNumeric(special))).toBe(special);
  });

  test("have PostgreSQL's bytes", () => {
    const hex = (coefficient: bigint, scale: number): string =>
      Buffer.from(writeNumeric({ coefficient, scale })).toString("hex");
    // As in pg_column_size and pageinspect: header, then base-10000 digits.
    expect(hex(0n, 0)).toBe("0080");
    expect(hex(1n, 0)).toBe("00800100");
    expect(hex(-150n, 2)).toBe("00a101008813");
  });

  test("have one key when they differ in places only", () => {
    fc.assert(fc.property(numbers, fc.integer({ min: 0, max: 30 }), ({ coefficient, scale }, more) => {
      const longer = { coefficient: coefficient * 10n ** BigInt(more), scale: scale + more };
      expect(numericKey(writeNumeric(longer))).toBe(numericKey(writeNumeric({ coefficient, scale })));
      expect(orderNumerics(longer, { coefficient, scale })).toBe(0);
    }));
  });

  test("have keys of their own when their signs and sizes differ", () => {
    const key = (coefficient: bigint, scale: number): string => numericKey(writeNumeric({ coefficient, scale }));
    const keys = [1n, -1n].flatMap((sign) => [key(sign * 10n ** 300n, 0), key(sign, 300), key(sign, 0)]);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test("order NaN above infinity", () => {
    expect(orderNumerics("NaN", "Infinity")).toBeGreaterThan(0);
    expect(orderNumerics("-Infinity", { coefficient: -(10n ** 80n), scale: 0 })).toBeLessThan(0);
    expect(orderNumerics("NaN", "NaN")).toBe(0);
  });
});

describe("arithmetic of numerics", () => {
  test("sums and products are exact", () => {
    fc.assert(fc.property(numbers, numbers, (a, b) => {
      const [sum, product] = [add(a, b), multiply(a, b)];
      if (isSpecial(sum) || isSpecial(product)) throw new Error("numbers give numbers");
      expect(sum.scale).toBe(Math.max(a.scale, b.scale));
      expect(sum.coefficient * 10n ** BigInt(a.scale + b.scale)).toBe(
        (a.coefficient * 10n ** BigInt(b.scale) + b.coefficient * 10n ** BigInt(a.scale)) * 10n ** BigInt(sum.scale));
      expect(product).toEqual({ coefficient: a.coefficient * b.coefficient, scale: a.scale + b.scale });
    }));
  });

  test("quotients have sixteen digits at least", () => {
    const shown = (a: NumericNumber, b: NumericNumber): string => numericText(divide(a, b));
    expect(shown({ coefficient: 1n, scale: 0 }, { coefficient: 3n, scale: 0 })).toBe("0.33333333333333333333");
    expect(shown({ coefficient: 200n, scale: 2 }, { coefficient: 3n, scale: 0 })).toBe("0.66666666666666666667");
    expect(shown({ coefficient: 100_000n, scale: 0 }, { coefficient: 7n, scale: 0 })).toBe("14285.714285714286");
    expect(() => divide({ coefficient: 1n, scale: 0 }, { coefficient: 0n, scale: 3 })).toThrow("division by zero");
  });

  test("infinities meet numbers", () => {
    expect(add("Infinity", "-Infinity")).toBe("NaN");
    expect(multiply("Infinity", { coefficient: 0n, scale: 0 })).toBe("NaN");
    expect(multiply("-Infinity", { coefficient: -5n, scale: 1 })).toBe("Infinity");
    expect(divide({ coefficient: 5n, scale: 1 }, "Infinity")).toEqual({ coefficient: 0n, scale: 0 });
  });
});
