// Whether a plan's result depends on the order in which its scans deliver rows. Scans with several producers deliver
// in no order, so such a plan has one producer for each scan, as if PostgreSQL ran it without workers. Which rows
// a LIMIT keeps is not meant: SQL leaves that open, and PostgreSQL with workers does too.
import type { EngineType } from "#types/engine_type.js";
import { columnsOf, inputsOf } from "./columns_of.js";
import type { AggregateCall, PhysicalOperator, PhysicalPlan, WindowCall } from "./physical.js";

/** Sums round at every step, and equal values can look different (-0 and 0, signs of NaN): the first one is kept. */
function isFloat(type: EngineType | undefined): boolean {
  return type?.kind === "float4" || type?.kind === "float8";
}

/** Which of the rows that SQL leaves unordered a window function picks is not meant, as for LIMIT. */
function keepsFirstFloat({ function: name, result }: WindowCall): boolean {
  return (name === "min" || name === "max") && isFloat(result.engine);
}

/** Whether an aggregate's result holds every value it was given, one behind the other. */
export function keepsAllValues({ function: name }: Pick<AggregateCall, "function">): boolean {
  return name === "concatenate" || name === "collect";
}

function dependsOnOrder(operator: PhysicalOperator): boolean {
  if (operator.kind === "hashAggregate" && operator.aggregates.some(keepsAllValues)) return true;
  // Keys come first, then results of the argument's own type family: a float result is a sum, a minimum or a maximum.
  if (operator.kind === "hashAggregate" && columnsOf(operator).some(({ engine }) => isFloat(engine))) return true;
  if (operator.kind === "window" && operator.calls.some(keepsFirstFloat)) return true;
  return inputsOf(operator).some(dependsOnOrder);
}

export function orderMatters(plan: PhysicalPlan): boolean {
  return dependsOnOrder(plan.root);
}
