// What one execution retains: its aggregates' groups and its tables, with those it opens when it spills, what each of
// them holds or has written for which operator, and when they are not needed any more. Read next: group_store.ts,
// table_store.ts, memory_budget.ts.
import type { Pipeline } from "#lowering/pipeline.js";
import type { SpillKernel } from "#lowering/spill_module.js";
import type { TablePlan } from "#lowering/table_plan.js";
import { inputsOf } from "#plan/columns_of.js";
import type { PhysicalOperator } from "#plan/physical.js";
import type { Arena } from "./arena.js";
import type { CompiledModule, CompiledPlan } from "./compiled_plan.js";
import { GroupStore } from "./group_store.js";
import type { Kernels } from "./kernels.js";
import type { TeamSink } from "./morsels/team.js";
import { MemoryBudget, type SpillOptions } from "./memory_budget.js";
import type { SortKernel } from "./row_order.js";
import type { WindowCode } from "./row_window.js";
import { type SpillTally, counting } from "./spill/spill_port.js";
import type { TableOwner } from "./spill/spilled_stages.js";
import { TableStore } from "./table_store.js";

/** What an operator has, beside what it is. */
interface Holding {
  readonly part: Arena;
  readonly tally: SpillTally;
  readonly operator: number | undefined;
}

export class ExecutionStores {
  readonly aggregates: readonly GroupStore[];
  /** The plan's, then those of pipelines that spill, as they are opened. */
  readonly tables: (TableStore | undefined)[] = [];
  readonly #compiled: CompiledPlan;
  readonly #arena: Arena;
  readonly #control: number;
  readonly #kernels: Kernels;
  readonly #budget: MemoryBudget;
  readonly #holdings: Holding[] = [];
  /** Modules over ordered rows that ran. */
  readonly #ordering = new Set<CompiledModule>();

  constructor(
    compiled: CompiledPlan, arena: Arena, control: number, kernels: Kernels, spill: SpillOptions | undefined,
  ) {
    this.#compiled = compiled;
    this.#arena = arena;
    this.#control = control;
    this.#kernels = kernels;
    const { layout, pipelines: { aggregates, tables } } = compiled;
    this.#budget = new MemoryBudget(arena, spill, aggregates.length + tables.length);
    this.aggregates = aggregates.map((plan, aggregate) => {
      const { part, tally } = this.#hold({ kind: "groups", aggregate });
      return new GroupStore({
        arena: part,
        kernels,
        plan,
        state: control + layout.aggregate(aggregate),
        groupsEstimate: aggregate === 0 ? groupsEstimate(compiled) : 0,
        budget: this.#budget,
        port: this.#budget.port && counting(this.#budget.port, tally),
        store: this.#placeOf({ kind: "groups", aggregate }),
      });
    });
    tables.forEach((plan, table) => this.#openTable(table, plan, { kind: "table", table }, false));
  }

  /** A table between two parts of a pipeline that spills. */
  openTable(table: number, plan: TablePlan, owner: TableOwner): TableStore {
    return this.#openTable(table, plan, owner, true);
  }

  /** What a pipeline fills, and what each of several threads that fill it may hold. */
  sinkOf({ sink }: Pipeline): TeamSink | undefined {
    if (sink.kind === "aggregate") {
      const store = this.aggregates[sink.aggregate];
      const place = this.#placeOf({ kind: "groups", aggregate: sink.aggregate });
      const bytesMax = (threads: number): number => this.#budget.helperBytes(place, threads);
      return store && { kind: "groups", store, bytesMax };
    }
    const store = sink.kind === "table" ? this.tables[sink.table] : undefined;
    if (sink.kind !== "table" || store === undefined) return undefined;
    const place = this.#placeOf({ kind: "table", table: sink.table });
    return { kind: "rows", store, bytesMax: (threads) => this.#budget.helperBytes(place, threads) };
  }

  /** Of one piece of memory for rows. */
  get chunkBytes(): number {
    return this.#budget.chunkBytes;
  }

  /** Modules over ordered rows that ran. */
  get ordering(): ReadonlySet<CompiledModule> {
    return this.#ordering;
  }

  /** Most bytes each operator has held. */
  memoryByOperator(): ReadonlyMap<number, number> {
    return this.#byOperator(({ part }) => part.peakBytes);
  }

  spilledByOperator(): ReadonlyMap<number, number> {
    return this.#byOperator(({ tally }) => tally.bytes);
  }

  /** Gives back what no pipeline behind the given one reads; `kept` are tables that something else still does. */
  release(done: number, kept: ReadonlySet<number>): void {
    const later = this.#compiled.pipelines.pipelines.slice(done + 1);
    this.aggregates.forEach((store, aggregate) => {
      if (!later.some((pipeline) => usesGroups(pipeline, aggregate))) store.release();
    });
    this.#compiled.pipelines.tables.forEach((_, table) => {
      if (!kept.has(table) && !later.some((pipeline) => usesTable(pipeline, table))) this.tables[table]?.release();
    });
  }

  #byOperator(amount: (holding: Holding) => number): ReadonlyMap<number, number> {
    const sums = new Map<number, number>();
    for (const holding of this.#holdings) {
      const { operator } = holding;
      if (operator !== undefined) sums.set(operator, (sums.get(operator) ?? 0) + amount(holding));
    }
    return sums;
  }

  #hold(owner: TableOwner): Holding {
    const { pipelines } = this.#compiled.pipelines;
    const operator = owner.kind === "groups"
      ? ownerOfGroups(pipelines, owner.aggregate)
      : ownerOfTable(pipelines, owner.table);
    const holding = { part: this.#arena.part(), tally: { bytes: 0, files: 0 }, operator };
    this.#holdings.push(holding);
    return holding;
  }

  /** `always`: all its rows go to disk. */
  #openTable(table: number, plan: TablePlan, owner: TableOwner, always: boolean): TableStore {
    const { part: arena, tally } = this.#hold(owner);
    const { port, chunkBytes, readBytes } = this.#budget;
    const spills = port !== undefined && (always || plan.spills);
    const store = new TableStore({
      arena,
      kernels: this.#kernels,
      plan,
      state: this.#control + this.#compiled.layout.table(table),
      code: {
        sort: () => this.#ordered(this.#compiled.sortModule(table)) as unknown as SortKernel,
        window: () => {
          const module = this.#compiled.windowModule(table);
          return { compiled: module, exports: this.#ordered(module) as unknown as WindowCode["exports"] };
        },
      },
      spillable: spills
        ? {
            budget: this.#budget,
            port: counting(port, tally),
            store: this.#placeOf(owner),
            kernel: () => this.#spillKernel(plan),
            always,
          }
        : undefined,
      chunkBytesMax: always ? readBytes : chunkBytes,
    });
    this.tables[table] = store;
    return store;
  }

  /** Stores in the order in which they fill. */
  #placeOf(owner: TableOwner): number {
    const { pipelines } = this.#compiled.pipelines;
    const at = pipelines.findIndex(({ sink }) => owner.kind === "groups"
      ? sink.kind === "aggregate" && sink.aggregate === owner.aggregate
      : sink.kind === "table" && sink.table === owner.table);
    return new Set(pipelines.slice(0, Math.max(0, at)).map(({ sink }) => {
      if (sink.kind === "aggregate") return `groups ${sink.aggregate}`;
      return sink.kind === "table" ? `table ${sink.table}` : "none";
    }).filter((name) => name !== "none")).size;
  }

  #ordered(compiled: CompiledModule): Readonly<Record<string, unknown>> {
    this.#ordering.add(compiled);
    return new WebAssembly.Instance(compiled.module, {
      env: { memory: this.#arena.memory.memory },
      host: {
        growDirectory: noMemoryNeeded, addRows: noMemoryNeeded, addBytes: noMemoryNeeded, evaluate: noMemoryNeeded,
        addScratch: noMemoryNeeded,
      },
    }).exports;
  }

  #spillKernel(plan: TablePlan): SpillKernel {
    const { exports } = new WebAssembly.Instance(this.#compiled.spillModule(plan), {
      env: { memory: this.#arena.memory.memory },
    });
    return exports as unknown as SpillKernel;
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

function usesGroups({ source, sink }: Pipeline, aggregate: number): boolean {
  return (source.kind === "groups" && source.aggregate === aggregate) ||
    (sink.kind === "aggregate" && sink.aggregate === aggregate);
}

function usesTable({ source, steps, sink }: Pipeline, table: number): boolean {
  return (source.kind === "table" && source.table === table) || (sink.kind === "table" && sink.table === table) ||
    steps.some((step) => step.kind === "probe" && step.table === table);
}
