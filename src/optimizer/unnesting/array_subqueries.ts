// ARRAY(SELECT ...): the subquery's rows, in the order it asks for, made one array; one for each combination of the
// values it is correlated by, joined on those. Where it has no row the array is empty, not NULL. Read next:
// subquery_rows.ts, array_elements.ts, subqueries.ts.
import { defined } from "#base/assert.js";
import { constantOf, readColumn } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import type { SqlType } from "#frontend/analysed_expression.js";
import type { TextNode } from "#frontend/node_text.js";
import type { RequestFacts } from "#frontend/request_facts.js";
import { emptyArrayImage } from "#functions/array_image.js";
import { elementValue } from "#optimizer/expressions/array_elements.js";
import type { ColumnSource } from "#optimizer/expressions/column_source.js";
import { columnOf, engineTypeOf } from "#optimizer/expressions/column_types.js";
import type { Region } from "#optimizer/from/region.js";
import type { StatementFacts } from "#optimizer/from/table_source.js";
import { orderKeyOf } from "#optimizer/from/table_source.js";
import { groupedRows, keyColumn } from "#optimizer/grouping/grouped_rows.js";
import type { QueryPlanner } from "#optimizer/query_planner.js";
import type { QueryScope } from "#optimizer/query_scope.js";
import type { LogicalOperator } from "#plan/logical.js";
import type { AggregateCall } from "#plan/physical.js";
import { conditionsOn, type PendingLookUp, refuseFailing, refuseSubLink, subQueryOf } from "./correlation.js";
import { orderOf } from "./limits.js";
import { comparedRows, type ComparedRows } from "./subquery_rows.js";

/** The array type of elements of a type; undefined when no array of it occurs in the statement. */
function arrayOf(facts: RequestFacts, { type, typmod, collation }: SqlType): SqlType | undefined {
  const array = facts.arrayType(type);
  return array === undefined ? undefined : { type: array, typmod, collation };
}

/** The type of ARRAY(SELECT ...): its only visible target says which. */
export function arraySubqueryType(scope: QueryScope, subLink: TextNode): SqlType {
  const target = subQueryOf(scope, subLink).targets.find(({ isJunk }) => !isJunk);
  const array = target && arrayOf(scope.statement.facts, target.expression);
  return array ?? refuseSubLink(subLink, "of elements that are arrays");
}

/** One row for each combination of the keys, with the array that `call` makes. */
function arrays(
  statement: StatementFacts, input: LogicalOperator, { keys }: ComparedRows, call: AggregateCall,
): { readonly operator: LogicalOperator; readonly conditions: readonly Expression[]; readonly array: number } {
  const operator = groupedRows(statement, input, keys.map(({ inner: expression }, index) => (
    { name: `key${index}`, expression, column: keyColumn(statement, expression) })), [{ name: "array", call }]);
  return {
    operator,
    conditions: keys.flatMap((key, index) => conditionsOn(key, operator.keys[index]?.attribute)),
    array: defined(operator.aggregates[0], "the array").attribute,
  };
}

/** Plans the array and lets it stand for the subquery in this scope. */
export function arrayValue(
  planner: QueryPlanner, region: Region, scope: QueryScope, subLink: TextNode,
): PendingLookUp | undefined {
  const { statement } = scope;
  const query = subQueryOf(scope, subLink);
  refuseFailing(query, scope, subLink);
  const visible = defined(query.targets.find(({ isJunk }) => !isJunk), "a target");
  // What it is ordered by is needed above its groups.
  const shown = { ...query, targets: query.targets.map((target) => ({ ...target, isJunk: false })) };
  const rows = comparedRows({ planner, around: region, scope, subLink, byKeys: true }, shown);
  const sql = arraySubqueryType(scope, subLink);
  const value = rows.column(visible.number);
  const of = value && elementValue(statement.facts, visible.expression, value);
  const type = engineTypeOf(statement.facts, sql);
  if (of === undefined || type === undefined)
    return refuseSubLink(subLink, "of a value the engine does not compute");
  const orderKey: ColumnSource["orderKey"] = (index, collation) => orderKeyOf(statement, index, collation, Infinity);
  const order = orderOf({ statement, orderKey }, { ...rows, query: shown });
  const inOrder: LogicalOperator = order.length === 0
    ? rows.operator : { kind: "limit", input: rows.operator, order, rows: rows.operator.rows };
  const call: AggregateCall = {
    function: "collect", argument: of.value, element: of.element, result: columnOf(sql, type, true),
  };
  const { operator, conditions, array } = arrays(statement, inOrder, rows, call);
  const nothing = constantOf(emptyArrayImage(of.element.type), type);
  const expression: Expression = { kind: "coalesce", arguments: [readColumn(array, type), nothing], type };
  scope.put(subLink, { expression });
  if (rows.keys.length > 0) return { right: operator, conditions, value: expression };
  region.inputs.push(operator);
  return undefined;
}
