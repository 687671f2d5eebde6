// Writes constants and parameters into the slots of a control block, in the shapes compiled code loads them in.
// Read next: lowering/control_block.ts.
import { assert } from "#base/assert.js";
import { DECIMAL_NAN, type Scalar } from "#expr/expression.js";
import { shapeOf } from "#functions/function.js";
import { VIEW_INLINE_BYTES, View } from "#generated/layout.js";
import { ParameterSlot } from "#lowering/control_block.js";
import { DECIMAL64_PRECISION_MAX, LEAST128, LEAST64 } from "#types/encoding_of.js";
import type { EngineType } from "#types/engine_type.js";
import type { Arena } from "./arena.js";

const BLANK = 0x20;

/** char(n) compares and travels without trailing blanks. */
export function trimBlanks(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === BLANK) end--;
  return bytes.subarray(0, end);
}

export function writeSlot(arena: Arena, address: number, type: EngineType, value: Scalar): void {
  const { view, bytes } = arena.memory;
  bytes.fill(0, address, address + ParameterSlot.SIZE);
  view.setInt32(address + ParameterSlot.isNull, value === null ? 1 : 0, true);
  if (value === null) return;
  const shape = shapeOf(type, false);
  switch (shape) {
    case "i32":
      view.setInt32(address, Number(value), true);
      return;
    case "f32":
    case "f64":
      assert(typeof value === "number", "a float");
      if (shape === "f32") view.setFloat32(address, value, true);
      else view.setFloat64(address, value, true);
      return;
    case "i64":
    case "i128":
      writeInteger(view, address, type, value);
      return;
    case "view":
      assert(value instanceof Uint8Array, "bytes");
      writeView(arena, address, type.kind === "bpchar" ? trimBlanks(value) : value);
  }
}

/** Always the whole pair: narrow code loads the low word of what wide code loads as two. */
function writeInteger(view: DataView, address: number, type: EngineType, value: Scalar): void {
  let image: bigint;
  if (value === DECIMAL_NAN) {
    assert(type.kind === "decimal", "NaN is a decimal");
    image = type.precision <= DECIMAL64_PRECISION_MAX ? LEAST64 : LEAST128;
  } else {
    assert(typeof value === "bigint", "an integer");
    image = value;
  }
  view.setBigInt64(address, BigInt.asIntN(64, image), true);
  view.setBigInt64(address + 8, BigInt.asIntN(64, image >> 64n), true);
}

function writeView(arena: Arena, address: number, value: Uint8Array): void {
  const { view, bytes } = arena.memory;
  view.setUint32(address + View.length, value.length, true);
  if (value.length <= VIEW_INLINE_BYTES) {
    bytes.set(value, address + View.prefix);
    return;
  }
  const copy = arena.allocate(value.length);
  bytes.set(value, copy);
  bytes.set(value.subarray(0, 4), address + View.prefix);
  view.setUint32(address + View.offset, copy, true);
}
