// What the planner decides about a statement: the engine's plan, what the scan leaf produces, and what PostgreSQL finds
// in place of which nodes above the scan. Everything a PlanReady says, before it is bytes.
import type { PhysicalPlan } from "#plan/physical.js";
import type { EdgeReplacement, Leaf, OutputColumn } from "#plan/planning.js";

export interface PlannedStatement {
  readonly plan: PhysicalPlan;
  readonly leaves: readonly Leaf[];
  /** Names of each leaf's columns, for EXPLAIN. */
  readonly leafNames: readonly (readonly string[])[];
  readonly outputs: readonly OutputColumn[];
  readonly replacements: readonly EdgeReplacement[];
  /** Conditions PostgreSQL evaluates on the engine's rows, as nodes. */
  readonly edgeQuals: readonly number[];
  readonly didWhere: boolean;
  readonly didAggregate: boolean;
  readonly didDistinct: boolean;
  readonly didSort: boolean;
  readonly didLimit: boolean;
  readonly didWindow: boolean;
  /** Estimate of the engine's rows. */
  readonly rows: number;
  /** Why steps the engine could have taken were left to PostgreSQL, for EXPLAIN. */
  readonly notes: readonly string[];
}
