// IN, ANY and ALL with a subquery as whole conditions: joins that keep or drop rows by their partners. Under NOT, and
// with ALL, a comparison with NULL counts as if it had gone against the row, so partners are those of whom it is not
// known that they are none. Counter-example: 1 NOT IN (2, NULL) is not true, and the join of 1 = y would keep it.
// Read next: marks.ts for the same inside of expressions.
import type { Expression } from "#expr/expression.js";
import { madeArray } from "#frontend/array_comparisons.js";
import type { TextNode } from "#frontend/node_text.js";
import { comparisonsIn, equalityOf, hasEquality } from "#optimizer/expressions/conditions.js";
import { mayFail } from "#optimizer/expressions/may_fail.js";
import type { HidingJoin } from "#optimizer/from/join_order.js";
import type { Region } from "#optimizer/from/region.js";
import type { QueryPlanner } from "#optimizer/query_planner.js";
import type { QueryScope } from "#optimizer/query_scope.js";
import type { LogicalOperator } from "#plan/logical.js";
import { BOOL } from "#types/engine_type.js";
import { refuseFailing, refuseSubLink, subQueryOf, testExpression } from "./correlation.js";
import { isNeverUnknown } from "./marks.js";
import { ALL, typeOf } from "./sub_links.js";
import { comparedRows } from "./subquery_rows.js";

/** Rows of a subquery that every row is compared with, one by one; PostgreSQL may have a hash table for more. */
const COMPARED_ROWS_MAX = 10_000;

function isTested(argument: Expression, test: "true" | "false", negated: boolean): Expression {
  return { kind: "booleanTest", argument, test, negated, type: BOOL };
}

/** `x <> s` as `x = s`. */
function withoutNegation(test: Expression): Expression | undefined {
  if (test.kind !== "call" || !test.function.endsWith(".notEqual")) return undefined;
  return { ...test, function: test.function.replace(/notEqual$/, "equal") };
}

/** Plans the condition; `isNegated` when it stands under NOT. */
export function quantifiedJoin(
  planner: QueryPlanner, around: Region, scope: QueryScope, subLink: TextNode, isNegated: boolean,
): HidingJoin {
  const query = subQueryOf(scope, subLink);
  const isAll = typeOf(subLink) === ALL;
  const asking = { planner, around, scope, subLink, byKeys: false };
  const { operator: right, correlated, column } = comparedRows(asking, query);
  const isPlainIn = !isAll && !isNegated;
  if (!isPlainIn || correlated.length > 0 || madeArray(subLink)) refuseFailing(query, scope, subLink);
  const test = testExpression(scope, subLink, column);
  if (isPlainIn) return { join: "semi", right, conditions: [...comparisonsIn(test), ...correlated] };
  // PostgreSQL compares only with the rows there are.
  if (mayFail(test)) return refuseSubLink(subLink, "under NOT with a comparison that may fail");
  if (!isAll) return noneEqual(scope, subLink, right, comparisonsIn(test), correlated);
  const equal = withoutNegation(test);
  if (equal !== undefined && !isNegated) return noneEqual(scope, subLink, right, [equal], correlated);
  const against = isNegated ? isTested(test, "false", false) : isTested(test, "true", true);
  return compared(subLink, { join: isNegated ? "semi" : "anti", right, conditions: [...correlated, against] });
}

/** NOT IN: no row is equal, or might be. A list of comparisons is not false where none of them is. */
function noneEqual(
  scope: QueryScope, subLink: TextNode, right: LogicalOperator, tests: readonly Expression[],
  correlated: readonly Expression[],
): HidingJoin {
  const [only] = tests;
  if (tests.length === 1 && only !== undefined && correlated.length === 0 && equalityOf(only) !== undefined)
    return { join: "nullAwareAnti", right, conditions: [only] };
  const against = tests.map((test) => (isNeverUnknown(scope, test) ? test : isTested(test, "false", true)));
  return compared(subLink, { join: "anti", right, conditions: [...correlated, ...against] });
}

/** The join, unless it would compare too many rows without a key to find them by. */
function compared(subLink: TextNode, join: HidingJoin): HidingJoin {
  if (!hasEquality(join.conditions) && join.right.rows > COMPARED_ROWS_MAX)
    return refuseSubLink(subLink, "with too many rows to compare");
  return join;
}
