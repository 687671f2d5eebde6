// Turns an operator tree into hyperedges: for every operator the total eligibility set and the conflict rules of
// approach CD-C (Moerkotte, Fender, Eich, SIGMOD 2013, section 5). Inner joins give one hyperedge for all predicates
// that read the same relations, so that each can serve on its own. The departure from the paper is the filter, an
// inner join without a right side. Read next: join_properties.ts for the tables the rules come from.
import { assert } from "#base/assert.js";
import type { BinaryOperator, BinaryTree, Conjunct } from "./inner_regions.js";
import { binaryTreeOf, maskOf } from "./inner_regions.js";
import type { ConflictRule, EdgePredicate, Hyperedge, JoinGraph, Nesting, Split } from "./join_graph.js";
import type { LawOperator } from "./join_properties.js";
import { assoc, lAsscom, rAsscom } from "./join_properties.js";
import type { JoinQuery } from "./operator_tree.js";
import { RELATIONS_MAX, setOf, setOfMask } from "./relation_set.js";

type Operator = Exclude<BinaryOperator, { readonly kind: "leaf" }>;
type JoinOperator = Exclude<Operator, { readonly kind: "filter" }>;

interface MaskRule {
  readonly whenAny: bigint;
  readonly thenAll: bigint;
}

/** What an operator requires, before and after its rules are folded into it. */
interface Requirement {
  readonly left: bigint;
  readonly right: bigint;
  readonly rules: readonly MaskRule[];
}

function readsOf(conjuncts: readonly Conjunct[]): bigint {
  return conjuncts.reduce((mask, { reads }) => mask | reads, 0n);
}

function lawOperator(operator: Operator): LawOperator {
  const rejectsNulls = operator.conjuncts.reduce((mask, conjunct) => mask | conjunct.rejectsNulls, 0n);
  return { kind: operator.kind === "filter" ? "inner" : operator.kind, rejectsNulls };
}

/** An operator below another, with what lies between the two, lowest first. */
interface Descendant {
  readonly operator: Operator;
  readonly between: readonly Ancestor[];
}

interface Ancestor {
  readonly operator: Operator;
  /** The input the path comes from; a filter's counts as left. */
  readonly from: "left" | "right";
}

/** The paper's STO: every operator of a subtree. */
function descendantsOf(tree: BinaryOperator): Descendant[] {
  if (tree.kind === "leaf") return [];
  const below = (input: BinaryOperator, from: "left" | "right"): Descendant[] =>
    descendantsOf(input).map(({ operator, between }) =>
      ({ operator, between: [...between, { operator: tree, from }] }));
  const inputs = tree.kind === "filter"
    ? below(tree.input, "left") : [...below(tree.left, "left"), ...below(tree.right, "right")];
  return [{ operator: tree, between: [] }, ...inputs];
}

/**
 * What the sides of `below` may have become by the time an operator above meets it. The paper tests the laws with the
 * sides as written; in `((a left b) left c on b) left d on c` it then sees no null of b rejected by the last
 * predicate and keeps d behind a, though the second join may move below the first and its c carries b's nulls. So
 * whatever may move into a side counts as that side.
 */
function grownSides(below: JoinOperator, between: readonly Ancestor[]): Sides {
  const law = lawOperator(below);
  let left = below.left.all;
  let right = below.right.all;
  for (const { operator, from } of between) {
    if (operator.kind === "filter") break;
    const reads = readsOf(operator.conjuncts);
    const above = lawOperator(operator);
    const added = from === "left" ? operator.right.all : operator.left.all;
    const joinsLeft = (reads & right) === 0n && (reads & left) !== 0n;
    const joinsRight = (reads & left) === 0n && (reads & right) !== 0n;
    if (from === "left") {
      if (joinsRight && assoc(law, above, right)) right |= added;
      else if (joinsLeft && lAsscom(law, above, left)) left |= added;
    } else if (joinsLeft && assoc(above, law, left)) left |= added;
    else if (joinsRight && rAsscom(above, law, right)) right |= added;
  }
  return { left, right };
}

/** Reaching one side of `below` requires what the operator's predicate reads of the other side, or all of it. */
function requireSide(whenAny: bigint, side: bigint, below: JoinOperator): MaskRule {
  const read = side & readsOf(below.conjuncts);
  return { whenAny, thenAll: read === 0n ? side : read };
}

function wholly(tree: BinaryOperator): MaskRule {
  return { whenAny: tree.all, thenAll: tree.all };
}

/** Rules for `operator` from what stands in its left input, or a filter's only one. */
function rulesFromLeft(operator: Operator, input: BinaryOperator): MaskRule[] {
  const above = lawOperator(operator);
  return descendantsOf(input).flatMap(({ operator: below, between }) => {
    // A filter may run after anything that keeps or drops whole rows of this side; a full join adds some.
    if (below.kind === "filter") return above.kind === "full" ? [wholly(below)] : [];
    const law = lawOperator(below);
    const sides = grownSides(below, between);
    const rules: MaskRule[] = [];
    if (!assoc(law, above, sides.right)) rules.push(requireSide(below.right.all, below.left.all, below));
    if (!lAsscom(law, above, sides.left)) rules.push(requireSide(below.left.all, below.right.all, below));
    return rules;
  });
}

/** Rules for `operator` from what stands in its right input. */
function rulesFromRight(operator: JoinOperator): MaskRule[] {
  const above = lawOperator(operator);
  return descendantsOf(operator.right).flatMap(({ operator: below, between }) => {
    // What is padded, hidden or counted must be filtered before.
    if (below.kind === "filter") return above.kind === "inner" ? [] : [wholly(below)];
    const law = lawOperator(below);
    const sides = grownSides(below, between);
    const rules: MaskRule[] = [];
    if (!assoc(above, law, sides.left)) rules.push(requireSide(below.left.all, below.right.all, below));
    if (!rAsscom(above, law, sides.right)) rules.push(requireSide(below.right.all, below.left.all, below));
    return rules;
  });
}

/** Rules that the eligibility set triggers become part of it; rules it satisfies go. Repeats until nothing changes. */
function fold(left: bigint, right: bigint, rules: readonly MaskRule[], sides: Sides): Requirement {
  let total = left | right;
  for (let before = 0n; before !== total;) {
    before = total;
    for (const { whenAny, thenAll } of rules) if ((whenAny & total) !== 0n) total |= thenAll;
  }
  return {
    left: total & sides.left,
    right: total & sides.right,
    rules: rules.filter(({ thenAll }) => (thenAll & ~total) !== 0n),
  };
}

interface Sides {
  readonly left: bigint;
  readonly right: bigint;
}

/** A side the predicate does not read is needed whole: nothing else would tie the operator to it. */
function requirementOf(reads: bigint, sides: Sides, rules: readonly MaskRule[]): Requirement {
  const left = reads & sides.left;
  const right = reads & sides.right;
  return fold(left === 0n ? sides.left : left, right === 0n ? sides.right : right, rules, sides);
}

function splitOf(sides: Sides): Split {
  return { left: setOfMask(sides.left), right: setOfMask(sides.right) };
}

function ruleOf({ whenAny, thenAll }: MaskRule): ConflictRule {
  return { whenAny: setOfMask(whenAny), thenAll: setOfMask(thenAll) };
}

function edgePredicate({ predicate }: Conjunct): EdgePredicate {
  const { equality } = predicate;
  const isUsable = equality !== undefined && equality.left.length > 0 && equality.right.length > 0;
  return {
    predicate,
    equality: isUsable ? { left: setOf(equality.left), right: setOf(equality.right) } : undefined,
  };
}

/** The sides of hashable predicates, where they differ from the sides of the tree and no rule asks for more. */
function otherSplits(conjuncts: readonly Conjunct[], { left, right }: Requirement): Split[] {
  const splits = new Map<string, Split>();
  for (const { predicate: { equality }, reads } of conjuncts) {
    if (equality === undefined || reads !== (left | right)) continue;
    const one = maskOf(equality.left);
    const other = maskOf(equality.right);
    if (one === 0n || other === 0n || (one | other) !== reads || (one & other) !== 0n) continue;
    if (one === left || one === right) continue;
    splits.set(`${one}`, splitOf({ left: one, right: other }));
  }
  return [...splits.values()];
}

/** Predicates of one inner join or filter by what they read: hyperedges that read alike connect alike. */
function byReads(conjuncts: readonly Conjunct[]): readonly (readonly Conjunct[])[] {
  const groups = new Map<bigint, Conjunct[]>();
  for (const conjunct of conjuncts) {
    const group = groups.get(conjunct.reads);
    if (group === undefined) groups.set(conjunct.reads, [conjunct]);
    else group.push(conjunct);
  }
  return [...groups.values()];
}

const NO_REGION = -1;

function crossEdge(sides: Sides): Hyperedge {
  const split = splitOf(sides);
  return {
    kind: "cross", split, otherSplits: [], rules: [], predicates: [], below: split, matchFraction: undefined,
    operator: undefined, build: undefined, region: NO_REGION,
  };
}

function filterEdges(operator: Operator & { kind: "filter" }): Hyperedge[] {
  const sides = { left: operator.all, right: 0n };
  const rules = rulesFromLeft(operator, operator.input);
  return byReads(operator.conjuncts).map((conjuncts) => {
    const requirement = requirementOf(readsOf(conjuncts), sides, rules);
    return {
      kind: "filter",
      split: splitOf(requirement),
      otherSplits: [],
      rules: requirement.rules.map(ruleOf),
      predicates: conjuncts.map(edgePredicate),
      below: splitOf(sides),
      matchFraction: undefined,
      operator: undefined,
      build: undefined,
      region: operator.region,
    };
  });
}

function joinEdges(operator: JoinOperator): Hyperedge[] {
  const sides = { left: operator.left.all, right: operator.right.all };
  if (operator.kind === "inner" && operator.conjuncts.length === 0) return [crossEdge(sides)];
  const rules = [...rulesFromLeft(operator, operator.left), ...rulesFromRight(operator)];
  const groups = operator.kind === "inner" ? byReads(operator.conjuncts) : [operator.conjuncts];
  return groups.map((conjuncts) => {
    const requirement = requirementOf(readsOf(conjuncts) & operator.all, sides, rules);
    return {
      kind: operator.kind,
      split: splitOf(requirement),
      otherSplits: operator.kind === "inner" ? otherSplits(conjuncts, requirement) : [],
      rules: requirement.rules.map(ruleOf),
      predicates: conjuncts.map(edgePredicate),
      below: splitOf(sides),
      ...(operator.kind === "inner"
        ? { matchFraction: undefined, operator: undefined, build: undefined, region: operator.region }
        : {
            matchFraction: operator.matchFraction, operator: operator.operator, build: operator.build,
            region: NO_REGION,
          }),
    };
  });
}

function nestingOf(tree: BinaryOperator): Nesting {
  switch (tree.kind) {
    case "leaf": return tree.relation;
    case "filter": return nestingOf(tree.input);
    default: return { left: nestingOf(tree.left), right: nestingOf(tree.right) };
  }
}

/** The hypergraph of a binary tree of at most RELATIONS_MAX leaves. */
export function joinGraphOfTree({ root, crossPairs }: BinaryTree, relations: JoinQuery["relations"]): JoinGraph {
  assert(relations.length <= RELATIONS_MAX, "a relation set has a bit for every relation");
  const hyperedges = descendantsOf(root).flatMap(({ operator }) =>
    operator.kind === "filter" ? filterEdges(operator) : joinEdges(operator));
  const crossEdges = crossPairs.map(([left, right]) => crossEdge({ left, right }));
  return { relations, hyperedges: [...hyperedges, ...crossEdges], asWritten: nestingOf(root) };
}

/** The hypergraph of a query of at most RELATIONS_MAX relations; larger ones go through reorderJoins(). */
export function joinGraphOf(query: JoinQuery): JoinGraph {
  return joinGraphOfTree(binaryTreeOf(query), query.relations);
}
