// A physical plan cut into pipelines, with the modules of the variants that were needed so far. Holds no state of any
// execution: many executions of one thread may share it. Read next: execution.ts.
import type { ErrorTemplate } from "#functions/function.js";
import { type ControlLayout, controlLayout } from "#lowering/control_block.js";
import type { Variant } from "#lowering/function_context.js";
import { type Pipeline, type PipelinePlan, cutPipelines } from "#lowering/pipeline.js";
import { type EmittedModule, emitFlush, emitPipeline } from "#lowering/pipeline_module.js";
import { emitSort } from "#lowering/sort_module.js";
import { emitWindow } from "#lowering/window_module.js";
import type { PhysicalPlan } from "#plan/physical.js";
import type { PlanCache } from "./plan_cache.js";

export interface CompiledModule {
  readonly module: WebAssembly.Module;
  /** Length of its code as WebAssembly. */
  readonly bytes: number;
  readonly errors: readonly ErrorTemplate[];
}

export class CompiledPlan {
  readonly plan: PhysicalPlan;
  readonly pipelines: PipelinePlan;
  readonly layout: ControlLayout;
  readonly #cache: PlanCache;
  readonly #modules = new Map<string, CompiledModule>();
  #compileNs = 0n;

  constructor(plan: PhysicalPlan, cache: PlanCache) {
    const start = process.hrtime.bigint();
    this.plan = plan;
    this.#cache = cache;
    this.pipelines = cutPipelines(plan);
    const { aggregates, tables, slotCount, viewCount } = this.pipelines;
    this.layout = controlLayout(aggregates.length, tables.length, slotCount, viewCount);
    this.#compileNs = process.hrtime.bigint() - start;
  }

  /** Time spent compiling so far, all executions together. */
  get compileNs(): number {
    return Number(this.#compileNs);
  }

  pipelineModule(pipeline: Pipeline, variant: Variant): CompiledModule {
    const nullColumns = [...variant.nullColumns].sort((a, b) => a - b).join();
    const key = `${this.pipelines.pipelines.indexOf(pipeline)} ${variant.numbers} ${nullColumns}`;
    return this.#module(key, () => emitPipeline(pipeline, variant, this.layout));
  }

  flushModule(aggregate: number): CompiledModule {
    const plan = this.pipelines.aggregates[aggregate];
    if (plan === undefined) throw new Error(`no aggregate ${aggregate}`);
    return this.#module(`flush ${aggregate}`, () => emitFlush(plan, aggregate, this.layout));
  }

  /** Exports `merge` instead of `run`. */
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

  #module(key: string, emit: () => EmittedModule): CompiledModule {
    const known = this.#modules.get(key);
    if (known !== undefined) return known;
    const start = process.hrtime.bigint();
    const { bytes, errors } = emit();
    const compiled = { module: this.#cache.module(bytes), bytes: bytes.length, errors };
    this.#modules.set(key, compiled);
    this.#compileNs += process.hrtime.bigint() - start;
    return compiled;
  }
}

/** Compiles a verified plan; code of a pipeline's variants follows when a page first needs it. */
export function compileExecution(plan: PhysicalPlan, cache: PlanCache): CompiledPlan {
  return new CompiledPlan(plan, cache);
}
