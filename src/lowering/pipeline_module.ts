// The WebAssembly module of one pipeline in one variant: `run(control, page, from) -> status`. It reads like the plan:
// open the sink, produce rows from the source, filter, consume, close. Read next: page_source.ts, aggregate_sink.ts,
// result_sink.ts.
import { defined, unreachable } from "#base/assert.js";
import { type ErrorTemplate, shapeOf } from "#functions/function.js";
import type { FunctionBuilder, Local } from "#wasm/function_builder.js";
import type { AggregatePlan } from "./aggregate_plan.js";
import { AggregateSink, type Sink } from "./aggregate_sink.js";
import { ControlBlock, type ControlLayout, ParameterSlot } from "./control_block.js";
import { ExpressionLowering, type RowSource } from "./expression_lowering.js";
import { FunctionContext, GROUPS_VARIANT, type LoweredValue, type Variant } from "./function_context.js";
import { GroupSource } from "./group_source.js";
import { ModuleContext } from "./module_context.js";
import { PageSource } from "./page_source.js";
import type { Pipeline } from "./pipeline.js";
import { ResultSink } from "./result_sink.js";

export interface EmittedModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Error n leaves `run` as status RunStatus.error + n. */
  readonly errors: readonly ErrorTemplate[];
}

/** (control block, page or 0, row or group to start from) -> status */
const RUN_TYPE = { parameters: ["i32", "i32", "i32"], results: ["i32"] } as const;

export function emitPipeline(pipeline: Pipeline, variant: Variant, layout: ControlLayout): EmittedModule {
  const module = new ModuleContext();
  module.builder.function(RUN_TYPE, "run", (code) => {
    new PipelineEmitter(new FunctionContext(code, module, variant), pipeline, layout).emit();
  });
  return { bytes: module.builder.finish(), errors: module.errors };
}

class PipelineEmitter {
  readonly #context: FunctionContext;
  readonly #pipeline: Pipeline;
  readonly #layout: ControlLayout;
  readonly #control: Local;
  readonly #from: Local;

  constructor(context: FunctionContext, pipeline: Pipeline, layout: ControlLayout) {
    this.#context = context;
    this.#pipeline = pipeline;
    this.#layout = layout;
    this.#control = context.code.parameter(0);
    this.#from = context.code.parameter(2);
  }

  emit(): void {
    const { code } = this.#context;
    const sinkRows = code.local("i32");
    const slots = this.#loadSlots();
    const { source, produce } = this.#source();
    const sink = this.#sink(source instanceof PageSource ? source : undefined);
    const rows: RowSource = {
      column: (index) => source.column(index),
      slot: (index) => defined(slots[index], "a slot"),
    };
    sink.open();
    produce(() => {
      const lowering = new ExpressionLowering(this.#context, this.#pipeline.table, rows);
      const condition = this.#filter(lowering);
      sink.consume(lowering, condition);
      code.get(sinkRows);
      if (condition === undefined) code.i32(1);
      else code.get(condition);
      code.op("i32.add").set(sinkRows);
    });
    sink.close();
    code.get(this.#control, sinkRows).store("i32.store", ControlBlock.sinkRows);
    code.get(this.#context.status);
  }

  #source(): { source: PageSource | GroupSource; produce: (consume: () => void) => void } {
    const { source: from, used } = this.#pipeline;
    const { code } = this.#context;
    if (from.kind === "pages") {
      const source = new PageSource(
        this.#context,
        from.columns,
        this.#control,
        code.parameter(1),
        this.#from,
      );
      return { source, produce: (consume) => source.produce(used, consume) };
    }
    const state = this.#stateAddress(from.aggregate);
    const source = new GroupSource(this.#context, from.plan, this.#control, state, this.#from);
    return { source, produce: (consume) => source.produce(consume) };
  }

  #sink(source: PageSource | undefined): Sink {
    const { sink } = this.#pipeline;
    switch (sink.kind) {
      case "aggregate":
        return new AggregateSink(this.#context, sink.plan, this.#stateAddress(sink.aggregate), source);
      case "result":
        return new ResultSink(this.#context, sink.columns, this.#control, source);
      default:
        return unreachable(sink);
    }
  }

  #stateAddress(aggregate: number): Local {
    const { code } = this.#context;
    const state = code.local("i32");
    code.get(this.#control).i32(this.#layout.aggregate(aggregate)).op("i32.add").set(state);
    return state;
  }

  /** Rows pass when every filter is true; a filter that can fail runs only for rows the earlier ones let through. */
  #filter(lowering: ExpressionLowering): Local | undefined {
    const { code } = this.#context;
    let condition: Local | undefined;
    for (const filter of this.#pipeline.filters) {
      const passes: Local = code.local("i32");
      const before = condition;
      if (before === undefined) {
        lowering.pushIsTrue(lowering.lower(filter));
        code.set(passes);
      } else if (lowering.mayFail(filter)) {
        code.i32(0).set(passes).get(before);
        code.if([], () =>
          lowering.conditionally(() => {
            lowering.pushIsTrue(lowering.lower(filter));
            code.set(passes);
          }),
        );
      } else {
        lowering.pushIsTrue(lowering.lower(filter));
        code.get(before).op("i32.and").set(passes);
      }
      condition = passes;
    }
    return condition;
  }

  /** Constants and parameters, loaded once per call. */
  #loadSlots(): LoweredValue[] {
    const { code, narrow } = this.#context;
    const { table, firstSlot } = this.#pipeline;
    return table.slots.map(({ type, source }, index) => {
      const offset = this.#layout.slot(firstSlot + index);
      const shape = shapeOf(type, narrow);
      if (shape === "view") {
        code.get(this.#control).i32(offset).op("i32.add").i32(0);
      } else if (shape === "i128") {
        code
          .get(this.#control)
          .load("i64.load", offset)
          .get(this.#control)
          .load("i64.load", offset + 8);
      } else {
        code.get(this.#control).load(`${shape}.load`, offset);
      }
      const parts = this.#context.take(shape);
      if (source.kind === "constant" && source.value !== null)
        return { type, shape, parts, isNull: undefined };
      const isNull = code.local("i32");
      code
        .get(this.#control)
        .load("i32.load", offset + ParameterSlot.isNull)
        .set(isNull);
      return { type, shape, parts, isNull };
    });
  }
}

/** `run` moves the narrow part of every sum of every group into the wide one, so that narrow code may go on. */
export function emitFlush(plan: AggregatePlan, aggregate: number, layout: ControlLayout): EmittedModule {
  const module = new ModuleContext();
  module.builder.function(RUN_TYPE, "run", (code) => {
    const context = new FunctionContext(code, module, GROUPS_VARIANT);
    const [state, row] = [code.local("i32"), code.parameter(2)];
    const control = code.parameter(0);
    code.get(control).i32(layout.aggregate(aggregate)).op("i32.add").set(state);
    new GroupSource(context, plan, control, state, row).produce(() => flushRow(context, plan, row));
    code.get(context.status);
  });
  return { bytes: module.builder.finish(), errors: module.errors };
}

/** No look at the ends of 128 bits: a sum that close to them is refused at the end, whichever side it fell on. */
function flushRow(context: FunctionContext, plan: AggregatePlan, row: Local): void {
  const { code } = context;
  const [narrow, low, high] = [code.local("i64"), code.local("i64"), code.local("i64")];
  const load = (offset: number): FunctionBuilder => code.get(row).load("i64.load", offset);
  for (const step of plan.classes.flatMap(({ steps }) => steps)) {
    if (step.kind !== "sumWide") continue;
    const { sum } = step;
    load(sum.narrow.offset).set(narrow);
    load(sum.low.offset).get(narrow).op("i64.add").set(low);
    load(sum.high.offset).get(narrow).i64(63).op("i64.shr_s", "i64.add");
    code.get(low, narrow).op("i64.lt_u", "i64.extend_i32_u", "i64.add").set(high);
    code.get(row, low).store("i64.store", sum.low.offset).get(row, high).store("i64.store", sum.high.offset);
    code.get(row).i64(0).store("i64.store", sum.narrow.offset);
  }
}
