// One pipeline at work: chooses the variant each page allows, calls compiled code, and turns its status into progress
// or an error. Read next: lowering/pipeline_module.ts, lowering/bounds.ts.
import { assert, defined } from "#base/assert.js";
import type { OperatorStats } from "#codec/execution_message.js";
import { throwTemplate } from "#functions/error_templates.js";
import type { ErrorTemplate } from "#functions/function.js";
import { NARROW_LIMIT, type ParameterMagnitude } from "#lowering/bounds.js";
import { AggregateState, ControlBlock, RunStatus, TableState } from "#lowering/control_block.js";
import { GROUPS_VARIANT, type Variant } from "#lowering/function_context.js";
import type { Pipeline, PipelineSink } from "#lowering/pipeline.js";
import type { CompiledModule, CompiledPlan } from "./compiled_plan.js";
import type { GroupStore } from "./group_store.js";
import type { EngineMemory } from "./memory.js";
import type { PageFacts } from "./page_facts.js";
import { HostEvaluation } from "./host_calls.js";
import type { ResultPage } from "./result_page.js";
import type { RowScratch } from "./row_scratch.js";
import type { TableStore } from "./table_store.js";

/** What a run needs of a table. */
export type RunTable =
  Pick<TableStore, "rowsDelivered" | "entered" | "finish" | "makeRoom" | "magnitude" | "addRows" | "addBytes">;

export interface RunEnvironment {
  readonly compiled: CompiledPlan;
  readonly memory: EngineMemory;
  /** Address of the control block. */
  readonly control: number;
  readonly stores: readonly (GroupStore | undefined)[];
  /** The plan's tables, and behind them those of pipelines that spill, as they are needed. */
  readonly tables: readonly (RunTable | undefined)[];
  readonly scratch: RowScratch;
  /** For pipelines that end in it. */
  readonly result: ResultPage | undefined;
  readonly facts: PageFacts;
  readonly parameterMagnitude: ParameterMagnitude;
  readonly visitsPerCall: number;
}

type Run = (control: number, page: number, from: number) => number;

/**
 * How a call ended: all input consumed, the result page full, time for others, or no more rows wanted. Everything but
 * the first and the last goes on with the same input.
 */
export type Consumed = "done" | "full" | "paused" | "enough";

interface Instance {
  readonly run: Run;
  readonly errors: readonly ErrorTemplate[];
}

/** What the code of a pipeline becomes when there is no room for more groups. */
export type Overflowing = () => Pipeline;

export class PipelineRun {
  readonly pipeline: Pipeline;
  /** It goes on with rows that another run has counted already. */
  readonly again: boolean;
  readonly #environment: RunEnvironment;
  readonly #overflowing: Overflowing;
  readonly #instances = new Map<CompiledModule, Instance>();
  /** Row or group to go on with after a full result page. */
  #resume: number | undefined;
  /** The page it belongs to. */
  #resumePage = 0;
  /** How many probes stand at a saved place; other runs may come between two calls. */
  #resumeDepth = 0;
  #variant: Variant = GROUPS_VARIANT;
  /** Columns in which some page so far held NULLs: grows, so that few variants are ever compiled. */
  #nullColumns: ReadonlySet<number> = new Set();
  /** Bound of what one more call may add to any sum. */
  #perCall = 0;
  /** Rows that came to each probe, by table. */
  readonly #entered = new Map<number, number>();
  #rowsIn = 0;
  #rowsOut = 0;
  #pages = 0;
  #bytes = 0;
  /** Pages that needed more than narrow code. */
  #widePages = 0;
  #timeNs = 0n;

  constructor(environment: RunEnvironment, pipeline: Pipeline, overflowing: Overflowing, again = false) {
    this.#environment = environment;
    this.pipeline = pipeline;
    this.#overflowing = overflowing;
    this.again = again;
  }

  /** Whether a page or the groups are consumed only in part. */
  get suspended(): boolean {
    return this.#resume !== undefined;
  }

  /** What ran so far. */
  get modules(): readonly CompiledModule[] {
    return [...this.#instances.keys()];
  }

  /** Finishes a part of the tables the pipeline reads, or makes room in that it fills; true when it may run. */
  prepare(): boolean {
    const { tables } = this.#environment;
    const filled = this.#filledTable;
    return tablesOf(this.pipeline).every((table) => defined(tables[table], "a table").finish()) &&
      (filled === undefined || defined(tables[filled], "a table").makeRoom()) &&
      this.#groups?.makeRoom() !== false;
  }

  /** Those it makes. */
  get #groups(): GroupStore | undefined {
    const { sink } = this.pipeline;
    return sink.kind === "aggregate" ? this.#environment.stores[sink.aggregate] : undefined;
  }

  get #filledTable(): number | undefined {
    const { sink } = this.pipeline;
    if (sink.kind === "table") return sink.table;
    const code = this.#code;
    return code.sink.kind === "aggregate" ? code.sink.overflow?.table : undefined;
  }

  /** The pipeline, or what it is now that there is no room for more groups. */
  get #code(): Pipeline {
    const { sink } = this.pipeline;
    const isFull = sink.kind === "aggregate" && this.#environment.stores[sink.aggregate]?.full === true;
    return isFull ? this.#overflowing() : this.pipeline;
  }

  /** Whether the sink's limit is reached. */
  get exhausted(): boolean {
    return isFull(this.pipeline.sink, this.#environment);
  }

  /** Consumes a page, or all groups or rows (page 0). */
  consume(page: number): Consumed {
    const start = process.hrtime.bigint();
    try {
      if (this.#resume === undefined) {
        this.#variant = this.#open(page);
        this.#resumeDepth = 0;
      } else {
        assert(page === this.#resumePage, "the page that was consumed in part comes again before any other");
        this.#reserve();
      }
      this.#resumePage = page;
      return this.#run(page, this.#resume ?? 0);
    } finally {
      this.#timeNs += process.hrtime.bigint() - start;
    }
  }

  /**
   * The pipeline's numbers, attributed to its operators; its time to the last of them. Groups that later pipelines feed
   * as well are theirs to count.
   */
  stats(feedsMore: boolean): readonly OperatorStats[] {
    const { operators, source } = this.pipeline;
    if (this.again)
      return operators.slice(-1).map((operator) => ({ ...NO_STATS, operator, timeNs: Number(this.#timeNs) }));
    // What an operator retained is told where it came in, but for a sort, which is only here.
    const isSorted = source.kind === "table" && source.selection === "ordered";
    return operators.slice(source.kind === "pages" || isSorted ? 0 : 1).map((operator, index, all) => {
      const last = index === all.length - 1;
      const isScan = source.kind === "pages" && index === 0;
      const isSource = isScan || (isSorted && index === 0);
      const delivered = this.#joinedBelow(operator) ?? this.#rowsOut;
      return {
        operator,
        rowsIn: this.#rowsIn,
        rowsOut: isSource ? this.#rowsIn : last ? (this.#sinkGroups(feedsMore) ?? this.#rowsOut) : delivered,
        pages: isScan ? this.#pages : 0,
        bytes: isScan ? this.#bytes : 0,
        timeNs: last ? Number(this.#timeNs) : 0,
        memoryBytes: 0,
        redoPages: last ? this.#widePages : 0,
        spilledBytes: 0,
      };
    });
  }

  /** What it has counted, for one that runs the same pipeline on another thread. */
  get numbers(): readonly number[] {
    return [
      this.#rowsIn, this.#rowsOut, this.#pages, this.#bytes, this.#widePages, Number(this.#timeNs),
      ...probedTables(this.pipeline).map((table) => this.#entered.get(table) ?? 0),
    ];
  }

  /** Adds what another has counted. */
  add(numbers: readonly number[]): void {
    const [rowsIn = 0, rowsOut = 0, pages = 0, bytes = 0, widePages = 0, timeNs = 0, ...entered] = numbers;
    this.#rowsIn += rowsIn;
    this.#rowsOut += rowsOut;
    this.#pages += pages;
    this.#bytes += bytes;
    this.#widePages += widePages;
    this.#timeNs += BigInt(Math.round(timeNs));
    probedTables(this.pipeline).forEach((table, index) =>
      this.#entered.set(table, (this.#entered.get(table) ?? 0) + (entered[index] ?? 0)));
  }

  /** Rows of an operator below a join: those that came to the join's probe. */
  #joinedBelow(operator: number): number | undefined {
    const step = this.pipeline.steps.find((each) => each.kind === "probe" && each.operators.includes(operator));
    return step?.kind === "probe" ? this.#entered.get(step.table) : undefined;
  }

  /** What the sink's operator yields, where that is not what it took. */
  #sinkGroups(feedsMore: boolean): number | undefined {
    const { sink } = this.pipeline;
    if (feedsMore) return 0;
    return sink.kind === "aggregate" ? this.#environment.stores[sink.aggregate]?.groupsEver : undefined;
  }

  #open(page: number): Variant {
    const { source } = this.pipeline;
    if (source.kind === "groups") {
      this.#rowsIn += defined(this.#environment.stores[source.aggregate], "an aggregate").groups;
      return GROUPS_VARIANT;
    }
    if (source.kind === "table") {
      this.#rowsIn += defined(this.#environment.tables[source.table], "a table").rowsDelivered;
      return GROUPS_VARIANT;
    }
    const { facts } = this.#environment;
    facts.open(page);
    this.#pages++;
    this.#rowsIn += facts.rows;
    this.#bytes += facts.usedBytes;
    for (const column of this.pipeline.used) {
      if (facts.nullCount(column) === 0 || this.#nullColumns.has(column)) continue;
      assert(
        defined(source.columns[column], "a column").nullable,
        `column ${column} is declared without NULLs`,
      );
      this.#nullColumns = new Set([...this.#nullColumns, column]);
    }
    const numbers = this.#numbers();
    if (numbers !== "narrow") this.#widePages++;
    return { nullColumns: this.#nullColumns, numbers };
  }

  /** How narrow this page may be; flushes sums first when the page could overflow what is pending. */
  #numbers(): Variant["numbers"] {
    const { bounds, sink, steps } = this.pipeline;
    this.#perCall = 0;
    if (bounds.isTrivial) return "narrow";
    const { facts, parameterMagnitude } = this.#environment;
    const magnitudes = new Map<number, number>();
    const addend = bounds.largestAddend((column) => {
      const known = magnitudes.get(column);
      if (known !== undefined) return known;
      const magnitude = this.#magnitude(column);
      magnitudes.set(column, magnitude);
      return magnitude;
    }, parameterMagnitude);
    if (addend === undefined) return "wide";
    if (addend === 0 || sink.kind !== "aggregate") return "narrow";
    // A call adds a row at most for every row of the page and every match it looks at.
    const fanOut = steps.some(({ kind }) => kind === "probe") ? this.#environment.visitsPerCall : 0;
    const more = addend * (facts.rows + fanOut);
    if (more >= NARROW_LIMIT) return "wideSums";
    const store = defined(this.#environment.stores[sink.aggregate], "an aggregate");
    // Flushing visits every group: with more groups than rows adding to 128 bits is cheaper.
    if (store.pending + more >= NARROW_LIMIT && store.groups > facts.rows) return "wideSums";
    this.#perCall = more;
    this.#reserve();
    return "narrow";
  }

  /** Makes sure that one more call of narrow code cannot overflow a sum. */
  #reserve(): void {
    const { sink } = this.pipeline;
    if (this.#perCall === 0 || sink.kind !== "aggregate") return;
    const store = defined(this.#environment.stores[sink.aggregate], "an aggregate");
    if (store.pending + this.#perCall >= NARROW_LIMIT) {
      this.#flush(sink.aggregate);
      store.pending = 0;
    }
    store.pending += this.#perCall;
  }

  #magnitude(column: number): number {
    const { facts, tables } = this.#environment;
    const { sourceColumns, steps } = this.pipeline;
    if (column < sourceColumns) return facts.magnitude(column);
    for (const step of steps) {
      if (step.kind !== "probe") continue;
      const own = column - step.firstColumn;
      if (own >= 0 && own < step.plan.columns.length)
        return defined(tables[step.table], "a table").magnitude(own);
    }
    return Infinity;
  }

  #flush(aggregate: number): void {
    const { compiled, control } = this.#environment;
    const instance = this.#instance(compiled.flushModule(aggregate));
    const status = instance.run(control, 0, 0);
    if (status !== RunStatus.done) throwStatus(instance, status);
  }

  /** Takes groups of another thread into the sink's own: rows from `first` on, one behind the other. */
  mergeGroups(first: number, end: number): void {
    const { sink } = this.pipeline;
    assert(sink.kind === "aggregate", "a pipeline that makes groups");
    const { compiled, control } = this.#environment;
    const instance = this.#instance(compiled.mergeModule(sink.aggregate));
    const status = instance.run(control, first, end);
    if (status !== RunStatus.done) throwStatus(instance, status);
  }

  #run(page: number, from: number): Consumed {
    const { compiled, memory, control, result } = this.#environment;
    let code = this.#code;
    let instance = this.#instance(compiled.pipelineModule(code, this.#variant));
    let start = from;
    for (;;) {
      memory.view.setUint32(control + ControlBlock.resultPage, result?.address ?? 0, true);
      memory.view.setUint32(control + ControlBlock.resumeDepth, this.#resumeDepth, true);
      const status = instance.run(control, page, start);
      this.#resumeDepth = memory.view.getUint32(control + ControlBlock.resumeDepth, true);
      this.#rowsOut += memory.view.getUint32(control + ControlBlock.sinkRows, true);
      this.#countEntered();
      const next = memory.view.getUint32(control + ControlBlock.resume, true);
      switch (status) {
        case RunStatus.done:
          this.#resume = undefined;
          return this.exhausted ? "enough" : "done";
        case RunStatus.enough:
          this.#resume = undefined;
          return "enough";
        case RunStatus.outputFull:
          this.#resume = next;
          return "full";
        case RunStatus.paused:
          this.#resume = next;
          return "paused";
        case RunStatus.memoryFull:
          this.#resume = next;
          // With room to be made this pauses; without room for groups other code goes on at once.
          if (code === this.#code) return "paused";
          code = this.#code;
          instance = this.#instance(compiled.pipelineModule(code, this.#variant));
          this.#reserve();
          start = next;
          break;
        case RunStatus.rowTooLarge:
          defined(result, "a result").makeRoom(Number(memory.view.getBigInt64(control + ControlBlock.rowBytes, true)));
          start = next;
          break;
        default:
          return throwStatus(instance, status);
      }
    }
  }

  #countEntered(): void {
    for (const step of this.pipeline.steps) {
      if (step.kind !== "probe") continue;
      const { entered } = defined(this.#environment.tables[step.table], "a table");
      this.#entered.set(step.table, (this.#entered.get(step.table) ?? 0) + entered);
    }
  }

  #instance(compiled: CompiledModule): Instance {
    const known = this.#instances.get(compiled);
    if (known !== undefined) return known;
    const { memory, control, stores, tables, scratch, compiled: plan } = this.#environment;
    const evaluation = new HostEvaluation(memory, scratch, control, plan.layout, compiled.hostCalls);
    const groups = (state: number): GroupStore | undefined =>
      stores.find((_, index) => control + plan.layout.aggregate(index) === state);
    const store = (state: number): GroupStore | RunTable => {
      const table = tables.find((_, index) => control + plan.layout.table(index) === state);
      // Compiled code knows no addresses but these.
      return defined(groups(state) ?? table, "a state");
    };
    const { exports } = new WebAssembly.Instance(compiled.module, {
      env: { memory: memory.memory },
      host: {
        growDirectory: (state = 0) => defined(groups(state), "an aggregate").growDirectory(),
        addRows: (state = 0) => Number(store(state).addRows()),
        addBytes: (state = 0, need = 0) => {
          const growing = groups(state - AggregateState.growing);
          if (growing === undefined) store(state).addBytes(need);
          else growing.addGrowingBytes(need);
        },
        evaluate: (number = 0) => evaluation.evaluate(number),
        addScratch: (need = 0) => scratch.reserve(need),
      },
    });
    const instance = { run: exports["run"] as Run, errors: compiled.errors };
    this.#instances.set(compiled, instance);
    return instance;
  }
}

const NO_STATS = {
  rowsIn: 0, rowsOut: 0, pages: 0, bytes: 0, timeNs: 0, memoryBytes: 0, redoPages: 0, spilledBytes: 0,
};

/** Whether a sink takes no row any more: its limit is reached. */
export function isFull(
  sink: PipelineSink, { compiled, control, memory }: Pick<RunEnvironment, "compiled" | "control" | "memory">,
): boolean {
  const isZero = (place: number): boolean => memory.view.getBigInt64(control + place, true) === 0n;
  if (sink.kind === "result") return sink.limit !== undefined && isZero(ControlBlock.takeRows);
  if (sink.kind !== "table" || sink.input.plan.limit === undefined) return false;
  return isZero(compiled.layout.table(sink.table) + TableState.takeRows);
}

/** Tables that must be finished before the pipeline runs. */
export function tablesOf(pipeline: Pipeline): readonly number[] {
  const { source } = pipeline;
  const probed = probedTables(pipeline);
  return source.kind === "table" ? [source.table, ...probed] : probed;
}

export function probedTables({ steps }: Pipeline): readonly number[] {
  return steps.flatMap((step) => (step.kind === "probe" ? [step.table] : []));
}

function throwStatus(instance: Instance, status: number): never {
  throwTemplate(defined(instance.errors[status - RunStatus.error], `status ${status}`));
}
