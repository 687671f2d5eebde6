// Columns of a table's row, written and read back, with the row's address in a local. Read next: table_plan.ts.
import { defined } from "#base/assert.js";
import { shapeOf } from "#functions/function.js";
import type { Local } from "#wasm/function_builder.js";
import { TableRow } from "./control_block.js";
import type { FunctionContext, LoweredValue } from "./function_context.js";
import { readKey } from "./group_keys.js";
import type { StoredColumn } from "./table_plan.js";

const maskOffset = (bit: number): number => TableRow.masks + 4 * Math.floor(bit / 32);

/** A column of the row at the address in `row`. */
export function readStored(context: FunctionContext, column: StoredColumn, row: Local): LoweredValue {
  const isNull = column.nullBit === undefined ? undefined : readNullFlag(context, column.nullBit, row);
  const { type, key, offset } = column;
  if (key !== undefined) {
    const value = readKey(context, { ...key, type, expression: { kind: "column", index: 0, type } }, 0, row, false);
    return { ...value, isNull };
  }
  const { code } = context;
  const shape = shapeOf(type, context.narrow);
  if (shape === "view") code.get(row).i32(offset).op("i32.add").i32(0);
  else if (shape === "i128") code.get(row).load("i64.load", offset).get(row).load("i64.load", offset + 8);
  else code.get(row).load(`${shape}.load`, offset);
  return { type, shape, parts: context.take(shape), isNull };
}

function readNullFlag({ code }: FunctionContext, bit: number, row: Local): Local {
  const isNull = code.local("i32");
  code.get(row).load("i32.load", maskOffset(bit)).i32(bit % 32).op("i32.shr_u").i32(1).op("i32.and").set(isNull);
  return isNull;
}

/** Writes all null masks of a row from the columns' flags. */
export function writeNullMasks(
  { code }: FunctionContext,
  maskWords: number,
  flags: readonly { readonly bit: number; readonly isNull: Local }[],
  row: Local,
): void {
  for (let word = 0; word < maskWords; word++) {
    code.get(row).i32(0);
    for (const { bit, isNull } of flags) {
      if (Math.floor(bit / 32) === word) code.get(isNull).i32(bit % 32).op("i32.shl", "i32.or");
    }
    code.store("i32.store", TableRow.masks + 4 * word);
  }
}

/** Writes one bit of a row's null masks: what `push` pushes, 0 or 1. */
export function writeNullBit({ code }: FunctionContext, bit: number, row: Local, push: () => void): void {
  code.get(row, row).load("i32.load", maskOffset(bit)).i32(~(1 << (bit % 32))).op("i32.and");
  push();
  code.i32(bit % 32).op("i32.shl", "i32.or").store("i32.store", maskOffset(bit));
}

/** Writes a value of any shape but a view; a NULL leaves zeros. */
export function writeStored(
  context: FunctionContext, column: StoredColumn, value: LoweredValue, row: Local,
): void {
  const { code } = context;
  const { offset } = column;
  const parts = value.parts.map((part) => (value.isNull === undefined ? part : orZero(context, part, value.isNull)));
  const first = defined(parts[0], "a part");
  code.get(row, first).store(`${first.type}.store`, offset);
  if (shapeOf(column.type, false) !== "i128") return;
  const second = parts[1];
  code.get(row);
  if (second === undefined) code.get(first).i64(63).op("i64.shr_s");
  else code.get(second);
  code.store("i64.store", offset + 8);
}

function orZero({ code }: FunctionContext, part: Local, isNull: Local): Local {
  const chosen = code.local(part.type);
  switch (part.type) {
    case "i32": code.i32(0); break;
    case "i64": code.i64(0); break;
    case "f32": code.f32(0); break;
    case "f64": code.f64(0); break;
  }
  code.get(part, isNull).select().set(chosen);
  return chosen;
}
