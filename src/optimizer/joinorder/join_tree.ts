// The result: a tree of joins over all relations, with the predicates each one evaluates and the side it builds on.
// Not a physical plan: no columns, no expressions. explainJoinTree prints it for tests and for EXPLAIN of decisions.
import type { OuterJoinKind, Relation } from "./operator_tree.js";

export type JoinKind = "inner" | "cross" | OuterJoinKind;

export type JoinTree =
  | {
      readonly kind: "leaf";
      readonly relation: number;
      /** Ids of predicates that read this relation alone, evaluated on its rows. */
      readonly filters: readonly number[];
      readonly rows: number;
    }
  | {
      readonly kind: "join";
      readonly join: JoinKind;
      /** The caller's name for a join that is neither inner nor cross. */
      readonly operator: number | undefined;
      /** The preserved side of left, semi, anti and mark joins. */
      readonly left: JoinTree;
      readonly right: JoinTree;
      /** The side kept in the hash table, or repeated in memory where nothing can be hashed. */
      readonly build: "left" | "right";
      /** Ids of the join condition's predicates. */
      readonly predicates: readonly number[];
      /** Ids of predicates evaluated on the joined rows, after padding. */
      readonly filters: readonly number[];
      /** Ids of predicates that hold here because others of their equivalence class do; they need no evaluation. */
      readonly implied: readonly number[];
      readonly rows: number;
      /** Cost of this join and all below it, in nanoseconds. */
      readonly costNs: number;
    };

/** Every predicate of the tree, in no useful order; those implied too. */
export function predicatesOf(tree: JoinTree): number[] {
  if (tree.kind === "leaf") return [...tree.filters];
  const { predicates, filters, implied } = tree;
  return [...predicates, ...filters, ...implied, ...predicatesOf(tree.left), ...predicatesOf(tree.right)];
}

/** The relations in the order the tree reads them. */
export function leavesOf(tree: JoinTree): number[] {
  return tree.kind === "leaf" ? [tree.relation] : [...leavesOf(tree.left), ...leavesOf(tree.right)];
}

function listed(word: string, ids: readonly number[]): string {
  return ids.length === 0 ? "" : ` ${word} ${ids.map((id) => `p${id}`).join(",")}`;
}

function lines(tree: JoinTree, relations: readonly Relation[]): string[] {
  const rows = `(${Math.round(tree.rows)} rows)`;
  if (tree.kind === "leaf")
    return [`${relations[tree.relation]?.name ?? `r${tree.relation}`}${listed("filter", tree.filters)} ${rows}`];
  const conditions =
    listed("on", tree.predicates) + listed("filter", tree.filters) + listed("implied", tree.implied);
  const below = [tree.left, tree.right].flatMap((side) => lines(side, relations).map((line) => `  ${line}`));
  return [`${tree.join} join${conditions} build ${tree.build} ${rows}`, ...below];
}

/** The tree as indented lines: kind, predicates by id, build side, expected rows; left input first. */
export function explainJoinTree(tree: JoinTree, relations: readonly Relation[]): string {
  return lines(tree, relations).join("\n");
}
