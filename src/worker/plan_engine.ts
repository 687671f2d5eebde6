// The engine as jobs use it: plan bytes to a running PlanExecution, with compiled plans kept per thread. Pages are
// verified here, once, before generated code sees them. The engine itself is src/runtime.
import type { JobOrder } from "#actors/ports.js";
import type { TransitionRecorder } from "#actors/table_actor.js";
import { defined } from "#base/assert.js";
import { decodePhysicalPlan } from "#codec/physical_codec.js";
import { compileExecution, type CompiledPlan } from "#runtime/compiled_plan.js";
import { PlanExecution } from "#runtime/execution.js";
import type { FilterPort } from "#runtime/filter_build.js";
import { Metric } from "#generated/metrics.js";
import type { EngineMemory } from "#runtime/memory.js";
import { PageBorrower } from "#runtime/morsels/page_borrower.js";
import type { MorselPort } from "#runtime/morsels/team.js";
import { verifyPage } from "#runtime/page_reader.js";
import { PlanCache } from "#runtime/plan_cache.js";
import type { ColumnType } from "#types/column_type.js";
import type { CountMetric, Engine, EngineJob, HelpTask, InputPage, PageLending } from "./executor_ports.js";
import { warmUpEngine } from "./engine_warm_up.js";
import { PageParts, type ReadPage } from "./page_parts.js";
import { parameterValues } from "./parameter_values.js";
import type { HelpDesk, HelpRequest } from "./peers.js";
import { leafColumns } from "./plan_leaves.js";
import { SpillDirectory, type SpillPlace } from "./spill_directory.js";

const BYTES_PER_KB = 1024;
/** Pages that came one after the other: producers are ahead, and another thread has something to do. */
const PAGES_BEHIND = 6;

class PlanJob implements EngineJob {
  readonly lending: PageLending;
  readonly #compiled: CompiledPlan;
  readonly #execution: PlanExecution;
  readonly #leaves: readonly (readonly ColumnType[])[];
  readonly #compileNsBefore: number;
  readonly #spill: SpillDirectory;
  readonly #parts: PageParts;
  /** The page that was refused is the page that comes again: it is verified already. */
  #verified: ReadPage | undefined;

  constructor(
    compiled: CompiledPlan, execution: PlanExecution, leaves: readonly (readonly ColumnType[])[],
    compileNsBefore: number, spill: SpillDirectory, parts: PageParts,
  ) {
    this.#compiled = compiled;
    this.#execution = execution;
    this.#leaves = leaves;
    this.#compileNsBefore = compileNsBefore;
    this.#spill = spill;
    this.#parts = parts;
    this.lending = {
      get threads() {
        return execution.threads;
      },
      lend: (leaf, page, behind) => {
        if (parts.isPart(leaf, page)) return false;
        this.#verify(leaf, page);
        return execution.lend(leaf, page.address, behind);
      },
      takeBack: () => execution.takeBack(),
      recall: () => execution.recall(),
    };
  }

  get leafCount(): number {
    return this.#leaves.length;
  }

  /** Of this execution alone: modules are compiled when a page first needs them, and stay for later ones. */
  get compileNs(): number {
    return this.#compiled.compileNs - this.#compileNsBefore;
  }

  get peakBytes(): number {
    return this.#execution.peakBytes;
  }

  get code() {
    return this.#execution.code;
  }

  get done(): boolean {
    return this.#execution.done;
  }

  get paused(): boolean {
    return this.#execution.paused;
  }

  wantedLeaves(): readonly number[] {
    return this.#execution.wantedLeaves();
  }

  pushPage(leaf: number, page: InputPage): boolean {
    const whole = this.#parts.whole(leaf, page);
    if (whole === undefined) return true;
    this.#verify(leaf, whole);
    const isRead = this.#execution.pushPage(leaf, whole.address);
    if (isRead) this.#parts.done(page);
    return isRead;
  }

  #verify(leaf: number, page: ReadPage): void {
    if (this.#verified === page) return;
    verifyPage(page.content(), defined(this.#leaves[leaf], "a leaf of the plan"));
    this.#verified = page;
  }

  finishLeaf(leaf: number): void {
    if (this.#execution.wantedLeaves().includes(leaf)) this.#parts.finish(leaf);
    this.#execution.finishLeaf(leaf);
  }

  offerPart(): boolean {
    return this.#execution.offerPart();
  }

  takeResult() {
    return this.#execution.takeResult();
  }

  stats() {
    return this.#execution.stats();
  }

  dispose(): void {
    try {
      this.#execution.dispose();
    } finally {
      this.#spill.remove();
    }
  }
}

export class PlanEngine implements Engine {
  readonly #memory: EngineMemory;
  readonly #pageBytes: number;
  readonly #count: CountMetric;
  readonly #place: SpillPlace;
  readonly #desk: HelpDesk | undefined;
  readonly #cache = new PlanCache();

  /** Without a desk, each job keeps to its thread. */
  constructor(memory: EngineMemory, pageBytes: number, place: SpillPlace, desk?: HelpDesk) {
    this.#desk = desk;
    this.#memory = memory;
    this.#pageBytes = pageBytes;
    this.#count = place.count;
    this.#place = place;
  }

  start({ lease, start }: JobOrder, filters: FilterPort, spilled: TransitionRecorder): EngineJob {
    const { plan: bytes } = start;
    const { compiled, fresh } = this.#compiled(bytes);
    this.#count(fresh ? Metric.workerPlanCacheMisses : Metric.workerPlanCacheHits, 1);
    const compileNsBefore = fresh ? 0 : compiled.compileNs;
    const leaves = leafColumns(compiled.plan.root, compiled.plan.leafCount);
    const spill = new SpillDirectory(this.#place, lease, start.spillLimitKb, spilled);
    const execution = new PlanExecution(compiled, {
      memory: this.#memory,
      resultBytes: this.#pageBytes,
      parameters: parameterValues(compiled.plan, start.parameters),
      filters,
      ...this.#morsels(start),
      ...(start.memoryKb > 0 ? { spill: { bytes: start.memoryKb * BYTES_PER_KB, port: spill } } : {}),
    });
    return new PlanJob(compiled, execution, leaves, compileNsBefore, spill, new PageParts(this.#memory, execution));
  }

  /** Help for a job of another thread; `wake` ends that thread's sleep. */
  help({ plan, parameters, order }: HelpRequest, wake: () => void): HelpTask {
    return new PageBorrower(this.#memory, order, () => {
      const { compiled } = this.#compiled(plan);
      return { compiled, parameters: parameterValues(compiled.plan, parameters) };
    }, wake);
  }

  #compiled(bytes: Uint8Array): { readonly compiled: CompiledPlan; readonly fresh: boolean } {
    // The whole bytes are the key: a digest that two plans share would answer one with the other.
    const key = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
    let fresh = false;
    const compiled = this.#cache.plan(key, () => {
      fresh = true;
      return compileExecution(decodePhysicalPlan(bytes), this.#cache);
    });
    return { compiled, fresh };
  }

  #morsels({ plan, parameters }: JobOrder["start"]): { readonly morsels?: MorselPort } {
    const desk = this.#desk;
    if (desk === undefined || desk.count === 0) return {};
    return {
      morsels: {
        helpersMax: desk.count,
        pagesBehind: PAGES_BEHIND,
        // A copy of its own: a message carries all of the memory that its bytes are a part of.
        invite: (order) => desk.invite({ plan: plan.slice(), parameters, order }),
      },
    };
  }

  warmUp(plan: Uint8Array): void {
    warmUpEngine(plan, this.#memory, this.#cache);
  }
}
