// The engine as jobs use it: plan bytes to a running PlanExecution, with compiled plans kept per thread. Pages are
// verified here, once, before generated code sees them. The engine itself is src/runtime.
import type { JobOrder } from "#actors/ports.js";
import { defined } from "#base/assert.js";
import { decodePhysicalPlan } from "#codec/physical_codec.js";
import { compileExecution, type CompiledPlan } from "#runtime/compiled_plan.js";
import { PlanExecution } from "#runtime/execution.js";
import type { FilterPort } from "#runtime/filter_build.js";
import { Metric } from "#generated/metrics.js";
import type { EngineMemory } from "#runtime/memory.js";
import { verifyPage } from "#runtime/page_reader.js";
import { PlanCache } from "#runtime/plan_cache.js";
import type { ColumnType } from "#types/column_type.js";
import type { CountMetric, Engine, EngineJob, InputPage } from "./executor_ports.js";
import { warmUpEngine } from "./engine_warm_up.js";
import { parameterValues } from "./parameter_values.js";
import { leafColumns } from "./plan_leaves.js";

class PlanJob implements EngineJob {
  readonly #compiled: CompiledPlan;
  readonly #execution: PlanExecution;
  readonly #leaves: readonly (readonly ColumnType[])[];
  readonly #compileNsBefore: number;
  /** The page that was refused is the page that comes again: it is verified already. */
  #verified: InputPage | undefined;

  constructor(
    compiled: CompiledPlan, execution: PlanExecution, leaves: readonly (readonly ColumnType[])[],
    compileNsBefore: number,
  ) {
    this.#compiled = compiled;
    this.#execution = execution;
    this.#leaves = leaves;
    this.#compileNsBefore = compileNsBefore;
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
    if (this.#verified !== page) {
      verifyPage(page.content(), defined(this.#leaves[leaf], "a leaf of the plan"));
      this.#verified = page;
    }
    return this.#execution.pushPage(leaf, page.address);
  }

  finishLeaf(leaf: number): void {
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
    this.#execution.dispose();
  }
}

export class PlanEngine implements Engine {
  readonly #memory: EngineMemory;
  readonly #pageBytes: number;
  readonly #count: CountMetric;
  readonly #cache = new PlanCache();

  constructor(memory: EngineMemory, pageBytes: number, count: CountMetric) {
    this.#memory = memory;
    this.#pageBytes = pageBytes;
    this.#count = count;
  }

  start({ start }: JobOrder, filters: FilterPort): EngineJob {
    // The whole bytes are the key: a digest that two plans share would answer one with the other.
    const { plan: bytes } = start;
    const key = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
    let fresh = false;
    const compiled = this.#cache.plan(key, () => {
      fresh = true;
      return compileExecution(decodePhysicalPlan(bytes), this.#cache);
    });
    this.#count(fresh ? Metric.workerPlanCacheMisses : Metric.workerPlanCacheHits, 1);
    const compileNsBefore = fresh ? 0 : compiled.compileNs;
    const leaves = leafColumns(compiled.plan.root, compiled.plan.leafCount);
    const execution = new PlanExecution(compiled, {
      memory: this.#memory,
      resultBytes: this.#pageBytes,
      parameters: parameterValues(compiled.plan, start.parameters),
      filters,
    });
    return new PlanJob(compiled, execution, leaves, compileNsBefore);
  }

  warmUp(plan: Uint8Array): void {
    warmUpEngine(plan, this.#memory, this.#cache);
  }
}
