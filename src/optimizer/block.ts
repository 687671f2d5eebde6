// A subquery with everything it does, FROM to DISTINCT, as one logical operator and its columns. ORDER BY is left
// out: without LIMIT it changes nothing that SQL promises. Its FROM is planned already (from_clause.ts).
import { defined } from "#base/assert.js";
import { callOf, constantOf, readColumn } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import { mapColumns } from "#expr/traverse.js";
import type { AnalysedExpression, SqlType } from "#frontend/analysed_expression.js";
import { edgeCalls } from "#frontend/edge_calls.js";
import type { AnalysedQuery } from "#frontend/query.js";
import { refuse } from "#frontend/refusal.js";
import { LeftToPostgres, leave } from "#optimizer/edges/left_to_postgres.js";
import { averageOf } from "#optimizer/expressions/average.js";
import type { ColumnSource } from "#optimizer/expressions/column_source.js";
import { INT4_SQL, columnOf, groupsByEngineEquality } from "#optimizer/expressions/column_types.js";
import { ExpressionTranslator } from "#optimizer/expressions/expression_translator.js";
import type { Translated } from "#optimizer/expressions/translated.js";
import { filtered } from "#optimizer/from/filtered.js";
import type { StatementFacts } from "#optimizer/from/table_source.js";
import { AggregatePlanner } from "#optimizer/grouping/aggregates.js";
import { type NamedKey, groupedRows, keyColumn } from "#optimizer/grouping/grouped_rows.js";
import { aggregatesOf, keysOf } from "#optimizer/grouping/grouping.js";
import { planGroupingSets } from "#optimizer/grouping/grouping_sets.js";
import { OrderedRows } from "#optimizer/grouping/ordered_rows.js";
import { planAggregates } from "#optimizer/grouping/planned_aggregates.js";
import { callsOf, plannedGroups } from "#optimizer/grouping/planned_groups.js";
import { heldBack, raising } from "#optimizer/unnesting/held_back.js";
import { firstOfEach, limited, orderOf } from "#optimizer/unnesting/limits.js";
import { planWindows, windowCallsOf } from "#optimizer/windows/windows.js";
import type { ComputedAttribute, LogicalOperator } from "#plan/logical.js";
import { inputsOf } from "#plan/logical.js";
import type { EdgeExpression } from "#plan/planning.js";
import type { PlanningContext } from "./planning_context.js";
import { isGrouped } from "./planning_context.js";
import type { QueryScope } from "./query_scope.js";
import { SubstitutedSource } from "./query_scope.js";

export interface Block {
  readonly operator: LogicalOperator;
  readonly query: AnalysedQuery;
  /** The column of a target number. */
  readonly column: (number: number) => Translated | undefined;
}

export interface AggregatedBlock {
  readonly block: Block;
  /** Attributes of the extra keys. */
  readonly extraKeys: readonly number[];
}

function targetOf(query: AnalysedQuery, number: number): AnalysedExpression | undefined {
  return query.targets.find((target) => target.number === number)?.expression;
}

/**
 * What a query does above its joined rows. `extraKeys` are grouped by as well: expressions a correlated subquery's
 * aggregates are told apart by.
 */
export function aggregateBlock(
  scope: QueryScope, input: LogicalOperator, extraKeys: readonly Expression[],
): AggregatedBlock {
  // PostgreSQL runs a subquery of its own over one table as fast as its scan makes keys of texts.
  scope.limitKeys(extraKeys.length > 0 || joins(input) ? Infinity : 0);
  const { block, extraKeys: attributes } = steps(scope, input, extraKeys);
  const keys = attributes.map((attribute) => columnAttribute(scope, attribute).expression);
  return { block: limited(scope, block, keys), extraKeys: attributes };
}

function joins(operator: LogicalOperator): boolean {
  return operator.kind === "join" || inputsOf(operator).some(joins);
}

/** All but LIMIT. */
function steps(scope: QueryScope, input: LogicalOperator, extraKeys: readonly Expression[]): AggregatedBlock {
  const { query, statement } = scope;
  let operator = input;
  try {
    if (isGrouped(query)) return grouped(scope, input, extraKeys);
    operator = windowed(scope, input, scope, extraKeys);
    if (query.distinct.length > 0 && !query.isDistinctOn) return distinct(scope, operator, extraKeys);
  } catch (error) {
    if (!(error instanceof LeftToPostgres)) throw error;
    return refuse("grouping in a subquery", `Not in the engine: ${error.message}.`);
  }
  const translator = new ExpressionTranslator(statement.facts, scope);
  const column = (number: number): Translated | undefined => {
    const target = targetOf(query, number);
    return target === undefined ? undefined : translator.translate(target);
  };
  const keyed = withKeys(scope, operator, extraKeys);
  const block: Block = { operator: keyed.operator, query, column };
  return { block: query.isDistinctOn ? distinctOn(scope, block, extraKeys) : block, extraKeys: keyed.attributes };
}

/** The rows with the extra keys as attributes. */
function withKeys(
  scope: QueryScope, input: LogicalOperator, extraKeys: readonly Expression[],
): { readonly operator: LogicalOperator; readonly attributes: readonly number[] } {
  const { attributes } = scope.statement;
  const origin = attributes.newOrigin();
  const columns: ComputedAttribute[] = [];
  const own = extraKeys.map((expression, index) => {
    if (expression.kind === "column") return expression.index;
    const attribute = attributes.add(origin, `key${index}`, keyColumn(scope.statement, expression));
    columns.push({ attribute, expression });
    return attribute;
  });
  if (columns.length === 0) return { operator: input, attributes: own };
  return { operator: { kind: "compute", origin, input, columns, rows: input.rows }, attributes: own };
}

/** The first row of each part in the query's order; of rows that the order leaves open, any. */
function distinctOn(scope: QueryScope, block: Block, extraKeys: readonly Expression[]): Block {
  const { query, statement } = scope;
  const parts = query.distinct.map((item) => {
    const target = query.targets.find((each) => each.sortGroupReference === item.sortGroupReference);
    const expression = target === undefined ? undefined : block.column(target.number)?.expression;
    if (target === undefined || expression === undefined
      || !groupsByEngineEquality(statement.facts, target.expression, expression.type, item.equalityOperator))
      return refuse("DISTINCT ON in a subquery", "Equality of one of its keys is not the engine's.");
    return expression;
  });
  const range = { count: 1n, offset: undefined };
  const order = orderOf(scope, block);
  return { ...block, operator: firstOfEach(statement, block.operator, [...extraKeys, ...parts], order, range) };
}

/** Adds the query's windows to its rows, grouped or not; from then on its calls stand for their columns. */
function windowed(
  scope: QueryScope, input: LogicalOperator, source: ColumnSource, extraKeys: readonly Expression[],
): LogicalOperator {
  const { query, statement: { texts } } = scope;
  if (!query.hasWindowFunctions) return input;
  try {
    const { operator, values } = planWindows(scope, input, source, extraKeys);
    for (const node of windowCallsOf(query)) {
      const { expression, attributes } = defined(values.get(texts.of(node)), "a planned window function");
      scope.put(node, asTranslated(scope, expression, (index) => defined(attributes[index], "a call")));
    }
    return operator;
  } catch (error) {
    if (!(error instanceof LeftToPostgres)) throw error;
    return refuse("window function in a subquery", `Not in the engine: ${error.message}.`);
  }
}

function contextOf(scope: QueryScope, rows: number): PlanningContext {
  const { query, statement: { facts, texts }, translator } = scope;
  return { query, facts, texts, source: scope, translator, scanRows: rows };
}

/** Keys by which a correlated subquery's rows are told apart, behind its own. */
function extraNamed({ statement }: QueryScope, keys: readonly Expression[]): readonly NamedKey[] {
  return keys.map((expression, index) => (
    { name: `key${index}`, expression, column: keyColumn(statement, expression) }));
}

/** Groups by the query's keys and the extra ones; each aggregate occurring above becomes an attribute. */
function grouped(scope: QueryScope, joined: LogicalOperator, extraKeys: readonly Expression[]): AggregatedBlock {
  const { query, statement: { facts, texts } } = scope;
  if (query.distinct.length > 0) leave("it has GROUP BY and DISTINCT");
  if (query.groupingSets.length > 0 && extraKeys.length > 0)
    leave("a correlated subquery has grouping sets");
  if (query.hasWindowFunctions && extraKeys.length > 0)
    leave("a correlated subquery has windows over groups");
  if (query.groupingSets.length > 0) return { block: groupedBySets(scope, joined), extraKeys: [] };
  const found = keysOf(contextOf(scope, joined.rows), query.groupBy);
  const allKeys = [...found, ...extraNamed(scope, extraKeys)];
  const answer = planAggregates(aggregatesOf(query), (node) => texts.of(node),
    (rows) => new AggregatePlanner(facts, scope.translator, 0, rows),
    { ordered: () => new OrderedRows(scope.statement, allKeys.map(({ expression }) => expression)) });
  if ("obstacle" in answer) leave(answer.obstacle);
  const { planner, planned, computed } = answer;
  const held = scope.holdsErrors ? heldBack(callsOf(answer)) : { planned: callsOf(answer), hasFailure: false };
  const { operator, keys, calls } = plannedGroups(scope.statement, joined, allKeys, held.planned);
  const known = new Map<string, Translated>();
  found.forEach((key, index) => {
    known.set(texts.of(key.source), columnAttribute(scope, defined(keys[index], "a key")));
  });
  const attributeAt = (index: number): number => defined(calls[index], "an aggregate");
  for (const [text, expression] of planned) {
    const value = asTranslated(scope, expression, attributeAt);
    const name = expression.kind === "column" ? planner.calls[expression.index]?.function : undefined;
    const counts = name === "count" || name === "countRows";
    // An outer row without a group has a count of 0.
    known.set(text, counts && extraKeys.length > 0 ? { expression: orZero(value.expression) } : value);
  }
  for (const [text, number] of computed) {
    const { expression } = defined(planner.computed[number], "a computed result");
    known.set(text, { expression: mapColumns(expression, attributeAt) });
  }

  const own = keys.slice(found.length);
  const passed = new Map(extraKeys.flatMap((expression, index) =>
    (expression.kind === "column" ? [[expression.index, defined(own[index], "a key")] as const] : [])));
  const source = new SubstitutedSource(scope, (each) => known.get(texts.of(each.source)), false, passed);
  const block = finishGrouped(scope, operator, source);
  const failure = held.hasFailure ? columnAttribute(scope, defined(calls.at(-1), "an error")).expression : undefined;
  return { block: failure === undefined ? block : withErrors(block, failure), extraKeys: own };
}

/** The block with values that raise the error held back for their group. */
function withErrors(block: Block, failure: Expression): Block {
  const column = (number: number): Translated | undefined => {
    const value = block.column(number);
    return value && { ...value, expression: raising(failure, value.expression) };
  };
  return { ...block, column };
}

function groupedBySets(scope: QueryScope, joined: LogicalOperator): Block {
  const { texts } = scope.statement;
  const { operator, keys, aggregates, groupings } = planGroupingSets(scope, joined);
  const known = new Map([...keys, ...groupings].map(([text, attribute]) => [text, columnAttribute(scope, attribute)]));
  for (const [text, { expression, attributes }] of aggregates) {
    const attributeAt = (index: number): number => defined(attributes[index], "an aggregate");
    known.set(text, asTranslated(scope, expression, attributeAt));
  }
  const source = new SubstitutedSource(scope, (each) => known.get(texts.of(each.source)), false);
  return finishGrouped(scope, operator, source);
}

/** HAVING and the targets, over groups. */
function finishGrouped(scope: QueryScope, operator: LogicalOperator, source: ColumnSource): Block {
  const { query, statement } = scope;
  const translator = new ExpressionTranslator(statement.facts, source);
  const having = query.having === undefined ? undefined : translator.translate(query.having);
  if (query.having !== undefined && having === undefined)
    leave("HAVING uses a function or type that the engine does not compute");
  const column = (number: number): Translated | undefined => {
    const target = targetOf(query, number);
    return target === undefined ? undefined : translator.translate(target);
  };
  const groups = filtered(operator, having === undefined ? [] : [having.expression]);
  return { operator: windowed(scope, groups, source, []), query, column };
}

function orZero(count: Expression): Expression {
  const { type } = count;
  return { kind: "coalesce", arguments: [count, constantOf(0n, type)], type };
}

function columnAttribute(scope: QueryScope, attribute: number): Translated {
  const type = scope.statement.attributes.typeOf(attribute).engine;
  return { expression: readColumn(attribute, type) };
}

/** An aggregate's result inside the engine: what PostgreSQL would make of it above the scan. */
export function asTranslated(
  scope: QueryScope, expression: EdgeExpression, attributeAt: (index: number) => number,
): Translated {
  if (expression.kind === "column") return columnAttribute(scope, attributeAt(expression.index));
  const [value, other] = expression.arguments.map((each) => asTranslated(scope, each, attributeAt));
  // A sum of integers and a count divide as they are.
  if (expression.function === edgeCalls.int8ToNumeric.oid && value !== undefined) return value;
  // Rounding a sum to the scale it shows changes no digit.
  if (expression.function === edgeCalls.numericRound.oid && value !== undefined && other !== undefined)
    return shownWith(value.expression, other.expression);
  if (expression.function === edgeCalls.numericDivide.oid && value !== undefined && other !== undefined)
    return averageOf(value, other);
  leave("what is left of an aggregate is finished by PostgreSQL above the engine only");
}

function shownWith(value: Expression, displayScale: Expression): Translated {
  if (value.type.kind === "decimal") return { expression: value, displayScale };
  const { type } = value;
  return { expression: callOf("numeric.round", type, value, displayScale) };
}

/** SELECT DISTINCT: the targets are the keys. */
function distinct(scope: QueryScope, input: LogicalOperator, extraKeys: readonly Expression[]): AggregatedBlock {
  const { query, statement: { texts } } = scope;
  const found = keysOf(contextOf(scope, input.rows), query.distinct);
  const operator = groupedRows(scope.statement, input, [...found, ...extraNamed(scope, extraKeys)]);
  const indexByText = new Map(found.map((key, index) => [texts.of(key.source), index]));
  const column = (number: number): Translated | undefined => {
    const target = targetOf(query, number);
    if (target === undefined) return undefined;
    const key = operator.keys[indexByText.get(texts.of(target.source)) ?? -1];
    if (key !== undefined) return columnAttribute(scope, key.attribute);
    return target.kind === "constant" ? scope.translator.translate(target) : undefined;
  };
  const own = operator.keys.slice(found.length).map(({ attribute }) => attribute);
  return { block: { operator, query, column }, extraKeys: own };
}

/**
 * A block whose columns are plain attributes, computed where the block ends. On the null-producing side of an outer
 * join they must be: a constant of the block is NULL for rows without partner.
 */
export function materialised(block: Block, statement: StatementFacts, isNullable: boolean): Block {
  const origin = statement.attributes.newOrigin();
  const columns: { attribute: number; expression: Expression }[] = [];
  const known = new Map<number, Translated | undefined>();
  const computed = (name: string, expression: Expression, sql: SqlType): Expression => {
    const attribute = statement.attributes.add(origin, name, columnOf(sql, expression.type, true));
    columns.push({ attribute, expression });
    return readColumn(attribute, expression.type);
  };
  for (const target of block.query.targets) {
    const value = target.isJunk ? undefined : block.column(target.number);
    if (value === undefined) continue;
    if (value.expression.kind === "column" && value.displayScale === undefined && !isNullable) {
      known.set(target.number, value);
      continue;
    }
    const name = target.name === "" ? "column" : target.name;
    const expression = computed(name, value.expression, target.expression);
    const { displayScale } = value;
    const shown = displayScale === undefined ? {} : { displayScale: computed(`${name} scale`, displayScale, INT4_SQL) };
    known.set(target.number, { expression, ...shown });
  }
  const { operator: input, query } = block;
  const column = (number: number): Translated | undefined => known.get(number);
  if (columns.length === 0) return { operator: input, query, column };
  return { operator: { kind: "compute", origin, input, columns, rows: input.rows }, query, column };
}
