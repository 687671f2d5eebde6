// Expected rows and width of the join of any set of relations, as a function of the set alone: dynamic programming is
// only right when every plan of a set has the same size. Works in logarithms, since products of 64 cardinalities
// leave the range of a double. Read next: plan_space.ts.
import type { Hyperedge, JoinGraph } from "./join_graph.js";
import type { RelationSet } from "./relation_set.js";
import { RelationMap, difference, emptySet, intersection, isSubset, members, union } from "./relation_set.js";

/** A predicate nobody satisfies would make everything above it free and its order arbitrary. */
const SELECTIVITY_MIN = 1e-12;
/** As PostgreSQL's own limit: beyond it estimates only need to stay comparable. */
const ROWS_MAX = 1e100;
/** An anti join estimated to keep nothing is more often misjudged than empty. */
const ANTI_FRACTION_MIN = 0.01;

export interface SetEstimate {
  readonly rows: number;
  /** Bytes of a row that operators above can still see. */
  readonly widthBytes: number;
}

interface KnownEstimate extends SetEstimate {
  readonly logRows: number;
}

/** An equality of two relations that others of its class may imply. */
export interface ClassMember {
  readonly id: number;
  readonly required: RelationSet;
  readonly left: number;
  readonly right: number;
  readonly logSelectivity: number;
}

function logSelectivity(selectivity: number): number {
  return Math.log(Math.min(Math.max(selectivity, SELECTIVITY_MIN), 1));
}

export function requiredBy({ split }: Hyperedge): RelationSet {
  return union(split.left, split.right);
}

/**
 * Equivalence classes of each region. The least selective member comes first: of three columns with 10, 20 and 30
 * distinct values the equalities that count are 1/20 and 1/30, whichever are written.
 */
export function equivalenceClasses({ hyperedges }: JoinGraph): readonly (readonly ClassMember[])[] {
  const classes = new Map<string, ClassMember[]>();
  for (const hyperedge of hyperedges) {
    if (hyperedge.kind !== "inner") continue;
    for (const { predicate, equality } of hyperedge.predicates) {
      const left = equality === undefined ? [] : members(equality.left);
      const right = equality === undefined ? [] : members(equality.right);
      const [one] = left;
      const [other] = right;
      if (predicate.equivalence === undefined || left.length !== 1 || right.length !== 1) continue;
      if (one === undefined || other === undefined) continue;
      const key = `${hyperedge.region}/${predicate.equivalence}`;
      const found = classes.get(key) ?? [];
      classes.set(key, found);
      found.push({
        id: predicate.id, required: requiredBy(hyperedge), left: one, right: other,
        logSelectivity: logSelectivity(predicate.selectivity),
      });
    }
  }
  return [...classes.values()]
    .filter((found) => found.length > 1)
    .map((found) => found.sort((a, b) => b.logSelectivity - a.logSelectivity || a.id - b.id));
}

/** Groups of relations known equal in a class; small enough for plain renaming. */
export class EqualGroups {
  private readonly groupOf = new Map<number, number>();

  /** True when the two were not known to be equal before. */
  unite({ left, right }: ClassMember): boolean {
    const one = this.groupOf.get(left) ?? left;
    const other = this.groupOf.get(right) ?? right;
    this.groupOf.set(left, one);
    this.groupOf.set(right, other);
    if (one === other) return false;
    for (const [relation, group] of this.groupOf) if (group === other) this.groupOf.set(relation, one);
    return true;
  }
}

export class Cardinality {
  private readonly known = new RelationMap<KnownEstimate>();
  private readonly logRelationRows: readonly number[];
  private readonly classes: readonly (readonly ClassMember[])[];
  private readonly edges: readonly { readonly edge: Hyperedge; readonly required: RelationSet; readonly log: number }[];
  private readonly graph: JoinGraph;

  constructor(graph: JoinGraph) {
    this.graph = graph;
    this.logRelationRows = graph.relations.map(({ rows }) => (rows > 1 ? Math.log(Math.min(rows, ROWS_MAX)) : 0));
    this.classes = equivalenceClasses(graph);
    const inClass = new Set(this.classes.flatMap((found) => found.map(({ id }) => id)));
    this.edges = graph.hyperedges.filter(({ kind }) => kind !== "cross").map((edge) => ({
      edge,
      required: requiredBy(edge),
      log: edge.predicates.reduce((sum, { predicate }) =>
        inClass.has(predicate.id) ? sum : sum + logSelectivity(predicate.selectivity), 0),
    }));
  }

  estimate(set: RelationSet): SetEstimate {
    return this.estimateOf(set);
  }

  private estimateOf(set: RelationSet): KnownEstimate {
    const found = this.known.get(set);
    if (found !== undefined) return found;
    const logRows = Math.min(Math.max(this.logRowsOf(set), 0), Math.log(ROWS_MAX));
    const estimate = { logRows, rows: Math.exp(logRows), widthBytes: this.widthOf(set) };
    this.known.set(set, estimate);
    return estimate;
  }

  private logRowsOf(set: RelationSet): number {
    let log = 0;
    for (const relation of members(set)) log += this.logRelationRows[relation] ?? 0;
    for (const { edge, required, log: selectivity } of this.edges)
      if (isSubset(required, set)) log += this.logFactor(edge, selectivity, set);
    for (const members of this.classes) {
      const groups = new EqualGroups();
      for (const member of members)
        if (isSubset(member.required, set) && groups.unite(member)) log += member.logSelectivity;
    }
    return log;
  }

  /** What the operator multiplies the product of its sides' rows by. */
  private logFactor({ kind, below, matchFraction }: Hyperedge, log: number, set: RelationSet): number {
    if (kind === "inner" || kind === "filter" || kind === "cross") return log;
    const right = this.estimateOf(intersection(below.right, set)).logRows;
    switch (kind) {
      case "left": return Math.max(log, -right);
      case "full": return Math.max(log, -right, -this.estimateOf(intersection(below.left, set)).logRows);
      case "mark": return -right;
      case "semi": return logSelectivity(matchFraction ?? Math.exp(log + right)) - right;
      case "anti": {
        const matched = Math.min(matchFraction ?? Math.exp(log + right), 1);
        return Math.log(Math.max(1 - matched, ANTI_FRACTION_MIN)) - right;
      }
    }
  }

  private widthOf(set: RelationSet): number {
    let hidden = emptySet;
    for (const { edge, required } of this.edges) {
      const hides = edge.kind === "semi" || edge.kind === "anti" || edge.kind === "mark";
      if (hides && isSubset(required, set)) hidden = union(hidden, edge.below.right);
    }
    return members(difference(set, hidden))
      .reduce((bytes, relation) => bytes + (this.graph.relations[relation]?.widthBytes ?? 0), 0);
  }
}
