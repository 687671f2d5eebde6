// Window functions of one query level as engine operators: one for each partition and order that several windows may
// share. What is not exact there leaves all windows of the level to PostgreSQL: sums of floats, which depend on the
// order they are added in, offsets that are no constants. Read next: window_clause.ts, window_frames.ts, sort_keys.ts,
// src/lowering/window_plan.ts.
import { defined } from "#base/assert.js";
import { constantOf, onlyWhere } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import { mapColumns } from "#expr/traverse.js";
import type { Aggregate, AnalysedExpression, SqlType } from "#frontend/analysed_expression.js";
import { readExpression } from "#frontend/expression_reader.js";
import { integerConstant } from "#frontend/integer_constant.js";
import type { TextNode } from "#frontend/node_text.js";
import type { AnalysedQuery } from "#frontend/query.js";
import { booleanField, nodeList, numberField, optionalNode, requiredNode } from "#frontend/text_fields.js";
import { leave } from "#optimizer/edges/left_to_postgres.js";
import { Estimates } from "#optimizer/estimates.js";
import type { ColumnSource } from "#optimizer/expressions/column_source.js";
import { columnOf, groupsByEngineEquality } from "#optimizer/expressions/column_types.js";
import { ExpressionTranslator } from "#optimizer/expressions/expression_translator.js";
import { mayFail } from "#optimizer/expressions/may_fail.js";
import { orderText, sortKeyOf } from "#optimizer/expressions/sort_keys.js";
import { AggregatePlanner } from "#optimizer/grouping/aggregates.js";
import { nodesAtEdge, targetOf } from "#optimizer/planning_context.js";
import type { QueryScope } from "#optimizer/query_scope.js";
import type { ComputedAttribute, LogicalOperator } from "#plan/logical.js";
import type {
  AggregateCall, AggregateFunction, FrameAggregate, SortKey, WindowCall, WindowFrame, WindowFunction,
} from "#plan/physical.js";
import type { EdgeExpression } from "#plan/planning.js";
import { windowReach } from "#plan/window_reach.js";
import { BOOL, type EngineType, FLOAT8, INT4, INT8, isSameType } from "#types/engine_type.js";
import type { WindowClause } from "./window_clause.js";
import { readWindowClause } from "./window_clause.js";
import { planFrame } from "./window_frames.js";

/** A window function call in the engine: over attributes of its operator, to be finished as an aggregate is. */
export interface WindowedValue {
  readonly expression: EdgeExpression;
  /** What the expression's columns number. */
  readonly calls: readonly AggregateCall[];
  readonly attributes: readonly number[];
}

/** Expected, where all of a partition must be in memory; PostgreSQL goes through its rows on disk. */
const PARTITION_ROWS_MAX = 2_000_000;

export interface WindowedRows {
  readonly operator: LogicalOperator;
  /** By the canonical text of the WINDOWFUNC node. */
  readonly values: ReadonlyMap<string, WindowedValue>;
}

const ONLY: EdgeExpression = { kind: "column", index: 0 };

interface Rule {
  readonly function: WindowFunction;
  readonly result?: EngineType;
}

/** By PostgreSQL OID; aggregates are aggregates.ts's. */
const rules: ReadonlyMap<number, Rule> = new Map<number, Rule>([
  [3100, { function: "rowNumber", result: INT8 }], [3101, { function: "rank", result: INT8 }],
  [3102, { function: "denseRank", result: INT8 }], [3103, { function: "percentRank", result: FLOAT8 }],
  [3104, { function: "cumeDist", result: FLOAT8 }], [3105, { function: "ntile", result: INT4 }],
  [3106, { function: "lag" }], [3107, { function: "lag" }], [3108, { function: "lag" }],
  [3109, { function: "lead" }], [3110, { function: "lead" }], [3111, { function: "lead" }],
  [3112, { function: "firstValue" }], [3113, { function: "lastValue" }], [3114, { function: "nthValue" }],
]);

/**
 * Adds the level's windows to its rows; `source` says what its expressions mean over them, and rows of one partition
 * are alike in `extraKeys` too. Throws LeftToPostgres.
 */
export function planWindows(
  scope: QueryScope, input: LogicalOperator, source: ColumnSource, extraKeys: readonly Expression[] = [],
): WindowedRows {
  const { query, statement: { texts } } = scope;
  const clauses = query.windows.map(readWindowClause);
  const translator = new ExpressionTranslator(scope.statement.facts, source);
  const steps = new Map<string, Step>();
  const values = new Map<string, WindowedValue>();
  const known = new Set<string>();
  for (const node of windowCallsOf(query)) {
    const text = texts.of(node);
    if (known.has(text)) continue;
    known.add(text);
    const clause = clauses.find(({ reference }) => reference === numberField(node, "winref"));
    const step = stepFor(scope, translator, steps, defined(clause, "a window"), extraKeys);
    values.set(text, step.add(node, defined(clause, "a window")));
  }
  let operator = input;
  const estimates = new Estimates(scope.statement.tables);
  for (const step of steps.values()) {
    if (!step.fits(operator, estimates)) leave("a partition has so many rows, and its frames may reach anywhere in it");
    operator = step.over(operator);
  }
  return { operator, values };
}

function stepFor(
  scope: QueryScope, translator: ExpressionTranslator, steps: Map<string, Step>, clause: WindowClause,
  extraKeys: readonly Expression[],
): Step {
  const { facts } = scope.statement;
  const target = (reference: number): AnalysedExpression =>
    targetOf(scope.query, reference) ?? leave("a window's key is not in the target list");
  const written = clause.partition.map((item) => {
    const key = target(item.sortGroupReference);
    const expression = translator.translate(key)?.expression;
    if (expression === undefined) return leave("a partition is not computed by the engine");
    if (!groupsByEngineEquality(facts, key, expression.type, item.equalityOperator))
      leave("equality of a partition's type is not the engine's");
    return expression;
  });
  const partition = [...extraKeys, ...written];
  const order = clause.order.map((item) => {
    const key = target(item.sortGroupReference);
    return sortKeyOf(facts, translator.source, translator.translate(key)?.expression, key, item)
      ?? leave("an order is not the engine's");
  });
  const key = orderText(partition, order);
  const known = steps.get(key);
  if (known !== undefined) return known;
  const step = new Step(scope, translator, partition, order);
  steps.set(key, step);
  return step;
}

/** The window function calls of a query level, outermost only: they do not nest. */
export function windowCallsOf(query: AnalysedQuery): readonly TextNode[] {
  return nodesAtEdge(query, "WINDOWFUNC");
}

/** The calls over one partition and order. */
class Step {
  readonly #scope: QueryScope;
  readonly #translator: ExpressionTranslator;
  readonly #partition: readonly Expression[];
  readonly #order: readonly SortKey[];
  readonly #calls: { readonly attribute: number; readonly call: WindowCall }[] = [];
  /** Made of the calls' results. */
  readonly #computed: ComputedAttribute[] = [];
  readonly #origin: number;
  readonly #computedOrigin: number;

  constructor(
    scope: QueryScope, translator: ExpressionTranslator, partition: readonly Expression[], order: readonly SortKey[],
  ) {
    this.#scope = scope;
    this.#translator = translator;
    this.#partition = partition;
    this.#order = order;
    this.#origin = scope.statement.attributes.newOrigin();
    this.#computedOrigin = scope.statement.attributes.newOrigin();
  }

  /** Whether partitions may be worked off in pieces, or are expected to fit memory. */
  fits(input: LogicalOperator, estimates: Estimates): boolean {
    return windowReach(this.#calls.map(({ call }) => call)) !== undefined ||
      input.rows / estimates.groups(input, this.#partition) <= PARTITION_ROWS_MAX;
  }

  over(input: LogicalOperator): LogicalOperator {
    const { rows } = input;
    const window: LogicalOperator = {
      kind: "window", origin: this.#origin, input, partition: this.#partition, order: this.#order,
      calls: this.#calls, rows,
    };
    if (this.#computed.length === 0) return window;
    return { kind: "compute", origin: this.#computedOrigin, input: window, columns: this.#computed, rows };
  }

  add(node: TextNode, clause: WindowClause): WindowedValue {
    const frame = planFrame(this.#translator, this.#order, clause);
    const rule = rules.get(numberField(node, "winfnoid"));
    if (rule === undefined) return this.#aggregate(node, frame);
    return { expression: ONLY, calls: [], attributes: [this.#put(this.#call(node, rule, frame))] };
  }

  #put(call: WindowCall): number {
    const attribute = this.#scope.statement.attributes.add(this.#origin, call.function, call.result);
    this.#calls.push({ attribute, call });
    return attribute;
  }

  #call(node: TextNode, rule: Rule, frame: WindowFrame): WindowCall {
    const values = nodeList(node, "args").map(readExpression);
    const sql: SqlType = { type: numberField(node, "wintype"), typmod: -1, collation: numberField(node, "wincollid") };
    const { function: name } = rule;
    const base = { function: name, frame };
    if (rule.result !== undefined && name !== "ntile") return { ...base, result: columnOf(sql, rule.result, true) };
    if (name === "ntile")
      return { ...base, offset: this.#positive(values[0], "ntile"), result: columnOf(sql, INT4, true) };
    const argument = this.#argument(values[0]);
    const picked = { ...base, argument, result: columnOf(sql, argument.type, true) };
    if (name === "nthValue") return { ...picked, offset: this.#positive(values[1], "nth_value") };
    if (name === "firstValue" || name === "lastValue") return picked;
    const offset = values[1] === undefined ? 1n : integerConstant(values[1]);
    if (offset === undefined || offset === null) leave("an offset is no constant");
    const otherwise = values[2] === undefined ? undefined : this.#argument(values[2]);
    if (otherwise !== undefined && !isSameType(otherwise.type, argument.type))
      leave("a default is stored or shown differently");
    return {
      ...picked, offset: constantOf(offset, INT8),
      ...(otherwise === undefined ? {} : { otherwise }),
    };
  }

  #positive(expression: AnalysedExpression | undefined, name: string): Expression {
    const value = expression === undefined ? undefined : integerConstant(expression);
    if (value === undefined || value === null || value <= 0n)
      return leave(`the number of ${name} is no positive constant`);
    return constantOf(value, INT8);
  }

  /** A value copied from row to row: PostgreSQL evaluates it for the rows that are asked for only. */
  #argument(expression: AnalysedExpression | undefined): Expression {
    const value = this.#translator.translate(defined(expression, "an argument"));
    if (value === undefined) return leave("an argument is not computed by the engine");
    if (value.displayScale !== undefined) return leave("a numeric argument does not have one display scale");
    if (mayFail(value.expression)) return leave("an argument may fail");
    return value.expression;
  }

  #aggregate(node: TextNode, frame: WindowFrame): WindowedValue {
    const { facts, attributes } = this.#scope.statement;
    const planner = new AggregatePlanner(facts, this.#translator, 0, undefined, FRAME_DIGITS_MAX);
    const answer = planner.plan(asAggregate(node));
    if ("obstacle" in answer) return leave(answer.obstacle);
    const made = planner.calls.map((call) => this.#put(overFrame(call, frame)));
    if ("expression" in answer) return { expression: answer.expression, calls: planner.calls, attributes: made };
    const { name, sql, expression } = defined(planner.computed[answer.computed], "a computed result");
    const attribute = attributes.add(this.#computedOrigin, name, columnOf(sql, expression.type, true));
    const read = mapColumns(expression, (index) => defined(made[index], "a call"));
    this.#computed.push({ attribute, expression: read });
    return { expression: ONLY, calls: [], attributes: [attribute] };
  }
}

function asAggregate(node: TextNode): Aggregate {
  const filter = optionalNode(node, "aggfilter");
  return {
    kind: "aggregate", source: node,
    type: numberField(node, "wintype"), typmod: -1, collation: numberField(node, "wincollid"),
    function: numberField(node, "winfnoid"),
    arguments: nodeList(node, "args").map(readExpression),
    filter: filter === undefined ? undefined : readExpression(requiredNode(node, "aggfilter")),
    directArguments: [], isStar: booleanField(node, "winstar"), distinct: [], order: [], form: "plain",
    isVariadic: false, levelsUp: 0,
    inputCollation: numberField(node, "inputcollid"),
  };
}

const frameAggregates: readonly AggregateFunction[] = [
  "countRows", "count", "sum", "min", "max", "boolAnd", "boolOr",
] satisfies FrameAggregate[];

function isFrameAggregate(name: AggregateFunction): name is FrameAggregate {
  return frameAggregates.includes(name);
}

/** A partition has 10^9 rows at most, in memory or in pieces: their sum has 38 digits at most. */
const FRAME_DIGITS_MAX = 29;

/** FILTER as an argument: where it is not true there is nothing to aggregate. */
function overFrame({ function: name, argument, filter, result }: AggregateCall, frame: WindowFrame): WindowCall {
  const { kind } = result.engine;
  if (!isFrameAggregate(name)) return leave("the engine has this aggregate over groups only");
  if (name === "sum" && (kind === "numeric" || kind === "interval"))
    leave("sums of numerics without scale or of many digits and of intervals are PostgreSQL's");
  if (name === "sum" && (kind === "float4" || kind === "float8"))
    leave("sums of floats depend on the order they are added in");
  if ((name === "min" || name === "max") && kind === "opaque") leave("the engine sorts no values of this type");
  const call = { frame, result: { ...result, nullable: true } };
  // Only where every row is in some frame does PostgreSQL evaluate what may fail for every row.
  const meetsAll = frame.start.kind === "unbounded" && frame.end.kind !== "preceding" && frame.exclusion === "none";
  if (argument !== undefined && mayFail(argument) && (!meetsAll || filter !== undefined))
    leave("an argument may fail");
  if (filter === undefined) return { ...call, function: name, ...(argument === undefined ? {} : { argument }) };
  if (mayFail(filter) && !meetsAll) leave("a filter may fail");
  const counted: Expression = argument ?? constantOf(true, BOOL);
  return { ...call, function: name === "countRows" ? "count" : name, argument: onlyWhere(filter, counted) };
}
