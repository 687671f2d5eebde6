// Plans of sets of relations: whether two plans may be joined, by which operator, with which predicates and at what
// cost. All enumerators build through it, so that none of them can apply an operator where it does not belong.
// Read next: dphyp.ts, greedy.ts, linearised.ts, which choose the pairs.
import { defined } from "#base/assert.js";
import { Cardinality, EqualGroups, equivalenceClasses, requiredBy } from "./cardinality.js";
import type { ClassMember, SetEstimate } from "./cardinality.js";
import type { BuildSides, CostModel } from "./cost_model.js";
import { joinCostNs } from "./cost_model.js";
import { Hypergraph } from "./hypergraph.js";
import type { ConflictRule, Hyperedge, JoinGraph, Nesting } from "./join_graph.js";
import type { JoinKind, JoinTree } from "./join_tree.js";
import type { OuterJoinKind } from "./operator_tree.js";
import { isPlain, PlainEdges } from "./plain_edges.js";
import type { Touch } from "./plain_edges.js";
import type { RelationSet } from "./relation_set.js";
import { RelationMap, intersects, isSubset, singleton, union } from "./relation_set.js";

/** The best known way to join a set of relations. */
export interface Plan {
  readonly set: RelationSet;
  /** The same for every plan of the set. */
  readonly size: SetEstimate;
  readonly costNs: number;
  /** Absent for a single relation. */
  readonly join: JoinStep | undefined;
}

export interface JoinStep {
  readonly kind: JoinKind;
  readonly left: Plan;
  readonly right: Plan;
  readonly build: "left" | "right";
}

interface PreparedEdge {
  readonly edge: Hyperedge;
  readonly required: RelationSet;
}

/** What joining two sets brings together; undefined from `meeting` where the two must not be joined. */
interface Meeting {
  /** The one operator that is not inner, if any. */
  readonly outer: { readonly kind: OuterJoinKind; readonly edge: Hyperedge } | undefined;
  readonly swapped: boolean;
  /** Inner predicates and filters all of whose relations are now present; plain ones are left to `touch`. */
  readonly inner: readonly Hyperedge[];
  readonly touch: Touch;
}

const meetingOfTouch: Readonly<Record<Touch, Meeting>> = {
  apart: { outer: undefined, swapped: false, inner: [], touch: "apart" },
  related: { outer: undefined, swapped: false, inner: [], touch: "related" },
  equated: { outer: undefined, swapped: false, inner: [], touch: "equated" },
};

function obeys(rules: readonly ConflictRule[], set: RelationSet): boolean {
  return rules.every(({ whenAny, thenAll }) => !intersects(whenAny, set) || isSubset(thenAll, set));
}

function isHashable({ predicates }: Hyperedge, left: RelationSet, right: RelationSet): boolean {
  return predicates.some(({ equality }) => equality !== undefined &&
    (isSubset(equality.left, left) ? isSubset(equality.right, right)
      : isSubset(equality.left, right) && isSubset(equality.right, left)));
}

function kindOf({ outer, inner, touch }: Meeting): JoinKind {
  if (outer !== undefined) return outer.kind;
  return touch !== "apart" || inner.some(({ kind }) => kind === "inner") ? "inner" : "cross";
}

/** The predicate can be evaluated on the joined rows and could not be on either side alone. */
function isFirstMet(
  { rules }: Hyperedge, required: RelationSet, isCrossing: boolean,
  one: RelationSet, other: RelationSet, set: RelationSet,
): boolean {
  if (!obeys(rules, set)) return false;
  // Not crossing: complete on one side, where a rule may have held it back.
  return isCrossing || !obeys(rules, isSubset(required, one) ? one : other);
}

export class PlanSpace {
  readonly graph: JoinGraph;
  readonly hypergraph: Hypergraph;
  private readonly cardinality: Cardinality;
  private readonly cost: CostModel;
  private readonly buildSides: BuildSides;
  private readonly applied: readonly PreparedEdge[];
  private readonly plain: PlainEdges;
  /** Those of `applied` that are not plain. */
  private readonly others: readonly PreparedEdge[];
  /** The words of their `required` side by side: most pairs are done with an edge after looking at these. */
  private readonly requiredLo: Int32Array;
  private readonly requiredHi: Int32Array;
  private readonly crosses: readonly Hyperedge[];
  private readonly classOf = new Map<number, readonly ClassMember[]>();

  constructor(graph: JoinGraph, cost: CostModel, buildSides: BuildSides) {
    this.graph = graph;
    this.hypergraph = new Hypergraph(graph);
    this.cardinality = new Cardinality(graph);
    this.cost = cost;
    this.buildSides = buildSides;
    this.applied = graph.hyperedges.filter(({ kind }) => kind !== "cross")
      .map((edge) => ({ edge, required: requiredBy(edge) }));
    this.plain = new PlainEdges(graph);
    this.others = this.applied.filter(({ edge }) => !isPlain(edge));
    this.requiredLo = Int32Array.from(this.others, ({ required }) => required.lo);
    this.requiredHi = Int32Array.from(this.others, ({ required }) => required.hi);
    this.crosses = graph.hyperedges.filter(({ kind }) => kind === "cross");
    for (const found of equivalenceClasses(graph)) for (const { id } of found) this.classOf.set(id, found);
  }

  leaf(relation: number): Plan {
    const set = singleton(relation);
    return { set, size: this.cardinality.estimate(set), costNs: 0, join: undefined };
  }

  /** The join of two plans, unless they must not be joined or `known`, another plan of their union, costs no more. */
  join(one: Plan, other: Plan, known: Plan | undefined): Plan | undefined {
    const costBelowNs = known?.costNs ?? Infinity;
    const inputsNs = one.costNs + other.costNs;
    if (known !== undefined && inputsNs + known.size.rows * this.cost.outputNsPerRow >= costBelowNs) return undefined;
    const meeting = this.meeting(one.set, other.set);
    if (meeting === undefined) return undefined;
    const set = known?.set ?? union(one.set, other.set);
    const size = known?.size ?? this.cardinality.estimate(set);
    const left = meeting.swapped ? other : one;
    const right = meeting.swapped ? one : other;
    const kind = kindOf(meeting);
    const hashable = meeting.outer === undefined
      ? meeting.touch === "equated" || meeting.inner.some((edge) => isHashable(edge, left.set, right.set))
      : isHashable(meeting.outer.edge, left.set, right.set);
    const onRight = joinCostNs(this.cost, right.size, left.size, size.rows, hashable);
    const onLeft = this.buildSides[kind] === "right" || meeting.outer?.edge.build === "right"
      ? Infinity : joinCostNs(this.cost, left.size, right.size, size.rows, hashable);
    const buildsLeft = onLeft < onRight || (onLeft === onRight && left.size.rows < right.size.rows);
    const costNs = inputsNs + Math.min(onLeft, onRight);
    if (costNs >= costBelowNs) return undefined;
    return { set, size, costNs, join: { kind, left, right, build: buildsLeft ? "left" : "right" } };
  }

  /** The plan of a given nesting, which must be one of the graph's own. */
  nested(nesting: Nesting): Plan {
    if (typeof nesting === "number") return this.leaf(nesting);
    const joined = this.join(this.nested(nesting.left), this.nested(nesting.right), undefined);
    return defined(joined, "the operator tree itself is a valid order");
  }

  private meeting(one: RelationSet, other: RelationSet): Meeting | undefined {
    const touch = this.plain.touch(one, other);
    if (this.others.length === 0)
      return touch === "apart" && !this.mayMultiply(one, other) ? undefined : meetingOfTouch[touch];
    return this.meetingByOthers(one, other, touch);
  }

  private meetingByOthers(one: RelationSet, other: RelationSet, touch: Touch): Meeting | undefined {
    const set = union(one, other);
    const inner: Hyperedge[] = [];
    let outer: Meeting["outer"];
    let swapped = false;
    let connected = touch !== "apart";
    for (let index = 0; index < this.others.length; index += 1) {
      const lo = this.requiredLo[index] ?? 0;
      const hi = this.requiredHi[index] ?? 0;
      if (((lo & ~set.lo) | (hi & ~set.hi)) !== 0) continue;
      const isCrossing =
        ((lo & ~one.lo) | (hi & ~one.hi)) !== 0 && ((lo & ~other.lo) | (hi & ~other.hi)) !== 0;
      const { edge, required } = defined(this.others[index], "the words are the edges'");
      const { kind } = edge;
      if (kind === "cross" || (!isCrossing && edge.rules.length === 0)) continue;
      if (kind === "inner" || kind === "filter") {
        if (!isFirstMet(edge, required, isCrossing, one, other, set)) continue;
        inner.push(edge);
        connected ||= kind === "inner";
        continue;
      }
      if (!isCrossing) continue;
      // Its operands are complete but not one on each side, or a rule is broken, or a second operator waits too.
      if (outer !== undefined || !obeys(edge.rules, set)) return undefined;
      const fits = isSubset(edge.split.left, one) && isSubset(edge.split.right, other);
      if (!fits && !(isSubset(edge.split.left, other) && isSubset(edge.split.right, one))) return undefined;
      outer = { kind, edge };
      swapped = !fits;
    }
    if (outer === undefined && !connected && !this.mayMultiply(one, other)) return undefined;
    return { outer, swapped, inner, touch };
  }

  /** All inner predicates and filters met by a join of two sets, as they were written. */
  private innerOf({ inner }: Meeting, one: RelationSet, other: RelationSet): readonly Hyperedge[] {
    const set = union(one, other);
    const isMet = (required: RelationSet) =>
      isSubset(required, set) && !isSubset(required, one) && !isSubset(required, other);
    return this.applied.filter(({ edge, required }) => (isPlain(edge) ? isMet(required) : inner.includes(edge)))
      .map(({ edge }) => edge);
  }

  private mayMultiply(one: RelationSet, other: RelationSet): boolean {
    return this.crosses.some(({ split: { left, right } }) =>
      (isSubset(left, one) && isSubset(right, other)) || (isSubset(left, other) && isSubset(right, one)));
  }

  /** The plan as the caller's tree, with predicates assigned. */
  treeOf({ set, size: { rows }, costNs, join }: Plan): JoinTree {
    if (join === undefined) {
      const filters = this.applied.filter(({ required }) => isSubset(required, set))
        .flatMap(({ edge }) => idsOf(edge));
      return { kind: "leaf", relation: defined(this.relationOf(set), "one relation"), filters, rows };
    }
    const { kind, left, right, build } = join;
    const meeting = defined(this.meeting(left.set, right.set), "the plan was made by join()");
    const { outer } = meeting;
    const inner = this.innerOf(meeting, left.set, right.set);
    const { needed, implied } = this.withoutImplied(inner.filter((edge) => edge.kind === "inner"), left.set, right.set);
    const afterwards = inner.filter((edge) => edge.kind === "filter").flatMap(idsOf);
    return {
      kind: "join", join: kind, operator: outer?.edge.operator,
      left: this.treeOf(left), right: this.treeOf(right), build,
      predicates: outer === undefined ? needed : idsOf(outer.edge),
      filters: outer === undefined ? afterwards : [...needed, ...afterwards],
      implied, rows, costNs,
    };
  }

  private relationOf(set: RelationSet): number | undefined {
    return this.graph.relations.findIndex((_, relation) => isSubset(singleton(relation), set));
  }

  /** Of inner predicates met by a join, those an equivalence class makes superfluous there. */
  private withoutImplied(inner: readonly Hyperedge[], left: RelationSet, right: RelationSet) {
    const needed: number[] = [];
    const implied: number[] = [];
    const groupsOf = new Map<readonly ClassMember[], EqualGroups>();
    for (const id of inner.flatMap(idsOf)) {
      const found = this.classOf.get(id);
      if (found === undefined) {
        needed.push(id);
        continue;
      }
      let groups = groupsOf.get(found);
      if (groups === undefined) {
        groupsOf.set(found, groups = new EqualGroups());
        for (const member of found)
          if (isSubset(member.required, left) || isSubset(member.required, right)) groups.unite(member);
      }
      const member = defined(found.find((each) => each.id === id), "a class lists its members");
      (groups.unite(member) ? needed : implied).push(id);
    }
    return { needed, implied };
  }
}

function idsOf({ predicates }: Hyperedge): number[] {
  return predicates.map(({ predicate }) => predicate.id);
}

/** The best plans found so far, one a set. */
export class PlanTable {
  private readonly plans = new RelationMap<Plan>();
  private readonly space: PlanSpace;

  constructor(space: PlanSpace) {
    this.space = space;
    space.graph.relations.forEach((_, relation) => {
      const leaf = space.leaf(relation);
      this.plans.set(leaf.set, leaf);
    });
  }

  get(set: RelationSet): Plan | undefined {
    return this.plans.get(set);
  }

  /** Joins two plans and keeps the result when it is the first or the cheapest of its set. */
  tryJoin(one: Plan, other: Plan): void {
    const joined = this.space.join(one, other, this.plans.get(union(one.set, other.set)));
    if (joined !== undefined) this.plans.set(joined.set, joined);
  }
}
