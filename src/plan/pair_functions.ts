// The aggregates over pairs of numbers, as a list: regression, covariance, correlation. What they compute is
// lowering/aggregate_pairs.ts's.
import type { AggregateFunction, PairFunction } from "./physical.js";

export const pairFunctions: readonly PairFunction[] = [
  "regrSxx", "regrSyy", "regrSxy", "regrAvgX", "regrAvgY", "regrR2", "regrSlope", "regrIntercept", "covarPop",
  "covarSamp", "corr",
];

const names: ReadonlySet<AggregateFunction> = new Set(pairFunctions);

export function isPairFunction(name: AggregateFunction): name is PairFunction {
  return names.has(name);
}

/** Whether an aggregate has a second argument. */
export function takesTwo(name: AggregateFunction): boolean {
  return name === "concatenate" || isPairFunction(name);
}
