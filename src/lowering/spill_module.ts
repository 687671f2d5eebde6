// The WebAssembly module that moves a table's rows to and from buffers as they stand on disk: rows from the front,
// their strings from the back, with addresses told from the end of the buffer, so that both can be written without
// the room between them and read to any place. Read next: runtime/spill/row_writer.ts, row_reader.ts.
import { VIEW_INLINE_BYTES } from "#generated/layout.js";
import { shapeOf } from "#functions/function.js";
import type { Callable, FunctionBuilder, Local } from "#wasm/function_builder.js";
import { ModuleBuilder } from "#wasm/module_builder.js";
import { TableRow } from "./control_block.js";
import { keepsValue, storedImage } from "./group_keys.js";
import type { TablePlan } from "./table_plan.js";

/** A buffer being filled: where its next row goes, where its strings begin, and where it starts and ends. */
export const SpillBuffer = { next: 0, low: 4, start: 8, end: 12, SIZE: 16, SIZE_BITS: 4 } as const;

/** What the module exports; all arguments are addresses unless named otherwise. */
export interface SpillKernel {
  /** Puts rows into the buffers their hashes choose; the row that did not fit, or `end`. */
  scatter(buffers: number, first: number, end: number, shift: number, mask: number): number;
  /** Puts rows by their addresses into one buffer; the place of the address whose row did not fit, or `end`. */
  gather(buffer: number, places: number, end: number): number;
  /** Bytes a row takes in a buffer. */
  measure(row: number): number;
  /** Adds to the addresses of strings. */
  relocate(first: number, end: number, delta: number): void;
}

const KEY_WORD_BYTES = 8;

/** Offsets of the words that may be the address of a string elsewhere, which follow the word with its length. */
function stringOffsets({ keys, columns }: TablePlan): readonly number[] {
  const offsets = [
    ...keys.filter(({ image }) => image === "long").map(({ offset }) => offset),
    ...keys.filter(keepsValue).map(({ offset, compared }) => offset + KEY_WORD_BYTES * compared),
    ...columns
      .filter(({ key, type }) =>
        key === undefined && shapeOf(type, false) === "view" && storedImage(type).image === "long")
      .map(({ offset }) => offset),
  ];
  return [...new Set(offsets)];
}

export function emitSpill(plan: TablePlan): Uint8Array<ArrayBuffer> {
  const builder = new ModuleBuilder();
  const strings = stringOffsets(plan);
  const measure = emitMeasure(builder, plan.rowBytes, strings);
  const put = emitPut(builder, plan.rowBytes, strings, measure);
  emitScatter(builder, plan.rowBytes, put);
  emitGather(builder, put);
  emitRelocate(builder, plan.rowBytes, strings);
  return builder.finish();
}

/** Runs `then` for every string of the row that stands elsewhere. */
function eachString(
  code: FunctionBuilder, row: Local, strings: readonly number[], then: (offset: number) => void,
): void {
  for (const offset of strings) {
    code.get(row).load("i32.load", offset).i32(VIEW_INLINE_BYTES).op("i32.gt_u");
    code.if([], () => then(offset));
  }
}

function emitMeasure(builder: ModuleBuilder, rowBytes: number, strings: readonly number[]): Callable {
  return builder.function({ parameters: ["i32"], results: ["i32"] }, "measure", (code) => {
    const [row, bytes] = [code.parameter(0), code.local("i32")];
    code.i32(rowBytes).set(bytes);
    eachString(code, row, strings, (offset) =>
      code.get(bytes, row).load("i32.load", offset).op("i32.add").set(bytes));
    code.get(bytes);
  });
}

/** (row, buffer) -> 1 when there was room. */
function emitPut(
  builder: ModuleBuilder, rowBytes: number, strings: readonly number[], measure: Callable,
): Callable {
  return builder.function({ parameters: ["i32", "i32"], results: ["i32"] }, undefined, (code) => {
    const [row, buffer] = [code.parameter(0), code.parameter(1)];
    const [next, low, length] = [code.local("i32"), code.local("i32"), code.local("i32")];
    code.get(buffer).load("i32.load", SpillBuffer.next).set(next);
    code.get(buffer).load("i32.load", SpillBuffer.low).tee(low).get(next).op("i32.sub");
    code.get(row).call(measure).op("i32.lt_u").if([], () => code.i32(0).return());
    code.get(next, row).i32(rowBytes).memoryCopy();
    eachString(code, row, strings, (offset) => {
      code.get(row).load("i32.load", offset).set(length);
      code.get(low, length).op("i32.sub").tee(low);
      code.get(row).load("i32.load", offset + 12).get(length).memoryCopy();
      code.get(next, low, buffer).load("i32.load", SpillBuffer.end).op("i32.sub").store("i32.store", offset + 12);
    });
    code.get(buffer, next).i32(rowBytes).op("i32.add").store("i32.store", SpillBuffer.next);
    code.get(buffer, low).store("i32.store", SpillBuffer.low);
    code.i32(1);
  });
}

function emitScatter(builder: ModuleBuilder, rowBytes: number, put: Callable): void {
  const type = { parameters: ["i32", "i32", "i32", "i32", "i32"], results: ["i32"] } as const;
  builder.function(type, "scatter", (code) => {
    const [buffers, row, end] = [code.parameter(0), code.parameter(1), code.parameter(2)];
    const [shift, mask] = [code.parameter(3), code.parameter(4)];
    code.block([], (out) => {
      code.loop((again) => {
        code.get(row, end).op("i32.ge_u").brIf(out);
        code.get(row, buffers, row).load("i32.load", TableRow.hash).get(shift).op("i32.shr_u").get(mask).op("i32.and");
        code.i32(SpillBuffer.SIZE_BITS).op("i32.shl", "i32.add").call(put).op("i32.eqz").brIf(out);
        code.get(row).i32(rowBytes).op("i32.add").set(row).br(again);
      });
    });
    code.get(row);
  });
}

function emitGather(builder: ModuleBuilder, put: Callable): void {
  const type = { parameters: ["i32", "i32", "i32"], results: ["i32"] } as const;
  builder.function(type, "gather", (code) => {
    const [buffer, place, end] = [code.parameter(0), code.parameter(1), code.parameter(2)];
    code.block([], (out) => {
      code.loop((again) => {
        code.get(place, end).op("i32.ge_u").brIf(out);
        code.get(place).load("i32.load").get(buffer).call(put).op("i32.eqz").brIf(out);
        code.get(place).i32(4).op("i32.add").set(place).br(again);
      });
    });
    code.get(place);
  });
}

function emitRelocate(builder: ModuleBuilder, rowBytes: number, strings: readonly number[]): void {
  builder.function({ parameters: ["i32", "i32", "i32"], results: [] }, "relocate", (code) => {
    const [row, end, delta] = [code.parameter(0), code.parameter(1), code.parameter(2)];
    if (strings.length === 0) return;
    code.loop((again) => {
      code.get(row, end).op("i32.lt_u").if([], () => {
        eachString(code, row, strings, (offset) =>
          code.get(row, row).load("i32.load", offset + 12).get(delta).op("i32.add").store("i32.store", offset + 12));
        code.get(row).i32(rowBytes).op("i32.add").set(row).br(again);
      });
    });
  });
}
