// ORDER BY and DISTINCT of aggregates as keys over the rows below them. A FILTER comes first: what it keeps out has no
// key. Read next: ordered_rows.ts.
import { allOf, callOf, constantOf, onlyWhere } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import type { Aggregate, AggregateKey, AnalysedExpression, SqlType } from "#frontend/analysed_expression.js";
import type { RequestFacts } from "#frontend/request_facts.js";
import { groupsByEngineEquality, isAlikeWhenEqual } from "#optimizer/expressions/column_types.js";
import type { ExpressionTranslator } from "#optimizer/expressions/expression_translator.js";
import { asNumeric } from "#optimizer/expressions/numeric_values.js";
import { sortKeyOf } from "#optimizer/expressions/sort_keys.js";
import type { AggregateFunction, SortKey } from "#plan/physical.js";
import { BOOL, type EngineType, INT8 } from "#types/engine_type.js";
import type { PlannedAggregate } from "./aggregates.js";
import type { OrderedRows } from "./ordered_rows.js";

/** What the planner of aggregates knows. */
export interface AggregateScope {
  readonly facts: RequestFacts;
  readonly translator: ExpressionTranslator;
  readonly rows: OrderedRows | undefined;
}

/** The planner itself, for those who make several calls of one aggregate. */
export interface AggregateCalls extends AggregateScope {
  /** In which the rows come to the aggregate at hand, where it cares (ordered_rows.ts). */
  arrangement: number | undefined;
  call(
    name: string, function_: AggregateFunction, sql: SqlType, engine: EngineType,
    argument: Expression | undefined, filter: Expression | undefined,
  ): number;
  compute(name: string, sql: SqlType, expression: Expression): PlannedAggregate;
}

/** Both of two conditions, the first of which may be none. */
export function both(first: Expression | undefined, second: Expression): Expression {
  return first === undefined ? second : allOf([first, second]);
}

/** A value of the rows that the aggregate's FILTER lets through; NULL for the others. */
export function filteredValue(
  { translator }: AggregateScope, expression: AnalysedExpression, filter: AnalysedExpression | undefined,
): Expression | undefined {
  const value = translator.translate(expression, filter?.source);
  const condition = filter === undefined ? undefined : translator.translate(filter)?.expression;
  if (value === undefined || (filter !== undefined && condition === undefined)) return undefined;
  const own = value.displayScale === undefined ? value.expression : asNumeric(value);
  return condition === undefined ? own : onlyWhere(condition, own);
}

/** The order the keys ask for, of the rows that pass the filter; undefined where it is not the engine's. */
export function orderedKeys(
  scope: AggregateScope, keys: readonly AggregateKey[], filter: AnalysedExpression | undefined,
): readonly SortKey[] | undefined {
  const order: SortKey[] = [];
  for (const { expression, item } of keys) {
    const value = filteredValue(scope, expression, filter);
    const key = sortKeyOf(scope.facts, scope.translator.source, value, expression, item);
    if (key === undefined) return undefined;
    order.push({ ...key, expression: scope.rows?.column(key.expression) ?? key.expression });
  }
  return order;
}

/**
 * True for one row of those that the keys do not tell apart, among those that pass the filter; in an order where
 * there is one, for the aggregate sees the values in it. Undefined where the engine's equality is another.
 */
export function firstOfEqual(
  scope: AggregateScope, keys: readonly AggregateKey[], filter: AnalysedExpression | undefined,
): Expression | undefined {
  const { facts, rows } = scope;
  const passes = filter === undefined ? undefined : scope.translator.translate(filter)?.expression;
  if (rows === undefined || (filter !== undefined && passes === undefined)) return undefined;
  const isIn: readonly Expression[] = passes === undefined ? [] : [rows.column({
    kind: "booleanTest", argument: passes, test: "true", negated: false, type: BOOL,
  })];
  const order = orderedKeys(scope, keys, filter);
  if (order !== undefined) {
    const [rank, number] = (["rank", "rowNumber"] as const).map((name) => rows.place(isIn, order, { function: name }));
    return rank && number && callOf("integer.equal", BOOL, rank, number);
  }
  const values: Expression[] = [];
  for (const { expression, item } of keys) {
    const value = filteredValue(scope, expression, filter);
    if (value === undefined || !groupsByEngineEquality(facts, expression, value.type, item.equalityOperator))
      return undefined;
    values.push(rows.column(value));
  }
  const number = rows.place([...isIn, ...values], [], { function: "rowNumber" });
  const one = constantOf(1n, INT8);
  return callOf("integer.equal", BOOL, number, one);
}

/** A value that is told apart without an order: as a column, and the arrangement that has it once in each group. */
export interface DistinctValue {
  readonly value: Expression;
  readonly arrangement: number;
}

/**
 * What an aggregate with DISTINCT sees that does not care which of the equal values it is given, and when: no row
 * is moved for it. Undefined where equal values look different to it, or the engine's equality is another.
 */
export function distinctValue(
  scope: AggregateScope, { distinct, filter }: Aggregate, isCount: boolean,
): DistinctValue | undefined {
  const { facts, rows } = scope;
  const [key, ...others] = distinct;
  if (rows === undefined || key === undefined || others.length > 0) return undefined;
  const value = filteredValue(scope, key.expression, filter);
  if (value === undefined || value.kind === "constant" || !(isCount || isAlikeWhenEqual(value.type))) return undefined;
  if (!groupsByEngineEquality(facts, key.expression, value.type, key.item.equalityOperator)) return undefined;
  const column = rows.column(value);
  return { value: column, arrangement: rows.arrangeDistinct(column) };
}
