// A physical plan cut into pipelines, with the modules of the variants that were needed so far. Holds no state of any
// execution: many executions of one thread may share it. Read next: execution.ts.
import type { ErrorTemplate } from "#functions/function.js";
import { type ControlLayout, controlLayout } from "#lowering/control_block.js";
import type { Variant } from "#lowering/function_context.js";
import { emitMerge } from "#lowering/merge_module.js";
import type { HostCall } from "#lowering/module_context.js";
import { type Pipeline, type PipelinePlan, cutPipelines } from "#lowering/pipeline.js";
import { type EmittedModule, emitFlush, emitPipeline } from "#lowering/pipeline_module.js";
import { emitSort } from "#lowering/sort_module.js";
import { emitWindow } from "#lowering/window_module.js";
import { emitSpill } from "#lowering/spill_module.js";
import {
  type OverflowPipeline, type SplitPipeline, overflowPipeline, spillTableCount, splitPipeline,
} from "#lowering/spill_pipeline.js";
import type { ProbeStep } from "#lowering/probe_step.js";
import type { TablePlan } from "#lowering/table_plan.js";
import type { PhysicalPlan } from "#plan/physical.js";
import type { PlanCache } from "./plan_cache.js";

export interface CompiledModule {
  readonly module: WebAssembly.Module;
  /** Length of its code as WebAssembly. */
  readonly bytes: number;
  readonly errors: readonly ErrorTemplate[];
  readonly hostCalls: readonly HostCall[];
}

export class CompiledPlan {
  readonly plan: PhysicalPlan;
  readonly pipelines: PipelinePlan;
  readonly layout: ControlLayout;
  readonly #cache: PlanCache;
  readonly #modules = new Map<string, CompiledModule>();
  /** Pipelines by number: the plan's own, then those cut from them. */
  readonly #numbers = new Map<Pipeline, number>();
  readonly #splits = new Map<ProbeStep, SplitPipeline>();
  readonly #overflows = new Map<Pipeline, OverflowPipeline>();
  readonly #spillModules = new Map<TablePlan, WebAssembly.Module>();
  #compileNs = 0n;

  constructor(plan: PhysicalPlan, cache: PlanCache) {
    const start = process.hrtime.bigint();
    this.plan = plan;
    this.#cache = cache;
    this.pipelines = cutPipelines(plan);
    const { aggregates, tables, slotCount, viewCount } = this.pipelines;
    const tableCount = tables.length + spillTableCount(this.pipelines);
    this.layout = controlLayout(aggregates.length, tableCount, slotCount, viewCount);
    this.#compileNs = process.hrtime.bigint() - start;
  }

  /** Time spent compiling so far, all executions together. */
  get compileNs(): number {
    return Number(this.#compileNs);
  }

  pipelineModule(pipeline: Pipeline, variant: Variant): CompiledModule {
    const nullColumns = [...variant.nullColumns].sort((a, b) => a - b).join();
    const key = `${this.#numberOf(pipeline)} ${variant.numbers} ${nullColumns}`;
    return this.#module(key, () => emitPipeline(pipeline, variant, this.layout));
  }

  flushModule(aggregate: number): CompiledModule {
    const plan = this.pipelines.aggregates[aggregate];
    if (plan === undefined) throw new Error(`no aggregate ${aggregate}`);
    return this.#module(`flush ${aggregate}`, () => emitFlush(plan, aggregate, this.layout));
  }

  /** Takes groups that another thread has made into an aggregate's own. */
  mergeModule(aggregate: number): CompiledModule {
    const plan = this.pipelines.aggregates[aggregate];
    if (plan === undefined) throw new Error(`no aggregate ${aggregate}`);
    return this.#module(`merge ${aggregate}`, () => emitMerge(plan, aggregate, this.layout));
  }

  /** A pipeline cut in front of a probe whose table is on disk; `table` is the number of the one between the parts. */
  split(pipeline: Pipeline, probe: ProbeStep, table: number): SplitPipeline {
    const known = this.#splits.get(probe) ?? splitPipeline(pipeline, probe, table);
    this.#splits.set(probe, known);
    return known;
  }

  /** An aggregating pipeline for groups there is no room for; `table` is the number of the first of two tables. */
  overflow(pipeline: Pipeline, table: number): OverflowPipeline {
    const known = this.#overflows.get(pipeline) ?? overflowPipeline(pipeline, table);
    this.#overflows.set(pipeline, known);
    return known;
  }

  /** Exports a SpillKernel. */
  spillModule(plan: TablePlan): WebAssembly.Module {
    const known = this.#spillModules.get(plan) ?? this.#cache.module(emitSpill(plan));
    this.#spillModules.set(plan, known);
    return known;
  }

  /** Exports a SortKernel instead of `run`. */
  sortModule(table: number): CompiledModule {
    const plan = this.pipelines.tables[table];
    const order = plan?.order;
    if (plan === undefined || order === undefined) throw new Error(`table ${table} has no order`);
    return this.#module(`sort ${table}`, () => emitSort(plan, order));
  }

  /** Exports the parts of a window instead of `run`. */
  windowModule(table: number): CompiledModule {
    const plan = this.pipelines.tables[table];
    const window = plan?.window;
    if (plan === undefined || window === undefined) throw new Error(`table ${table} has no window`);
    return this.#module(`window ${table}`, () => emitWindow(plan, window));
  }

  #numberOf(pipeline: Pipeline): number {
    const number = this.#numbers.get(pipeline) ?? this.#numbers.size;
    this.#numbers.set(pipeline, number);
    return number;
  }

  #module(key: string, emit: () => EmittedModule): CompiledModule {
    const known = this.#modules.get(key);
    if (known !== undefined) return known;
    const start = process.hrtime.bigint();
    const { bytes, errors, hostCalls } = emit();
    const compiled = { module: this.#cache.module(bytes), bytes: bytes.length, errors, hostCalls };
    this.#modules.set(key, compiled);
    this.#compileNs += process.hrtime.bigint() - start;
    return compiled;
  }
}

/** Compiles a verified plan; code of a pipeline's variants follows when a page first needs it. */
export function compileExecution(plan: PhysicalPlan, cache: PlanCache): CompiledPlan {
  return new CompiledPlan(plan, cache);
}
