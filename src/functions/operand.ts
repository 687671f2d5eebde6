// Small pieces of emission that every family needs: pushing an operand, widening integers. They hold no
// function semantics. Read next: function.ts.
import { assert, defined } from "#base/assert.js";
import type { FunctionBuilder, Local } from "#wasm/function_builder.js";
import type { Operand, Present } from "./function.js";

export function first<T>(list: readonly T[]): T {
  return defined(list[0], "a first argument");
}

export function second<T>(list: readonly T[]): T {
  return defined(list[1], "a second argument");
}

export function third<T>(list: readonly T[]): T {
  return defined(list[2], "a third argument");
}

export function push(code: FunctionBuilder, operand: Operand): FunctionBuilder {
  return code.get(...operand.parts);
}

/** The address of a view, and the one its offset counts from. */
export function viewParts({ parts: [view, tail] }: Operand): readonly [view: Local, tail: Local] {
  return [defined(view, "a view"), defined(tail, "its tail")];
}

/** Pushes an i32 or i64 integer as i64. */
export function pushAsI64(code: FunctionBuilder, operand: Operand): FunctionBuilder {
  push(code, operand);
  return operand.shape === "i32" ? code.op("i64.extend_i32_s") : code;
}

export function asBigint(value: Present): bigint {
  assert(typeof value === "bigint", "an integer value");
  return value;
}

export function asNumber(value: Present): number {
  assert(typeof value === "number", "a float value");
  return value;
}

export function asBytes(value: Present): Uint8Array {
  assert(value instanceof Uint8Array, "a byte value");
  return value;
}
