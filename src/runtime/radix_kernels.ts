// Code that orders entries by their prefixes, digit by digit from the last one on: each pass deals them to their places
// in another array and keeps the order of equal digits. Read next: prefix_order.ts, which calls it, kernels.ts.
import { SortEntry } from "#lowering/sort_prefix.js";
import type { FunctionBuilder, Local } from "#wasm/function_builder.js";
import type { ModuleBuilder } from "#wasm/module_builder.js";

/** All ranges are of entries, by the addresses of the first and of what is behind the last. */
export interface RadixKernels {
  /** (first, end, counts): counts how often each value of each digit is there. */
  countDigits(first: number, end: number, counts: number): void;
  /** (first, end, places, shift): deals entries to the places of their digits, which move on. */
  dealEntries(first: number, end: number, places: number, shift: number): void;
  /** (first row, end of rows, bytes of a row, entries): writes the rows' addresses to entries. */
  fillEntries(row: number, end: number, rowBytes: number, entries: number): void;
  /** (first, end, addresses): writes the rows' addresses to an array. */
  takeRows(first: number, end: number, addresses: number): void;
  /** (first, end, addresses): the other way. */
  giveRows(first: number, end: number, addresses: number): void;
  /** (first, end): the end of the entries from the first on that have its prefix. */
  endOfTie(first: number, end: number): number;
}

export const DIGIT_BITS = 8;
export const DIGITS = 64 / DIGIT_BITS;
/** Counts or places of one digit. */
export const DIGIT_VALUES = 1 << DIGIT_BITS;
export const DIGIT_BYTES = 4 * DIGIT_VALUES;

export function emitRadix(builder: ModuleBuilder): void {
  emitCount(builder);
  emitDeal(builder);
  emitFill(builder);
  emitTake(builder);
  emitGive(builder);
  emitEndOfTie(builder);
}

function eachEntry(code: FunctionBuilder, entry: Local, end: Local, visit: () => void): void {
  code.loop((again) => {
    code.get(entry, end).op("i32.lt_u").if([], () => {
      visit();
      code.get(entry).i32(SortEntry.SIZE).op("i32.add").set(entry).br(again);
    });
  });
}

function emitCount(builder: ModuleBuilder): void {
  builder.function({ parameters: ["i32", "i32", "i32"], results: [] }, "countDigits", (code) => {
    const [entry, end, counts] = [code.parameter(0), code.parameter(1), code.parameter(2)];
    const [prefix, count] = [code.local("i64"), code.local("i32")];
    eachEntry(code, entry, end, () => {
      code.get(entry).load("i64.load", SortEntry.prefix).set(prefix);
      for (let digit = 0; digit < DIGITS; digit++) {
        code.get(counts, prefix).i64(digit * DIGIT_BITS).op("i64.shr_u", "i32.wrap_i64").i32(DIGIT_VALUES - 1);
        code.op("i32.and").i32(2).op("i32.shl", "i32.add").set(count);
        code.get(count, count).load("i32.load", digit * DIGIT_BYTES).i32(1).op("i32.add");
        code.store("i32.store", digit * DIGIT_BYTES);
      }
    });
  });
}

function emitDeal(builder: ModuleBuilder): void {
  builder.function({ parameters: ["i32", "i32", "i32", "i32"], results: [] }, "dealEntries", (code) => {
    const [entry, end, places, shift] = [code.parameter(0), code.parameter(1), code.parameter(2), code.parameter(3)];
    const [prefix, wide, place, target] = [code.local("i64"), code.local("i64"), code.local("i32"), code.local("i32")];
    code.get(shift).op("i64.extend_i32_u").set(wide);
    eachEntry(code, entry, end, () => {
      code.get(places, entry).load("i64.load", SortEntry.prefix).tee(prefix).get(wide).op("i64.shr_u", "i32.wrap_i64");
      code.i32(DIGIT_VALUES - 1).op("i32.and").i32(2).op("i32.shl", "i32.add").tee(place).load("i32.load").set(target);
      code.get(target, prefix).store("i64.store", SortEntry.prefix);
      code.get(target, entry).load("i32.load", SortEntry.row).store("i32.store", SortEntry.row);
      code.get(place, target).i32(SortEntry.SIZE).op("i32.add").store("i32.store");
    });
  });
}

function emitTake(builder: ModuleBuilder): void {
  builder.function({ parameters: ["i32", "i32", "i32"], results: [] }, "takeRows", (code) => {
    const [entry, end, address] = [code.parameter(0), code.parameter(1), code.parameter(2)];
    eachEntry(code, entry, end, () => {
      code.get(address, entry).load("i32.load", SortEntry.row).store("i32.store");
      code.get(address).i32(4).op("i32.add").set(address);
    });
  });
}

function emitFill(builder: ModuleBuilder): void {
  builder.function({ parameters: ["i32", "i32", "i32", "i32"], results: [] }, "fillEntries", (code) => {
    const [row, end, rowBytes, entry] = [code.parameter(0), code.parameter(1), code.parameter(2), code.parameter(3)];
    code.loop((again) => {
      code.get(row, end).op("i32.lt_u").if([], () => {
        code.get(entry, row).store("i32.store", SortEntry.row);
        code.get(entry).i32(SortEntry.SIZE).op("i32.add").set(entry);
        code.get(row, rowBytes).op("i32.add").set(row).br(again);
      });
    });
  });
}

function emitGive(builder: ModuleBuilder): void {
  builder.function({ parameters: ["i32", "i32", "i32"], results: [] }, "giveRows", (code) => {
    const [entry, end, address] = [code.parameter(0), code.parameter(1), code.parameter(2)];
    eachEntry(code, entry, end, () => {
      code.get(entry, address).load("i32.load").store("i32.store", SortEntry.row);
      code.get(address).i32(4).op("i32.add").set(address);
    });
  });
}

function emitEndOfTie(builder: ModuleBuilder): void {
  builder.function({ parameters: ["i32", "i32"], results: ["i32"] }, "endOfTie", (code) => {
    const [entry, end] = [code.parameter(0), code.parameter(1)];
    const prefix = code.local("i64");
    code.get(entry).load("i64.load", SortEntry.prefix).set(prefix);
    eachEntry(code, entry, end, () => {
      code.get(entry).load("i64.load", SortEntry.prefix).get(prefix).op("i64.ne");
      code.if([], () => code.get(entry).return());
    });
    code.get(end);
  });
}
