// array_agg(): the values of a group in a buffer as they will stand in PostgreSQL's array, and beside it the places of
// the NULLs, which have no room among them. The array itself, with its header, is made when the group is read. Read
// next: aggregate_append.ts, functions/array_image.ts, which makes the same bytes for the interpreter.
import { defined } from "#base/assert.js";
import { DATUM_HEADER_BYTES } from "#functions/array_image.js";
import { PLACE_BYTES, elementsOffset, writeArrayHeader } from "#functions/library/arrays.js";
import { writeView } from "#functions/library/views.js";
import { View } from "#generated/layout.js";
import type { ArrayElement } from "#types/array_element.js";
import type { Local } from "#wasm/function_builder.js";
import type { StoreInstruction } from "#wasm/opcodes.js";
import { extendBuffer, pushSource, raiseIfTooLong } from "./aggregate_append.js";
import type { Collected } from "./aggregate_plan.js";
import { BUFFER, type StepTarget } from "./aggregate_steps.js";
import type { FunctionContext, LoweredValue } from "./function_context.js";

/** One value of a group, NULL or not. */
export function emitCollect(
  target: StepTarget, collected: Collected, element: ArrayElement, value: LoweredValue,
): void {
  const { code } = target.context;
  const add = (): void => addElement(target, collected, element, value);
  if (value.isNull === undefined) add();
  else code.get(value.isNull).if([], () => addNull(target, collected), add);
  const { row } = target.place;
  code.get(row, row).load("i32.load", collected.values.seen.offset).i32(1).op("i32.add");
  code.store("i32.store", collected.values.seen.offset);
}

function addNull(target: StepTarget, { values, nulls }: Collected): void {
  const { context, place: { row }, state } = target;
  const { code } = context;
  const places = code.local("i32");
  code.get(row).i32(nulls.first.offset).op("i32.add").set(places);
  raiseIfTooLong(context, places, () => code.i32(PLACE_BYTES));
  code.get(state, places).i32(PLACE_BYTES).call(context.library(extendBuffer(context)));
  code.get(row).load("i32.load", values.seen.offset).store("i32.store");
}

function addElement(
  { context, place: { row }, state }: StepTarget, { values }: Collected, element: ArrayElement, value: LoweredValue,
): void {
  const { code } = context;
  const [buffer, bytes, place] = [code.local("i32"), code.local("i32"), code.local("i32")];
  code.get(row).i32(values.first.offset).op("i32.add").set(buffer);
  const first = defined(value.parts[0], "a value");
  if (element.length < 0) code.get(first).load("i32.load").i32(DATUM_HEADER_BYTES).op("i32.add");
  else code.i32(element.length);
  code.i32(element.alignment - 1).op("i32.add").i32(-element.alignment).op("i32.and").set(bytes);
  raiseIfTooLong(context, buffer, () => code.get(bytes));
  code.get(state, buffer, bytes).call(context.library(extendBuffer(context))).set(place);
  padding(context, element, place, bytes);
  if (value.shape === "view") storeBytes(context, element, value, place);
  else code.get(place, first).store(storeOf(value, element), 0);
}

/** What alignment adds behind a value is zero. */
function padding({ code }: FunctionContext, { length, alignment }: ArrayElement, place: Local, bytes: Local): void {
  if (alignment === 1 || (length > 0 && length % alignment === 0)) return;
  code.get(place, bytes).op("i32.add").i32(alignment).op("i32.sub");
  if (alignment === 8) code.i64(0).store("i64.store");
  else code.i32(0).store(alignment === 4 ? "i32.store" : "i32.store16");
}

/** The bytes of a view, behind a header where they have no fixed length. */
function storeBytes({ code }: FunctionContext, element: ArrayElement, value: LoweredValue, place: Local): void {
  const [view, tail] = [defined(value.parts[0], "a view"), defined(value.parts[1], "a tail")];
  const length = code.local("i32");
  code.get(view).load("i32.load").set(length);
  if (element.length < 0) {
    // How many bytes it has with its header, times four.
    code.get(place, length).i32(DATUM_HEADER_BYTES).op("i32.add").i32(2).op("i32.shl").store("i32.store");
    code.get(place).i32(DATUM_HEADER_BYTES).op("i32.add").set(place);
  }
  code.get(place);
  pushSource(code, view, tail);
  code.get(length).memoryCopy();
}

function storeOf({ shape }: LoweredValue, { length }: ArrayElement): StoreInstruction {
  switch (shape) {
    case "i64": return "i64.store";
    case "f32": return "f32.store";
    case "f64": return "f64.store";
    default: return length === 1 ? "i32.store8" : length === 2 ? "i32.store16" : "i32.store";
  }
}

/** Leaves the view of the group's array on the stack; of a group without values it is one that nobody looks at. */
export function pushCollected(context: FunctionContext, collected: Collected, element: ArrayElement, row: Local): void {
  const { code } = context;
  const [offset, size] = [code.local("i32"), code.local("i32")];
  const load = (at: number): void => void code.get(row).load("i32.load", at);
  const { values, nulls } = collected;
  load(values.seen.offset);
  load(nulls.first.offset);
  code.call(context.library(elementsOffset)).set(offset);
  load(values.first.offset);
  code.get(offset).i32(View.SIZE).op("i32.add", "i32.add").set(size);
  const room = context.allocate(size);
  code.get(room).i32(View.SIZE).op("i32.add");
  for (const at of [values.seen.offset, nulls.first.offset, nulls.first.offset + BUFFER]) load(at);
  code.get(offset).i32(element.type).call(context.library(writeArrayHeader));
  code.get(room).i32(View.SIZE).op("i32.add").get(offset).op("i32.add");
  load(values.first.offset + BUFFER);
  load(values.first.offset);
  code.memoryCopy();
  code.get(room, room).i32(View.SIZE).op("i32.add").get(size).i32(View.SIZE).op("i32.sub");
  code.call(context.library(writeView)).get(room).i32(0);
}
