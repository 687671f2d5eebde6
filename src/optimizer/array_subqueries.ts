// ARRAY(SELECT ...): the subquery's rows, in the order it asks for, made one array; one for each combination of the
// values it is correlated by, joined on those. Where it has no row the array is empty, not NULL. Read next:
// subquery_rows.ts, array_elements.ts, subqueries.ts.
import { defined } from "#base/assert.js";
import type { SqlType } from "#frontend/analysed_expression.js";
import type { TextNode } from "#frontend/node_text.js";
import type { RequestFacts } from "#frontend/request_facts.js";
import type { Expression } from "#expr/expression.js";
import { emptyArrayImage } from "#functions/array_image.js";
import type { LogicalOperator } from "#plan/logical.js";
import type { AggregateCall } from "#plan/physical.js";
import { elementValue } from "./array_elements.js";
import type { ColumnSource } from "./column_source.js";
import { columnOf, engineTypeOf } from "./column_types.js";
import { conditionsOn, type PendingLookUp, refuseFailing, refuseSubLink, subQueryOf } from "./correlation.js";
import { Estimates } from "./estimates.js";
import { orderOf } from "./limits.js";
import { listsFit } from "./planned_aggregates.js";
import type { QueryPlanner } from "./query_planner.js";
import type { QueryScope } from "./query_scope.js";
import type { Region } from "./region.js";
import { comparedRows, type ComparedRows } from "./subquery_rows.js";
import type { StatementFacts } from "./table_source.js";
import { orderKeyOf } from "./table_source.js";

const INTERNAL: SqlType = { type: 0, typmod: -1, collation: 0 };

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
  { attributes, tables }: StatementFacts, input: LogicalOperator, { keys }: ComparedRows, call: AggregateCall,
): { readonly operator: LogicalOperator; readonly conditions: readonly Expression[]; readonly array: number } {
  const origin = attributes.newOrigin();
  const own = keys.map(({ inner: expression }, index) => {
    const column = expression.kind === "column"
      ? attributes.typeOf(expression.index) : columnOf(INTERNAL, expression.type, true);
    return { attribute: attributes.add(origin, `key${index}`, column), expression, column };
  });
  const array = attributes.add(origin, "array", call.result);
  const rows = new Estimates(tables).groups(input, own.map(({ expression }) => expression));
  return {
    operator: { kind: "aggregate", origin, input, keys: own, aggregates: [{ attribute: array, call }], rows },
    conditions: keys.flatMap((key, index) => conditionsOn(key, own[index]?.attribute)),
    array,
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
  if (!listsFit(rows.operator.rows, operator.rows)) return refuseSubLink(subLink, "of so many rows");
  const nothing: Expression = { kind: "constant", value: emptyArrayImage(of.element.type), type };
  const expression: Expression = {
    kind: "coalesce", arguments: [{ kind: "column", index: array, type }, nothing], type,
  };
  scope.put(subLink, { expression });
  if (rows.keys.length > 0) return { right: operator, conditions, value: expression };
  region.inputs.push(operator);
  return undefined;
}
