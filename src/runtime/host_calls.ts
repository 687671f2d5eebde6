// Scalar functions that compiled code has evaluated by its host: arguments are read from the control block, the result
// goes back there, strings into the row's own room. The functions' errors are thrown through the compiled code, which
// is not called again then. Read next: lowering/function_context.ts, functions/function.ts.
import { assert, defined } from "#base/assert.js";
import { DECIMAL_NAN } from "#expr/expression.js";
import { type Present, type Shape, type ScalarFunction, shapeOf } from "#functions/function.js";
import { functionByKey } from "#functions/registry.js";
import { VIEW_INLINE_BYTES, View } from "#generated/layout.js";
import type { HostCall } from "#lowering/module_context.js";
import type { ControlLayout } from "#lowering/control_block.js";
import { LEAST128, LEAST64 } from "#types/encoding_of.js";
import type { EngineType } from "#types/engine_type.js";
import type { EngineMemory } from "./memory.js";
import type { RowScratch } from "./row_scratch.js";

interface Argument {
  readonly type: EngineType;
  readonly shape: Shape;
  readonly address: number;
}

interface BoundCall {
  readonly callee: ScalarFunction;
  readonly call: HostCall;
  readonly arguments: readonly Argument[];
  readonly resultShape: Shape;
}

export class HostEvaluation {
  readonly #memory: EngineMemory;
  readonly #scratch: RowScratch;
  readonly #calls: readonly BoundCall[];
  readonly #result: number;
  /** Where constants and parameters stand. */
  readonly #slots: readonly [start: number, end: number];
  /** Constants and parameters, which stay as they are for as long as the control block: each is copied once. */
  readonly #constants = new Map<number, Uint8Array>();

  /** `control` is the address of the control block. */
  constructor(
    memory: EngineMemory, scratch: RowScratch, control: number, layout: ControlLayout, calls: readonly HostCall[],
  ) {
    this.#memory = memory;
    this.#scratch = scratch;
    this.#result = control + layout.hostArgument(0);
    this.#slots = [control + layout.slot(0), control + layout.view(0)];
    this.#calls = calls.map((call) => ({
      call,
      callee: functionByKey(call.function),
      arguments: call.types.arguments.map((type, index) => (
        { type, shape: shapeOf(type, call.narrow), address: control + layout.hostArgument(index) })),
      resultShape: shapeOf(call.types.result, call.narrow),
    }));
  }

  evaluate(number: number): void {
    const { callee, call, arguments: list, resultShape } = defined(this.#calls[number], "a call");
    const values = list.map((each) => this.#read(each, call.narrow));
    this.#write(callee.evaluate(values, call.types), call.types.result, resultShape);
  }

  #read({ type, shape, address }: Argument, narrow: boolean): Present {
    const { view } = this.#memory;
    switch (shape) {
      case "i32":
        return type.kind === "bool" ? view.getInt32(address, true) !== 0 : BigInt(view.getInt32(address, true));
      case "i64": {
        const value = view.getBigInt64(address, true);
        return type.kind === "decimal" && !narrow && value === LEAST64 ? DECIMAL_NAN : value;
      }
      case "i128": {
        const value = (view.getBigInt64(address + 8, true) << 64n) | view.getBigUint64(address, true);
        return value === LEAST128 ? DECIMAL_NAN : value;
      }
      case "f32":
        return view.getFloat32(address, true);
      case "f64":
        return view.getFloat64(address, true);
      case "view":
        return this.#string(view.getUint32(address, true), view.getUint32(address + 4, true));
    }
  }

  #string(at: number, tail: number): Uint8Array {
    const [start, end] = this.#slots;
    if (at < start || at >= end) return this.#bytes(at, tail);
    const constant = this.#constants.get(at) ?? this.#bytes(at, tail);
    this.#constants.set(at, constant);
    return constant;
  }

  /** A copy: the memory is shared, and text decoders refuse that. */
  #bytes(at: number, tail: number): Uint8Array {
    const { view, bytes } = this.#memory;
    const length = view.getUint32(at + View.length, true);
    const start = length <= VIEW_INLINE_BYTES ? at + View.prefix : tail + view.getUint32(at + View.offset, true);
    return bytes.slice(start, start + length);
  }

  #write(value: Present, type: EngineType, shape: Shape): void {
    const { view } = this.#memory;
    const at = this.#result;
    switch (shape) {
      case "i32":
        view.setInt32(at, Number(value), true);
        return;
      case "i64": case "i128": {
        const least = shape === "i64" ? LEAST64 : LEAST128;
        const image = value === DECIMAL_NAN ? least : value;
        assert(typeof image === "bigint", `a whole number for ${type.kind}`);
        view.setBigInt64(at, BigInt.asIntN(64, image), true);
        if (shape === "i128") view.setBigInt64(at + 8, BigInt.asIntN(64, image >> 64n), true);
        return;
      }
      case "f32":
        view.setFloat32(at, Number(value), true);
        return;
      case "f64":
        view.setFloat64(at, Number(value), true);
        return;
      case "view":
        assert(value instanceof Uint8Array, `bytes for ${type.kind}`);
        view.setUint32(at, this.#keep(value), true);
        view.setUint32(at + 4, 0, true);
    }
  }

  /** A view in the row's own room; its offset is an address. */
  #keep(value: Uint8Array): number {
    const isLong = value.length > VIEW_INLINE_BYTES;
    const at = this.#scratch.allocate(View.SIZE + (isLong ? value.length : 0));
    const { view, bytes } = this.#memory;
    view.setBigUint64(at, 0n, true);
    view.setBigUint64(at + 8, 0n, true);
    view.setUint32(at + View.length, value.length, true);
    bytes.set(isLong ? value.subarray(0, 4) : value, at + View.prefix);
    if (!isLong) return at;
    view.setUint32(at + View.offset, at + View.SIZE, true);
    bytes.set(value, at + View.SIZE);
    return at;
  }
}
