// The hyperedges most joins have: inner predicates of two relations that no conflict rule holds back. Whether two sets
// meet by one is read from a few words; which ones is asked only of the plan that is taken. Everything else is
// plan_space.ts's.
import type { Hyperedge, JoinGraph } from "./join_graph.js";
import type { RelationSet } from "./relation_set.js";
import { lowest, sizeOf, WORD_BITS } from "./relation_set.js";

/** How two sets meet: not at all, by predicates, by an equality to look up among them. */
export type Touch = "apart" | "related" | "equated";

export function isPlain({ kind, split, rules }: Hyperedge): boolean {
  return kind === "inner" && rules.length === 0 && sizeOf(split.left) === 1 && sizeOf(split.right) === 1;
}

/** Of each relation those across its edges, as two words. */
class Neighbours {
  private readonly lows: Int32Array;
  private readonly highs: Int32Array;

  constructor(count: number) {
    this.lows = new Int32Array(count);
    this.highs = new Int32Array(count);
  }

  add({ left, right }: Hyperedge["split"]): void {
    this.addAll(lowest(left), right);
    this.addAll(lowest(right), left);
  }

  private addAll(relation: number, { lo, hi }: RelationSet): void {
    this.lows[relation] = (this.lows[relation] ?? 0) | lo;
    this.highs[relation] = (this.highs[relation] ?? 0) | hi;
  }

  /** Some member of one set has an edge to the other. */
  meet(one: RelationSet, other: RelationSet): boolean {
    for (let lo = one.lo; lo !== 0; lo &= lo - 1)
      if (this.reaches(WORD_BITS - 1 - Math.clz32(lo & -lo), other)) return true;
    for (let hi = one.hi; hi !== 0; hi &= hi - 1)
      if (this.reaches(2 * WORD_BITS - 1 - Math.clz32(hi & -hi), other)) return true;
    return false;
  }

  private reaches(relation: number, { lo, hi }: RelationSet): boolean {
    return (((this.lows[relation] ?? 0) & lo) | ((this.highs[relation] ?? 0) & hi)) !== 0;
  }
}

export class PlainEdges {
  private readonly related: Neighbours;
  private readonly equated: Neighbours;

  constructor({ relations, hyperedges }: JoinGraph) {
    this.related = new Neighbours(relations.length);
    this.equated = new Neighbours(relations.length);
    for (const edge of hyperedges) {
      if (!isPlain(edge)) continue;
      this.related.add(edge.split);
      const hasKey = edge.predicates.some(({ equality }) =>
        equality !== undefined && sizeOf(equality.left) === 1 && sizeOf(equality.right) === 1);
      if (hasKey) this.equated.add(edge.split);
    }
  }

  touch(one: RelationSet, other: RelationSet): Touch {
    if (this.equated.meet(one, other)) return "equated";
    return this.related.meet(one, other) ? "related" : "apart";
  }
}
