// string_agg(): each value of a group is copied behind the ones before it, into a buffer that doubles when it is full.
// The group's row holds a view of the buffer that is right after every value. Read next: aggregate_collect.ts, whose
// buffers grow in the same way, aggregate_steps.ts, which keeps single values, group_memory.ts.
import { defined } from "#base/assert.js";
import { COMPUTED_BYTES_MAX } from "#functions/characters.js";
import { errorTemplates } from "#functions/error_templates.js";
import type { LibraryFunction } from "#functions/function.js";
import { VIEW_INLINE_BYTES, View } from "#generated/layout.js";
import type { Local } from "#wasm/function_builder.js";
import type { ViewState } from "./aggregate_plan.js";
import { BUFFER, CAPACITY, type StepTarget } from "./aggregate_steps.js";
import { AggregateState } from "./control_block.js";
import type { FunctionContext, LoweredValue } from "./function_context.js";
import { copyBytes } from "./group_memory.js";

const CAPACITY_MIN = 64;
/** Where the bytes of a short value begin, and those a long one is compared by first. */
const INLINE = 4;

/** One value that is not NULL; the delimiter may be. */
export function emitAppend(
  { context, place, state }: StepTarget, view: ViewState, value: LoweredValue, delimiter: LoweredValue,
): void {
  const { code } = context;
  const { row } = place;
  const target = code.local("i32");
  code.get(row).i32(view.first.offset).op("i32.add").set(target);
  const append = (each: LoweredValue): void => {
    const [address, tail] = [defined(each.parts[0], "a view"), defined(each.parts[1], "a tail")];
    raiseIfTooLong(context, target, () => code.get(address).load("i32.load"));
    code.get(state, target, address, tail).call(context.library(appendView(context)));
  };
  code.get(row).load("i32.load", view.seen.offset);
  code.if([], () => {
    if (delimiter.isNull === undefined) append(delimiter);
    else code.get(delimiter.isNull).op("i32.eqz").if([], () => append(delimiter));
  }, () => code.get(row).i32(1).store("i32.store", view.seen.offset));
  append(value);
}

/** Raises when a buffer would be too long with as many bytes more as `push` pushes. */
export function raiseIfTooLong(context: FunctionContext, target: Local, push: () => void): void {
  context.code.get(target).load("i32.load");
  push();
  context.code.op("i32.add").i32(COMPUTED_BYTES_MAX).op("i32.gt_u");
  context.raiseIf(errorTemplates.valueTooLong);
}

/** (state, target, bytes): room for so many more in the buffer of `target`, the first word of a ViewState. */
export function extendBuffer(context: FunctionContext): LibraryFunction {
  const { host } = context.module;
  return {
    name: "extendBuffer",
    type: { parameters: ["i32", "i32", "i32"], results: ["i32"] },
    write(code, library) {
      const [state, target, bytes] = [code.parameter(0), code.parameter(1), code.parameter(2)];
      const [buffer, capacity] = [code.local("i32"), code.local("i32")];
      const [before, total] = [code.local("i32"), code.local("i32")];
      code.get(target).load("i32.load").tee(before).get(bytes).op("i32.add").set(total);
      code.get(target).load("i32.load", BUFFER).set(buffer);
      code.get(total, target).load("i32.load", CAPACITY).op("i32.gt_u");
      code.if([], () => {
        code.get(total).i32(1).op("i32.shl").tee(capacity).i32(CAPACITY_MIN);
        code.get(capacity).i32(CAPACITY_MIN).op("i32.gt_u").select().set(capacity);
        code.get(state).i32(AggregateState.growing).op("i32.add").get(buffer, before, capacity);
        code.call(library(copyBytes(host))).set(buffer);
        code.get(target, buffer).store("i32.store", BUFFER);
        code.get(target, capacity).store("i32.store", CAPACITY);
      });
      code.get(target, total).store("i32.store");
      code.get(buffer, before).op("i32.add");
    },
  };
}

/** Pushes where a view's bytes are. */
export function pushSource(code: FunctionContext["code"], view: Local, tail: Local): void {
  code.get(view).load("i32.load", View.offset).get(tail).op("i32.add");
  code.get(view).i32(INLINE).op("i32.add");
  code.get(view).load("i32.load").i32(VIEW_INLINE_BYTES).op("i32.gt_u").select();
}

/** (state, target, view, tail): puts the view's bytes behind those `target`, the first word of a ViewState, has. */
function appendView(context: FunctionContext): LibraryFunction {
  return {
    name: "appendView",
    type: { parameters: ["i32", "i32", "i32", "i32"], results: [] },
    write(code, library) {
      const [state, target, view, tail] = [code.parameter(0), code.parameter(1), code.parameter(2), code.parameter(3)];
      const [length, total, buffer] = [code.local("i32"), code.local("i32"), code.local("i32")];
      code.get(view).load("i32.load").set(length);
      code.get(state, target, length).call(library(extendBuffer(context)));
      pushSource(code, view, tail);
      code.get(length).memoryCopy();
      code.get(target).load("i32.load").set(total);
      code.get(target).load("i32.load", BUFFER).set(buffer);
      code.get(total).i32(VIEW_INLINE_BYTES).op("i32.le_u");
      code.if([], () => {
        code.get(target).i32(0).store("i32.store", INLINE).get(target).i64(0).store("i64.store", 8);
        code.get(target).i32(INLINE).op("i32.add").get(buffer, total).memoryCopy();
      }, () => {
        code.get(target, buffer).load("i32.load").store("i32.store", INLINE);
        code.get(target).i32(0).store("i32.store", View.buffer);
        code.get(target, buffer).store("i32.store", View.offset);
      });
    },
  };
}
