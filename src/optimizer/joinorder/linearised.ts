// Linearised dynamic programming (Neumann, Radke, "Adaptive optimization of very large join queries", SIGMOD 2018,
// section 4): the cheapest tree whose every subtree is an interval of one order of the relations. The paper takes the
// order from IKKBZ; here it is the leaf order of a plan already known, so the result is never worse than that plan and
// hyperedges and conflict rules cannot make it empty. Cubic in the relations. Read next: order_joins.ts.
import { defined } from "#base/assert.js";
import type { BudgetClock } from "./budget.js";
import { Budget } from "./budget.js";
import type { Plan, PlanSpace } from "./plan_space.js";
import { PlanTable } from "./plan_space.js";
import type { RelationSet } from "./relation_set.js";
import { emptySet, members, singleton, union } from "./relation_set.js";

/** The relations of a plan from left to right. */
function leafOrder({ set, join }: Plan): number[] {
  return join === undefined ? members(set) : [...leafOrder(join.left), ...leafOrder(join.right)];
}

/** The sets of each interval of the order, by first and last position. */
function intervalsOf(order: readonly number[]): readonly (readonly RelationSet[])[] {
  return order.map((_, first) => {
    let set = emptySet;
    return order.map((relation, last) => (last < first ? emptySet : (set = union(set, singleton(relation)))));
  });
}

/** The cheapest plan over the intervals of `plan`'s leaf order, or `plan` itself when the clock runs out. */
export function linearisedPlan(space: PlanSpace, plan: Plan, clock: BudgetClock | undefined): Plan {
  const intervals = intervalsOf(leafOrder(plan));
  const table = new PlanTable(space);
  const budget = new Budget(Infinity, clock);
  const interval = (first: number, last: number): RelationSet =>
    defined(intervals[first]?.[last], "an interval lies within the order");
  for (let length = 2; length <= intervals.length; length += 1) {
    for (let first = 0; first + length <= intervals.length; first += 1) {
      const last = first + length - 1;
      for (let middle = first; middle < last; middle += 1) {
        const left = table.get(interval(first, middle));
        const right = table.get(interval(middle + 1, last));
        if (left === undefined || right === undefined) continue;
        if (!budget.allowsPair()) return plan;
        if (space.hypergraph.connects(left.set, right.set)) table.tryJoin(left, right);
      }
    }
  }
  const found = table.get(plan.set);
  return found !== undefined && found.costNs < plan.costNs ? found : plan;
}
