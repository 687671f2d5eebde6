// Code that is the same for every plan, compiled once per thread: magnitudes of page columns and the growth of group
// directories, the linking of tables and the ordering of entries. Read next: page_facts.ts, group_store.ts,
// table_store.ts, radix_kernels.ts.
import { TableRow, TableRowFlag } from "#lowering/control_block.js";
import type { Callable, FunctionBuilder, Local } from "#wasm/function_builder.js";
import { ModuleBuilder } from "#wasm/module_builder.js";
import { emitRadix, type RadixKernels } from "./radix_kernels.js";

export interface Kernels extends RadixKernels {
  /** (values, rows) -> a bound of |value| over int64 values: all magnitude bits set, plus one. */
  magnitude64(values: number, rows: number): number;
  /** The same over 128-bit values; Infinity when one of them needs more than 64 bits. */
  magnitude128(values: number, rows: number): number;
  /** (old directory, old entries, new directory, new entries): moves all entries into an empty directory. */
  rehash(old: number, oldEntries: number, fresh: number, freshEntries: number): void;
  /** (rows, their end, bytes of a row, directory, mask): enters table rows; equal hashes chain, the last row first. */
  link(rows: number, end: number, rowBytes: number, directory: number, mask: number): void;
}

const UNROLLED = 4;

let module: WebAssembly.Module | undefined;

export function instantiateKernels(memory: WebAssembly.Memory): Kernels {
  module ??= new WebAssembly.Module(emitKernels());
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return exports as unknown as Kernels;
}

function emitKernels(): Uint8Array<ArrayBuffer> {
  const builder = new ModuleBuilder();
  emitMagnitude(builder, "magnitude64", 8);
  emitMagnitude(builder, "magnitude128", 16);
  emitRehash(builder);
  emitLink(builder);
  emitRadix(builder);
  return builder.finish();
}

/** Ors v ^ (v >> 63): for v >= 0 its bits, below zero those of -v - 1. */
function emitMagnitude(builder: ModuleBuilder, name: string, width: 8 | 16): Callable {
  return builder.function({ parameters: ["i32", "i32"], results: ["f64"] }, name, (code) => {
    const [values, rows] = [code.parameter(0), code.parameter(1)];
    const [end, bits, misfit] = [code.local("i32"), code.local("i64"), code.local("i64")];
    code.get(values, rows).i32(Math.log2(width)).op("i32.shl", "i32.add").set(end);
    const one = (offset: number): void => orBits(code, values, offset, width, bits, misfit);
    const stride = UNROLLED * width;
    // Four values a step, as long as four remain.
    code.loop((again) => {
      code.get(values).i32(stride).op("i32.add").get(end).op("i32.le_u");
      code.if([], () => {
        for (let k = 0; k < UNROLLED; k++) one(k * width);
        code.get(values).i32(stride).op("i32.add").set(values).br(again);
      });
    });
    code.loop((again) => {
      code.get(values, end).op("i32.lt_u");
      code.if([], () => {
        one(0);
        code.get(values).i32(width).op("i32.add").set(values).br(again);
      });
    });
    code
      .f64(Infinity)
      .get(bits)
      .op("f64.convert_i64_u")
      .f64(1)
      .op("f64.add")
      .get(misfit)
      .i64(0)
      .op("i64.ne")
      .select();
  });
}

function orBits(
  code: FunctionBuilder,
  values: Local,
  offset: number,
  width: 8 | 16,
  bits: Local,
  misfit: Local,
): void {
  const value = code.local("i64");
  code.get(values).load("i64.load", offset).set(value);
  code.get(bits).get(value, value).i64(63).op("i64.shr_s", "i64.xor", "i64.or").set(bits);
  if (width === 8) return;
  code
    .get(misfit, values)
    .load("i64.load", offset + 8)
    .get(value)
    .i64(63)
    .op("i64.shr_s", "i64.xor", "i64.or")
    .set(misfit);
}

function emitRehash(builder: ModuleBuilder): Callable {
  return builder.function({ parameters: ["i32", "i32", "i32", "i32"], results: [] }, "rehash", (code) => {
    const [old, oldEntries, fresh, freshEntries] = [
      code.parameter(0),
      code.parameter(1),
      code.parameter(2),
      code.parameter(3),
    ];
    const [end, mask, place, entry] = [
      code.local("i32"),
      code.local("i32"),
      code.local("i32"),
      code.local("i64"),
    ];
    code.get(fresh).i32(0).get(freshEntries).i32(3).op("i32.shl").memoryFill();
    code.get(old, oldEntries).i32(3).op("i32.shl", "i32.add").set(end);
    code.get(freshEntries).i32(1).op("i32.sub").set(mask);
    const slot = (): FunctionBuilder => code.get(fresh, place).i32(3).op("i32.shl", "i32.add");
    code.loop((again) => {
      code.get(old, end).op("i32.lt_u");
      code.if([], () => {
        code.get(old).load("i64.load").tee(entry).op("i64.eqz", "i32.eqz");
        code.if([], () => {
          code.get(entry).i64(32).op("i64.shr_u", "i32.wrap_i64").set(place);
          code.loop((probe) => {
            code.get(place, mask).op("i32.and").set(place);
            slot().load("i64.load").op("i64.eqz", "i32.eqz");
            code.if([], () => code.get(place).i32(1).op("i32.add").set(place).br(probe));
          });
          slot().get(entry).store("i64.store");
        });
        code.get(old).i32(8).op("i32.add").set(old).br(again);
      });
    });
  });
}

function emitLink(builder: ModuleBuilder): Callable {
  const type = { parameters: ["i32", "i32", "i32", "i32", "i32"], results: [] } as const;
  return builder.function(type, "link", (code) => {
    const [row, end, rowBytes] = [code.parameter(0), code.parameter(1), code.parameter(2)];
    const [directory, mask] = [code.parameter(3), code.parameter(4)];
    const [hash, place, slot, entry] = [code.local("i32"), code.local("i32"), code.local("i32"), code.local("i64")];
    const enter = (): void => {
      code.get(row).load("i32.load", TableRow.hash).tee(hash).set(place);
      code.loop((probe) => {
        code.get(directory, place, mask).op("i32.and").tee(place).i32(3).op("i32.shl", "i32.add").tee(slot);
        code.load("i64.load").tee(entry).op("i64.eqz", "i32.eqz");
        code.get(entry).i64(32).op("i64.shr_u", "i32.wrap_i64").get(hash).op("i32.ne", "i32.and").if([], () => {
          code.get(place).i32(1).op("i32.add").set(place).br(probe);
        });
      });
      // The entry is free, or the first of the rows with this hash.
      code.get(row, entry).op("i32.wrap_i64").store("i32.store", TableRow.next);
      code.get(slot).get(hash).op("i64.extend_i32_u").i64(32).op("i64.shl");
      code.get(row).op("i64.extend_i32_u", "i64.or").store("i64.store");
    };
    code.loop((again) => {
      code.get(row, end).op("i32.lt_u").if([], () => {
        code.get(row).load("i32.load", TableRow.flags).i32(TableRowFlag.unlinked).op("i32.and", "i32.eqz");
        code.if([], enter);
        code.get(row, rowBytes).op("i32.add").set(row).br(again);
      });
    });
  });
}
