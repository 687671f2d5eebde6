// Greedy operator ordering (Fegaras, 1998): join the pair with the smallest result until one plan is left. Quadratic
// in the relations, used where DPHyp's budget does not reach. Read next: linearised.ts, which improves on it.
import type { Plan, PlanSpace } from "./plan_space.js";

interface Candidate {
  readonly joined: Plan;
  readonly one: Plan;
  readonly other: Plan;
}

function isBetter(found: Plan, best: Plan | undefined): boolean {
  if (best === undefined) return true;
  return found.size.rows < best.size.rows || (found.size.rows === best.size.rows && found.costNs < best.costNs);
}

function candidateOf(space: PlanSpace, one: Plan, other: Plan): Candidate | undefined {
  if (!space.hypergraph.connects(one.set, other.set)) return undefined;
  const joined = space.join(one, other, undefined);
  return joined === undefined ? undefined : { joined, one, other };
}

/**
 * A plan of all relations; undefined when it has joined itself into a corner, where every pair left breaks a
 * conflict rule or needs a hyperedge whose side is spread over several plans.
 */
export function greedyPlan(space: PlanSpace): Plan | undefined {
  let plans = space.graph.relations.map((_, relation) => space.leaf(relation));
  let candidates = plans.flatMap((one, index) =>
    plans.slice(index + 1).flatMap((other) => candidateOf(space, one, other) ?? []));
  while (plans.length > 1) {
    let best: Candidate | undefined;
    for (const candidate of candidates) if (isBetter(candidate.joined, best?.joined)) best = candidate;
    if (best === undefined) return undefined;
    const { one, other, joined } = best;
    const isLeft = (plan: Plan): boolean => plan !== one && plan !== other;
    plans = plans.filter(isLeft);
    candidates = candidates.filter((candidate) => isLeft(candidate.one) && isLeft(candidate.other));
    candidates.push(...plans.flatMap((plan) => candidateOf(space, plan, joined) ?? []));
    plans.push(joined);
  }
  return plans[0];
}
