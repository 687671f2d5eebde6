// The parts that plan one query level inside another, as each of them sees the others: FROM holds subqueries,
// subqueries hold FROM. No code; the parts are put together in joined_statement.ts.
import type { Expression } from "#expr/expression.js";
import type { AnalysedExpression } from "#frontend/analysed_expression.js";
import type { TextNode } from "#frontend/node_text.js";
import type { AnalysedQuery } from "#frontend/query.js";
import type { Region } from "#optimizer/from/region.js";
import type { StatementFacts } from "#optimizer/from/table_source.js";
import type { Block } from "./block.js";
import type { QueryScope } from "./query_scope.js";

/** The rows of a LATERAL subquery, for all rows around it. */
export interface LateralRows {
  readonly block: Block;
  /** Between its rows and those around it. */
  readonly conditions: readonly Expression[];
  /** Every outer row has exactly one row: its columns say what it is for those that the join finds no partner of. */
  readonly isOneEach: boolean;
}

export interface QueryPlanner {
  readonly statement: StatementFacts;
  /** A subquery with everything it does; it may read nothing from outside. */
  planBlock(query: AnalysedQuery, outer: QueryScope | undefined): Block;
  /** A subquery that reads `scope`, the level around it, for the rows `around`; `isNullable` below an outer join. */
  planLateral(around: Region, scope: QueryScope, query: AnalysedQuery, isNullable: boolean): LateralRows;
  /** Lets the value of a subquery stand for it in the scope, for all rows of the region. */
  planValue(region: Region, scope: QueryScope, subLink: TextNode): void;
  /** Places a condition that contains subqueries; false when it contains none. */
  placeSubqueryCondition(region: Region, scope: QueryScope, condition: AnalysedExpression): boolean;
}
