// The WebAssembly module that takes the groups another thread has made of other rows into those of the same aggregate
// here: `run(control, first, end)` over rows of groups that stand one behind the other. Strings are copied, so that
// nothing of the other's memory is needed afterwards. Which aggregates may be merged is said by mergesGroups(). Read
// next: aggregate_steps.ts, runtime/morsels/team.ts.
import { defined, unreachable } from "#base/assert.js";
import { type Shape, shapeOf } from "#functions/function.js";
import type { Local } from "#wasm/function_builder.js";
import type { LoadInstruction } from "#wasm/opcodes.js";
import { type AggregatePlan, type AggregateStep, type StateSlot, type WideSum, viewsOf } from "./aggregate_plan.js";
import { type StepTarget, addPair, emitStep, keepExtreme, keepExtremePair, rowPlace } from "./aggregate_steps.js";
import { AggregateState, type ControlLayout, GroupChunk } from "./control_block.js";
import { FunctionContext, GROUPS_VARIANT } from "./function_context.js";
import { type LoweredKey, NULL_MASK_KEYS } from "./group_keys.js";
import { findGroup, openDirectory } from "./group_table.js";
import { ModuleContext } from "./module_context.js";
import type { EmittedModule } from "./pipeline_module.js";

const MERGE_TYPE = { parameters: ["i32", "i32", "i32"], results: ["i32"] } as const;

/** Steps whose results show in which order rows came. */
const followsOrder: ReadonlySet<AggregateStep["kind"]> = new Set(["sumFloat", "moments", "pairs", "append", "collect"]);

/** Whether groups made apart are what they would have been together: not where sums round at every step. */
export function mergesGroups({ classes }: AggregatePlan): boolean {
  return classes.every(({ steps }) => steps.every(({ kind }) => !followsOrder.has(kind)));
}

export function emitMerge(plan: AggregatePlan, aggregate: number, layout: ControlLayout): EmittedModule {
  const module = new ModuleContext();
  module.builder.function(MERGE_TYPE, "run", (code) => {
    const context = new FunctionContext(code, module, GROUPS_VARIANT, layout);
    const [control, source, end] = [code.parameter(0), code.parameter(1), code.parameter(2)];
    const [state, single] = [code.local("i32"), code.local("i32")];
    code.get(control).i32(layout.aggregate(aggregate)).op("i32.add").set(state);
    const directory = plan.keys.length === 0 ? undefined : openDirectory(context, state);
    code.get(state).load("i32.load", AggregateState.firstChunk).i32(GroupChunk.SIZE).op("i32.add").set(single);
    context.body(() => {
      code.loop((again) => {
        code.get(source, end).op("i32.lt_u").if([], () => {
          context.freeScratch();
          const group = directory === undefined
            ? single : findGroup(context, plan, directory, storedKeys(context, plan, source), true);
          const target = { context, place: rowPlace(context, group), state };
          for (const { steps } of plan.classes) for (const step of steps) mergeStep(target, step, source);
          code.get(source).i32(plan.rowBytes).op("i32.add").set(source).br(again);
        });
      });
    });
    code.get(context.status);
  });
  return { bytes: module.builder.finish(), errors: module.errors, hostCalls: module.hostCalls };
}

/** The keys of a group as those of a row: words as they stand, NULLs from the masks. */
function storedKeys({ code }: FunctionContext, plan: AggregatePlan, source: Local): LoweredKey[] {
  return plan.keys.map((key, index) => {
    const words = Array.from({ length: key.stored }, (_, word) => {
      const local = code.local("i64");
      code.get(source).load("i64.load", key.offset + 8 * word).set(local);
      return local;
    });
    if (plan.nullMasks === 0) return { plan: key, words, isNull: undefined };
    const isNull = code.local("i32");
    code.get(source).load("i64.load", 8 * Math.floor(index / NULL_MASK_KEYS)).i64(index % NULL_MASK_KEYS);
    code.op("i64.shr_u", "i32.wrap_i64").i32(1).op("i32.and").set(isNull);
    return { plan: key, words, isNull };
  });
}

/** Pushes a slot of the other group. */
function load({ context: { code } }: StepTarget, source: Local, slot: StateSlot): Local {
  const local = code.local(slot.type);
  code.get(source).load(`${slot.type}.load` as LoadInstruction, slot.offset).set(local);
  return local;
}

function mergeStep(target: StepTarget, step: AggregateStep, source: Local): void {
  switch (step.kind) {
    case "rows":
    case "nulls":
      return addCount(target, step.slot, source);
    case "sumInteger":
      return mergeValue(target, step, "i64", [load(target, source, step.slot)]);
    case "sumWide":
      mergeWide(target, step.sum, source);
      return mergeViews(target, step, source);
    case "extreme": {
      const [low, high] = step.slots;
      const first = defined(low, "a slot");
      const value = load(target, source, first);
      if (high === undefined) return keepExtreme(target, step.largest, first, value, undefined);
      return keepExtremePair(target, step.largest, [value, load(target, source, high)], [first, high]);
    }
    case "bool":
    case "bits":
      return mergeValue(target, step, shapeOf(step.argument.type, false), [load(target, source, step.slot)]);
    case "extremeView":
    case "fold":
      return mergeViews(target, step, source);
    case "sumFloat":
    case "moments":
    case "pairs":
    case "append":
    case "collect":
      throw new Error(`${step.kind} depends on the order of rows`);
    default:
      return unreachable(step);
  }
}

/** Views another group holds, if it has any, as values of one more row. */
function mergeViews(target: StepTarget, step: Exclude<AggregateStep, { kind: "rows" }>, source: Local): void {
  const { code } = target.context;
  for (const { first, seen } of viewsOf(step)) {
    const [view, none] = [code.local("i32"), code.local("i32")];
    code.get(source).load("i32.load", seen.offset).if([], () => {
      code.get(source).i32(first.offset).op("i32.add").set(view).i32(0).set(none);
      mergeValue(target, step, "view", [view, none]);
    });
  }
}

/** What another group holds goes in as one more row's value. */
function mergeValue(
  target: StepTarget, step: Exclude<AggregateStep, { kind: "rows" }>, shape: Shape, parts: readonly Local[],
): void {
  emitStep(target, step, { type: step.argument.type, shape, parts, isNull: undefined }, undefined);
}

function addCount(target: StepTarget, slot: StateSlot, source: Local): void {
  const { code } = target.context;
  const more = load(target, source, slot);
  target.place.update(slot, () => {
    target.place.get(slot);
    code.get(more).op("i64.add");
  });
}

/** Both parts of the other sum go to the wide part of this one, so that what narrow code may add stays as it was. */
function mergeWide(target: StepTarget, sum: WideSum, source: Local): void {
  const { code } = target.context;
  const [narrow, sign] = [load(target, source, sum.narrow), code.local("i64")];
  code.get(narrow).i64(63).op("i64.shr_s").set(sign);
  addPair(target, sum, narrow, sign);
  addPair(target, sum, load(target, source, sum.low), load(target, source, sum.high));
  for (const slot of [sum.nans, sum.wraps]) if (slot !== undefined) addCount(target, slot, source);
}
