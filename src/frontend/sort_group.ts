// Items of GROUP BY, ORDER BY, DISTINCT and PARTITION BY, of queries and of aggregates: which target, under which
// operators. What is done with them is the planner's (optimizer/sort_keys.ts).
import type { TextNode } from "./node_text.js";
import { booleanField, numberField } from "./text_fields.js";

/** One item, pointing at a target. */
export interface SortGroup {
  readonly sortGroupReference: number;
  readonly equalityOperator: number;
  /** 0 where nothing is sorted. */
  readonly sortOperator: number;
  readonly isNullsFirst: boolean;
  readonly isHashable: boolean;
}

export function readSortGroup(node: TextNode): SortGroup {
  return {
    sortGroupReference: numberField(node, "tleSortGroupRef"),
    equalityOperator: numberField(node, "eqop"),
    sortOperator: numberField(node, "sortop"),
    isNullsFirst: booleanField(node, "nulls_first"),
    isHashable: booleanField(node, "hashable"),
  };
}
