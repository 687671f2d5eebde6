// The row loop over the groups of a finished aggregate: its columns are the keys and the results. Always wide code
// with NULLs, for what sums and counts become is only known here. Read next: aggregate_plan.ts.
import { assert, defined } from "#base/assert.js";
import { asDecimalType } from "#functions/decimal.js";
import { type CallTypes, type Operand, shapeOf } from "#functions/function.js";
import { emitView } from "#functions/host_function.js";
import { narrowDecimal } from "#functions/library/int128.js";
import { numericOfDecimal } from "#functions/library/numeric_casts.js";
import { NUMERIC_ROOM } from "#functions/library/numeric_parts.js";
import { functionByKey } from "#functions/registry.js";
import { isPairFunction } from "#plan/pair_functions.js";
import { LEAST64 } from "#types/encoding_of.js";
import { type EngineType, NUMERIC } from "#types/engine_type.js";
import type { Local } from "#wasm/function_builder.js";
import type { LoadInstruction } from "#wasm/opcodes.js";
import { pushCollected } from "./aggregate_collect.js";
import { type Moments, isMomentsFunction, momentsNeeded, pushMomentsResult } from "./aggregate_moments.js";
import { pairResult } from "./aggregate_pairs.js";
import {
  type AggregatePlan, type AggregateStep, LEAST32, NUMERIC_ADD, type ResultPlan, type StateSlot, type ViewState,
  type WideSum, isTotal,
} from "./aggregate_plan.js";
import { ControlBlock } from "./control_block.js";
import type { FunctionContext, LoweredValue } from "./function_context.js";
import { readKey } from "./group_keys.js";
import { eachStoredRow } from "./group_memory.js";

export class GroupSource {
  readonly #context: FunctionContext;
  readonly #plan: AggregatePlan;
  readonly #control: Local;
  readonly #state: Local;
  readonly #row: Local;

  /** `row` holds the address to resume at, 0 to start. */
  constructor(context: FunctionContext, plan: AggregatePlan, control: Local, state: Local, row: Local) {
    this.#context = context;
    this.#plan = plan;
    this.#control = control;
    this.#state = state;
    this.#row = row;
  }

  produce(consume: () => void): void {
    eachStoredRow(this.#context, this.#state, this.#row, this.#plan.rowBytes, consume);
    this.#context.code.get(this.#control, this.#row).store("i32.store", ControlBlock.resume);
  }

  column(index: number): LoweredValue {
    const key = this.#plan.keys[index];
    if (key !== undefined) {
      return readKey(this.#context, key, index, this.#row, this.#plan.nullMasks > 0);
    }
    return this.#result(defined(this.#plan.results[index - this.#plan.keys.length], `column ${index}`));
  }

  #get(slot: StateSlot): void {
    this.#context.code.get(this.#row).load(`${slot.type}.load` as LoadInstruction, slot.offset);
  }

  #result(result: ResultPlan): LoweredValue {
    const { code } = this.#context;
    const { step, call } = result;
    const type = call.result.engine;
    const shape = shapeOf(type, false);
    if (call.function === "countRows" || call.function === "count") {
      assert(step.kind === "rows", "a row count");
      this.#get(step.slot);
      if (result.nulls !== undefined) {
        this.#get(result.nulls);
        code.op("i64.sub");
      }
      return { type, shape, parts: this.#context.take("i64"), isNull: undefined };
    }
    if (step.kind === "moments") return this.#moments(call.function, step.moments);
    if (step.kind === "pairs") {
      assert(isPairFunction(call.function), "a function of pairs");
      return pairResult(this.#context, call.function, step.pairs, (slot) => this.#get(slot));
    }
    if (step.kind === "collect") return this.#collected(type, step);
    const isNull = this.#isEmpty(result);
    switch (step.kind) {
      case "sumWide":
        return { type, shape, parts: isTotal(result) ? this.#numeric(step) : this.#total(step.sum, shape), isNull };
      case "sumInteger":
      case "sumFloat":
      case "bool":
      case "bits":
        this.#get(step.slot);
        break;
      case "extreme":
        for (const slot of step.slots) this.#get(slot);
        if (type.kind === "decimal" && shape === "i64") this.#restoreNan();
        if (type.kind === "opaque") code.i32(LEAST32).op("i32.xor");
        break;
      case "extremeView":
      case "fold":
      case "append":
        code.get(this.#row).i32(step.view.first.offset).op("i32.add").i32(0);
        break;
      case "rows":
      case "nulls":
        throw new Error("a count has no value");
    }
    return { type, shape, parts: this.#context.take(shape), isNull };
  }

  #moments(name: string, moments: Moments): LoweredValue {
    assert(isMomentsFunction(name), "a function of moments");
    const { code } = this.#context;
    const isNull = code.local("i32");
    this.#get(moments.count);
    code.f64(momentsNeeded(name)).op("f64.lt").set(isNull);
    pushMomentsResult(this.#context, name, moments, (slot) => this.#get(slot));
    return { type: { kind: "float8" }, shape: "f64", parts: this.#context.take("f64"), isNull };
  }

  /** NULL when there is nothing in it. */
  #collected(type: EngineType, { collected, element }: Extract<AggregateStep, { kind: "collect" }>): LoweredValue {
    const { code } = this.#context;
    const isNull = code.local("i32");
    this.#get(collected.values.seen);
    code.op("i32.eqz").set(isNull);
    pushCollected(this.#context, collected, element, this.#row);
    return { type, shape: "view", parts: this.#context.take("view"), isNull };
  }

  /** 1 when no value was aggregated. */
  #isEmpty({ rows, nulls }: ResultPlan): Local | undefined {
    const { code } = this.#context;
    if (rows === undefined && nulls === undefined) return undefined;
    const isNull = code.local("i32");
    this.#get(defined(rows, "a row count"));
    if (nulls === undefined) {
      code.op("i64.eqz").set(isNull);
    } else {
      this.#get(nulls);
      code.op("i64.eq").set(isNull);
    }
    return isNull;
  }

  /** A 64-bit decimal minimum or maximum: the upper end of i64 stands for NaN. */
  #restoreNan(): void {
    const { code } = this.#context;
    const value = code.local("i64");
    code
      .set(value)
      .i64(LEAST64)
      .get(value)
      .get(value)
      .i64(-LEAST64 - 1n)
      .op("i64.eq")
      .select();
  }

  /** Narrow and wide parts of a sum together; NaN when one was added. */
  #total(sum: WideSum, shape: LoweredValue["shape"]): Local[] {
    const { code } = this.#context;
    const [low, high] = this.#pair(sum);
    if (sum.nans !== undefined) {
      this.#get(sum.nans);
      code.i64(0).op("i64.ne").if([], () => code.i64(0).set(low).i64(LEAST64).set(high));
    }
    code.get(low, high);
    if (shape === "i64") code.call(this.#context.library(narrowDecimal));
    return this.#context.take(shape);
  }

  #pair(sum: WideSum): readonly [Local, Local] {
    const { code } = this.#context;
    const [low, high, narrow] = [code.local("i64"), code.local("i64"), code.local("i64")];
    this.#get(sum.narrow);
    code.set(narrow);
    this.#get(sum.low);
    code.get(narrow).op("i64.add").set(low);
    this.#get(sum.high);
    code
      .get(narrow)
      .i64(63)
      .op("i64.shr_s", "i64.add")
      .get(low, narrow)
      .op("i64.lt_u", "i64.extend_i32_u", "i64.add")
      .set(high);
    return [low, high];
  }

  /** A sum as a numeric of any precision: the host makes those beyond 128 bits. */
  #numeric({ argument, twin, sum }: Extract<AggregateStep, { kind: "sumWide" }>): Local[] {
    const context = this.#context;
    const { code } = context;
    const { scale } = asDecimalType((twin ?? argument).type);
    const [low, high] = this.#pair(sum);
    const [top, places] = [code.local("i64"), code.local("i64")];
    if (sum.wraps !== undefined) this.#get(sum.wraps);
    else code.i64(0);
    code.set(top).i64(scale).set(places);
    if (sum.nans !== undefined) {
      this.#get(sum.nans);
      code.i64(0).op("i64.ne").if([], () => code.i64(-1n).set(places));
    }
    const operands = [low, high, top, places].map((part): Operand => ({ shape: "i64", parts: [part] }));
    emitView(context, NUMERIC_ROOM, () => context.callHost(TOTAL, operands, totalTypes), (room) => {
      code.get(top).op("i64.eqz").get(places).i64(0).op("i64.ge_s", "i32.and");
      code.if(["i32"],
        () => code.get(low, high, room).call(context.library(numericOfDecimal(scale))),
        () => code.i32(0));
    });
    const parts = context.take("view");
    if (sum.rest !== undefined) this.#addRest(sum.rest, parts);
    return parts;
  }

  /** Adds what wide code has summed up, if there is something. */
  #addRest(rest: ViewState, parts: readonly Local[]): void {
    const context = this.#context;
    const { code } = context;
    code.get(this.#row).load("i32.load", rest.seen.offset).if([], () => {
      code.get(this.#row).i32(rest.first.offset).op("i32.add").i32(0);
      const operands = [parts, context.take("view")].map((each): Operand => ({ shape: "view", parts: each }));
      context.call(functionByKey(NUMERIC_ADD), operands, { arguments: [NUMERIC, NUMERIC], result: NUMERIC });
      context.setAll(parts);
    });
  }
}

const TOTAL = "numeric.total";
const totalTypes: CallTypes = {
  arguments: Array.from({ length: 4 }, (): EngineType => ({ kind: "int8" })), result: NUMERIC,
};
