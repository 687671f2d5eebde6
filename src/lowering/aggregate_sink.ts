// The consuming end of a pipeline that aggregates: finds each row's group and runs the steps. Without keys the state
// stays in locals for the whole call, and cheap steps are masked instead of branched around. Read next: group_table.ts.
import type { Expression } from "#expr/expression.js";
import type { Local } from "#wasm/function_builder.js";
import { emitAppend } from "./aggregate_append.js";
import { emitCollect } from "./aggregate_collect.js";
import { emitPairs } from "./aggregate_pairs.js";
import { type AggregatePlan, type AggregateStep, type FilterClass, viewsOf } from "./aggregate_plan.js";
import {
  LocalPlace,
  type StatePlace,
  type StepTarget,
  emitNulls,
  emitStep,
  isMaskable,
  rowPlace,
} from "./aggregate_steps.js";
import { AggregateState, GroupChunk } from "./control_block.js";
import type { ExpressionLowering } from "./expression_lowering.js";
import type { FunctionContext, LoweredValue } from "./function_context.js";
import { lowerKey } from "./group_keys.js";
import { type DirectoryLocals, findGroup, openDirectory } from "./group_table.js";
import type { PageSource } from "./page_source.js";

/** One sink in one function. `condition` is an i32 that is 1 for rows the filters let through. */
export interface Sink {
  /** Before the loop. */
  open(): void;
  consume(lowering: ExpressionLowering, condition: Local | undefined): void;
  /** After the loop, however it ended. */
  close(): void;
}

export class AggregateSink implements Sink {
  readonly #context: FunctionContext;
  readonly #plan: AggregatePlan;
  readonly #state: Local;
  readonly #source: PageSource | undefined;
  readonly #overflow: Sink | undefined;
  #directory: DirectoryLocals | undefined;
  #single: LocalPlace | undefined;

  /** `state` holds the address of the aggregate state. With an overflow, rows of new groups go there. */
  constructor(
    context: FunctionContext, plan: AggregatePlan, state: Local, source: PageSource | undefined, overflow?: Sink,
  ) {
    this.#context = context;
    this.#plan = plan;
    this.#state = state;
    this.#source = source;
    this.#overflow = overflow;
  }

  open(): void {
    const { code } = this.#context;
    this.#overflow?.open();
    if (this.#plan.keys.length > 0) {
      this.#directory = openDirectory(this.#context, this.#state);
      return;
    }
    const row = code.local("i32");
    code
      .get(this.#state)
      .load("i32.load", AggregateState.firstChunk)
      .i32(GroupChunk.SIZE)
      .op("i32.add")
      .set(row);
    this.#single = new LocalPlace(this.#context, row, localSlots(this.#plan));
    this.#single.open();
  }

  consume(lowering: ExpressionLowering, condition: Local | undefined): void {
    const { code } = this.#context;
    if (condition === undefined) {
      this.#row(lowering, undefined);
    } else if (this.#single !== undefined && this.#isMaskable(lowering)) {
      const excluded = code.local("i32");
      code.get(condition).op("i32.eqz").set(excluded);
      this.#row(lowering, excluded);
    } else {
      code.get(condition).if([], () => lowering.conditionally(() => this.#row(lowering, undefined)));
    }
  }

  close(): void {
    this.#single?.close();
    this.#overflow?.close();
  }

  /** Whether rows that were filtered out may run through all steps as neutral ones. */
  #isMaskable(lowering: ExpressionLowering): boolean {
    return this.#plan.classes.every(
      ({ filter, steps }) =>
        (filter === undefined || !lowering.mayFail(filter)) &&
        steps.every(
          (step) =>
            isMaskable(step, this.#context.narrow) &&
            (step.kind === "rows" || !lowering.mayFail(this.#argument(step))),
        ),
    );
  }

  #row(lowering: ExpressionLowering, excluded: Local | undefined): void {
    const place = this.#place(lowering);
    const run = (): void => {
      for (const each of this.#plan.classes) this.#class(lowering, place, each, excluded);
    };
    const overflow = this.#overflow;
    if (overflow === undefined) return run();
    this.#context.code.get(place.row).if([],
      () => lowering.conditionally(run),
      () => lowering.conditionally(() => overflow.consume(lowering, undefined)));
  }

  #place(lowering: ExpressionLowering): StatePlace {
    if (this.#single !== undefined) return this.#single;
    const directory = this.#directory;
    if (directory === undefined) throw new Error("open() comes first");
    const keys = this.#plan.keys.map((key) => lowerKey(this.#context, lowering, this.#source, key));
    return rowPlace(this.#context, findGroup(
      this.#context, this.#plan, directory, keys, this.#overflow === undefined));
  }

  #class(
    lowering: ExpressionLowering,
    place: StatePlace,
    { filter, steps }: FilterClass,
    excluded: Local | undefined,
  ): void {
    const { code } = this.#context;
    const run = (mask: Local | undefined): void => {
      for (const step of steps)
        this.#step(lowering, { context: this.#context, place, state: this.#state }, step, mask);
    };
    if (filter === undefined) {
      run(excluded);
      return;
    }
    if (excluded === undefined) {
      lowering.pushIsTrue(lowering.lower(filter));
      code.if([], () => lowering.conditionally(() => run(undefined)));
      return;
    }
    const mask = code.local("i32");
    lowering.pushIsTrue(lowering.lower(filter));
    code.op("i32.eqz").get(excluded).op("i32.or").set(mask);
    run(mask);
  }

  #step(
    lowering: ExpressionLowering,
    target: StepTarget,
    step: AggregateStep,
    excluded: Local | undefined,
  ): void {
    if (step.kind === "rows") {
      emitStep(target, step, undefined, excluded);
      return;
    }
    const value = lowering.lower(this.#argument(step));
    if (step.kind === "pairs" || step.kind === "append") {
      this.#stepOfTwo(target, step, value, lowering.lower(step.second), excluded);
      return;
    }
    if (step.kind === "collect") {
      const run = (): void => emitCollect(target, step.collected, step.element, value);
      if (excluded === undefined) run();
      else this.#context.code.get(excluded).op("i32.eqz").if([], run);
      return;
    }
    if (step.kind === "nulls") {
      if (value.isNull !== undefined) emitNulls(target, step.slot, value.isNull, excluded);
      return;
    }
    emitStep(target, step, value, this.#skip(value, excluded));
  }

  #stepOfTwo(
    target: StepTarget, step: Extract<AggregateStep, { kind: "pairs" | "append" }>, value: LoweredValue,
    second: LoweredValue, excluded: Local | undefined,
  ): void {
    const { code } = this.#context;
    const one = this.#skip(value, excluded);
    const skip = step.kind === "pairs" ? this.#skip(second, one) : one;
    const run = (): void => {
      if (step.kind === "pairs") emitPairs(target, step.pairs, value, second);
      else emitAppend(target, step.view, value, second);
    };
    if (skip === undefined) run();
    else code.get(skip).op("i32.eqz").if([], run);
  }

  #argument(step: Exclude<AggregateStep, { kind: "rows" }>): Expression {
    return (this.#context.narrow ? twinOf(step) : undefined) ?? step.argument;
  }

  #skip(value: LoweredValue, excluded: Local | undefined): Local | undefined {
    if (value.isNull === undefined) return excluded;
    if (excluded === undefined) return value.isNull;
    const local = this.#context.code.local("i32");
    this.#context.code.get(value.isNull, excluded).op("i32.or").set(local);
    return local;
  }
}

/** Every slot but those of views, which stay in memory. */
function localSlots(plan: AggregatePlan): AggregatePlan["slots"] {
  const inMemory = new Set(
    plan.classes.flatMap(({ steps }) =>
      steps.flatMap((step) => viewsOf(step).flatMap((view) => Object.values(view))),
    ),
  );
  return plan.slots.filter((slot) => !inMemory.has(slot));
}

export function argumentsOf(step: AggregateStep): readonly Expression[] {
  if (step.kind === "rows") return [];
  if ("second" in step) return [step.argument, step.second];
  const twin = twinOf(step);
  return twin === undefined ? [step.argument] : [step.argument, twin];
}

/** What narrow code computes in the argument's place. */
export function twinOf(step: AggregateStep): Expression | undefined {
  return step.kind === "sumWide" || step.kind === "nulls" ? step.twin : undefined;
}

/** The step over other expressions. */
export function overArguments(step: AggregateStep, over: (expression: Expression) => Expression): AggregateStep {
  if (step.kind === "rows") return step;
  if ("second" in step) return { ...step, argument: over(step.argument), second: over(step.second) };
  const twin = twinOf(step);
  return { ...step, argument: over(step.argument), ...(twin === undefined ? {} : { twin: over(twin) }) };
}
