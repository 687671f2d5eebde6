// What the planner decides about a statement: the engine's plan, what the scan leaf produces, and what PostgreSQL finds
// in place of which nodes above the scan. Everything a PlanReady says, before it is bytes.
import type { NamedColumn, PhysicalOperator, PhysicalPlan } from "#plan/physical.js";
import type { OutputColumn, PlanReady } from "#plan/planning.js";

/** What of the answer is decided here; `rows` is an estimate of the engine's. */
type Decided = Pick<
  PlanReady, "leaves" | "replacements" | "edgeQuals" | "didAggregate" | "didDistinct" | "didWindow" | "rows">;

export interface PlannedStatement
  extends Decided, Pick<PlanReady, "outputs" | "didWhere" | "didSort" | "didLimit"> {
  readonly plan: PhysicalPlan;
  /** Names of each leaf's columns, for EXPLAIN. */
  readonly leafNames: readonly (readonly string[])[];
  /** Why steps the engine could have taken were left to PostgreSQL, for EXPLAIN. */
  readonly notes: readonly string[];
}

/** A statement whose root's columns are the outputs. PostgreSQL always sorts and limits above. */
export function plannedStatement(
  root: PhysicalOperator, outputs: readonly NamedColumn[],
  decided: Decided & Pick<PlannedStatement, "leafNames" | "notes">,
): PlannedStatement {
  return {
    ...decided, didWhere: true, didSort: false, didLimit: false,
    plan: { version: 1, root, leafCount: decided.leaves.length, outputs, parameters: [] },
    outputs: outputs.map(outputColumn),
  };
}

function outputColumn({ name, type }: NamedColumn): OutputColumn {
  const { sqlType, typmod, collation, encoding, scale } = type;
  return { name, type: sqlType, typmod, collation, encoding, scale };
}
