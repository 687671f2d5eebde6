// Every order of joins by brute force, as the yardstick for the enumerators: tries all ways to halve every set of
// relations, straight from the definition of a hypergraph's connected subgraphs, sharing only the costs with them.
import type { JoinGraph, Nesting } from "#optimizer/joinorder/join_graph.js";
import type { Plan, PlanSpace } from "#optimizer/joinorder/plan_space.js";

interface MaskSplit {
  readonly left: number;
  readonly right: number;
}

/** Sets as plain numbers: brute force ends long before 30 relations. */
function splitsOf({ hyperedges }: JoinGraph): MaskSplit[] {
  return hyperedges.filter(({ kind }) => kind !== "filter")
    .flatMap(({ split, otherSplits }) => [split, ...otherSplits])
    .map(({ left, right }) => ({ left: left.lo, right: right.lo }));
}

function connected(splits: readonly MaskSplit[], one: number, other: number): boolean {
  const within = (part: number, whole: number): boolean => (part & ~whole) === 0;
  return splits.some(({ left, right }) =>
    (within(left, one) && within(right, other)) || (within(left, other) && within(right, one)));
}

/** Each unordered pair of parts of a set once: the first holds the lowest relation. */
function* halves(set: number): Generator<[number, number]> {
  const lowest = set & -set;
  for (let part = (set - 1) & set; part !== 0; part = (part - 1) & set)
    if ((part & lowest) !== 0) yield [part, set & ~part];
}

export interface Exhaustive {
  readonly best: Plan | undefined;
  /** Connected pairs of plannable sets: what DPHyp calls csg-cmp pairs. */
  readonly pairs: number;
}

/** The cheapest plan of all relations over all valid trees. */
export function exhaustive(space: PlanSpace): Exhaustive {
  const count = space.graph.relations.length;
  const splits = splitsOf(space.graph);
  const plans = new Map<number, Plan>();
  space.graph.relations.forEach((_, relation) => plans.set(1 << relation, space.leaf(relation)));
  let pairs = 0;
  for (let set = 1; set < 1 << count; set += 1) {
    for (const [one, other] of halves(set)) {
      const left = plans.get(one);
      const right = plans.get(other);
      if (left === undefined || right === undefined || !connected(splits, one, other)) continue;
      pairs += 1;
      const joined = space.join(left, right, plans.get(set));
      if (joined !== undefined) plans.set(set, joined);
    }
  }
  return { best: plans.get((1 << count) - 1), pairs };
}

/** All valid trees as nestings, the part with the lowest relation on the left. */
export function allNestings(space: PlanSpace): Nesting[] {
  const splits = splitsOf(space.graph);
  const known = new Map<number, { readonly nestings: Nesting[]; readonly plan: Plan | undefined }>();
  const of = (set: number): { readonly nestings: Nesting[]; readonly plan: Plan | undefined } => {
    const found = known.get(set);
    if (found !== undefined) return found;
    const relation = 31 - Math.clz32(set);
    let result: { nestings: Nesting[]; plan: Plan | undefined } =
      { nestings: [relation], plan: set === 1 << relation ? space.leaf(relation) : undefined };
    if (set !== 1 << relation) {
      result = { nestings: [], plan: undefined };
      for (const [one, other] of halves(set)) {
        const left = of(one);
        const right = of(other);
        if (left.plan === undefined || right.plan === undefined || !connected(splits, one, other)) continue;
        const joined = space.join(left.plan, right.plan, undefined);
        if (joined === undefined) continue;
        result.plan = joined;
        for (const a of left.nestings) for (const b of right.nestings) result.nestings.push({ left: a, right: b });
      }
    }
    known.set(set, result);
    return result;
  };
  return of((1 << space.graph.relations.length) - 1).nestings;
}
