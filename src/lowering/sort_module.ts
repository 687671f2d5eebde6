// The WebAssembly module that orders a table's rows: `merge(state, budget)` merges two sorted runs of row addresses,
// as far as the budget of comparisons goes; `compare(row, row)` orders two rows; `prefixes` and `settle` order many by
// the first bits of their keys. Read next: sort_prefix.ts, runtime/row_order.ts.
import { defined } from "#base/assert.js";
import { compareDecimal, widenDecimal } from "#functions/library/int128.js";
import type { Callable, FunctionBuilder, Local } from "#wasm/function_builder.js";
import { MergeState } from "./control_block.js";
import { FunctionContext, GROUPS_VARIANT, type LoweredValue } from "./function_context.js";
import { ModuleContext } from "./module_context.js";
import type { EmittedModule } from "./pipeline_module.js";
import { emitPrefixes, SortEntry } from "./sort_prefix.js";
import { readStored } from "./stored_column.js";
import type { RowOrder, TablePlan } from "./table_plan.js";
import { viewOrder } from "./view_order.js";

/** More rows of equal prefixes are merged rather than inserted one by one. */
const INSERTED_MAX = 32;

const twoRows = { parameters: ["i32", "i32"], results: ["i32"] } as const;

export function emitSort(plan: TablePlan, order: RowOrder): EmittedModule {
  const module = new ModuleContext();
  const compare = module.builder.function(twoRows, "compare", (code) => writeCompare(code, module, plan, order.keys));
  module.builder.function(twoRows, "merge", (code) => writeMerge(code, compare));
  emitPrefixes(module, plan, order);
  const type = { parameters: ["i32", "i32", "i32"], results: ["i32"] } as const;
  module.builder.function(type, "settle", (code) => writeSettle(code, compare));
  return { bytes: module.builder.finish(), errors: module.errors, hostCalls: module.hostCalls };
}

/** (row, row) -> below 0, 0 or above, in a module that fills the table. */
export function rowComparison(module: ModuleContext, plan: TablePlan, order: RowOrder): Callable {
  return module.library({
    name: "compareRows", type: twoRows, write: (code) => writeCompare(code, module, plan, order.keys),
  });
}

/** (row, row) -> below 0, 0 or above, by columns of the table. */
export function writeCompare(
  code: FunctionBuilder, module: ModuleContext, plan: TablePlan, keys: RowOrder["keys"],
): void {
  const context = new FunctionContext(code, module, GROUPS_VARIANT);
  for (const key of keys) {
    const column = defined(plan.columns[key.column], "a key's column");
    const [a, b] = [code.parameter(0), code.parameter(1)].map((row) => readStored(context, column, row));
    compareKey(context, defined(a, "a value"), defined(b, "a value"), key);
  }
  code.i32(0);
}

/** Returns from the function unless the keys are equal. */
function compareKey(
  context: FunctionContext, a: LoweredValue, b: LoweredValue, key: RowOrder["keys"][number],
): void {
  const { code } = context;
  const order = code.local("i32");
  const decide = (): void => void code.get(order).if([], () => code.get(order).return());
  const values = (): void => {
    if (key.descending) code.i32(0);
    pushOrder(context, a, b);
    if (key.descending) code.op("i32.sub");
    code.set(order);
    decide();
  };
  const [aNull, bNull] = [a.isNull, b.isNull];
  if (aNull === undefined || bNull === undefined) return values();
  code.get(aNull, bNull).op("i32.or").if([], () => {
    // The one that is NULL comes first or last, whichever way the values go.
    if (key.nullsFirst) code.get(bNull, aNull);
    else code.get(aNull, bNull);
    code.op("i32.sub").set(order);
    decide();
  }, values);
}

/** Pushes -1, 0 or 1 (or any number of that sign). NaN is beyond all numbers and equal to itself. */
export function pushOrder(context: FunctionContext, a: LoweredValue, b: LoweredValue): void {
  const { code } = context;
  const [x, y] = [defined(a.parts[0], "a part"), defined(b.parts[0], "a part")];
  if (a.type.kind === "decimal") {
    for (const value of [a, b]) {
      code.get(...value.parts);
      if (value.shape === "i64") code.call(context.library(widenDecimal));
    }
    code.call(context.library(compareDecimal));
    return;
  }
  switch (a.shape) {
    case "view":
      code.get(...a.parts, ...b.parts).call(context.library(viewOrder(a.type)));
      return;
    case "i32":
      code.get(x, y).op("i32.gt_s").get(x, y).op("i32.lt_s", "i32.sub");
      return;
    case "i64":
      code.get(x, y).op("i64.gt_s").get(x, y).op("i64.lt_s", "i32.sub");
      return;
    case "f32":
    case "f64": {
      const [greater, less, same] = [`${a.shape}.gt`, `${a.shape}.lt`, `${a.shape}.eq`] as const;
      code.get(x, y).op(greater).get(x, y).op(less, "i32.sub");
      // Comparisons with NaN are all false: what is left is which of the two is one.
      code.get(y, y).op(same).get(x, x).op(same, "i32.sub", "i32.add");
      return;
    }
    case "i128":
      throw new Error("only decimals have 16 bytes");
  }
}

/** (state, budget) -> what is left of the budget, or -1 when it ended first. */
function writeMerge(code: FunctionBuilder, compare: Callable): void {
  const [state, budget] = [code.parameter(0), code.parameter(1)];
  const names = ["left", "leftEnd", "right", "rightEnd", "target"] as const;
  const [left, leftEnd, right, rightEnd, target] = names.map(() => code.local("i32")) as
    [Local, Local, Local, Local, Local];
  const locals = [left, leftEnd, right, rightEnd, target];
  names.forEach((name, index) =>
    code.get(state).load("i32.load", MergeState[name]).set(defined(locals[index], name)));
  const advance = (local: Local): void => void code.get(local).i32(4).op("i32.add").set(local);
  code.block([], (exhausted) => {
    code.loop((again) => {
      code.get(left, leftEnd).op("i32.ge_u").brIf(exhausted);
      code.get(right, rightEnd).op("i32.ge_u").brIf(exhausted);
      code.get(budget).i32(1).op("i32.sub").tee(budget).i32(0).op("i32.lt_s").if([], () => {
        for (const [name, local] of [["left", left], ["right", right], ["target", target]] as const)
          code.get(state, local).store("i32.store", MergeState[name]);
        code.i32(-1).return();
      });
      // The right row goes first only when it is strictly less: the order is stable.
      code.get(right).load("i32.load").get(left).load("i32.load").call(compare).i32(0).op("i32.lt_s");
      code.if([], () => {
        code.get(target, right).load("i32.load").store("i32.store");
        advance(right);
      }, () => {
        code.get(target, left).load("i32.load").store("i32.store");
        advance(left);
      });
      advance(target);
      code.br(again);
    });
  });
  for (const [from, end] of [[left, leftEnd], [right, rightEnd]] as const) {
    code.get(target, from).get(end, from).op("i32.sub").memoryCopy();
    code.get(target, end, from).op("i32.sub", "i32.add").set(target);
  }
  code.get(budget);
}

/** (first, until, end) -> the entry where it stopped: at `until` or behind it, or in front of many that tie. */
function writeSettle(code: FunctionBuilder, compare: Callable): void {
  const [entry, until, end] = [code.parameter(0), code.parameter(1), code.parameter(2)];
  const [next, prefix] = [code.local("i32"), code.local("i64")];
  const ties = (): FunctionBuilder => code.get(next, entry).op("i32.sub");
  code.loop((again) => {
    code.get(entry, until).op("i32.lt_u").if([], () => {
      code.get(entry).load("i64.load", SortEntry.prefix).set(prefix).get(entry).set(next);
      code.loop((more) => {
        code.get(next).i32(SortEntry.SIZE).op("i32.add").tee(next).get(end).op("i32.lt_u").if([], () => {
          code.get(next).load("i64.load", SortEntry.prefix).get(prefix).op("i64.eq");
          ties().i32(INSERTED_MAX * SortEntry.SIZE).op("i32.le_u", "i32.and").brIf(more);
        });
      });
      ties().i32(INSERTED_MAX * SortEntry.SIZE).op("i32.gt_u").if([], () => code.get(entry).return());
      ties().i32(SortEntry.SIZE).op("i32.gt_u").if([], () => writeInsertion(code, compare, entry, next));
      code.get(next).set(entry).br(again);
    });
  });
  code.get(entry);
}

/** Each of a few rows goes in front of those before it that are greater; their prefixes are the same. */
function writeInsertion(code: FunctionBuilder, compare: Callable, first: Local, end: Local): void {
  const [at, place, row] = [code.local("i32"), code.local("i32"), code.local("i32")];
  const step = (local: Local, bytes: number): void => void code.get(local).i32(bytes).op("i32.add").set(local);
  const pushBefore = (): void => void code.get(place).i32(SortEntry.SIZE).op("i32.sub").load("i32.load", SortEntry.row);
  code.get(first).set(at);
  code.loop((again) => {
    step(at, SortEntry.SIZE);
    code.get(at, end).op("i32.lt_u").if([], () => {
      code.get(at).load("i32.load", SortEntry.row).set(row).get(at).set(place);
      code.block([], (found) => {
        code.loop((down) => {
          code.get(place, first).op("i32.le_u").brIf(found);
          code.get(row);
          pushBefore();
          code.call(compare).i32(0).op("i32.ge_s").brIf(found);
          code.get(place);
          pushBefore();
          code.store("i32.store", SortEntry.row);
          step(place, -SortEntry.SIZE);
          code.br(down);
        });
      });
      code.get(place, row).store("i32.store", SortEntry.row).br(again);
    });
  });
}
