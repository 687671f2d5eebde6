// What the caller gives: relations with their estimates, and the joins between them as the statement means them. Any
// subtree the caller does not want reordered is a relation of its own here. Not the result (join_tree.ts).
// Read next: join_graph.ts.

/** An input of the joins: a scan, or any subplan taken as a whole. */
export interface Relation {
  readonly name: string;
  /** Expected rows after the relation's own filters. */
  readonly rows: number;
  /** Bytes of a row's columns that joins above still need. */
  readonly widthBytes: number;
}

/** One conjunct of a join condition or filter. Relations are indexes into JoinQuery.relations. */
export interface JoinPredicate {
  /** The caller's name for it; each occurs once in a query. */
  readonly id: number;
  /** The relations it reads. To read the mark of a mark join is to read any relation of that join's right side. */
  readonly relations: readonly number[];
  /**
   * Those among them that must not be null-extended: the predicate is not true when every column of the relation is
   * null. What is left out here only costs freedom; what is wrongly listed gives wrong answers.
   */
  readonly rejectsNulls: readonly number[];
  /** Share of the pairs of rows that satisfy it. */
  readonly selectivity: number;
  /** A hashable equality of an expression over `left` with one over `right`; the two have no relation in common. */
  readonly equality?: { readonly left: readonly number[]; readonly right: readonly number[] };
  /**
   * Number of the equivalence class of an equality of two relations: once rows satisfy enough members of a class,
   * the others hold too and are neither evaluated nor counted as selective. All columns one relation has in a
   * class must be equal within that relation, and equality transitive across the members' types.
   */
  readonly equivalence?: number;
}

/** Joins that keep or hide whole sides; they move only where conflict_detection.ts allows. */
export type OuterJoinKind = "left" | "full" | "semi" | "anti" | "mark";

export type OperatorTree =
  | { readonly kind: "leaf"; readonly relation: number }
  | {
      /** Any number of inputs: two or more are a join (a cross join without predicates), one is a filter above it. */
      readonly kind: "inner";
      readonly inputs: readonly OperatorTree[];
      readonly predicates: readonly JoinPredicate[];
    }
  | {
      /** An anti join may be NOT IN's: both keep a left row by what the whole right side is. */
      readonly kind: OuterJoinKind;
      /** The caller's name for it, found again in the join tree. */
      readonly operator?: number;
      /** Set where the engine builds only on the right, whatever OrderingOptions.buildSides says of the kind. */
      readonly build?: "right";
      readonly left: OperatorTree;
      readonly right: OperatorTree;
      /** The whole join condition: it stays together. */
      readonly predicates: readonly JoinPredicate[];
      /** Share of the left rows with a partner, for semi and anti; by default from the selectivities. */
      readonly matchFraction?: number;
    };

export interface JoinQuery {
  readonly relations: readonly Relation[];
  /** Every relation is exactly one leaf. */
  readonly tree: OperatorTree;
}
