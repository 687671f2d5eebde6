// Bits of integers: and, or, exclusive or, complement and shifts, whose distance counts modulo the width of an int4 or
// int8, as the processor's instructions take it. Read next: integer_arithmetic.ts.
import { assert } from "#base/assert.js";
import type { EngineType } from "#types/engine_type.js";
import type { Emission, Operand, ScalarFunction } from "./function.js";
import { asBigint, first, push, second } from "./operand.js";

type IntegerKind = "int2" | "int4" | "int8";
type Word = "and" | "or" | "xor";

/** int2 is computed as int4: a shift by 16 to 31 leaves nothing of it, or its sign. */
const widths: Readonly<Record<IntegerKind, { readonly bits: number; readonly register: "i32" | "i64" }>> = {
  int2: { bits: 16, register: "i32" }, int4: { bits: 32, register: "i32" }, int8: { bits: 64, register: "i64" },
};

const compute: Readonly<Record<Word, (a: bigint, b: bigint) => bigint>> = {
  and: (a, b) => a & b, or: (a, b) => a | b, xor: (a, b) => a ^ b,
};

function pair(kind: IntegerKind, word: Word, oid: number): ScalarFunction {
  return {
    key: `${kind}.${word}`,
    procedures: [{ oid, source: `${kind}${word}` }],
    doc: `Bits of two ${kind}: ${word}`,
    resultType: ([a, b, ...more]) => (a?.kind === kind && b?.kind === kind && more.length === 0 ? { kind } : undefined),
    mayFail: () => false,
    evaluate: (values) => compute[word](asBigint(first(values)), asBigint(second(values))),
    emit: ({ code }, operands) =>
      void push(push(code, first(operands)), second(operands)).op(`${widths[kind].register}.${word}`),
  };
}

function complement(kind: IntegerKind, oid: number): ScalarFunction {
  return {
    key: `${kind}.not`,
    procedures: [{ oid, source: `${kind}not` }],
    doc: `The bits of an ${kind}, each the other`,
    resultType: ([a, ...more]) => (a?.kind === kind && more.length === 0 ? { kind } : undefined),
    mayFail: () => false,
    evaluate: (values) => ~asBigint(first(values)),
    emit({ code }, operands) {
      push(code, first(operands));
      if (widths[kind].register === "i32") code.i32(-1).op("i32.xor");
      else code.i64(-1n).op("i64.xor");
    },
  };
}

function emitShift({ code }: Emission, operands: readonly Operand[], kind: IntegerKind, left: boolean): void {
  const { register } = widths[kind];
  push(push(code, first(operands)), second(operands));
  if (register === "i64") code.op("i64.extend_i32_u", left ? "i64.shl" : "i64.shr_s");
  else code.op(left ? "i32.shl" : "i32.shr_s");
  if (kind === "int2" && left) code.op("i32.extend16_s");
}

function shift(kind: IntegerKind, left: boolean, oid: number): ScalarFunction {
  const { bits, register } = widths[kind];
  return {
    key: `${kind}.shift${left ? "Left" : "Right"}`,
    procedures: [{ oid, source: `${kind}${left ? "shl" : "shr"}` }],
    doc: `The bits of an ${kind} moved ${left ? "up" : "down"}`,
    resultType: ([a, b, ...more]): EngineType | undefined =>
      (a?.kind === kind && b?.kind === "int4" && more.length === 0 ? { kind } : undefined),
    mayFail: () => false,
    evaluate(values) {
      assert(values.length === 2, "a value and a distance");
      const distance = asBigint(second(values)) & (register === "i64" ? 63n : 31n);
      const value = asBigint(first(values));
      return BigInt.asIntN(bits, left ? value << distance : value >> distance);
    },
    emit: (emission, operands) => emitShift(emission, operands, kind, left),
  };
}

export const integerBits: readonly ScalarFunction[] = [
  pair("int2", "and", 1892), pair("int2", "or", 1893), pair("int2", "xor", 1894), complement("int2", 1895),
  pair("int4", "and", 1898), pair("int4", "or", 1899), pair("int4", "xor", 1900), complement("int4", 1901),
  pair("int8", "and", 1904), pair("int8", "or", 1905), pair("int8", "xor", 1906), complement("int8", 1907),
  shift("int2", true, 1896), shift("int2", false, 1897), shift("int4", true, 1902), shift("int4", false, 1903),
  shift("int8", true, 1908), shift("int8", false, 1909),
];
