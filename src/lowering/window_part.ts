// What every function of a window's module works with: a row's number, its address, its place and the arrays' entries.
// No function is emitted here; read next: window_module.ts.
import { defined } from "#base/assert.js";
import type { Callable, FunctionBuilder, Local } from "#wasm/function_builder.js";
import type { FunctionContext } from "./function_context.js";
import type { TablePlan } from "./table_plan.js";
import { windowEntryBytes, type WindowArray, WindowPlace } from "./window_plan.js";

/** One function over a range of rows being emitted. */
export interface WindowPart {
  readonly context: FunctionContext;
  readonly table: TablePlan;
  readonly state: Local;
  /** Addresses of the row addresses and of the places. */
  readonly order: Local;
  readonly places: Local;
  /** The number of the row at work. */
  readonly at: Local;
}

/** Chooses between two places of an array's column: (state, place, place) -> place. */
export type Choices = ReadonlyMap<WindowArray, Callable>;

/** Pushes the address of the row at a number, `before` rows earlier. */
export function pushRow({ context: { code }, order }: WindowPart, at: Local, before = 0): FunctionBuilder {
  code.get(order, at);
  if (before > 0) code.i32(before).op("i32.sub");
  return code.i32(4).op("i32.mul", "i32.add").load("i32.load");
}

export function pushPlace({ context: { code }, places }: WindowPart, at: Local): FunctionBuilder {
  return code.get(places, at).i32(WindowPlace.SIZE).op("i32.mul", "i32.add");
}

/** Pushes the address of an array's entry. */
export function pushEntry({ context: { code }, state }: WindowPart, array: WindowArray, at: Local): FunctionBuilder {
  code.get(state).load("i32.load", array.address).get(at).i32(windowEntryBytes[array.kind]);
  return code.op("i32.mul", "i32.add");
}

/** Adds to three words in place, or takes away. */
export function add192(
  code: FunctionBuilder, total: readonly Local[], addend: readonly Local[], subtract: boolean,
): void {
  const carry = code.local("i64");
  code.i64(0).set(carry);
  total.forEach((word, index) => {
    const other = defined(addend[index], "a word");
    const [before, next] = [code.local("i64"), code.local("i64")];
    code.get(word).set(before);
    if (subtract) {
      code.get(word, other).op("i64.sub").get(carry).op("i64.sub").set(word);
      code.get(before, other).op("i64.lt_u").get(before, other).op("i64.eq");
    } else {
      code.get(word, other).op("i64.add").get(carry).op("i64.add").set(word);
      code.get(word, other).op("i64.lt_u").get(word, other).op("i64.eq");
    }
    // With equal words what was carried in decides.
    code.get(carry).op("i32.wrap_i64", "i32.and", "i32.or", "i64.extend_i32_u").set(next);
    code.get(next).set(carry);
  });
}
