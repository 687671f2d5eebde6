// How many csg-cmp pairs a graph has at least, from the two shapes that have too many: relations all joined with each
// other, and one joined with many. An enumeration that could not end within its budget need not begin. Read next:
// order_joins.ts.
import { requiredBy } from "./cardinality.js";
import type { JoinGraph } from "./join_graph.js";
import { isPlain } from "./plain_edges.js";
import type { RelationSet } from "./relation_set.js";
import {
  difference, emptySet, intersection, isEmpty, lowest, singleton, sizeOf, union,
} from "./relation_set.js";

/** Pairs of `count` relations each of which is joined with each other. */
function pairsOfClique(count: number): number {
  return (3 ** count - 2 ** (count + 1) + 1) / 2;
}

/** Pairs of one relation joined with `count` others. */
function pairsOfStar(count: number): number {
  return count * 2 ** (count - 1);
}

/** Of each relation those it has a plain edge with; none where rules or larger hyperedges may leave pairs out. */
function plainNeighbours({ relations, hyperedges }: JoinGraph): readonly RelationSet[] {
  const others = hyperedges.filter((edge) => edge.kind !== "cross" && !isPlain(edge));
  const restricted = others.reduce((set, edge) => union(set, requiredBy(edge)), emptySet);
  const plain = hyperedges.filter(isPlain).map(requiredBy);
  return relations.map((_, relation) => {
    const self = singleton(relation);
    const joined = plain.filter((edge) => !isEmpty(intersection(edge, self)))
      .reduce((set, edge) => union(set, edge), emptySet);
    return isEmpty(intersection(restricted, self)) ? difference(joined, union(restricted, self)) : emptySet;
  });
}

/** Relations all joined with each other, grown from one: perhaps not the most there are. */
function cliqueFrom(relation: number, neighbours: readonly RelationSet[]): number {
  let count = 1;
  let candidates = neighbours[relation] ?? emptySet;
  for (; !isEmpty(candidates); count += 1)
    candidates = intersection(candidates, neighbours[lowest(candidates)] ?? emptySet);
  return count;
}

/** A lower bound: every connected part of a graph has all the pairs it would have alone. */
export function pairsAtLeast(graph: JoinGraph): number {
  const neighbours = plainNeighbours(graph);
  const bounds = neighbours.map((set, relation) =>
    Math.max(pairsOfStar(sizeOf(set)), pairsOfClique(cliqueFrom(relation, neighbours))));
  return Math.max(...bounds);
}
