// The entries of a window's arrays: running counts, sums and minima, and the nodes of trees. Read next: window_plan.ts
// for what they are, window_values.ts for what is made of them.
import { defined } from "#base/assert.js";
import { widenDecimal } from "#functions/library/int128.js";
import { LEAST64 } from "#types/encoding_of.js";
import type { Callable, Local } from "#wasm/function_builder.js";
import { FunctionContext, GROUPS_VARIANT, type LoweredValue } from "./function_context.js";
import type { ModuleContext } from "./module_context.js";
import { pushOrder } from "./sort_module.js";
import { readStored } from "./stored_column.js";
import type { TablePlan } from "./table_plan.js";
import { add192, type Choices, pushEntry, pushPlace, pushRow, type WindowPart } from "./window_part.js";
import { windowEntryBytes, type WindowArray, WindowPlace, WindowState } from "./window_plan.js";

export function isExtreme({ kind }: WindowArray): boolean {
  return kind === "least" || kind === "greatest" || kind === "leastTree" || kind === "greatestTree";
}

/** The better of two places, the second of equals, as PostgreSQL's min and max keep it; -1 is no place. */
export function choose(module: ModuleContext, table: TablePlan, array: WindowArray): Callable {
  const type = { parameters: ["i32", "i32", "i32"], results: ["i32"] } as const;
  return module.builder.function(type, undefined, (code) => {
    const context = new FunctionContext(code, module, GROUPS_VARIANT);
    const [state, first, second] = [code.parameter(0), code.parameter(1), code.parameter(2)];
    const order = code.local("i32");
    code.get(state).load("i32.load", WindowState.order).set(order);
    code.get(first).i32(0).op("i32.lt_s").if([], () => code.get(second).return());
    code.get(second).i32(0).op("i32.lt_s").if([], () => code.get(first).return());
    const column = defined(table.columns[array.column], "an argument's column");
    const [a, b] = [first, second].map((at) => {
      const row = code.local("i32");
      code.get(order, at).i32(4).op("i32.mul", "i32.add").load("i32.load").set(row);
      return readStored(context, column, row);
    });
    const isLeast = array.kind === "least" || array.kind === "leastTree";
    code.get(first, second);
    pushOrder(context, defined(a, "a value"), defined(b, "a value"));
    code.i32(0).op(isLeast ? "i32.lt_s" : "i32.gt_s").select();
  });
}

/** What the array says of the rows up to this one. */
export function writeEntry(part: WindowPart, array: WindowArray, choices: Choices): void {
  const { context, table, at } = part;
  const { code } = context;
  const [row, entry] = [code.local("i32"), code.local("i32")];
  pushRow(part, at).set(row);
  pushEntry(part, array, at).set(entry);
  const value = readStored(context, defined(table.columns[array.column], "an argument's column"), row);
  const pushPresent = (): void => {
    if (value.isNull === undefined) code.i32(1);
    else code.get(value.isNull).op("i32.eqz");
  };
  const [part0] = value.parts;
  const first = defined(part0, "a part");
  const counted = (push: () => void): void => {
    code.get(entry, entry).load("i32.load");
    push();
    code.op("i32.add").store("i32.store", windowEntryBytes[array.kind]);
  };
  switch (array.kind) {
    case "present": return counted(pushPresent);
    case "true": case "false": return counted(() => {
      pushPresent();
      code.get(first);
      if (array.kind === "false") code.op("i32.eqz");
      code.op("i32.and");
    });
    case "nan": return counted(() => {
      pushPresent();
      pushIsNan(context, value);
      code.op("i32.and");
    });
    case "sum64":
      code.get(entry, entry).load("i64.load").get(first);
      if (first.type === "i32") code.op("i64.extend_i32_s");
      code.i64(0);
      pushPresent();
      code.select().op("i64.add").store("i64.store", 8);
      return;
    case "sum192": return writeSum(context, value, entry, pushPresent);
    case "least": case "greatest": return writeRunning(part, array, entry, pushPresent, choices);
    case "leastTree": case "greatestTree":
      code.get(entry, part.state).load("i32.load", WindowState.rows).i32(4).op("i32.mul", "i32.add");
      code.get(at).i32(-1);
      pushPresent();
      code.select().store("i32.store");
  }
}

/** NaN is the least i64 of a 64-bit decimal, or (0, least i64). */
function pushIsNan({ code }: FunctionContext, { parts }: LoweredValue): void {
  const [low, high] = parts;
  if (high === undefined) code.get(defined(low, "a value")).i64(LEAST64).op("i64.eq");
  else code.get(high).i64(LEAST64).op("i64.eq").get(defined(low, "a low word")).op("i64.eqz", "i32.and");
}

/** Adds to 192 bits, which no sum of a table's values leaves: whatever is taken away from it later is exact. */
function writeSum(context: FunctionContext, value: LoweredValue, entry: Local, pushPresent: () => void): void {
  const { code } = context;
  const [low, high, counts] = [code.local("i64"), code.local("i64"), code.local("i32")];
  const [first] = value.parts;
  code.get(...value.parts);
  if (value.type.kind === "int8") code.get(defined(first, "a value")).i64(63).op("i64.shr_s");
  else if (value.shape === "i64") code.call(context.library(widenDecimal));
  code.set(high).set(low);
  pushPresent();
  if (value.type.kind === "decimal") {
    pushIsNan(context, value);
    code.op("i32.eqz", "i32.and");
  }
  code.set(counts);
  for (const word of [low, high]) code.get(word).i64(0).get(counts).select().set(word);
  const total = [0, 8, 16].map((offset) => {
    const word = code.local("i64");
    code.get(entry).load("i64.load", offset).set(word);
    return word;
  });
  const top = code.local("i64");
  code.get(high).i64(63).op("i64.shr_s").set(top);
  add192(code, total, [low, high, top], false);
  total.forEach((word, index) => code.get(entry, word).store("i64.store", 24 + 8 * index));
}

function writeRunning(
  part: WindowPart, array: WindowArray, entry: Local, pushPresent: () => void, choices: Choices,
): void {
  const { at, state, context: { code } } = part;
  code.get(entry, state);
  pushPlace(part, at).load("i32.load", WindowPlace.partition).get(at).op("i32.eq");
  code.if(["i32"], () => code.i32(-1), () => code.get(entry).load("i32.load"));
  code.get(at).i32(-1);
  pushPresent();
  code.select().call(defined(choices.get(array), "a choice")).store("i32.store", 4);
}

/** A node of the tree from its two children: row n's is node (rows + n), the root is node 1. */
export function writeNode(part: WindowPart, array: WindowArray, choices: Choices): void {
  const { at, state, context: { code } } = part;
  const child = code.local("i32");
  pushEntry(part, array, at);
  code.get(at).i32(2).op("i32.mul").set(child);
  code.get(state);
  pushEntry(part, array, child).load("i32.load");
  pushEntry(part, array, child).load("i32.load", 4);
  code.call(defined(choices.get(array), "a choice")).store("i32.store");
}
