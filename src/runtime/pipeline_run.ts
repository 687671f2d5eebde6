// One pipeline at work: chooses the variant each page allows, calls compiled code, and turns its status into progress
// or an error. Read next: lowering/pipeline_module.ts, lowering/bounds.ts.
import { assert, defined } from "#base/assert.js";
import type { OperatorStats } from "#codec/execution_message.js";
import { throwTemplate } from "#functions/error_templates.js";
import type { ErrorTemplate } from "#functions/function.js";
import { NARROW_LIMIT, type ParameterMagnitude } from "#lowering/bounds.js";
import { ControlBlock, RunStatus } from "#lowering/control_block.js";
import { GROUPS_VARIANT, type Variant } from "#lowering/function_context.js";
import type { Pipeline } from "#lowering/pipeline.js";
import type { CompiledModule, CompiledPlan } from "./compiled_plan.js";
import type { GroupStore } from "./group_store.js";
import type { EngineMemory } from "./memory.js";
import type { PageFacts } from "./page_facts.js";
import type { ResultPage } from "./result_page.js";

export interface RunEnvironment {
  readonly compiled: CompiledPlan;
  readonly memory: EngineMemory;
  /** Address of the control block. */
  readonly control: number;
  readonly stores: readonly GroupStore[];
  readonly result: ResultPage;
  readonly facts: PageFacts;
  readonly parameterMagnitude: ParameterMagnitude;
}

type Run = (control: number, page: number, from: number) => number;

interface Instance {
  readonly run: Run;
  readonly errors: readonly ErrorTemplate[];
}

export class PipelineRun {
  readonly pipeline: Pipeline;
  readonly #environment: RunEnvironment;
  readonly #instances = new Map<CompiledModule, Instance>();
  /** Row or group to go on with after a full result page. */
  #resume: number | undefined;
  #variant: Variant = GROUPS_VARIANT;
  /** Columns in which some page so far held NULLs: grows, so that few variants are ever compiled. */
  #nullColumns: ReadonlySet<number> = new Set();
  /** Bound of what narrow code may have added to any sum since the last flush. */
  #pending = 0;
  #rowsIn = 0;
  #rowsOut = 0;
  #pages = 0;
  #bytes = 0;
  /** Pages that needed more than narrow code. */
  #widePages = 0;
  #timeNs = 0n;

  constructor(environment: RunEnvironment, pipeline: Pipeline) {
    this.#environment = environment;
    this.pipeline = pipeline;
  }

  /** Whether a page or the groups are consumed only in part. */
  get suspended(): boolean {
    return this.#resume !== undefined;
  }

  /** Consumes a page, or all groups (page 0). False: the result page is full, call again. */
  consume(page: number): boolean {
    const start = process.hrtime.bigint();
    try {
      if (this.#resume === undefined) this.#variant = this.#open(page);
      return this.#run(page, this.#resume ?? 0);
    } finally {
      this.#timeNs += process.hrtime.bigint() - start;
    }
  }

  /** The pipeline's numbers, attributed to its operators; its memory and time to the last of them. */
  stats(memoryBytes: number): readonly OperatorStats[] {
    const { operators, source } = this.pipeline;
    return operators.slice(source.kind === "pages" ? 0 : 1).map((operator, index, all) => {
      const last = index === all.length - 1;
      const isScan = source.kind === "pages" && index === 0;
      return {
        operator,
        rowsIn: this.#rowsIn,
        rowsOut: isScan ? this.#rowsIn : last ? (this.#sinkGroups() ?? this.#rowsOut) : this.#rowsOut,
        pages: isScan ? this.#pages : 0,
        bytes: isScan ? this.#bytes : 0,
        timeNs: last ? Number(this.#timeNs) : 0,
        memoryBytes: last ? memoryBytes : 0,
        redoPages: last ? this.#widePages : 0,
      };
    });
  }

  #sinkGroups(): number | undefined {
    const { sink } = this.pipeline;
    return sink.kind === "aggregate" ? this.#environment.stores[sink.aggregate]?.groups : undefined;
  }

  #open(page: number): Variant {
    const { source } = this.pipeline;
    if (source.kind === "groups") {
      this.#rowsIn = defined(this.#environment.stores[source.aggregate], "an aggregate").groups;
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
    const { bounds, sink } = this.pipeline;
    if (bounds.isTrivial) return "narrow";
    const { facts, parameterMagnitude } = this.#environment;
    const magnitudes = new Map<number, number>();
    const addend = bounds.largestAddend((column) => {
      const known = magnitudes.get(column);
      if (known !== undefined) return known;
      const magnitude = facts.magnitude(column);
      magnitudes.set(column, magnitude);
      return magnitude;
    }, parameterMagnitude);
    if (addend === undefined) return "wide";
    const more = addend * facts.rows;
    if (more >= NARROW_LIMIT) return "wideSums";
    if (this.#pending + more < NARROW_LIMIT) {
      this.#pending += more;
      return "narrow";
    }
    assert(sink.kind === "aggregate", "only aggregates sum");
    // Flushing visits every group: with more groups than rows adding to 128 bits is cheaper.
    if (defined(this.#environment.stores[sink.aggregate], "an aggregate").groups > facts.rows)
      return "wideSums";
    this.#flush(sink.aggregate);
    this.#pending = more;
    return "narrow";
  }

  #flush(aggregate: number): void {
    const { compiled, control } = this.#environment;
    const instance = this.#instance(compiled.flushModule(aggregate));
    const status = instance.run(control, 0, 0);
    if (status !== RunStatus.done) throwStatus(instance, status);
  }

  #run(page: number, from: number): boolean {
    const { compiled, memory, control, result } = this.#environment;
    const instance = this.#instance(compiled.pipelineModule(this.pipeline, this.#variant));
    memory.view.setUint32(control + ControlBlock.resultPage, result.address, true);
    let start = from;
    for (;;) {
      const status = instance.run(control, page, start);
      this.#rowsOut += memory.view.getUint32(control + ControlBlock.sinkRows, true);
      const next = memory.view.getUint32(control + ControlBlock.resume, true);
      switch (status) {
        case RunStatus.done:
          this.#resume = undefined;
          return true;
        case RunStatus.outputFull:
          this.#resume = next;
          return false;
        case RunStatus.rowTooLarge:
          result.resetForOneRow();
          start = next;
          break;
        default:
          return throwStatus(instance, status);
      }
    }
  }

  #instance(compiled: CompiledModule): Instance {
    const known = this.#instances.get(compiled);
    if (known !== undefined) return known;
    const { memory, control, stores, compiled: plan } = this.#environment;
    const store = (state: number): GroupStore => {
      const index = stores.findIndex((_, aggregate) => control + plan.layout.aggregate(aggregate) === state);
      return defined(stores[index], "an aggregate state");
    };
    const { exports } = new WebAssembly.Instance(compiled.module, {
      env: { memory: memory.memory },
      host: {
        growDirectory: (state = 0) => store(state).growDirectory(),
        addRows: (state = 0) => store(state).addRows(),
        addBytes: (state = 0, need = 0) => store(state).addBytes(need),
      },
    });
    const instance = { run: exports["run"] as Run, errors: compiled.errors };
    this.#instances.set(compiled, instance);
    return instance;
  }
}

function throwStatus(instance: Instance, status: number): never {
  throwTemplate(defined(instance.errors[status - RunStatus.error], `status ${status}`));
}
