// The parts that plan one query level inside another, as each of them sees the others: FROM holds subqueries,
// subqueries hold FROM. No code; the parts are put together in joined_statement.ts.
import type { AnalysedExpression } from "#frontend/analysed_expression.js";
import type { AnalysedQuery } from "#frontend/query.js";
import type { Block } from "./block.js";
import type { QueryScope } from "./query_scope.js";
import type { Region } from "./region.js";
import type { StatementFacts } from "./table_source.js";

export interface QueryPlanner {
  readonly statement: StatementFacts;
  /** A subquery with everything it does; it may read nothing from outside. */
  planBlock(query: AnalysedQuery, outer: QueryScope | undefined): Block;
  /** Places a condition that contains subqueries; false when it contains none. */
  placeSubqueryCondition(region: Region, scope: QueryScope, condition: AnalysedExpression): boolean;
}
