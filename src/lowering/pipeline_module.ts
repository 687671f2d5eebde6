// The WebAssembly module of one pipeline in one variant: `run(control, page, from) -> status`. It reads like the plan:
// open the sink, produce rows from the source, filter, consume, close. Read next: page_source.ts, aggregate_sink.ts,
// result_sink.ts.
import { defined, unreachable } from "#base/assert.js";
import type { Expression } from "#expr/expression.js";
import { type ErrorTemplate, shapeOf } from "#functions/function.js";
import type { FunctionBuilder, Local } from "#wasm/function_builder.js";
import type { AggregatePlan } from "./aggregate_plan.js";
import { AggregateSink, type Sink } from "./aggregate_sink.js";
import { ControlBlock, type ControlLayout, ParameterSlot } from "./control_block.js";
import { ExpressionLowering, type RowSource } from "./expression_lowering.js";
import { FunctionContext, GROUPS_VARIANT, type LoweredValue, type Variant } from "./function_context.js";
import { GroupSource } from "./group_source.js";
import { type HostCall, ModuleContext } from "./module_context.js";
import { PageSource } from "./page_source.js";
import type { Pipeline, TableTarget } from "./pipeline.js";
import { Probe, type ProbeLocals } from "./probe_step.js";
import { ResultSink } from "./result_sink.js";
import { readStored } from "./stored_column.js";
import { TableSink } from "./table_sink.js";
import { TableSource } from "./table_source.js";

export interface EmittedModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Error n leaves `run` as status RunStatus.error + n. */
  readonly errors: readonly ErrorTemplate[];
  /** What `evaluate` is asked for by number. */
  readonly hostCalls: readonly HostCall[];
}

/** (control block, page or 0, row or group to start from) -> status */
const RUN_TYPE = { parameters: ["i32", "i32", "i32"], results: ["i32"] } as const;

export function emitPipeline(pipeline: Pipeline, variant: Variant, layout: ControlLayout): EmittedModule {
  const module = new ModuleContext();
  module.builder.function(RUN_TYPE, "run", (code) => {
    new PipelineEmitter(new FunctionContext(code, module, variant, layout), pipeline, layout).emit();
  });
  return { bytes: module.builder.finish(), errors: module.errors, hostCalls: module.hostCalls };
}

class PipelineEmitter {
  readonly #context: FunctionContext;
  readonly #pipeline: Pipeline;
  readonly #layout: ControlLayout;
  readonly #control: Local;
  readonly #from: Local;
  readonly #sinkRows: Local;
  readonly #probes: Probe[] = [];
  readonly #probeLocals: ProbeLocals;

  constructor(context: FunctionContext, pipeline: Pipeline, layout: ControlLayout) {
    this.#context = context;
    this.#pipeline = pipeline;
    this.#layout = layout;
    this.#control = context.code.parameter(0);
    this.#from = context.code.parameter(2);
    const local = (): Local => context.code.local("i32");
    this.#sinkRows = local();
    this.#probeLocals = { resuming: local(), depth: local(), visits: local() };
  }

  emit(): void {
    const { code } = this.#context;
    const slots = this.#loadSlots();
    const { source, produce } = this.#source();
    const page = source instanceof PageSource ? source : undefined;
    this.#openProbes(page, source instanceof TableSource ? source : undefined);
    const sink = this.#sink(page);
    const rows: RowSource = {
      column: (index) => this.#column(source, index),
      slot: (index) => defined(slots[index], "a slot"),
    };
    sink?.open();
    produce(() => {
      if (this.#pipeline.table.usesScratch) this.#context.freeScratch();
      const lowering = new ExpressionLowering(this.#context, this.#pipeline.table, rows);
      this.#consume(lowering, sink, 0);
      if (this.#probes.length > 0) code.i32(0).set(this.#probeLocals.depth);
    });
    sink?.close();
    for (const probe of this.#probes) probe.close();
    code.get(this.#control, this.#sinkRows).store("i32.store", ControlBlock.sinkRows);
    if (this.#probes.length > 0)
      code.get(this.#control, this.#probeLocals.depth).store("i32.store", ControlBlock.resumeDepth);
    code.get(this.#context.status);
  }

  /** A row meets the steps from `first` on, then the sink. */
  #consume(lowering: ExpressionLowering, sink: Sink | undefined, first: number): void {
    const { code } = this.#context;
    const { steps } = this.#pipeline;
    const filters: Expression[] = [];
    let at = first;
    for (let step = steps[at]; step?.kind === "filter"; step = steps[++at]) filters.push(step.predicate);
    const condition = this.#filter(lowering, filters);
    const probe = this.#probes.find(({ step }) => step === steps[at]);
    if (probe !== undefined) {
      const emit = (): void => probe.emit(lowering, () => this.#consume(lowering, sink, at + 1));
      if (condition === undefined) emit();
      else code.get(condition).if([], () => lowering.conditionally(emit));
      return;
    }
    sink?.consume(lowering, condition);
    code.get(this.#sinkRows);
    if (condition === undefined) code.i32(1);
    else code.get(condition);
    code.op("i32.add").set(this.#sinkRows);
  }

  #openProbes(page: PageSource | undefined, rows: TableSource | undefined): void {
    const { code } = this.#context;
    const steps = this.#pipeline.steps.filter((step) => step.kind === "probe");
    if (steps.length === 0) return;
    code.get(this.#control).load("i32.load", ControlBlock.resumeDepth).set(this.#probeLocals.resuming);
    code.get(this.#control).load("i32.load", ControlBlock.visits).set(this.#probeLocals.visits);
    steps.forEach((step, index) => {
      const state = this.#address(this.#layout.table(step.table));
      const carrier = step.carriesMatches ? rows : undefined;
      const { usesScratch } = this.#pipeline.table;
      const probe = new Probe(
        this.#context, step, index + 1, state, this.#probeLocals, page, carrier, usesScratch);
      this.#probes.push(probe);
    });
  }

  #column(source: { column(index: number): LoweredValue }, index: number): LoweredValue {
    if (index < this.#pipeline.sourceColumns) return source.column(index);
    for (const { step, row } of this.#probes) {
      const column = step.plan.columns[index - step.firstColumn];
      if (column !== undefined && index >= step.firstColumn) return readStored(this.#context, column, row);
    }
    throw new Error(`no column ${index}`);
  }

  #source(): {
    source: PageSource | GroupSource | TableSource;
    produce: (consume: () => void) => void;
  } {
    const { source: from, used } = this.#pipeline;
    const context = this.#context;
    const [control, row] = [this.#control, this.#from];
    switch (from.kind) {
      case "pages": {
        const source = new PageSource(context, from.columns, this.#layout, control, context.code.parameter(1), row);
        return { source, produce: (consume) => source.produce(used, consume) };
      }
      case "groups": {
        const state = this.#address(this.#layout.aggregate(from.aggregate));
        const source = new GroupSource(context, from.plan, control, state, row);
        return { source, produce: (consume) => source.produce(consume) };
      }
      case "table": {
        const state = this.#address(this.#layout.table(from.table));
        const source = new TableSource(context, from.plan, control, state, row);
        return { source, produce: (consume) => source.produce(from.selection, consume) };
      }
      default:
        return unreachable(from);
    }
  }

  #sink(source: PageSource | undefined): Sink | undefined {
    const { sink } = this.#pipeline;
    switch (sink.kind) {
      case "aggregate": {
        const state = this.#address(this.#layout.aggregate(sink.aggregate));
        const overflow = sink.overflow && this.#tableSink(sink.overflow, source);
        return new AggregateSink(this.#context, sink.plan, state, source, overflow);
      }
      case "table":
        return this.#tableSink(sink, source);
      case "result":
        return new ResultSink(this.#context, sink.columns, sink.limit !== undefined, this.#control, source);
      case "marks":
        return undefined;
      default:
        return unreachable(sink);
    }
  }

  #tableSink({ table, input }: TableTarget, source: PageSource | undefined): TableSink {
    return new TableSink(this.#context, input, this.#address(this.#layout.table(table)), source);
  }

  #address(offset: number): Local {
    const { code } = this.#context;
    const state = code.local("i32");
    code.get(this.#control).i32(offset).op("i32.add").set(state);
    return state;
  }

  /** Rows pass when every filter is true; a filter that can fail runs only for rows the earlier ones let through. */
  #filter(lowering: ExpressionLowering, filters: readonly Expression[]): Local | undefined {
    const { code } = this.#context;
    let condition: Local | undefined;
    for (const filter of filters) {
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
    const context = new FunctionContext(code, module, GROUPS_VARIANT, layout);
    const [state, row] = [code.local("i32"), code.parameter(2)];
    const control = code.parameter(0);
    code.get(control).i32(layout.aggregate(aggregate)).op("i32.add").set(state);
    new GroupSource(context, plan, control, state, row).produce(() => flushRow(context, plan, row));
    code.get(context.status);
  });
  return { bytes: module.builder.finish(), errors: module.errors, hostCalls: module.hostCalls };
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
