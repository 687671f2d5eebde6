// Constants as PostgreSQL wrote them, decoded: the recorded statements name their values in SQL.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DECIMAL_NAN } from "#expr/expression.js";
import type { Constant } from "#frontend/analysed_expression.js";
import { readExpression } from "#frontend/expression_reader.js";
import { readNodeText } from "#frontend/node_text.js";
import { nodeList, requiredNode } from "#frontend/text_fields.js";
import { decodeArray, decodeConstant, decodeNumeric, varlenaPayload } from "#optimizer/expressions/constant_values.js";
import { fixtureText } from "../../../support/planning_fixtures.js";

function constantsOf(name: string): readonly Constant[] {
  return nodeList(readNodeText(fixtureText(name)), "targetList").map((target) => {
    const expression = readExpression(requiredNode(target, "expr"));
    if (expression.kind !== "constant") throw new Error("the statement selects constants");
    return expression;
  });
}

describe("numeric constants", () => {
  it("decode to scaled integers with their display scale", () => {
    const decoded = constantsOf("constants_numeric").map(({ image }) => decodeNumeric(image));
    expect(decoded.map((value) => value && [value.value, value.scale])).toEqual([
      [0n, 1], [15n, 1], [-123456789987654321n, 9], [1n, 4], [100000000000000000000n, 0],
      [DECIMAL_NAN, 0], undefined, [10000n, 0], [-1234n, 8], [150000n, 5], [999999999999n, 4],
      [33333333333333333333n, 20], [1n, 39],
    ]);
    expect(decoded[2]?.precision).toBe(18);
  });

  it("refuse images that are cut short or not theirs", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const value = decodeNumeric(new Uint8Array(bytes));
      expect(value === undefined || value.precision >= 1).toBe(true);
    }));
  });
});

describe("other constants", () => {
  const constants = constantsOf("constants_other");
  const image = (index: number): Uint8Array => constants[index]?.image ?? new Uint8Array(0);

  it("decode by their engine type", () => {
    expect(decodeConstant({ kind: "bool" }, image(0))).toBe(true);
    expect(decodeConstant({ kind: "int2" }, image(1))).toBe(7n);
    expect(decodeConstant({ kind: "int4" }, image(2))).toBe(-7n);
    expect(decodeConstant({ kind: "int8" }, image(3))).toBe(5000000000n);
    expect(decodeConstant({ kind: "float4" }, image(4))).toBe(1.5);
    expect(decodeConstant({ kind: "float8" }, image(5))).toBe(-2.25);
    expect(decodeConstant({ kind: "date" }, image(6))).toBe(-1n);
    expect(decodeConstant({ kind: "date" }, image(7))).toBe(2147483647n);
    expect(decodeConstant({ kind: "timestamp" }, image(8))).toBe(1000000n);
    const blankTrimmed = decodeConstant({ kind: "bpchar", length: 4, byteOrder: true }, image(9));
    expect(blankTrimmed).toEqual(new TextEncoder().encode("ab"));
    expect(decodeConstant({ kind: "text", byteOrder: true }, image(10)))
      .toEqual(new TextEncoder().encode("naïve"));
  });

  it("that are arrays fall into elements", () => {
    const int4 = { length: 4, byValue: true, alignment: 4 };
    const numbers = decodeArray(image(11), int4);
    expect(numbers?.elementType).toBe(23);
    expect(numbers?.elements.map((element) => element && decodeConstant({ kind: "int4" }, element)))
      .toEqual([1n, null, 3n]);
    const varlena = { length: -1, byValue: false, alignment: 4 };
    const texts = decodeArray(image(12), varlena);
    expect(texts?.elements.map((element) => element && Buffer.from(varlenaPayload(element) ?? []).toString()))
      .toEqual(["a", "bcd"]);
    const numerics = decodeArray(image(13), varlena);
    expect(numerics?.elements.map((element) => element && decodeNumeric(element)?.value)).toEqual([15n, 2n]);
    expect(decodeArray(image(14), int4)?.elements).toEqual([]);
  });

  it("never read behind their image", () => {
    const layouts = [
      { length: 4, byValue: true, alignment: 4 }, { length: -1, byValue: false, alignment: 4 },
    ];
    const original = image(12);
    fc.assert(fc.property(
      fc.nat(original.length - 1), fc.nat(255), fc.nat(original.length), fc.constantFrom(...layouts),
      (at, byte, length, layout) => {
        const broken = original.slice();
        broken[at] = byte;
        const cut = broken.subarray(0, length);
        for (const element of decodeArray(cut, layout)?.elements ?? [])
          expect(element === null || element.length <= cut.length || element.length === 8).toBe(true);
      }));
  });
});
