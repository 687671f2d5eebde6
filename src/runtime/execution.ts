// One running plan: a synchronous, resumable state object without I/O. Pages are pushed in, finished result pages are
// taken out, and between any two calls the caller may stop. Read next: compiled_plan.ts, pipeline_run.ts.
import { assert, defined } from "#base/assert.js";
import type { OperatorStats } from "#codec/execution_message.js";
import type { Scalar } from "#expr/expression.js";
import { scalarMagnitude } from "#lowering/bounds.js";
import type { Pipeline } from "#lowering/pipeline.js";
import { Arena } from "./arena.js";
import type { CompiledPlan } from "./compiled_plan.js";
import { GroupStore } from "./group_store.js";
import { instantiateKernels } from "./kernels.js";
import type { EngineMemory } from "./memory.js";
import { PageFacts } from "./page_facts.js";
import { writeSlot } from "./parameter_block.js";
import { PipelineRun, type RunEnvironment } from "./pipeline_run.js";
import { type ResultImage, ResultPage } from "./result_page.js";

export interface ExecutionOptions {
  readonly memory: EngineMemory;
  /** No result page is larger. */
  readonly resultBytes: number;
  /** Values of the plan's parameters. */
  readonly parameters?: ReadonlyMap<number, Scalar>;
}

export class PlanExecution {
  readonly #compiled: CompiledPlan;
  readonly #arena: Arena;
  readonly #runs: readonly PipelineRun[];
  readonly #result: ResultPage;
  /** The pipeline that is next or at work; earlier ones are finished. */
  #current = 0;
  #ready = false;
  #taken = false;
  #disposed = false;

  constructor(compiled: CompiledPlan, options: ExecutionOptions) {
    this.#compiled = compiled;
    this.#arena = new Arena(options.memory);
    try {
      const columns = compiled.plan.outputs.map(({ type }) => type);
      this.#result = new ResultPage(this.#arena, columns, options.resultBytes);
      this.#runs = this.#openRuns(options);
    } catch (error) {
      this.#arena.dispose();
      throw error;
    }
  }

  /** All input is consumed and every result taken. */
  get done(): boolean {
    return this.#current === this.#runs.length && !this.#ready;
  }

  /**
   * Consumes a page of a leaf. False: a result page is full; take it and push the same page again, which goes on where
   * it stopped.
   */
  pushPage(leaf: number, page: number): boolean {
    assert(!this.#disposed, "the execution is open");
    const run = this.#leafRun(leaf);
    if (this.#ready) return false;
    this.#reuseResult();
    if (run.consume(page)) return true;
    this.#ready = true;
    return false;
  }

  /** No more pages of this leaf will come. */
  finishLeaf(leaf: number): void {
    assert(!this.#disposed, "the execution is open");
    assert(!this.#leafRun(leaf).suspended, "the last page is consumed");
    this.#current++;
    this.#advance();
  }

  /** The next finished page, if there is one; it stays valid until the next call of any method. */
  takeResult(): ResultImage | undefined {
    assert(!this.#disposed, "the execution is open");
    if (!this.#ready) this.#advance();
    if (!this.#ready) return undefined;
    this.#ready = false;
    this.#taken = true;
    return this.#result.image();
  }

  stats(): readonly OperatorStats[] {
    return this.#runs.flatMap((run, index) =>
      run.stats(index === this.#runs.length - 1 ? this.#arena.peakBytes : 0),
    );
  }

  /** Gives all memory back; may be called at any time and more than once. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#arena.dispose();
  }

  /** Once pages are consumed, runs the pipelines over groups until a result page is full or nothing is left. */
  #advance(): void {
    this.#reuseResult();
    while (!this.#ready && this.#current < this.#runs.length) {
      const run = defined(this.#runs[this.#current], "a pipeline");
      if (run.pipeline.source.kind === "pages") return;
      if (run.consume(0)) this.#current++;
      else this.#ready = true;
    }
    if (this.#current === this.#runs.length && this.#result.rows > 0) this.#ready = true;
  }

  /** A page that was taken is copied by now. */
  #reuseResult(): void {
    if (!this.#taken) return;
    this.#taken = false;
    this.#result.reset();
  }

  #leafRun(leaf: number): PipelineRun {
    const run = defined(this.#runs[this.#current], "an unfinished pipeline");
    const { source } = run.pipeline;
    assert(source.kind === "pages" && source.leaf === leaf, "pages of the leaf at work");
    return run;
  }

  #openRuns({ memory, parameters }: ExecutionOptions): PipelineRun[] {
    const { layout, pipelines: plan } = this.#compiled;
    const control = this.#arena.allocate(layout.bytes);
    memory.bytes.fill(0, control, control + layout.bytes);
    this.#writeSlots(control, parameters ?? new Map());
    const kernels = instantiateKernels(memory.memory);
    const stores = plan.aggregates.map((aggregate, index) => {
      const estimate = index === 0 ? groupsEstimate(this.#compiled) : 0;
      return new GroupStore(this.#arena, kernels, aggregate, control + layout.aggregate(index), estimate);
    });
    const environment: RunEnvironment = {
      compiled: this.#compiled,
      memory,
      control,
      stores,
      result: this.#result,
      facts: new PageFacts(memory.view, kernels),
      parameterMagnitude: (id) => scalarMagnitude(parameters?.get(id) ?? null),
    };
    return plan.pipelines.map((pipeline) => new PipelineRun(environment, pipeline));
  }

  #writeSlots(control: number, parameters: ReadonlyMap<number, Scalar>): void {
    const { layout, pipelines: plan } = this.#compiled;
    for (const { table, firstSlot } of plan.pipelines satisfies readonly Pipeline[]) {
      table.slots.forEach(({ type, source }, index) => {
        const value =
          source.kind === "constant"
            ? source.value
            : defined(parameters.get(source.id), `parameter ${source.id}`);
        writeSlot(this.#arena, control + layout.slot(firstSlot + index), type, value);
      });
    }
  }
}

/** The innermost aggregate's estimate: the one fed by pages. */
function groupsEstimate({ plan }: CompiledPlan): number {
  let estimate = 0;
  for (let operator = plan.root; operator.kind !== "scan"; operator = operator.input) {
    if (operator.kind === "hashAggregate") estimate = operator.groupsEstimate;
  }
  return estimate;
}
