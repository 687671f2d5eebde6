// The code of aggregate steps: one row's contribution to its group's state. `skip` is an i32 that is 1 when the row
// must leave the state alone; cheap steps add a neutral value then, others branch. Read next: aggregate_sink.ts.
import { assert, defined } from "#base/assert.js";
import { errorTemplates } from "#functions/error_templates.js";
import type { LibraryFunction } from "#functions/function.js";
import { compareDecimal, widenDecimal } from "#functions/library/int128.js";
import { functionByKey } from "#functions/registry.js";
import { VIEW_INLINE_BYTES, View } from "#generated/layout.js";
import { DECIMAL64_PRECISION_MAX, LEAST64 } from "#types/encoding_of.js";
import type { Local } from "#wasm/function_builder.js";
import type { LoadInstruction, StoreInstruction } from "#wasm/opcodes.js";
import { emitMoments } from "./aggregate_moments.js";
import { type AggregateStep, type BitWord, NUMERIC_ADD, type StateSlot, type ViewState, type WideSum } from
  "./aggregate_plan.js";
import { LEAST32 } from "./aggregate_plan.js";
import { AggregateState } from "./control_block.js";
import type { FunctionContext, LoweredValue } from "./function_context.js";
import { copyBytes } from "./group_memory.js";
import { showsWhichIsKept, viewOrder } from "./view_order.js";

/** Where state slots are: in the group's row, or in locals while a call works on the only group. */
export interface StatePlace {
  /** Address of the group's row. */
  readonly row: Local;
  get(slot: StateSlot): void;
  /** `push` leaves the new value. */
  update(slot: StateSlot, push: () => void): void;
}

export function rowPlace({ code }: FunctionContext, row: Local): StatePlace {
  return {
    row,
    get: (slot) => void code.get(row).load(`${slot.type}.load` as LoadInstruction, slot.offset),
    update(slot, push) {
      code.get(row);
      push();
      code.store(`${slot.type}.store` as StoreInstruction, slot.offset);
    },
  };
}

/** Keeps slots in locals between `open` and `close`. */
export class LocalPlace implements StatePlace {
  readonly row: Local;
  readonly #context: FunctionContext;
  readonly #locals = new Map<StateSlot, Local>();

  constructor(context: FunctionContext, row: Local, slots: readonly StateSlot[]) {
    this.#context = context;
    this.row = row;
    for (const slot of slots) this.#locals.set(slot, context.code.local(slot.type));
  }

  open(): void {
    const memory = rowPlace(this.#context, this.row);
    for (const [slot, local] of this.#locals) {
      memory.get(slot);
      this.#context.code.set(local);
    }
  }

  close(): void {
    const memory = rowPlace(this.#context, this.row);
    for (const [slot, local] of this.#locals) memory.update(slot, () => void this.#context.code.get(local));
  }

  get(slot: StateSlot): void {
    this.#context.code.get(defined(this.#locals.get(slot), "a slot"));
  }

  update(slot: StateSlot, push: () => void): void {
    push();
    this.#context.code.set(defined(this.#locals.get(slot), "a slot"));
  }
}

/** Whether a step leaves the state alone without a branch when told to skip. */
export function isMaskable(step: AggregateStep, narrow: boolean): boolean {
  switch (step.kind) {
    case "rows":
    case "nulls":
    case "sumInteger":
    case "bool":
    case "bits":
      return true;
    case "sumWide":
      return narrow;
    case "extreme":
      return step.slots.length === 1 && (step.slots[0]?.type === "i32" || step.slots[0]?.type === "i64");
    case "sumFloat":
    case "extremeView":
    case "fold":
    case "moments":
    case "pairs":
    case "append":
    case "collect":
      return false;
  }
}

export interface StepTarget {
  readonly context: FunctionContext;
  readonly place: StatePlace;
  /** Address of the aggregate state, for steps that need memory. */
  readonly state: Local;
}

/** Emits a step for a value already computed; `skip` covers NULL and the mask. */
export function emitStep(
  target: StepTarget,
  step: AggregateStep,
  value: LoweredValue | undefined,
  skip: Local | undefined,
): void {
  const { code } = target.context;
  if (skip !== undefined && !isMaskable(step, target.context.narrow)) {
    code
      .get(skip)
      .op("i32.eqz")
      .if([], () => emitStep(target, step, value, undefined));
    return;
  }
  switch (step.kind) {
    case "rows":
      return emitRows(target, step.slot, skip);
    case "nulls":
      throw new Error("null counts are emitted by emitNulls");
    case "sumInteger":
      return emitSumInteger(target, step.slot, defined(value, "an argument"), skip);
    case "sumWide":
      return emitSumWide(target, step.sum, defined(value, "an argument"), skip);
    case "sumFloat":
      return emitSumFloat(target, step.slot, defined(value, "an argument"));
    case "extreme":
      return emitExtreme(target, step, defined(value, "an argument"), skip);
    case "extremeView":
      return emitExtremeView(target, step.view, step.largest, defined(value, "an argument"));
    case "bool":
      return emitBool(target, step.slot, step.all, defined(value, "an argument"), skip);
    case "bits":
      return emitBits(target, step.slot, step.word, defined(value, "an argument"), skip);
    case "fold":
      return emitFold(target, step.view, step.function, defined(value, "an argument"));
    case "moments":
      return emitMoments(target, step.moments, defined(value, "an argument"));
    case "pairs":
    case "append":
    case "collect":
      throw new Error("steps over two values, or NULLs, are emitted by the sink");
  }
}

function emitRows({ context, place }: StepTarget, slot: StateSlot, skip: Local | undefined): void {
  const { code } = context;
  place.update(slot, () => {
    place.get(slot);
    if (skip === undefined) code.i64(1);
    else code.get(skip).op("i32.eqz", "i64.extend_i32_u");
    code.op("i64.add");
  });
}

/** Counts the row when its value is NULL; `excluded` is 1 for rows that do not belong to the group at all. */
export function emitNulls(
  { context, place }: StepTarget,
  slot: StateSlot,
  isNull: Local,
  excluded: Local | undefined,
): void {
  const { code } = context;
  place.update(slot, () => {
    place.get(slot);
    code.get(isNull);
    if (excluded !== undefined) code.get(excluded).op("i32.eqz", "i32.and");
    code.op("i64.extend_i32_u", "i64.add");
  });
}

/** Pushes the value as i64, or 0 when the row is skipped. */
function pushAddend({ context }: StepTarget, value: LoweredValue, skip: Local | undefined): void {
  const { code } = context;
  if (skip !== undefined) code.i64(0);
  code.get(...value.parts);
  if (value.shape === "i32") code.op("i64.extend_i32_s");
  if (skip !== undefined) code.get(skip).select();
}

/** sum(int2), sum(int4): PostgreSQL adds to an int8 without looking; 2^31 rows of extremes stay below its end. */
function emitSumInteger(
  target: StepTarget,
  slot: StateSlot,
  value: LoweredValue,
  skip: Local | undefined,
): void {
  target.place.update(slot, () => {
    target.place.get(slot);
    pushAddend(target, value, skip);
    target.context.code.op("i64.add");
  });
}

function emitSumWide(target: StepTarget, sum: WideSum, value: LoweredValue, skip: Local | undefined): void {
  const { context, place } = target;
  const { code } = context;
  if (context.variant.numbers === "narrow") return emitSumInteger(target, sum.narrow, value, skip);
  if (sum.rest !== undefined && !context.narrow) return emitFold(target, sum.rest, NUMERIC_ADD, value);
  const [low, high] = [code.local("i64"), code.local("i64")];
  if (context.narrow) {
    pushAddend(target, value, skip);
    code.tee(low).i64(63).op("i64.shr_s").set(high);
    addPair(target, sum, low, high);
    return;
  }
  assert(skip === undefined, "a wide sum branches");
  code.get(...value.parts);
  if (value.shape === "i64") {
    if (sum.nans === undefined)
      code
        .get(...value.parts)
        .i64(63)
        .op("i64.shr_s");
    else code.call(context.library(widenDecimal));
  }
  code.set(high).set(low);
  if (sum.nans === undefined) return addPair(target, sum, low, high);
  const { nans } = sum;
  code.get(high).i64(LEAST64).op("i64.eq");
  code.if(
    [],
    () =>
      place.update(nans, () => {
        place.get(nans);
        code.i64(1).op("i64.add");
      }),
    () => addPair(target, sum, low, high),
  );
}

/** Adds a pair to the wide sum, counting where it wraps around 128 bits. */
export function addPair({ context, place }: StepTarget, sum: WideSum, low: Local, high: Local): void {
  const { code } = context;
  const [newLow, newHigh, oldHigh] = [code.local("i64"), code.local("i64"), code.local("i64")];
  place.get(sum.high);
  code.set(oldHigh);
  place.get(sum.low);
  code.get(low).op("i64.add").set(newLow);
  code.get(oldHigh, high).op("i64.add");
  code.get(newLow, low).op("i64.lt_u", "i64.extend_i32_u", "i64.add").set(newHigh);
  const { wraps } = sum;
  if (wraps !== undefined && !context.narrow) {
    code
      .get(oldHigh, newHigh)
      .op("i64.xor")
      .get(high, newHigh)
      .op("i64.xor", "i64.and")
      .i64(0)
      .op("i64.lt_s");
    code.if([], () =>
      place.update(wraps, () => {
        place.get(wraps);
        code.i64(1).i64(-1n).get(newHigh).i64(0).op("i64.lt_s").select().op("i64.add");
      }),
    );
  }
  place.update(sum.low, () => void code.get(newLow));
  place.update(sum.high, () => void code.get(newHigh));
}

/** float4pl and float8pl in row order, with their overflow check. */
function emitSumFloat({ context, place }: StepTarget, slot: StateSlot, value: LoweredValue): void {
  const { code } = context;
  const type = slot.type === "f32" ? "f32" : "f64";
  const [before, after] = [code.local(type), code.local(type)];
  const addend = defined(value.parts[0], "a float");
  const infinite = (local: Local): void => {
    code.get(local).op(`${type}.abs`);
    if (type === "f32") code.f32(Infinity).op("f32.eq");
    else code.f64(Infinity).op("f64.eq");
  };
  place.get(slot);
  code.set(before);
  // Which of two NaNs a sum keeps is the first operand's: see src/functions/float_arithmetic.ts.
  code.get(...(type === "f32" ? [addend, before] : [before, addend])).op(`${type}.add`).set(after);
  infinite(after);
  infinite(before);
  infinite(addend);
  code.op("i32.or", "i32.eqz", "i32.and");
  context.raiseIf(errorTemplates.floatOverflow);
  place.update(slot, () => void code.get(after));
}

function emitExtreme(
  target: StepTarget,
  step: Extract<AggregateStep, { kind: "extreme" }>,
  value: LoweredValue,
  skip: Local | undefined,
): void {
  const { context } = target;
  const { code } = context;
  const [slot, high] = step.slots;
  const first = defined(slot, "a slot");
  if (high !== undefined) return emitExtremePair(target, step.largest, value, first, high);
  const candidate = code.local(first.type);
  pushOrdered(context, value);
  code.set(candidate);
  keepExtreme(target, step.largest, first, candidate, skip);
}

/** Keeps the state or a value that is in the state's own order. */
export function keepExtreme(
  { context, place }: StepTarget, largest: boolean, slot: StateSlot, candidate: Local, skip: Local | undefined,
): void {
  const { code } = context;
  place.update(slot, () => {
    // The new value wins a tie, as in PostgreSQL's *smaller and *larger functions; float zeros show it.
    place.get(slot);
    code.get(candidate);
    place.get(slot);
    code.get(candidate);
    pushFloatAwareOrder(context, slot, candidate, place, largest);
    if (skip !== undefined) code.get(skip).op("i32.or");
    code.select();
  });
}

/** Takes (state, new) off the stack and pushes 1 when the state stays. */
function pushFloatAwareOrder(
  context: FunctionContext,
  slot: StateSlot,
  candidate: Local,
  place: StatePlace,
  largest: boolean,
): void {
  const { code } = context;
  if (slot.type === "i32" || slot.type === "i64") {
    code.op(largest ? `${slot.type}.gt_s` : `${slot.type}.lt_s`);
    return;
  }
  // lt(a, b) = a < b or (b is NaN and a is not); gt(a, b) = lt(b, a).
  code.op(largest ? `${slot.type}.gt` : `${slot.type}.lt`);
  const isNumber = (number: boolean): void => {
    place.get(slot);
    place.get(slot);
    code.op(number ? `${slot.type}.eq` : `${slot.type}.ne`);
  };
  isNumber(!largest);
  code.get(candidate, candidate).op(largest ? `${slot.type}.eq` : `${slot.type}.ne`);
  code.op("i32.and", "i32.or");
}

/** Pushes a one-word value so that signed order is SQL's: NaN of a 64-bit decimal moves to the upper end. */
function pushOrdered({ code, narrow }: FunctionContext, value: LoweredValue): void {
  code.get(...value.parts);
  if (value.type.kind === "opaque") code.i32(LEAST32).op("i32.xor");
  if (value.type.kind !== "decimal" || narrow) return;
  assert(value.type.precision <= DECIMAL64_PRECISION_MAX, "a 64-bit decimal");
  code
    .i64(-LEAST64 - 1n)
    .get(...value.parts)
    .i64(LEAST64)
    .op("i64.ne")
    .select();
}

function emitExtremePair(
  target: StepTarget, largest: boolean, value: LoweredValue, low: StateSlot, high: StateSlot,
): void {
  const { code } = target.context;
  const [newLow, newHigh] = [code.local("i64"), code.local("i64")];
  code.get(...value.parts);
  if (value.shape === "i64")
    code
      .get(...value.parts)
      .i64(63)
      .op("i64.shr_s");
  code.set(newHigh).set(newLow);
  keepExtremePair(target, largest, [newLow, newHigh], [low, high]);
}

/** The same for a value of 128 bits. */
export function keepExtremePair(
  { context, place }: StepTarget, largest: boolean, candidate: readonly [Local, Local],
  [low, high]: readonly [StateSlot, StateSlot],
): void {
  const { code } = context;
  place.get(low);
  place.get(high);
  code
    .get(...candidate)
    .call(context.library(compareDecimal))
    .i32(0)
    .op(largest ? "i32.lt_s" : "i32.gt_s");
  code.if([], () => {
    place.update(low, () => void code.get(candidate[0]));
    place.update(high, () => void code.get(candidate[1]));
  });
}

function emitBool(
  { context, place }: StepTarget,
  slot: StateSlot,
  all: boolean,
  value: LoweredValue,
  skip: Local | undefined,
): void {
  const { code } = context;
  place.update(slot, () => {
    place.get(slot);
    code.get(...value.parts);
    if (all) {
      if (skip !== undefined) code.get(skip).op("i32.or");
      code.op("i32.and");
    } else {
      if (skip !== undefined) code.get(skip).op("i32.eqz", "i32.and");
      code.op("i32.or");
    }
  });
}

function emitBits(
  { context, place }: StepTarget,
  slot: StateSlot,
  word: BitWord,
  value: LoweredValue,
  skip: Local | undefined,
): void {
  const { code } = context;
  const type = slot.type === "i64" ? "i64" : "i32";
  const neutral = word === "and" ? -1 : 0;
  place.update(slot, () => {
    place.get(slot);
    if (skip !== undefined) void (type === "i64" ? code.i64(BigInt(neutral)) : code.i32(neutral));
    code.get(...value.parts);
    if (skip !== undefined) code.get(skip).select();
    code.op(`${type}.${word}`);
  });
}

/** Views are compared in memory, so their state lives in the group's row whatever the place. */
function emitExtremeView(
  { context, place, state }: StepTarget,
  view: ViewState,
  largest: boolean,
  value: LoweredValue,
): void {
  const { code } = context;
  const { row } = place;
  const [address, tail] = [defined(value.parts[0], "a view"), defined(value.parts[1], "a tail")];
  const base = view.first.offset;
  const replace = context.library(replaceView(context));
  const showsKept = showsWhichIsKept(value.type);
  const call = (): void => {
    code.get(state).i32(showsKept ? 0 : AggregateState.growing).op("i32.add");
    code.get(row).i32(base).op("i32.add").get(address, tail).call(replace);
  };
  code.get(row).load("i32.load", view.seen.offset);
  code.if(
    [],
    () => {
      code.get(address, tail).get(row).i32(base).op("i32.add").i32(0).call(context.library(viewOrder(value.type)));
      // Of equal values the last is kept, as PostgreSQL does.
      code.i32(0).op(largest ? (showsKept ? "i32.ge_s" : "i32.gt_s") : showsKept ? "i32.le_s" : "i32.lt_s");
      code.if([], call);
    },
    () => {
      code.get(row).i32(1).store("i32.store", view.seen.offset);
      call();
    },
  );
}

/** The state and the value become the new state, of which a copy is kept. */
function emitFold(
  { context, place, state }: StepTarget, view: ViewState, callee: string, value: LoweredValue,
): void {
  const { code } = context;
  const { row } = place;
  const { type } = value;
  const [target, none] = [code.local("i32"), code.local("i32")];
  const replace = context.library(replaceView(context));
  code.get(row).i32(view.first.offset).op("i32.add").set(target).i32(0).set(none);
  code.get(row).load("i32.load", view.seen.offset);
  code.if(
    [],
    () => {
      const kept: LoweredValue = { type, shape: "view", parts: [target, none], isNull: undefined };
      const mark = context.scratchMark();
      context.call(functionByKey(callee), [kept, value], { arguments: [type, type], result: type });
      const parts = context.take("view");
      code.get(state, target, ...parts).call(replace);
      context.freeScratch(mark);
    },
    () => {
      code.get(row).i32(1).store("i32.store", view.seen.offset);
      code.get(state, target, ...value.parts).call(replace);
    },
  );
}

/** Offsets of ViewState slots behind its first word. */
export const BUFFER = 16;
export const CAPACITY = 24;

/**
 * (state, target, view, tail): makes `target`, the first word of a ViewState, hold a copy of the view. A buffer is
 * reused while the bytes fit and doubled when they do not, so ever longer values waste a bounded share of memory.
 */
function replaceView(context: FunctionContext): LibraryFunction {
  const { host } = context.module;
  return {
    name: "replaceView",
    type: { parameters: ["i32", "i32", "i32", "i32"], results: [] },
    write(code, library) {
      const [state, target, view, tail] = [
        code.parameter(0),
        code.parameter(1),
        code.parameter(2),
        code.parameter(3),
      ];
      const [length, source, buffer] = [code.local("i32"), code.local("i32"), code.local("i32")];
      code.get(view).load("i32.load").set(length);
      code.get(target).get(view).load("i64.load").store("i64.store");
      code.get(length).i32(VIEW_INLINE_BYTES).op("i32.le_u");
      code.if([], () => code.get(target).get(view).load("i64.load", 8).store("i64.store", 8).return());
      code.get(view).load("i32.load", View.offset).get(tail).op("i32.add").set(source);
      code.get(length, target).load("i32.load", CAPACITY).op("i32.le_u");
      code.if(
        [],
        () => {
          code.get(target).load("i32.load", BUFFER).tee(buffer).get(source, length).memoryCopy();
        },
        () => {
          // Twice the length is reserved; only the length is copied.
          code.get(target).get(length).i32(1).op("i32.shl").store("i32.store", CAPACITY);
          code
            .get(state, source, length)
            .get(length)
            .i32(1)
            .op("i32.shl")
            .call(library(copyBytes(host)))
            .set(buffer);
          code.get(target, buffer).store("i32.store", BUFFER);
        },
      );
      code.get(target).i32(0).store("i32.store", View.buffer);
      code.get(target, buffer).store("i32.store", View.offset);
    },
  };
}
