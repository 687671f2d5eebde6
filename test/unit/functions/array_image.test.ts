// Arrays as PostgreSQL lays them out: the bytes of a datum behind its length.
import type { Scalar } from "#expr/expression.js";
import { appendedArrayImage, arrayImage, emptyArrayImage } from "#functions/array_image.js";
import type { ArrayElement } from "#types/array_element.js";
import type { EngineType } from "#types/engine_type.js";
import { describe, expect, test } from "vitest";

interface Sample {
  readonly name: string;
  readonly element: ArrayElement;
  readonly type: EngineType;
  readonly values: readonly Scalar[];
  readonly image: string;
}

const utf8 = (value: string): Uint8Array => new TextEncoder().encode(value);

const samples: readonly Sample[] = [
  {
    name: "integers", element: { type: 23, length: 4, alignment: 4 }, type: { kind: "int4" }, values: [1n, -1n],
    image: "01000000 00000000 17000000 02000000 01000000 01000000 ffffffff",
  },
  {
    name: "texts with a NULL", element: { type: 25, length: -1, alignment: 4 }, type: { kind: "text", byteOrder: true },
    values: [utf8("a"), null, utf8("longer")],
    image: "01000000 20000000 19000000 03000000 01000000 05000000 00000000 14000000 61000000 28000000 6c6f6e67"
      + "65720000",
  },
  {
    name: "values that fill their alignment", element: { type: 1266, length: 12, alignment: 8 },
    type: { kind: "opaque", width: 12, byValue: false, bitwiseEqual: true }, values: [new Uint8Array(12).fill(7)],
    image: "01000000 00000000 f2040000 01000000 01000000 07070707 07070707 07070707 00000000",
  },
  {
    name: "truth values", element: { type: 16, length: 1, alignment: 1 }, type: { kind: "bool" },
    values: [true, false, true], image: "01000000 00000000 10000000 03000000 01000000 010001",
  },
];

describe("array images", () => {
  test.each(samples)("of $name", ({ element, type, values, image }) => {
    expect(Buffer.from(arrayImage(element, type, values)).toString("hex")).toBe(image.replaceAll(" ", ""));
  });

  test.each(samples.filter(({ values }) => !values.includes(null)))("one by one of $name", (sample) => {
    const { element, type, values, image } = sample;
    const made = values.filter((value) => value !== null).reduce<Uint8Array>(
      (array, value) => appendedArrayImage(array, element.alignment, type, value), emptyArrayImage(element.type));
    expect(Buffer.from(made).toString("hex")).toBe(image.replaceAll(" ", ""));
  });

  test("of nothing", () => {
    expect(Buffer.from(emptyArrayImage(23)).toString("hex")).toBe("000000000000000017000000");
  });
});
