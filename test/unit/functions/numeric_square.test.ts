// The squares that variances of numerics are made of: exact, or an error.
import { describe, expect, it } from "vitest";
import { functionByKey } from "#functions/registry.js";
import { numericText, readNumeric, type Numeric, writeNumeric } from "#functions/numeric_image.js";
import { asBytes } from "#functions/operand.js";
import { NUMERIC } from "#types/engine_type.js";

function square(value: Numeric): string {
  const image = writeNumeric(value);
  const types = { arguments: [NUMERIC, NUMERIC], result: NUMERIC };
  const answer = functionByKey("numeric.square").evaluate([image, image], types);
  return numericText(readNumeric(asBytes(answer)));
}

describe("numeric.square", () => {
  it("multiplies by itself", () => {
    expect(square({ coefficient: -15n, scale: 1 })).toBe("2.25");
    expect(square("NaN")).toBe("NaN");
    expect(square("-Infinity")).toBe("Infinity");
    expect(square({ coefficient: 3n, scale: 8191 })).toMatch(/^0\.0{16381}9$/);
  });

  it("refuses what would lose digits or leave no room for sums", () => {
    expect(() => square({ coefficient: 3n, scale: 8192 })).toThrow("so many digits is not supported");
    expect(() => square({ coefficient: 10n ** 65_510n, scale: 0 })).toThrow("so many digits is not supported");
  });
});
