// A thread that helps another with one pipeline of an execution: it runs the same compiled code over pages that are
// lent to it, into groups or rows of its own, which the owner takes over at the end. It reads the owner's finished
// tables and constants, writes to its own memory only, and touches neither once the gate is closed. Pages are the
// owner's to give back. Read next: board.ts, team.ts.
import { assert, defined } from "#base/assert.js";
import { asFusionError } from "#base/errors.js";
import type { Scalar } from "#expr/expression.js";
import { scalarMagnitude } from "#lowering/bounds.js";
import { AggregateState, ControlBlock, TableState } from "#lowering/control_block.js";
import type { Pipeline } from "#lowering/pipeline.js";
import type { TablePlan } from "#lowering/table_plan.js";
import { Arena } from "../arena.js";
import type { CompiledPlan } from "../compiled_plan.js";
import { GroupStore } from "../group_store.js";
import { instantiateKernels, type Kernels } from "../kernels.js";
import type { EngineMemory } from "../memory.js";
import { MemoryBudget, SHARE_KEPT_FREE } from "../memory_budget.js";
import { PageFacts } from "../page_facts.js";
import { PipelineRun, type RunEnvironment, type RunTable, probedTables } from "../pipeline_run.js";
import { RowScratch } from "../row_scratch.js";
import { TableStore, measuredMagnitude } from "../table_store.js";
import { Board } from "./board.js";

/** What the owner asks for. */
export interface HelpOrder {
  readonly board: SharedArrayBuffer;
  /** Address of the owner's control block. */
  readonly control: number;
  /** Place among the plan's pipelines. */
  readonly pipeline: number;
  readonly visitsPerCall: number;
  /** What the helper may hold before it asks for no more pages. */
  readonly bytesMax: number;
  /** Of one piece of memory for rows. */
  readonly chunkBytes: number;
}

/** What it is about, as the helper's thread finds it. */
export interface HelpedPlan {
  readonly compiled: CompiledPlan;
  readonly parameters: ReadonlyMap<number, Scalar>;
}

/** Pages a helper may take before others of its thread get their turn. */
const PAGES_PER_STEP = 4;

export class PageBorrower {
  readonly #memory: EngineMemory;
  readonly #order: HelpOrder;
  readonly #board: Board;
  readonly #plan: () => HelpedPlan;
  readonly #wake: () => void;
  #arena: Arena | undefined;
  #run: PipelineRun | undefined;
  ended = false;

  /** `plan` is asked once there is a page; `wake` is called for every page that is done. */
  constructor(memory: EngineMemory, order: HelpOrder, plan: () => HelpedPlan, wake: () => void) {
    this.#memory = memory;
    this.#order = order;
    this.#board = new Board(order.board);
    this.#plan = plan;
    this.#wake = wake;
  }

  /** One turn; tells whether anything moved. */
  step(): boolean {
    let moved = false;
    for (let turn = 0; turn < PAGES_PER_STEP && !this.ended; turn++) {
      if (!this.#board.enter()) {
        // The memory it had is the owner's by now, and so is the board.
        this.ended = true;
        return true;
      }
      try {
        if (!this.#work()) break;
        moved = true;
      } finally {
        this.#board.leave();
      }
    }
    return moved;
  }

  /** Inside the gate: a page, or a part of one. */
  #work(): boolean {
    const { page } = this.#board;
    if (page === undefined) return false;
    try {
      const run = (this.#run ??= this.#open());
      assert(run.prepare(), "all it reads is there");
      const consumed = run.consume(page);
      if (consumed === "paused") return true;
      assert(consumed === "done", "a sink that is never full");
      this.#board.finishPage(run.numbers, this.#isPressed);
    } catch (error) {
      this.#fail(error);
    }
    this.#wake();
    return true;
  }

  #fail(thrown: unknown): void {
    try {
      this.#board.fail(asFusionError(thrown), this.#arena);
    } catch (shortage) {
      this.#board.fail(asFusionError(shortage), this.#arena);
    }
  }

  get #isPressed(): boolean {
    const { freeBytes, stateBytes } = this.#memory;
    const held = defined(this.#arena, "memory of its own").heldBytes;
    return held > this.#order.bytesMax || freeBytes < stateBytes * SHARE_KEPT_FREE;
  }

  #open(): PipelineRun {
    const { compiled, parameters } = this.#plan();
    const pipeline = defined(compiled.pipelines.pipelines[this.#order.pipeline], "a pipeline of the plan");
    const arena = (this.#arena = new Arena(this.#memory));
    const { bytes, view } = this.#memory;
    const { layout } = compiled;
    // The board must know whose memory it is before there is any.
    this.#board.begin(arena.owner, 0);
    const control = arena.allocate(layout.bytes);
    bytes.copyWithin(control, this.#order.control, this.#order.control + layout.bytes);
    for (const field of [ControlBlock.scratchStart, ControlBlock.scratchNext, ControlBlock.scratchEnd])
      view.setUint32(control + field, 0, true);
    const kernels = instantiateKernels(this.#memory.memory);
    const sink = openSink(pipeline, compiled, arena, control, kernels, this.#order);
    this.#board.begin(arena.owner, sink.state);
    const environment: RunEnvironment = {
      compiled, memory: this.#memory, control,
      stores: sink.stores,
      tables: compiled.pipelines.tables.map((plan, table) =>
        sink.tables[table] ?? (probedTables(pipeline).includes(table)
          ? new FinishedTable(this.#memory, plan, control + layout.table(table)) : undefined)),
      scratch: new RowScratch(arena, control),
      result: undefined,
      facts: new PageFacts(view, kernels),
      visitsPerCall: this.#order.visitsPerCall,
      parameterMagnitude: (id) => scalarMagnitude(parameters.get(id) ?? null),
    };
    return new PipelineRun(environment, pipeline, () => pipeline);
  }
}

/** An empty sink of the helper's own in the place of the owner's. */
function openSink(
  pipeline: Pipeline, compiled: CompiledPlan, arena: Arena, control: number, kernels: Kernels,
  { chunkBytes }: HelpOrder,
): { readonly state: number; readonly stores: GroupStore[]; readonly tables: TableStore[] } {
  const { sink } = pipeline;
  const { layout } = compiled;
  const [stores, tables]: [GroupStore[], TableStore[]] = [[], []];
  const { bytes } = arena.memory;
  if (sink.kind === "aggregate") {
    const state = control + layout.aggregate(sink.aggregate);
    bytes.fill(0, state, state + AggregateState.SIZE);
    const budget = new MemoryBudget(arena, undefined, 1);
    stores[sink.aggregate] = new GroupStore({
      arena, kernels, plan: defined(compiled.pipelines.aggregates[sink.aggregate], "an aggregate"), state,
      groupsEstimate: 0, budget, port: undefined, store: 0,
    });
    return { state, stores, tables };
  }
  assert(sink.kind === "table", "groups or rows of a table");
  const state = control + layout.table(sink.table);
  bytes.fill(0, state, state + TableState.SIZE);
  const noOrder = (): never => {
    throw new Error("the owner orders the rows");
  };
  tables[sink.table] = new TableStore({
    arena, kernels, plan: defined(compiled.pipelines.tables[sink.table], "a table"), state,
    code: { sort: noOrder, window: noOrder }, spillable: undefined, chunkBytesMax: chunkBytes,
    isHelpers: true,
  });
  return { state, stores, tables };
}

/** A table of the owner's: complete, and only read. */
class FinishedTable implements RunTable {
  readonly #memory: EngineMemory;
  readonly #plan: TablePlan;
  readonly #state: number;

  constructor(memory: EngineMemory, plan: TablePlan, state: number) {
    this.#memory = memory;
    this.#plan = plan;
    this.#state = state;
  }

  get rowsDelivered(): number {
    return this.#get(TableState.groups);
  }

  get entered(): number {
    return this.#get(TableState.entered);
  }

  finish(): boolean {
    return true;
  }

  makeRoom(): boolean {
    return true;
  }

  magnitude(column: number): number {
    return measuredMagnitude(this.#memory, this.#plan, this.#get(TableState.magnitudes), column);
  }

  addRows(): boolean {
    throw new Error("a finished table takes no rows");
  }

  addBytes(): void {
    throw new Error("a finished table takes no strings");
  }

  #get(field: number): number {
    return this.#memory.view.getUint32(this.#state + field, true);
  }
}
