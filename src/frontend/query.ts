// The analysed query as the planner reads it: PostgreSQL's Query after rewriting, as a closed union of what may
// stand in each clause. It says what the statement is, not whether anybody can run it: refusals are in
// query_checks.ts and in the planner.
import type { AnalysedExpression } from "./analysed_expression.js";
import type { TextNode } from "./node_text.js";
import type { SortGroup } from "./sort_group.js";

/** One entry of the range table. */
export type RangeEntry =
  | {
      readonly kind: "relation";
      readonly source: TextNode;
      readonly relation: number;
      /** pg_class.relkind. */
      readonly relationKind: string;
      readonly alias: string;
      readonly columnNames: readonly string[];
      readonly isSampled: boolean;
    }
  | {
      readonly kind: "subquery";
      readonly source: TextNode;
      readonly alias: string;
      readonly columnNames: readonly string[];
      /** Made from a view. */
      readonly isView: boolean;
      readonly query: TextNode;
      readonly isLateral: boolean;
      /** A view whose conditions must see rows before any other condition does. */
      readonly isBarrier: boolean;
    }
  | {
      readonly kind: "cte";
      readonly source: TextNode;
      readonly alias: string;
      readonly columnNames: readonly string[];
      readonly isView: boolean;
      readonly name: string;
      readonly levelsUp: number;
      readonly isSelfReference: boolean;
    }
  | {
      readonly kind:
        | "join" | "function" | "tableFunction" | "values" | "tuplestore"
        | "result" | "group" | "unknown";
      readonly source: TextNode;
      readonly alias: string;
      readonly columnNames: readonly string[];
      readonly isView: boolean;
    };

export type FromItem =
  | { readonly kind: "range"; readonly rangeIndex: number }
  | {
      readonly kind: "join";
      readonly source: TextNode;
      /** As SQL spells it. */
      readonly joinKind: string;
      readonly left: FromItem;
      readonly right: FromItem;
      readonly condition: AnalysedExpression | undefined;
    };

export interface Target {
  readonly expression: AnalysedExpression;
  readonly number: number;
  readonly name: string;
  /** Referenced by GROUP BY, ORDER BY and DISTINCT; 0 when not. */
  readonly sortGroupReference: number;
  readonly isJunk: boolean;
}

export interface AnalysedQuery {
  readonly source: TextNode;
  readonly command: "select" | "update" | "insert" | "delete" | "merge" | "utility" | "other";
  readonly rangeTable: readonly RangeEntry[];
  readonly from: readonly FromItem[];
  readonly where: AnalysedExpression | undefined;
  readonly targets: readonly Target[];
  readonly groupBy: readonly SortGroup[];
  readonly groupingSets: readonly TextNode[];
  readonly having: AnalysedExpression | undefined;
  readonly windows: readonly TextNode[];
  readonly distinct: readonly SortGroup[];
  readonly isDistinctOn: boolean;
  readonly sort: readonly SortGroup[];
  readonly limitOffset: AnalysedExpression | undefined;
  readonly limitCount: AnalysedExpression | undefined;
  readonly setOperation: TextNode | undefined;
  readonly rowMarks: readonly TextNode[];
  readonly commonTableExpressions: readonly TextNode[];
  readonly hasAggregates: boolean;
  readonly hasWindowFunctions: boolean;
  readonly hasTargetSets: boolean;
}
