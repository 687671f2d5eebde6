// One running plan: a synchronous, resumable state object without I/O. Pages are pushed in, finished result pages are
// taken out, and between any two calls the caller may stop. Read next: compiled_plan.ts, pipeline_run.ts.
import { assert, defined } from "#base/assert.js";
import type { OperatorStats } from "#codec/execution_message.js";
import type { Scalar } from "#expr/expression.js";
import { scalarMagnitude } from "#lowering/bounds.js";
import { ControlBlock, TableState } from "#lowering/control_block.js";
import type { Pipeline } from "#lowering/pipeline.js";
import type { Limit } from "#lowering/table_plan.js";
import { orderMatters } from "#plan/row_order.js";
import { Arena } from "./arena.js";
import type { CompiledPlan } from "./compiled_plan.js";
import { ExecutionStores } from "./execution_stores.js";
import { FilterBuild, type FilterPort } from "./filter_build.js";
import { type Kernels, instantiateKernels } from "./kernels.js";
import { limitValues } from "./limit_values.js";
import type { EngineMemory } from "./memory.js";
import type { SpillOptions } from "./memory_budget.js";
import { Morsels } from "./morsels/morsels.js";
import type { MorselPort } from "./morsels/team.js";
import { neededPipelines } from "./needed_pipelines.js";
import { isNeverTrue } from "./one_time_filter.js";
import { PageFacts } from "./page_facts.js";
import { writeSlot } from "./parameter_block.js";
import { type Consumed, type PipelineRun, isFull, tablesOf } from "./pipeline_run.js";
import { type ResultImage, ResultPage } from "./result_page.js";
import { RowScratch } from "./row_scratch.js";
import { SpilledStages, type Stage, type StageHost, type Stop } from "./spill/spilled_stages.js";

export interface ExecutionOptions {
  readonly memory: EngineMemory;
  /** No result page is larger, nor a part of one. */
  readonly resultBytes: number;
  /** Values of the plan's parameters. */
  readonly parameters?: ReadonlyMap<number, Scalar>;
  /** Takes the runtime filters of finished build sides; without one there are none. */
  readonly filters?: FilterPort;
  /** Lets what does not fit go to disk; without it an execution may hold all there is, and fails when that is full. */
  readonly spill?: SpillOptions;
  /** The way to other threads, which may take pages; without it, or where order matters, there is one. */
  readonly morsels?: MorselPort;
  /** Matches one call may look at before it pauses; tests make it small. */
  readonly visitsPerCall?: number;
}

export interface CodeSize {
  readonly modules: number;
  readonly bytes: number;
}

/** About a millisecond of probing. */
const VISITS_PER_CALL = 1 << 16;

/** A filter that is not made yet, with the last pipeline that fills its table. */
interface PendingFilter {
  readonly build: FilterBuild;
  readonly filledBy: number;
}

export class PlanExecution {
  readonly #compiled: CompiledPlan;
  readonly #arena: Arena;
  readonly #parameters: ReadonlyMap<number, Scalar>;
  readonly #pipelines: readonly Pipeline[];
  readonly #stores: ExecutionStores;
  readonly #environment: StageHost["environment"];
  readonly #stages: SpilledStages;
  readonly #runs: PipelineRun[] = [];
  readonly #morsels: Morsels | undefined;
  #filters: readonly PendingFilter[] = [];
  readonly #result: ResultPage;
  /** The pipeline that is next or at work; earlier ones are finished. */
  #current = 0;
  /** It, once all it reads is complete. */
  #stage: Stage | undefined;
  /** No page of its leaf comes any more. */
  #inputEnded = false;
  /** What it does before it takes another page, or goes on with one. */
  #meeting: Generator<Stop, void, void> | undefined;
  /** What it does when no page is needed any more. */
  #work: Generator<Stop, void, void> | undefined;
  #ready = false;
  #paused = false;
  #taken = false;
  #disposed = false;

  constructor(compiled: CompiledPlan, options: ExecutionOptions) {
    this.#compiled = compiled;
    this.#arena = new Arena(options.memory);
    this.#parameters = options.parameters ?? new Map();
    try {
      const columns = compiled.plan.outputs.map(({ type }) => type);
      this.#result = new ResultPage(this.#arena, columns, options.resultBytes);
      this.#pipelines = compiled.pipelines.pipelines;
      const control = this.#openControl(options);
      const kernels = instantiateKernels(options.memory.memory);
      this.#stores = new ExecutionStores(compiled, this.#arena, control, kernels, options.spill);
      this.#filters = this.#openFilters(options.filters);
      this.#environment = this.#newEnvironment(options, control, kernels);
      this.#morsels = openMorsels(compiled, this.#arena, this.#stores, control, options);
      this.#stages = new SpilledStages({
        environment: this.#environment,
        openTable: (table, plan, owner) => this.#stores.openTable(table, plan, owner),
        noteRun: (run) => void this.#runs.push(run),
      });
      this.#skipUnneeded();
    } catch (error) {
      this.#arena.dispose();
      throw error;
    }
  }

  /** Most state memory it has held at any time. */
  get peakBytes(): number {
    return this.#arena.peakBytes + (this.#morsels?.peakBytes ?? 0);
  }

  /** All input is consumed and every result taken. */
  get done(): boolean {
    return this.#current === this.#pipelines.length && !this.#ready;
  }

  /** Leaves whose pages may be pushed now; the others wait until earlier ones are finished. */
  wantedLeaves(): readonly number[] {
    // Filters come first: a scan that has begun without them has read for nothing.
    if (this.#isFilterDue()) return [];
    const source = this.#pipelines[this.#current]?.source;
    return source?.kind === "pages" && !this.#inputEnded ? [source.leaf] : [];
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
    this.#assertWanted(leaf);
    if (this.#ready) return false;
    this.#reuseResult();
    const stage = this.#open();
    this.#paused = false;
    switch (stage === undefined ? "paused" : (this.#metBefore(stage) ?? this.#consume(stage, page))) {
      case "done":
        return true;
      case "full":
        this.#ready = true;
        return false;
      case "paused":
        this.#paused = true;
        return false;
      case "enough":
        this.#inputEnded = true;
        this.#advance();
        return true;
    }
  }

  /**
   * Offers a page that has come to other threads, `behind` others without a wait. True: one of them reads it, and it is
   * not to be given back before takeBack() names it.
   */
  lend(leaf: number, page: number, behind: number): boolean {
    assert(!this.#disposed, "the execution is open");
    this.#assertWanted(leaf);
    const stage = this.#morsels === undefined || this.#ready ? undefined : this.#open();
    return stage !== undefined && this.#morsels?.lend(stage, page, behind) === true;
  }

  /** Pages that other threads are done with. Throws what failed there. */
  takeBack(): readonly number[] {
    return this.#morsels?.takeBack() ?? [];
  }

  /** Takes all pages back at once; nothing but dispose() may follow. */
  recall(): void {
    this.#morsels?.abandon();
  }

  /** Most threads that worked at once. */
  get threads(): number {
    return 1 + (this.#morsels?.workers ?? 0);
  }

  /** No more pages of this leaf will come; nothing to say about one the execution wants no more of. */
  finishLeaf(leaf: number): void {
    assert(!this.#disposed, "the execution is open");
    if (!this.wantedLeaves().includes(leaf)) return;
    this.#assertWanted(leaf);
    assert(this.#stage?.run.suspended !== true, "the last page is consumed");
    this.#inputEnded = true;
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

  /** The next finished page or part of one, if there is any; it stays valid until the next call of any method. */
  takeResult(): ResultImage | undefined {
    assert(!this.#disposed, "the execution is open");
    if (!this.#ready) this.#advance();
    if (!this.#ready) return undefined;
    const part = this.#result.takePart();
    this.#ready = this.#result.inParts;
    this.#taken = !this.#ready;
    return part;
  }

  /** Room for a page that comes in parts, for as long as it is read. */
  takeRoom(bytes: number): number {
    return this.#arena.takeRun(bytes);
  }

  freeRoom(address: number): void {
    this.#arena.freeRun(address);
  }

  stats(): readonly OperatorStats[] {
    const [memory, spilled] = [this.#stores.memoryByOperator(), this.#stores.spilledByOperator()];
    const unopened = this.#pipelines.slice(this.#current + (this.#stage === undefined ? 0 : 1));
    const runs = [...this.#runs, ...unopened.map((pipeline) => this.#stages.idle(pipeline))];
    return mergeStats(runs.flatMap((run, index) => {
      const feedsMore = runs.slice(index + 1).some((each) => !each.again && isSameSink(each.pipeline, run.pipeline));
      return run.stats(feedsMore);
    })).map((each) => ({
      ...each,
      memoryBytes: memory.get(each.operator) ?? 0,
      spilledBytes: spilled.get(each.operator) ?? 0,
    }));
  }

  /** The modules that ran. */
  get code(): CodeSize {
    const modules = new Set([...this.#runs.flatMap((run) => run.modules), ...this.#stores.ordering]);
    return { modules: modules.size, bytes: [...modules].reduce((sum, { bytes }) => sum + bytes, 0) };
  }

  /** Gives all memory back; may be called at any time and more than once. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#morsels?.abandon();
    this.#arena.dispose();
  }

  /** Runs what needs no page until a result page is full or a pause is due. */
  #advance(): void {
    this.#reuseResult();
    this.#paused = false;
    while (!this.#ready && this.#current < this.#pipelines.length) {
      const stage = this.#open();
      this.#paused = stage === undefined;
      if (stage === undefined) return;
      const { run, last } = stage;
      if (this.#work === undefined && this.#meeting === undefined && last.exhausted && !run.suspended) {
        this.#next();
        continue;
      }
      if (run.pipeline.source.kind === "pages" && !this.#inputEnded) {
        // A page consumed in part is work left, whatever was taken since: the caller must not sleep on it.
        this.#paused = !run.prepare() || run.suspended || this.#meeting !== undefined;
        return;
      }
      if (this.#morsels?.gather() === false) {
        this.#paused = true;
        return;
      }
      this.#work ??= this.#stages.work(stage);
      const { done, value } = this.#work.next();
      this.#ready = value === "full";
      this.#paused = value === "paused";
      if (this.#paused) return;
      if (done === true) this.#next();
    }
    if (this.#current === this.#pipelines.length && this.#result.rows > 0) this.#ready = true;
  }

  #consume(stage: Stage, page: number): Consumed {
    const { run } = stage;
    return run.prepare() ? (this.#morsels?.consume(stage, page) ?? run.consume(page)) : "paused";
  }

  /** Lets rows on disk meet what they wait for when they are many; undefined once a page may come. */
  #metBefore(stage: Stage): Exclude<Consumed, "done"> | undefined {
    this.#meeting ??= this.#stages.dueMeeting(stage);
    if (this.#meeting === undefined) return undefined;
    const { done, value } = this.#meeting.next();
    if (done !== true) return value;
    this.#meeting = undefined;
    return stage.last.exhausted ? "enough" : undefined;
  }

  /** The pipeline at work is finished. */
  #next(): void {
    this.#stores.release(this.#current, new Set(this.#filters.map(({ build }) => build.table)));
    this.#current++;
    this.#stage = undefined;
    this.#work = undefined;
    this.#inputEnded = false;
    this.#skipUnneeded();
  }

  /** Goes on to the first pipeline whose rows somebody takes. */
  #skipUnneeded(): void {
    const needed = neededPipelines(this.#pipelines, this.#current, {
      isFull: (sink) => isFull(sink, this.#environment),
      isEmpty: (table) => this.#stores.tables[table]?.empty === true,
      isNever: (conditions) => isNeverTrue(conditions, this.#parameters),
    });
    for (; this.#current < this.#pipelines.length && !needed.has(this.#current); this.#current++)
      this.#runs.push(this.#stages.idle(defined(this.#pipelines[this.#current], "a pipeline")));
  }

  #isFilterDue(): boolean {
    return this.#filters.some(({ filledBy }) => filledBy < this.#current);
  }

  /** Does a part of what must be done before the next pipeline begins; the pipeline once nothing is left to do. */
  #open(): Stage | undefined {
    if (this.#stage !== undefined) return this.#stage;
    const due = this.#filters.find(({ filledBy }) => filledBy < this.#current);
    if (due !== undefined) {
      if (due.build.advance()) this.#filters = this.#filters.filter((each) => each !== due);
      if (this.#isFilterDue()) return undefined;
    }
    const pipeline = defined(this.#pipelines[this.#current], "an unfinished pipeline");
    const { tables } = this.#stores;
    if (!tablesOf(pipeline).every((table) => defined(tables[table], "a table").finish())) return undefined;
    this.#stage = this.#stages.open(pipeline);
    return this.#stage;
  }

  /** A page that was taken is copied by now. */
  #reuseResult(): void {
    if (!this.#taken) return;
    this.#taken = false;
    this.#result.reset();
  }

  #assertWanted(leaf: number): void {
    const source = this.#pipelines[this.#current]?.source;
    assert(source?.kind === "pages" && source.leaf === leaf && !this.#inputEnded, "pages of the leaf at work");
  }

  #openControl({ memory, parameters, visitsPerCall = VISITS_PER_CALL }: ExecutionOptions): number {
    const { layout } = this.#compiled;
    const control = this.#arena.allocate(layout.bytes);
    memory.bytes.fill(0, control, control + layout.bytes);
    this.#writeSlots(control, parameters ?? new Map());
    this.#writeLimits(control, parameters ?? new Map());
    memory.view.setUint32(control + ControlBlock.visits, visitsPerCall, true);
    return control;
  }

  #newEnvironment(options: ExecutionOptions, control: number, kernels: Kernels): StageHost["environment"] {
    const { memory, parameters, visitsPerCall = VISITS_PER_CALL } = options;
    return {
      compiled: this.#compiled,
      memory,
      control,
      stores: this.#stores.aggregates,
      tables: this.#stores.tables,
      scratch: new RowScratch(this.#arena, control),
      result: this.#result,
      facts: new PageFacts(memory.view, kernels),
      visitsPerCall,
      parameterMagnitude: (id) => scalarMagnitude(parameters?.get(id) ?? null),
    };
  }

  #openFilters(port: FilterPort | undefined): readonly PendingFilter[] {
    const { filters, tables, pipelines } = this.#compiled.pipelines;
    if (port === undefined) return [];
    return filters.map((filter) => ({
      build: new FilterBuild(
        filter, defined(tables[filter.table], "a table"), defined(this.#stores.tables[filter.table], "a table"), port),
      filledBy: pipelines.findLastIndex(({ sink }) => sink.kind === "table" && sink.table === filter.table),
    }));
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

function openMorsels(
  compiled: CompiledPlan, arena: Arena, stores: ExecutionStores, control: number,
  { morsels: port, visitsPerCall = VISITS_PER_CALL }: ExecutionOptions,
): Morsels | undefined {
  if (port === undefined || orderMatters(compiled.plan)) return undefined;
  return new Morsels({ compiled, arena, stores, control, port, visitsPerCall });
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
      spilledBytes: 0,
    });
  }
  return [...merged.values()];
}
