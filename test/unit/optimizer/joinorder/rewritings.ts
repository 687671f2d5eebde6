// The core search space by its own definition: every tree that commutativity, associativity, left and right asscom
// can make of a tree, one step at a time. Conflict detection must allow exactly these.
import { binaryTreeOf } from "#optimizer/joinorder/inner_regions.js";
import type { BinaryOperator } from "#optimizer/joinorder/inner_regions.js";
import type { Nesting } from "#optimizer/joinorder/join_graph.js";
import { assoc, lAsscom, rAsscom } from "#optimizer/joinorder/join_properties.js";
import type { LawOperator } from "#optimizer/joinorder/join_properties.js";
import type { JoinQuery } from "#optimizer/joinorder/operator_tree.js";

interface Join extends LawOperator {
  readonly reads: bigint;
}

type Tree =
  | { readonly kind: "leaf"; readonly all: bigint; readonly relation: number }
  | { readonly kind: "join"; readonly all: bigint; readonly operator: Join; readonly left: Tree; readonly right: Tree };

function join(operator: Join, left: Tree, right: Tree): Tree {
  return { kind: "join", all: left.all | right.all, operator, left, right };
}

function treeOf(tree: BinaryOperator): Tree {
  if (tree.kind === "leaf") return tree;
  if (tree.kind === "filter") throw new Error("rewritings know joins only");
  const reads = tree.conjuncts.reduce((mask, conjunct) => mask | conjunct.reads, 0n);
  const rejectsNulls = tree.conjuncts.reduce((mask, conjunct) => mask | conjunct.rejectsNulls, 0n);
  return join({ kind: tree.kind, reads, rejectsNulls }, treeOf(tree.left), treeOf(tree.right));
}

function leftSteps(b: Join, left: Tree, e3: Tree): Tree[] {
  if (left.kind === "leaf") return [];
  const { operator: a, left: e1, right: e2 } = left;
  const steps: Tree[] = [];
  if ((b.reads & e1.all) === 0n && assoc(a, b, e2.all)) steps.push(join(a, e1, join(b, e2, e3)));
  if ((b.reads & e2.all) === 0n && lAsscom(a, b, e1.all)) steps.push(join(a, join(b, e1, e3), e2));
  return steps;
}

function rightSteps(b: Join, e1: Tree, right: Tree): Tree[] {
  if (right.kind === "leaf") return [];
  const { operator: a, left: e2, right: e3 } = right;
  const steps: Tree[] = [];
  if ((b.reads & e3.all) === 0n && assoc(b, a, e2.all)) steps.push(join(a, join(b, e1, e2), e3));
  if ((b.reads & e2.all) === 0n && rAsscom(b, a, e3.all)) steps.push(join(a, e2, join(b, e1, e3)));
  return steps;
}

function steps(tree: Tree): Tree[] {
  if (tree.kind === "leaf") return [];
  const { operator, left, right } = tree;
  const commuted = operator.kind === "inner" || operator.kind === "full" ? [join(operator, right, left)] : [];
  return [
    ...commuted, ...leftSteps(operator, left, right), ...rightSteps(operator, left, right),
    ...steps(left).map((step) => join(operator, step, right)),
    ...steps(right).map((step) => join(operator, left, step)),
  ];
}

/** Text of a tree with its sides kept. */
function exact(tree: Tree): string {
  return tree.kind === "leaf" ? `${tree.relation}` : `(${exact(tree.left)} ${exact(tree.right)})`;
}

/** Text of a nesting whatever its sides: which relations are joined with which. */
export function shapeOf(nesting: Nesting): string {
  const lowest = (each: Nesting): number =>
    typeof each === "number" ? each : Math.min(lowest(each.left), lowest(each.right));
  if (typeof nesting === "number") return `${nesting}`;
  const [one, other] = lowest(nesting.left) < lowest(nesting.right)
    ? [nesting.left, nesting.right] : [nesting.right, nesting.left];
  return `(${shapeOf(one)} ${shapeOf(other)})`;
}

function nestingOf(tree: Tree): Nesting {
  return tree.kind === "leaf" ? tree.relation : { left: nestingOf(tree.left), right: nestingOf(tree.right) };
}

/** Shapes of all trees the laws reach, sorted. */
export function reachableShapes(query: JoinQuery): string[] {
  const start = treeOf(binaryTreeOf(query).root);
  const found = new Map([[exact(start), start]]);
  for (const tree of found.values())
    for (const step of steps(tree)) {
      const text = exact(step);
      if (!found.has(text)) found.set(text, step);
    }
  return [...new Set([...found.values()].map((tree) => shapeOf(nestingOf(tree))))].sort();
}
