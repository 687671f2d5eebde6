// One running plan: a synchronous, resumable state object without I/O. Pages are pushed in, finished result pages are
// taken out, and between any two calls the caller may stop. Read next: compiled_plan.ts, pipeline_run.ts.
import { assert, defined } from "#base/assert.js";
import type { OperatorStats } from "#codec/execution_message.js";
import type { Scalar } from "#expr/expression.js";
import { scalarMagnitude } from "#lowering/bounds.js";
import { ControlBlock, TableState } from "#lowering/control_block.js";
import type { Pipeline } from "#lowering/pipeline.js";
import type { Limit } from "#lowering/table_plan.js";
import { inputsOf } from "#plan/columns_of.js";
import type { PhysicalOperator } from "#plan/physical.js";
import { Arena } from "./arena.js";
import type { CompiledModule, CompiledPlan } from "./compiled_plan.js";
import { FilterBuild, type FilterPort } from "./filter_build.js";
import { GroupStore } from "./group_store.js";
import { instantiateKernels } from "./kernels.js";
import { limitValues } from "./limit_values.js";
import type { EngineMemory } from "./memory.js";
import { PageFacts } from "./page_facts.js";
import { writeSlot } from "./parameter_block.js";
import { PipelineRun, type RunEnvironment } from "./pipeline_run.js";
import { type ResultImage, ResultPage } from "./result_page.js";
import type { Merge } from "./row_order.js";
import type { WindowCode } from "./row_window.js";
import { TableStore } from "./table_store.js";

export interface ExecutionOptions {
  readonly memory: EngineMemory;
  /** No result page is larger. */
  readonly resultBytes: number;
  /** Values of the plan's parameters. */
  readonly parameters?: ReadonlyMap<number, Scalar>;
  /** Takes the runtime filters of finished build sides; without one there are none. */
  readonly filters?: FilterPort;
  /** Matches one call may look at before it pauses; tests make it small. */
  readonly visitsPerCall?: number;
}

export interface CodeSize {
  readonly modules: number;
  readonly bytes: number;
}

/** About a millisecond of probing. */
const VISITS_PER_CALL = 1 << 16;

export class PlanExecution {
  readonly #compiled: CompiledPlan;
  readonly #arena: Arena;
  readonly #runs: readonly PipelineRun[];
  /** What each aggregate and each table holds. */
  readonly #groupParts: readonly Arena[];
  readonly #tableParts: readonly Arena[];
  /** Modules over ordered rows that ran. */
  readonly #ordering = new Set<CompiledModule>();
  /** Filters that are not made yet, each with the last pipeline that fills its table. */
  #filters: readonly { readonly build: FilterBuild; readonly filledBy: number }[] = [];
  readonly #result: ResultPage;
  /** The pipeline that is next or at work; earlier ones are finished. */
  #current = 0;
  #ready = false;
  #paused = false;
  #taken = false;
  #disposed = false;

  constructor(compiled: CompiledPlan, options: ExecutionOptions) {
    this.#compiled = compiled;
    this.#arena = new Arena(options.memory);
    try {
      const columns = compiled.plan.outputs.map(({ type }) => type);
      this.#result = new ResultPage(this.#arena, columns, options.resultBytes);
      this.#groupParts = compiled.pipelines.aggregates.map(() => this.#arena.part());
      this.#tableParts = compiled.pipelines.tables.map(() => this.#arena.part());
      this.#runs = this.#openRuns(options);
    } catch (error) {
      this.#arena.dispose();
      throw error;
    }
  }

  /** Most state memory it has held at any time. */
  get peakBytes(): number {
    return this.#arena.peakBytes;
  }

  /** All input is consumed and every result taken. */
  get done(): boolean {
    return this.#current === this.#runs.length && !this.#ready;
  }

  /** Leaves whose pages may be pushed now; the others wait until earlier ones are finished. */
  wantedLeaves(): readonly number[] {
    // Filters come first: a scan that has begun without them has read for nothing.
    if (this.#isFilterDue()) return [];
    const source = this.#runs[this.#current]?.pipeline.source;
    return source?.kind === "pages" ? [source.leaf] : [];
  }

  /** Work was left for the next call, so that this one stayed short: go on with takeResult or the same page. */
  get paused(): boolean {
    return this.#paused;
  }

  /**
   * Consumes a page of a leaf that is wanted. False: take the results and push the same page again, before any other,
   * which goes on where it stopped; also once the rest of the leaf is not wanted any more, when it need not come again.
   */
  pushPage(leaf: number, page: number): boolean {
    assert(!this.#disposed, "the execution is open");
    const run = this.#leafRun(leaf);
    if (this.#ready) return false;
    this.#reuseResult();
    this.#paused = !this.#prepare(run);
    if (this.#paused) return false;
    switch (run.consume(page)) {
      case "done":
        return true;
      case "full":
        this.#ready = true;
        return false;
      case "paused":
        this.#paused = true;
        return false;
      case "enough":
        this.#current++;
        this.#advance();
        return true;
    }
  }

  /** No more pages of this leaf will come; nothing to say about one the execution wants no more of. */
  finishLeaf(leaf: number): void {
    assert(!this.#disposed, "the execution is open");
    if (!this.wantedLeaves().includes(leaf)) return;
    assert(!this.#leafRun(leaf).suspended, "the last page is consumed");
    this.#current++;
    this.#advance();
  }

  /**
   * Makes the rows that wait for more to fill a page a result of their own; false when there are none. For when no
   * input is at hand: who wants few rows should not wait until many are found.
   */
  offerPart(): boolean {
    assert(!this.#disposed, "the execution is open");
    this.#reuseResult();
    this.#ready ||= this.#result.rows > 0;
    return this.#ready;
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
    const memory = this.#memoryByOperator();
    return mergeStats(this.#runs.flatMap((run, index) => {
      const feedsMore = this.#runs.slice(index + 1).some(({ pipeline }) => isSameSink(pipeline, run.pipeline));
      return run.stats(feedsMore);
    })).map((each) => ({ ...each, memoryBytes: memory.get(each.operator) ?? 0 }));
  }

  /** The modules that ran. */
  get code(): CodeSize {
    const modules = new Set([...this.#runs.flatMap((run) => run.modules), ...this.#ordering]);
    return { modules: modules.size, bytes: [...modules].reduce((sum, { bytes }) => sum + bytes, 0) };
  }

  #memoryByOperator(): ReadonlyMap<number, number> {
    const { pipelines } = this.#compiled.pipelines;
    const memory = new Map<number, number>();
    const add = (operator: number | undefined, part: Arena | undefined): void => {
      if (operator !== undefined) memory.set(operator, (memory.get(operator) ?? 0) + (part?.peakBytes ?? 0));
    };
    this.#groupParts.forEach((part, aggregate) => add(ownerOfGroups(pipelines, aggregate), part));
    this.#tableParts.forEach((part, table) => add(ownerOfTable(pipelines, table), part));
    return memory;
  }

  /** Gives all memory back; may be called at any time and more than once. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#arena.dispose();
  }

  /** Once pages are consumed, runs what needs none until a result page is full or a pause is due. */
  #advance(): void {
    this.#reuseResult();
    this.#paused = false;
    while (!this.#ready && this.#current < this.#runs.length) {
      const run = defined(this.#runs[this.#current], "a pipeline");
      if (run.exhausted && !run.suspended) {
        this.#current++;
        continue;
      }
      // A page consumed in part is work left, whatever was taken since: the caller must not sleep on it.
      this.#paused = !this.#prepare(run) || (run.pipeline.source.kind === "pages" && run.suspended);
      if (this.#paused || run.pipeline.source.kind === "pages") return;
      const consumed = run.consume(0);
      this.#ready = consumed === "full";
      this.#paused = consumed === "paused";
      if (this.#paused) return;
      if (!this.#ready) this.#current++;
    }
    if (this.#current === this.#runs.length && this.#result.rows > 0) this.#ready = true;
  }

  #isFilterDue(): boolean {
    return this.#filters.some(({ filledBy }) => filledBy < this.#current);
  }

  /** Does a part of what must be done before a pipeline runs; true when nothing is left to do. */
  #prepare(run: PipelineRun): boolean {
    const due = this.#filters.find(({ filledBy }) => filledBy < this.#current);
    if (due !== undefined) {
      if (due.build.advance()) this.#filters = this.#filters.filter((each) => each !== due);
      if (this.#isFilterDue()) return false;
    }
    return run.prepare();
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

  #openRuns({ memory, parameters, filters, visitsPerCall = VISITS_PER_CALL }: ExecutionOptions): PipelineRun[] {
    const { layout, pipelines: plan } = this.#compiled;
    const control = this.#arena.allocate(layout.bytes);
    memory.bytes.fill(0, control, control + layout.bytes);
    this.#writeSlots(control, parameters ?? new Map());
    this.#writeLimits(control, parameters ?? new Map());
    memory.view.setUint32(control + ControlBlock.visits, visitsPerCall, true);
    const kernels = instantiateKernels(memory.memory);
    const stores = plan.aggregates.map((aggregate, index) => {
      const estimate = index === 0 ? groupsEstimate(this.#compiled) : 0;
      const part = defined(this.#groupParts[index], "a part");
      return new GroupStore(part, kernels, aggregate, control + layout.aggregate(index), estimate);
    });
    const tables = plan.tables.map((table, index) => {
      const part = defined(this.#tableParts[index], "a part");
      return new TableStore(part, kernels, table, control + layout.table(index), {
        merge: () => this.#ordered(this.#compiled.sortModule(index))["merge"] as Merge,
        window: () => {
          const compiled = this.#compiled.windowModule(index);
          return { compiled, exports: this.#ordered(compiled) as unknown as WindowCode["exports"] };
        },
      });
    });
    const environment: RunEnvironment = {
      compiled: this.#compiled,
      memory,
      control,
      stores,
      tables,
      result: this.#result,
      facts: new PageFacts(memory.view, kernels),
      visitsPerCall,
      parameterMagnitude: (id) => scalarMagnitude(parameters?.get(id) ?? null),
    };
    if (filters !== undefined)
      this.#filters = plan.filters.map((filter) => ({
        build: new FilterBuild(
          filter, defined(plan.tables[filter.table], "a table"), defined(tables[filter.table], "a table"), filters),
        filledBy: plan.pipelines.findLastIndex(({ sink }) => sink.kind === "table" && sink.table === filter.table),
      }));
    return plan.pipelines.map((pipeline) => new PipelineRun(environment, pipeline));
  }

  #ordered(compiled: CompiledModule): Readonly<Record<string, unknown>> {
    this.#ordering.add(compiled);
    return new WebAssembly.Instance(compiled.module, {
      env: { memory: this.#arena.memory.memory },
      host: { growDirectory: noMemoryNeeded, addRows: noMemoryNeeded, addBytes: noMemoryNeeded },
    }).exports;
  }

  #writeLimits(control: number, parameters: ReadonlyMap<number, Scalar>): void {
    const { layout, pipelines: plan } = this.#compiled;
    const { view } = this.#arena.memory;
    const write = (limit: Limit | undefined, skip: number, take: number): void => {
      if (limit === undefined) return;
      const { count, offset } = limitValues(limit, parameters);
      view.setBigInt64(skip, offset, true);
      view.setBigInt64(take, count, true);
    };
    for (const { sink } of plan.pipelines)
      if (sink.kind === "result")
        write(sink.limit, control + ControlBlock.skipRows, control + ControlBlock.takeRows);
    plan.tables.forEach(({ limit }, index) => {
      const state = control + layout.table(index);
      write(limit, state + TableState.skipRows, state + TableState.takeRows);
    });
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

/** The estimate of the aggregate that is cut first: the one fed by pages, when there is but one. */
function groupsEstimate({ plan }: CompiledPlan): number {
  let estimate = 0;
  for (let operator: PhysicalOperator | undefined = plan.root; operator !== undefined;) {
    if (operator.kind === "hashAggregate") estimate = operator.groupsEstimate;
    const inputs: readonly PhysicalOperator[] = inputsOf(operator);
    operator = inputs.length === 1 ? inputs[0] : undefined;
  }
  return estimate;
}

/** Sorting allocates nothing while it runs. */
function noMemoryNeeded(): never {
  throw new Error("a sort asked for memory");
}

function ownerOfGroups(pipelines: readonly Pipeline[], aggregate: number): number | undefined {
  return pipelines.find(({ sink }) => sink.kind === "aggregate" && sink.aggregate === aggregate)?.operators.at(-1);
}

/** A table belongs to the operator that reads it: the source of a pipeline, or a probe, which follows its input. */
function ownerOfTable(pipelines: readonly Pipeline[], table: number): number | undefined {
  for (const { source, steps, operators } of pipelines) {
    if (source.kind === "table" && source.table === table) return operators[0];
    const probe = steps.find((step) => step.kind === "probe" && step.table === table);
    if (probe?.kind === "probe") return operators[probe.operators.length];
  }
  return undefined;
}

function isSameSink({ sink: a }: Pipeline, { sink: b }: Pipeline): boolean {
  return a.kind === "aggregate" && b.kind === "aggregate" && a.aggregate === b.aggregate;
}

/** An operator at work in several pipelines has one line, with the sums of their numbers. */
function mergeStats(all: readonly OperatorStats[]): readonly OperatorStats[] {
  const merged = new Map<number, OperatorStats>();
  for (const each of all) {
    const known = merged.get(each.operator);
    merged.set(each.operator, known === undefined ? each : {
      operator: each.operator,
      rowsIn: known.rowsIn + each.rowsIn,
      rowsOut: known.rowsOut + each.rowsOut,
      pages: known.pages + each.pages,
      bytes: known.bytes + each.bytes,
      timeNs: known.timeNs + each.timeNs,
      memoryBytes: known.memoryBytes + each.memoryBytes,
      redoPages: known.redoPages + each.redoPages,
    });
  }
  return [...merged.values()];
}
