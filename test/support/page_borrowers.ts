// Threads that help an execution, without threads: helpers on the same memory that take a step when the test says so.
import type { Scalar } from "#expr/expression.js";
import type { PhysicalPlan } from "#plan/physical.js";
import { compileExecution } from "#runtime/compiled_plan.js";
import type { EngineMemory } from "#runtime/memory.js";
import { PageBorrower, type HelpOrder } from "#runtime/morsels/page_borrower.js";
import type { InvitedHelper, MorselPort } from "#runtime/morsels/team.js";
import type { PlanCache } from "#runtime/plan_cache.js";
import type { Dice } from "./random_plans.js";

export interface HelperSetting {
  readonly helpersMax: number;
  readonly dice: Dice;
  /** What one helper may hold; else what the owner says. */
  readonly bytesMax?: number;
}

/** Of the memory that executions use first. */
const WATCHED_BYTES = 1024 * 1024;

export class PageBorrowers implements MorselPort {
  readonly helpersMax: number;
  readonly pagesBehind = 0;
  readonly #setting: HelperSetting;
  readonly #memory: EngineMemory;
  readonly #make: (order: HelpOrder) => PageBorrower;
  readonly #helpers: PageBorrower[] = [];
  wakes = 0;

  constructor(
    setting: HelperSetting, memory: EngineMemory, cache: PlanCache, plan: PhysicalPlan,
    parameters: ReadonlyMap<number, Scalar>,
  ) {
    this.helpersMax = setting.helpersMax;
    this.#setting = setting;
    this.#memory = memory;
    // Each thread compiles the plan for itself.
    const open = () => ({ compiled: compileExecution(plan, cache), parameters });
    this.#make = (order) => new PageBorrower(memory, order, open, () => void this.wakes++);
  }

  invite(order: HelpOrder): InvitedHelper | undefined {
    const { dice, bytesMax } = this.#setting;
    if (dice.chance(10)) return undefined;
    this.#helpers.push(this.#make({ ...order, bytesMax: bytesMax ?? order.bytesMax }));
    return { wake: () => undefined };
  }

  /** One of them takes a turn. */
  step(): void {
    if (this.#helpers.length > 0) this.#setting.dice.pick(this.#helpers).step();
  }

  /** They are not needed any more: they are to notice it at their next turn, and to leave all memory as it is. */
  end(): void {
    const { bytes, layout } = this.#memory;
    const state = bytes.subarray(layout.stateOffset, layout.stateOffset + WATCHED_BYTES);
    const before = Buffer.from(state);
    for (const helper of this.#helpers) helper.step();
    if (!before.equals(state)) throw new Error("a helper writes to memory that is not its own any more");
    if (!this.#helpers.every(({ ended }) => ended)) throw new Error("a helper works on");
  }
}
