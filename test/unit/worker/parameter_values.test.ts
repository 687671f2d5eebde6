// Parameters as they come in a message, to the values the engine computes with.
import { describe, expect, test } from "vitest";
import type { ParameterValue } from "#codec/execution_message.js";
import { DECIMAL_NAN } from "#expr/expression.js";
import { Encoding } from "#generated/encodings.js";
import type { PhysicalPlan } from "#plan/physical.js";
import { decodeParameter, parameterValues } from "#worker/parameter_values.js";

function parameter(encoding: number, bytes: readonly number[], isNull = false): ParameterValue {
  return { id: 1, type: 23, isNull, encoding, scale: 0, value: Uint8Array.from(bytes) };
}

describe("decodeParameter", () => {
  test.each([
    [Encoding.bool8, [1], true],
    [Encoding.int8, [200], 200n],
    [Encoding.int16, [0xff, 0xff], -1n],
    [Encoding.int32, [1, 0, 0, 0x80], -2147483647n],
    [Encoding.int64, [5, 0, 0, 0, 0, 0, 0, 0], 5n],
    [Encoding.float32, [0, 0, 0x80, 0x3f], 1],
    [Encoding.float64, [0, 0, 0, 0, 0, 0, 0xf0, 0x3f], 1],
    [Encoding.decimal64, [0, 0, 0, 0, 0, 0, 0, 0x80], DECIMAL_NAN],
    [Encoding.decimal128, [1, ...Array<number>(15).fill(0)], 1n],
    [Encoding.decimal128, [...Array<number>(15).fill(0), 0x80], DECIMAL_NAN],
    [Encoding.text, [0x61, 0x62], Uint8Array.from([0x61, 0x62])],
    [Encoding.text, [], new Uint8Array(0)],
  ])("encoding %i", (encoding, bytes, expected) => {
    expect(decodeParameter(parameter(encoding, bytes))).toEqual(expected);
  });

  test("NULL has no bytes, other values as many as their encoding", () => {
    expect(decodeParameter(parameter(Encoding.int32, [], true))).toBeNull();
    expect(() => decodeParameter(parameter(Encoding.int32, [1, 2]))).toThrow(/2 bytes/);
    expect(() => decodeParameter(parameter(99, [1]))).toThrow(/encoding 99/);
  });
});

test("a plan's parameters must all be there", () => {
  const plan: PhysicalPlan = {
    version: 1, root: { kind: "scan", leaf: 0, columns: [] }, leafCount: 1, outputs: [],
    parameters: [{ id: 1, type: { kind: "int4" } }],
  };
  expect(parameterValues(plan, [parameter(Encoding.int32, [7, 0, 0, 0])])).toEqual(new Map([[1, 7n]]));
  expect(() => parameterValues(plan, [])).toThrow(/\$1/);
});
