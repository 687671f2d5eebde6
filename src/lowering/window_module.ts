// The WebAssembly module of a window: functions over a range of ordered rows, which the host calls part by part, each
// over all rows before the next. `mark` finds partitions and peers, `close` their ends (from the last row on),
// `accumulate` fills the arrays, `grow` their trees (from the last node on), `results` writes the calls' columns.
// `differs` tells partitions apart. Read next: window_values.ts for the last, runtime/row_window.ts for the host.
import type { Callable } from "#wasm/function_builder.js";
import { FunctionContext, GROUPS_VARIANT } from "./function_context.js";
import { ModuleContext } from "./module_context.js";
import type { EmittedModule } from "./pipeline_module.js";
import { writeCompare } from "./sort_module.js";
import type { RowOrder, TablePlan } from "./table_plan.js";
import { choose, isExtreme, writeEntry, writeNode } from "./window_arrays.js";
import { type Choices, pushPlace, pushRow, type WindowPart } from "./window_part.js";
import { isTree, WindowPlace, type WindowPlan, WindowState } from "./window_plan.js";
import { writeResults } from "./window_values.js";

/** (state, first, end) -> status */
const PART_TYPE = { parameters: ["i32", "i32", "i32"], results: ["i32"] } as const;
const PAIR_TYPE = { parameters: ["i32", "i32"], results: ["i32"] } as const;

export function emitWindow(table: TablePlan, window: WindowPlan): EmittedModule {
  const module = new ModuleContext();
  const differs = (keys: RowOrder["keys"], name?: string) =>
    module.builder.function(PAIR_TYPE, name, (code) => writeCompare(code, module, table, keys));
  const [otherPartition, otherGroup] = [differs(window.partition, "differs"), differs(window.order)];
  const extremes = window.arrays.filter(isExtreme);
  const choices: Choices = new Map(extremes.map((array) => [array, choose(module, table, array)]));
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
  return { bytes: module.builder.finish(), errors: module.errors, hostCalls: module.hostCalls };
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
  for (const [begin, end, last] of [
    [WindowPlace.partition, WindowPlace.partitionEnd, WindowState.partitionEnd],
    [WindowPlace.group, WindowPlace.groupEnd, WindowState.groupEnd],
  ] as const) {
    code.get(place);
    code.get(following, state).load("i32.load", WindowState.rows).op("i32.eq");
    code.if(["i32"], () => code.get(state).load("i32.load", last), () => {
      code.get(place).load("i32.load", WindowPlace.SIZE + begin).get(following).op("i32.eq");
      code.if(["i32"], () => code.get(following), () => code.get(place).load("i32.load", WindowPlace.SIZE + end));
    });
    code.store("i32.store", end);
  }
}
