// The hypergraph that the enumeration runs on: relations, and hyperedges that say which join they perform, which
// relations it needs on which side, and what else must be present. Made by conflict_detection.ts from an operator
// tree. Read next: hypergraph.ts for connectivity, plan_space.ts for what a join of two sets applies.
import type { JoinPredicate, OuterJoinKind, Relation } from "./operator_tree.js";
import type { RelationSet } from "./relation_set.js";

/** Obeyed by a set of relations when it has nothing of `whenAny` or all of `thenAll`. */
export interface ConflictRule {
  readonly whenAny: RelationSet;
  readonly thenAll: RelationSet;
}

/** The relations two joined sets must contain for a hyperedge to connect them, one side each. */
export interface Split {
  readonly left: RelationSet;
  readonly right: RelationSet;
}

export interface EdgePredicate {
  readonly predicate: JoinPredicate;
  readonly equality: Split | undefined;
}

/**
 * - `inner`: predicates over the same relations; applied by whatever join first brings them together.
 * - `filter`: the same, but it connects nothing: it was written above a join, and runs after one.
 * - `cross`: permits multiplying its sides and applies nothing.
 * - the rest: one join operator with its whole condition; `split.left` stays on the left.
 */
export type HyperedgeKind = "inner" | "filter" | "cross" | OuterJoinKind;

export interface Hyperedge {
  readonly kind: HyperedgeKind;
  /** The total eligibility set by side; a filter's stands on the left. */
  readonly split: Split;
  /** Other ways an inner predicate may connect two sets. */
  readonly otherSplits: readonly Split[];
  readonly rules: readonly ConflictRule[];
  readonly predicates: readonly EdgePredicate[];
  /** All relations below the operator by side: what it pads, hides or counts. */
  readonly below: Split;
  readonly matchFraction: number | undefined;
  /** The caller's name for a join operator that is not inner. */
  readonly operator: number | undefined;
  readonly build: "right" | undefined;
  /** Inner joins written together; equivalence classes do not reach across. */
  readonly region: number;
}

/** The joins in an order that is always possible: the normalised operator tree. */
export type Nesting = number | { readonly left: Nesting; readonly right: Nesting };

export interface JoinGraph {
  readonly relations: readonly Relation[];
  readonly hyperedges: readonly Hyperedge[];
  readonly asWritten: Nesting;
}
