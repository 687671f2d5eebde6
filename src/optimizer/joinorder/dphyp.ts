// DPHyp (Moerkotte, Neumann, "Dynamic programming strikes back", SIGMOD 2008, section 3): enumerates every connected
// subgraph (csg) with every connected complement (cmp) once, in an order in which plans of parts are final before
// they are used. Names are the paper's. It stops when its budget is spent. Read next: hypergraph.ts.
import type { Budget } from "./budget.js";
import type { Plan, PlanSpace } from "./plan_space.js";
import { PlanTable } from "./plan_space.js";
import type { RelationSet } from "./relation_set.js";
import {
  difference, emptySet, highest, intersection, isEmpty, lowest, nextSubset, singleton, union, upTo,
} from "./relation_set.js";

export class Dphyp {
  readonly table: PlanTable;
  private readonly space: PlanSpace;
  private readonly budget: Budget;

  constructor(space: PlanSpace, budget: Budget) {
    this.space = space;
    this.budget = budget;
    this.table = new PlanTable(space);
  }

  /** The cheapest plan of all relations; undefined when the budget ended first. */
  solve(): Plan | undefined {
    const count = this.space.graph.relations.length;
    for (let relation = count - 1; relation >= 0; relation -= 1) {
      const csg = singleton(relation);
      this.emitCsg(this.space.leaf(relation));
      this.enumerateCsgRec(csg, upTo(relation));
      if (this.budget.isSpent()) return undefined;
    }
    return this.table.get(upTo(count - 1));
  }

  private enumerateCsgRec(csg: RelationSet, excluded: RelationSet): void {
    const neighbours = this.space.hypergraph.neighbourhood(csg, excluded);
    if (isEmpty(neighbours)) return;
    for (let part = nextSubset(emptySet, neighbours); !isEmpty(part); part = nextSubset(part, neighbours)) {
      if (!this.budget.allowsSubset()) return;
      const grown = this.table.get(union(csg, part));
      if (grown !== undefined) this.emitCsg(grown);
    }
    const excludedNext = union(excluded, neighbours);
    for (let part = nextSubset(emptySet, neighbours); !isEmpty(part); part = nextSubset(part, neighbours)) {
      if (this.budget.isSpent()) return;
      this.enumerateCsgRec(union(csg, part), excludedNext);
    }
  }

  private emitCsg(csg: Plan): void {
    const { hypergraph } = this.space;
    const excluded = union(csg.set, upTo(lowest(csg.set)));
    const reached = hypergraph.reachedSimply(csg.set);
    const neighbours = hypergraph.neighbourhood(csg.set, excluded);
    for (let left = neighbours; !isEmpty(left);) {
      const relation = highest(left);
      const cmp = singleton(relation);
      left = difference(left, cmp);
      const plan = this.table.get(cmp);
      if (plan !== undefined && hypergraph.connects(csg.set, cmp, reached)) this.emitCsgCmp(csg, plan);
      // Lower neighbours start complements of their own; without excluding them, as the paper's text has it,
      // a complement holding two neighbours would come twice.
      this.enumerateCmpRec(csg, reached, cmp, union(excluded, intersection(upTo(relation), neighbours)));
      if (this.budget.isSpent()) return;
    }
  }

  private enumerateCmpRec(csg: Plan, reached: RelationSet, cmp: RelationSet, excluded: RelationSet): void {
    const { hypergraph } = this.space;
    const neighbours = hypergraph.neighbourhood(cmp, excluded);
    if (isEmpty(neighbours)) return;
    for (let part = nextSubset(emptySet, neighbours); !isEmpty(part); part = nextSubset(part, neighbours)) {
      if (!this.budget.allowsSubset()) return;
      const grown = this.table.get(union(cmp, part));
      if (grown !== undefined && hypergraph.connects(csg.set, grown.set, reached)) this.emitCsgCmp(csg, grown);
    }
    const excludedNext = union(excluded, neighbours);
    for (let part = nextSubset(emptySet, neighbours); !isEmpty(part); part = nextSubset(part, neighbours)) {
      if (this.budget.isSpent()) return;
      this.enumerateCmpRec(csg, reached, union(cmp, part), excludedNext);
    }
  }

  /** Counts every connected pair of plannable sets, whether or not a conflict rule lets them join. */
  private emitCsgCmp(csg: Plan, cmp: Plan): void {
    if (this.budget.allowsPair()) this.table.tryJoin(csg, cmp);
  }
}
