// The entry for operator trees of any size. A tree of more relations than a set has bits is cut: its larger subtrees
// are ordered on their own and then stand as one relation each. Most queries are one piece and go straight through.
// Read next: order_joins.ts.
import { defined } from "#base/assert.js";
import { joinGraphOfTree } from "./conflict_detection.js";
import type { BinaryOperator, BinaryTree, Conjunct } from "./inner_regions.js";
import { binaryTreeOf, maskOf } from "./inner_regions.js";
import type { JoinTree } from "./join_tree.js";
import type { JoinPredicate, JoinQuery, Relation } from "./operator_tree.js";
import type { JoinOrder, OrderingOptions } from "./order_joins.js";
import { orderJoins } from "./order_joins.js";
import { RELATIONS_MAX } from "./relation_set.js";

/** A leaf of the query, or a subtree already ordered. */
interface Piece {
  readonly all: bigint;
  readonly relation: Relation;
  readonly tree: JoinTree;
}

function bitsOf(mask: bigint): number[] {
  const found: number[] = [];
  for (let rest = mask, relation = 0; rest !== 0n; rest >>= 1n, relation += 1)
    if ((rest & 1n) === 1n) found.push(relation);
  return found;
}

class TreeCutter {
  pairs = 0;
  private readonly query: JoinQuery;
  private readonly crossPairs: BinaryTree["crossPairs"];
  private readonly options: OrderingOptions;
  private readonly ordered = new Map<BinaryOperator, Piece>();

  constructor(query: JoinQuery, crossPairs: BinaryTree["crossPairs"], options: OrderingOptions) {
    this.query = query;
    this.crossPairs = crossPairs;
    this.options = options;
  }

  /** Orders subtrees below `tree` until it has at most RELATIONS_MAX pieces; returns how many. */
  reduce(tree: BinaryOperator): number {
    if (tree.kind === "leaf" || this.ordered.has(tree)) return 1;
    if (tree.kind === "filter") return this.reduce(tree.input);
    let left = this.reduce(tree.left);
    let right = this.reduce(tree.right);
    while (left + right > RELATIONS_MAX) {
      this.orderPiece(left >= right ? tree.left : tree.right);
      if (left >= right) left = 1;
      else right = 1;
    }
    return left + right;
  }

  private orderPiece(tree: BinaryOperator): void {
    const order = this.order(tree);
    const relations = bitsOf(tree.all).map((relation) => defined(this.query.relations[relation], "a relation's bit"));
    const widthBytes = relations.reduce((sum, relation) => sum + relation.widthBytes, 0);
    const relation = { name: `${relations.length} relations`, rows: order.tree.rows, widthBytes };
    this.ordered.set(tree, { all: tree.all, relation, tree: order.tree });
  }

  /** The best order of a tree of at most RELATIONS_MAX pieces, in the query's numbering. */
  order(tree: BinaryOperator): JoinOrder {
    const pieces = this.piecesOf(tree);
    const renumber = (mask: bigint): bigint =>
      pieces.reduce((found, { all }, index) => (all & mask) === 0n ? found : found | (1n << BigInt(index)), 0n);
    const crossPairs = this.crossPairs
      .filter(([left, right]) => ((left | right) & ~tree.all) === 0n)
      .map(([left, right]) => [renumber(left), renumber(right)] as const)
      .filter(([left, right]) => (left & right) === 0n);
    const root = this.renumbered(tree, renumber);
    const graph = joinGraphOfTree({ root, crossPairs }, pieces.map(({ relation }) => relation));
    const order = orderJoins(graph, this.options);
    this.pairs += order.pairs;
    return { ...order, tree: expanded(order.tree, pieces) };
  }

  private piecesOf(tree: BinaryOperator): Piece[] {
    const piece = this.ordered.get(tree);
    if (piece !== undefined) return [piece];
    switch (tree.kind) {
      case "leaf": {
        const relation = defined(this.query.relations[tree.relation], "a leaf is a relation of the query");
        const leaf: JoinTree = { kind: "leaf", relation: tree.relation, filters: [], rows: relation.rows };
        return [{ all: tree.all, relation, tree: leaf }];
      }
      case "filter": return this.piecesOf(tree.input);
      default: return [...this.piecesOf(tree.left), ...this.piecesOf(tree.right)];
    }
  }

  private renumbered(tree: BinaryOperator, renumber: (mask: bigint) => bigint): BinaryOperator {
    const all = renumber(tree.all);
    if (tree.kind === "leaf" || this.ordered.has(tree))
      return { kind: "leaf", all, relation: defined(bitsOf(all)[0], "a piece has a number") };
    const conjuncts = tree.conjuncts.map((conjunct) => this.renumberedConjunct(conjunct, renumber));
    if (tree.kind === "filter")
      return { ...tree, all, input: this.renumbered(tree.input, renumber), conjuncts };
    const left = this.renumbered(tree.left, renumber);
    const right = this.renumbered(tree.right, renumber);
    return { ...tree, all, left, right, conjuncts };
  }

  private renumberedConjunct(conjunct: Conjunct, renumber: (mask: bigint) => bigint): Conjunct {
    const { predicate, reads, rejectsNulls } = conjunct;
    const numbers = (relations: readonly number[]): number[] => bitsOf(renumber(maskOf(relations)));
    const { equality, equivalence, ...rest } = predicate;
    const left = numbers(equality?.left ?? []);
    const right = numbers(equality?.right ?? []);
    const isSeparate = equality !== undefined && left.every((relation) => !right.includes(relation));
    // Columns of one class within a piece may still differ: what would make them equal can lie outside it.
    const isWhole = [...this.ordered.values()].every(({ all }) => (all & reads) === 0n);
    const renumberedPredicate: JoinPredicate = {
      ...rest,
      relations: numbers(predicate.relations),
      rejectsNulls: numbers(predicate.rejectsNulls),
      ...(isSeparate ? { equality: { left, right } } : {}),
      ...(equivalence !== undefined && isWhole ? { equivalence } : {}),
    };
    return { predicate: renumberedPredicate, reads: renumber(reads), rejectsNulls: renumber(rejectsNulls) };
  }
}

/** Puts the pieces' own trees in place of their leaves. */
function expanded(tree: JoinTree, pieces: readonly Piece[]): JoinTree {
  if (tree.kind === "join")
    return { ...tree, left: expanded(tree.left, pieces), right: expanded(tree.right, pieces) };
  const piece = defined(pieces[tree.relation], "a leaf is a piece").tree;
  return piece.kind === "leaf"
    ? { ...tree, relation: piece.relation }
    : { ...piece, filters: [...piece.filters, ...tree.filters] };
}

/** The cheapest order found for a query's joins. */
export function reorderJoins(query: JoinQuery, options: OrderingOptions = {}): JoinOrder {
  const { root, crossPairs } = binaryTreeOf(query);
  const cutter = new TreeCutter(query, crossPairs, options);
  cutter.reduce(root);
  const order = cutter.order(root);
  return { ...order, pairs: cutter.pairs };
}
