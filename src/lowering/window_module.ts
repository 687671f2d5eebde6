// The WebAssembly module of a window: functions over a range of ordered rows, which the host calls part by part, each
// over all rows before the next. `mark` finds partitions and peers, `close` their ends (from the last row on),
// `accumulate` fills the arrays, `grow` their trees (from the last node on), `results` writes the calls' columns.
// Read next: window_values.ts for the last, runtime/row_window.ts for the host.
import { defined } from "#base/assert.js";
import { widenDecimal } from "#functions/library/int128.js";
import type { Callable, FunctionBuilder, Local } from "#wasm/function_builder.js";
import { FunctionContext, GROUPS_VARIANT } from "./function_context.js";
import { ModuleContext } from "./module_context.js";
import type { EmittedModule } from "./pipeline_module.js";
import { compareKey, pushOrder } from "./sort_module.js";
import { readStored } from "./stored_column.js";
import type { RowOrder, TablePlan } from "./table_plan.js";
import { isTree, windowEntryBytes, type WindowArray, WindowPlace, type WindowPlan, WindowState } from "./window_plan.js";
import { writeResults } from "./window_values.js";

/** (state, first, end) -> status */
const PART_TYPE = { parameters: ["i32", "i32", "i32"], results: ["i32"] } as const;
const PAIR_TYPE = { parameters: ["i32", "i32"], results: ["i32"] } as const;
const LEAST64 = -(1n << 63n);

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

export function emitWindow(table: TablePlan, window: WindowPlan): EmittedModule {
  const module = new ModuleContext();
  const differs = (keys: RowOrder["keys"]): Callable => module.builder.function(PAIR_TYPE, undefined, (code) => {
    const context = new FunctionContext(code, module, GROUPS_VARIANT);
    for (const key of keys) {
      const column = defined(table.columns[key.column], "a key's column");
      const [a, b] = [code.parameter(0), code.parameter(1)].map((row) => readStored(context, column, row));
      compareKey(context, defined(a, "a value"), defined(b, "a value"), key);
    }
    code.i32(0);
  });
  const [otherPartition, otherGroup] = [differs(window.partition), differs(window.order)];
  const choices: Choices = new Map(window.arrays.filter(isExtreme).map((array) => [array, choose(module, table, array)]));
  const part = (name: string, reversed: boolean, write: (part: WindowPart) => void): void => {
    module.builder.function(PART_TYPE, name, (code) => {
      const context = new FunctionContext(code, module, GROUPS_VARIANT);
      writePart(context, table, reversed, write);
    });
  };
  part("mark", false, (each) => writeMark(each, otherPartition, otherGroup));
  part("close", true, writeClose);
  part("accumulate", false, (each) => {
    for (const array of window.arrays) writeEntry(each, array, choices);
  });
  part("grow", true, (each) => {
    for (const array of window.arrays) if (isTree(array)) writeNode(each, array, choices);
  });
  part("results", false, (each) => writeResults(each, window, choices));
  return { bytes: module.builder.finish(), errors: module.errors };
}

/** The loop over the range; reversed, numbers count down from the last row's. */
function writePart(
  context: FunctionContext, table: TablePlan, reversed: boolean, write: (part: WindowPart) => void,
): void {
  const { code } = context;
  const [state, next, end] = [code.parameter(0), code.parameter(1), code.parameter(2)];
  const [order, places, at] = [code.local("i32"), code.local("i32"), code.local("i32")];
  code.get(state).load("i32.load", WindowState.order).set(order);
  code.get(state).load("i32.load", WindowState.places).set(places);
  context.body(() => {
    code.loop((again) => {
      code.get(next, end).op("i32.lt_u").if([], () => {
        if (reversed) code.get(state).load("i32.load", WindowState.rows).i32(1).op("i32.sub").get(next).op("i32.sub");
        else code.get(next);
        code.set(at);
        write({ context, table, state, order, places, at });
        code.get(next).i32(1).op("i32.add").set(next).br(again);
      });
    });
  });
  code.get(context.status);
}

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

function writeMark(part: WindowPart, otherPartition: Callable, otherGroup: Callable): void {
  const { at, context: { code } } = part;
  const [place, before] = [code.local("i32"), code.local("i32")];
  const copy = (field: number): void => void code.get(place, before).load("i32.load", field).store("i32.store", field);
  const begin = (field: number): void => void code.get(place, at).store("i32.store", field);
  pushPlace(part, at).tee(place).i32(WindowPlace.SIZE).op("i32.sub").set(before);
  code.get(at).op("i32.eqz").if(["i32"], () => code.i32(1), () => {
    pushRow(part, at, 1);
    pushRow(part, at).call(otherPartition);
  });
  code.if([], () => {
    begin(WindowPlace.partition);
    begin(WindowPlace.group);
    code.get(place).i32(0).store("i32.store", WindowPlace.groupNumber);
  }, () => {
    copy(WindowPlace.partition);
    pushRow(part, at, 1);
    pushRow(part, at).call(otherGroup);
    code.if([], () => {
      begin(WindowPlace.group);
      code.get(place, before).load("i32.load", WindowPlace.groupNumber).i32(1).op("i32.add");
      code.store("i32.store", WindowPlace.groupNumber);
    }, () => {
      copy(WindowPlace.group);
      copy(WindowPlace.groupNumber);
    });
  });
}

function writeClose(part: WindowPart): void {
  const { at, state, context: { code } } = part;
  const [place, following] = [code.local("i32"), code.local("i32")];
  pushPlace(part, at).set(place);
  code.get(at).i32(1).op("i32.add").set(following);
  for (const [begin, end] of [
    [WindowPlace.partition, WindowPlace.partitionEnd], [WindowPlace.group, WindowPlace.groupEnd],
  ] as const) {
    code.get(place);
    code.get(following, state).load("i32.load", WindowState.rows).op("i32.eq").if(["i32"], () => code.get(following), () => {
      code.get(place).load("i32.load", WindowPlace.SIZE + begin).get(following).op("i32.eq");
      code.if(["i32"], () => code.get(following), () => code.get(place).load("i32.load", WindowPlace.SIZE + end));
    });
    code.store("i32.store", end);
  }
}

function isExtreme({ kind }: WindowArray): boolean {
  return kind === "least" || kind === "greatest" || kind === "leastTree" || kind === "greatestTree";
}

/** The better of two places, the second of equals, as PostgreSQL's min and max keep it; -1 is no place. */
function choose(module: ModuleContext, table: TablePlan, array: WindowArray): Callable {
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
function writeEntry(part: WindowPart, array: WindowArray, choices: Choices): void {
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

type Value = ReturnType<typeof readStored>;

/** NaN is the least i64 of a 64-bit decimal, or (0, least i64). */
function pushIsNan({ code }: FunctionContext, { parts }: Value): void {
  const [low, high] = parts;
  if (high === undefined) code.get(defined(low, "a value")).i64(LEAST64).op("i64.eq");
  else code.get(high).i64(LEAST64).op("i64.eq").get(defined(low, "a low word")).op("i64.eqz", "i32.and");
}

/** Adds to 192 bits, which no sum of a table's values leaves: whatever is taken away from it later is exact. */
function writeSum(context: FunctionContext, value: Value, entry: Local, pushPresent: () => void): void {
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
function writeNode(part: WindowPart, array: WindowArray, choices: Choices): void {
  const { at, state, context: { code } } = part;
  const child = code.local("i32");
  pushEntry(part, array, at);
  code.get(at).i32(2).op("i32.mul").set(child);
  code.get(state);
  pushEntry(part, array, child).load("i32.load");
  pushEntry(part, array, child).load("i32.load", 4);
  code.call(defined(choices.get(array), "a choice")).store("i32.store");
}
