// Connectivity of a join graph: the neighbourhood of a set and whether two sets are connected, as "Dynamic
// programming strikes back" (Moerkotte, Neumann, SIGMOD 2008) defines them. Knows no operators: whether a connected
// pair may be joined is plan_space.ts's question. Read next: dphyp.ts.
import type { JoinGraph, Split } from "./join_graph.js";
import type { RelationSet } from "./relation_set.js";
import {
  difference, emptySet, intersects, isEmpty, isSubset, lowest, singleton, sizeOf, union, withoutLowest,
} from "./relation_set.js";

export class Hypergraph {
  /** For every relation those that a simple hyperedge, one relation on each side, joins it with. */
  private readonly simple: RelationSet[];
  /** Hyperedges with more on a side, in both directions. */
  private readonly complex: readonly Split[];

  constructor({ relations, hyperedges }: JoinGraph) {
    this.simple = relations.map(() => emptySet);
    const complex: Split[] = [];
    for (const { split, otherSplits, kind } of hyperedges) {
      if (kind === "filter") continue;
      for (const { left, right } of [split, ...otherSplits]) {
        if (sizeOf(left) === 1 && sizeOf(right) === 1) {
          this.addSimple(lowest(left), right);
          this.addSimple(lowest(right), left);
        } else complex.push({ left, right }, { left: right, right: left });
      }
    }
    this.complex = complex;
  }

  private addSimple(relation: number, neighbour: RelationSet): void {
    this.simple[relation] = union(this.simple[relation] ?? emptySet, neighbour);
  }

  /** Every relation some member of the set has a simple hyperedge with. */
  reachedSimply(set: RelationSet): RelationSet {
    let reached = emptySet;
    for (let rest = set; !isEmpty(rest); rest = withoutLowest(rest))
      reached = union(reached, this.simple[lowest(rest)] ?? emptySet);
    return reached;
  }

  /**
   * The paper's N(S, X): each hyperedge that leaves S and avoids S and X gives its far side's lowest relation. A far
   * side that already meets the neighbourhood adds nothing: growing from that relation reaches the rest of it.
   */
  neighbourhood(set: RelationSet, excluded: RelationSet): RelationSet {
    const avoided = union(set, excluded);
    let found = difference(this.reachedSimply(set), avoided);
    for (const { left, right } of this.complex)
      if (isSubset(left, set) && !intersects(right, avoided) && !intersects(right, found))
        found = union(found, singleton(lowest(right)));
    return found;
  }

  /** Some hyperedge has one side within each of the two disjoint sets; `reached` is reachedSimply(one). */
  connects(one: RelationSet, other: RelationSet, reached = this.reachedSimply(one)): boolean {
    if (intersects(reached, other)) return true;
    for (const { left, right } of this.complex) if (isSubset(left, one) && isSubset(right, other)) return true;
    return false;
  }
}
