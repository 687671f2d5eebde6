// GROUP BY, aggregates and DISTINCT as one engine hashAggregate, or the reason why PostgreSQL groups instead. On
// success every occurrence of a key and every aggregate above the scan is replaced by engine columns.
import type { Expression } from "#expr/expression.js";
import type { AnalysedExpression, Variable } from "#frontend/analysed_expression.js";
import type { TextNode } from "#frontend/node_text.js";
import type { AnalysedQuery } from "#frontend/query.js";
import type { SortGroup } from "#frontend/sort_group.js";
import { holds, numberField, optionalNode, walk } from "#frontend/text_fields.js";
import { LeftToPostgres, leave } from "#optimizer/edges/left_to_postgres.js";
import { DISTINCT_VALUES_UNKNOWN } from "#optimizer/estimates.js";
import { columnOf, groupsByEngineEquality } from "#optimizer/expressions/column_types.js";
import { asNumeric } from "#optimizer/expressions/numeric_values.js";
import { obstacleIn } from "#optimizer/expressions/obstacle.js";
import {
  eachEdgeVariable, eachOuterVariable, edgeRoots, isGrouped, nodesAtEdge, stayingSubLinks, targetOf,
} from "#optimizer/planning_context.js";
import type { PlanningContext } from "#optimizer/planning_context.js";
import type { AggregateCall } from "#plan/physical.js";
import type { EdgeExpression, EdgeReplacement } from "#plan/planning.js";
import type { ColumnType } from "#types/column_type.js";
import type { EngineType } from "#types/engine_type.js";
import { bpcharLength } from "#types/sql_types.js";
import { AggregatePlanner } from "./aggregates.js";
import type { DistinctCalls } from "./distinct_aggregates.js";
import type { OrderedRows } from "./ordered_rows.js";
import { planAggregates, type PlannedAggregates } from "./planned_aggregates.js";

export interface EngineGrouping {
  readonly kind: "engine";
  readonly isDistinct: boolean;
  /** Over the columns of the context's source. */
  readonly keys: readonly { readonly expression: Expression; readonly column: ColumnType }[];
  readonly aggregates: readonly AggregateCall[];
  /** Which aggregates have DISTINCT, when some have (distinct_aggregates.ts). */
  readonly distinct: DistinctCalls | undefined;
  /** What is done to the rows before (ordered_rows.ts). */
  readonly rowsBelow: OrderedRows | undefined;
  /** Columns the engine computes above the aggregation, behind its own. */
  readonly computed: readonly { readonly expression: Expression; readonly column: ColumnType }[];
  /** Names of the keys, of the aggregates, then of what is computed from them. */
  readonly names: readonly string[];
  readonly replacements: readonly EdgeReplacement[];
  readonly rows: number;
}

/** Either the engine groups, or PostgreSQL does over a pass-through. */
export type GroupingPlan = EngineGrouping | {
  readonly kind: "edge";
  readonly notes: readonly string[];
  /** The engine might group rows that are ordered, which the context has no room for. */
  readonly needsRows?: true;
};

/** What PostgreSQL calls a column nobody named. */
const UNNAMED = "?column?";

export interface Key {
  readonly source: TextNode;
  readonly name: string;
  readonly expression: Expression;
  readonly column: ColumnType;
}

/** Plans the statement's grouping, or its DISTINCT when that is all there is. */
export function planGrouping(context: PlanningContext): GroupingPlan {
  const { query } = context;
  const grouped = isGrouped(query);
  const distinct = !grouped && query.distinct.length > 0;
  if (!grouped && !distinct) return { kind: "edge", notes: [] };
  try {
    return grouped ? groupBy(context) : distinctTargets(context);
  } catch (error) {
    if (!(error instanceof LeftToPostgres)) throw error;
    const step = grouped ? "Grouping" : "DISTINCT";
    const notes = [`${step} in PostgreSQL: ${error.message}`];
    return { kind: "edge", notes, ...(error.needsRows ? { needsRows: true } : {}) };
  }
}

function keyOf(context: PlanningContext, item: SortGroup): Key {
  const target = targetOf(context.query, item.sortGroupReference);
  if (target === undefined) leave("a key is not in the target list");
  const { facts, translator } = context;
  const translated = translator.translate(target);
  if (translated === undefined) {
    const obstacle = obstacleIn(translator, facts, target);
    leave(`a key can be computed neither by the engine nor in the scan: ${obstacle}`);
  }
  const expression = translated.displayScale === undefined ? translated.expression : asNumeric(translated);
  if (!groupsByEngineEquality(facts, target, expression.type, item.equalityOperator))
    leave("equality of a key's type is not the engine's");
  const name = keyName(context, expression, target);
  return { source: target.source, name, expression, column: keyColumn(context, target, expression) };
}

/**
 * The keys that tell groups apart. Constants do not, and stay constants above the scan; but a grouping by nothing
 * else keeps one of them: it has no group when there is no row, which an aggregation without keys would have.
 */
export function keysOf(context: PlanningContext, items: readonly SortGroup[]): Key[] {
  const keys = items.map((item) => keyOf(context, item));
  const varying = keys.filter((key) => key.expression.kind !== "constant");
  const telling = varying.length > 0 ? varying : keys.slice(0, 1);
  const seen = new Set<string>();
  return telling.filter((key) => {
    const text = context.texts.of(key.source);
    if (seen.has(text)) return false;
    seen.add(text);
    return true;
  });
}

function keyName(context: PlanningContext, expression: Expression, target: AnalysedExpression): string {
  if (expression.kind === "column") return context.source.nameOf(expression.index);
  const entry = context.query.targets.find((each) => each.expression === target);
  const isNamed = entry !== undefined && entry.name !== "" && entry.name !== UNNAMED;
  return isNamed ? entry.name : `key${target.source.id}`;
}

function keyColumn(context: PlanningContext, target: AnalysedExpression, expression: Expression): ColumnType {
  const nullable = expression.kind !== "column" || (context.source.typeOf(expression.index)?.nullable ?? true);
  const column = columnOf(target, expression.type, nullable);
  // char(n) is padded again by its typmod; without one its blanks would be lost.
  if (expression.type.kind === "bpchar" && bpcharLength(target.typmod) !== expression.type.length)
    leave("a char(n) key has no length of its own");
  return column;
}

/** The query's own aggregates, outermost only; also those inside window functions. */
export function aggregatesOf(query: AnalysedQuery): readonly TextNode[] {
  const calls = nodesAtEdge(query, "AGGREF", "GROUPINGFUNC");
  if (calls.some(({ tag }) => tag === "GROUPINGFUNC")) leave("GROUPING() is PostgreSQL's");
  return calls;
}

function groupBy(context: PlanningContext): GroupingPlan {
  const { query, facts, translator, texts } = context;
  if (query.groupingSets.length > 0) leave("grouping sets are PostgreSQL's");
  const keys = keysOf(context, query.groupBy);
  const keyIndex = new Map(keys.map((key, index) => [texts.of(key.source), index]));
  addDependentColumns(context, keys, keyIndex);

  const orderable = context.orderable?.(keys.map(({ expression }) => expression));
  const answer = planAggregates(aggregatesOf(query), (node) => texts.of(node),
    (rows) => new AggregatePlanner(facts, translator, keys.length, rows), orderable);
  if ("obstacle" in answer)
    throw new LeftToPostgres(answer.obstacle, answer.needsRows === true && orderable === undefined);
  const planned = new Map(answer.planned);
  for (const [text, number] of answer.computed)
    planned.set(text, { kind: "column", index: keys.length + answer.planner.calls.length + number });
  const replacements = [...replaceAtEdge(context, keyIndex, planned), ...replaceInSubqueries(context, keyIndex)];
  return finish(context, false, keys, answer.planner, replacements, answer);
}

/**
 * Columns that depend on a grouped primary key may stand beside it without being grouped. One more key changes no
 * group then: rows that agree in the primary key are one row, whatever the column's own equality is.
 */
function addDependentColumns(
  context: PlanningContext, keys: Key[], keyIndex: Map<string, number>,
): void {
  const { query, texts } = context;
  const isReplaced = (node: TextNode): boolean => node.tag === "AGGREF" || keyIndex.has(texts.of(node));
  const add = (variable: Variable): void => {
    const expression = context.source.variable(variable)?.expression;
    if (expression === undefined) leave("a column beside the keys cannot be carried");
    const compared = bitwise(context, expression);
    keyIndex.set(texts.of(variable.source), keys.length);
    keys.push({
      source: variable.source,
      name: keyName(context, expression, variable),
      expression: compared,
      column: { ...keyColumn(context, variable, expression), engine: compared.type },
    });
  };
  for (const root of edgeRoots(query)) eachEdgeVariable(root, isReplaced, add);
}

function isAggregate({ tag }: TextNode): boolean {
  return tag === "AGGREF" || tag === "GROUPINGFUNC";
}

/**
 * Subqueries that stay above may read keys. An expression that is a key would have to be found inside them, so they
 * may read nothing else of the rows.
 */
function replaceInSubqueries(context: PlanningContext, keyIndex: ReadonlyMap<string, number>): EdgeReplacement[] {
  const replacements: EdgeReplacement[] = [];
  for (const subLink of stayingSubLinks(context)) {
    if (holds(subLink, (node) => isAggregate(node) && numberField(node, "agglevelsup") > 0))
      leave("an aggregate stands in a subquery");
    const test = optionalNode(subLink, "testexpr");
    if (test !== undefined && holds(test, isAggregate))
      leave("an aggregate is compared with a subquery");
    eachOuterVariable(subLink, (variable, text) => {
      const index = keyIndex.get(text);
      if (index === undefined) leave("a subquery reads a column that is no key");
      replacements.push({ node: variable.source.id, expression: { kind: "column", index } });
    });
  }
  return replacements;
}

function bitwise(context: PlanningContext, expression: Expression): Expression {
  const { type } = expression;
  if (type.kind !== "opaque" || expression.kind !== "column") return expression;
  const compared: EngineType = { ...type, bitwiseEqual: true };
  context.source.retype(expression.index, compared);
  return { ...expression, type: compared };
}

/** Replaces keys and aggregates wherever they occur above the scan, outermost first. */
function replaceAtEdge(
  context: PlanningContext, keyIndex: ReadonlyMap<string, number>, planned: ReadonlyMap<string, EdgeExpression>,
): readonly EdgeReplacement[] {
  const replacements: EdgeReplacement[] = [];
  for (const root of edgeRoots(context.query))
    walk(root, (node) => {
      if (node.tag === "SUBLINK") return "skip";
      const text = context.texts.of(node);
      const key = keyIndex.get(text);
      const expression = key === undefined
        ? planned.get(text)
        : { kind: "column", index: key } as const;
      if (expression === undefined) return undefined;
      replacements.push({ node: node.id, expression });
      return "skip";
    });
  return replacements;
}

/** SELECT DISTINCT without grouping: the targets are the keys. */
function distinctTargets(context: PlanningContext): GroupingPlan {
  const { query } = context;
  if (query.isDistinctOn) leave("DISTINCT ON picks rows by order");
  if (query.hasWindowFunctions) leave("window functions come before DISTINCT");
  if (query.hasTargetSets) leave("set-returning functions come before DISTINCT");
  const keys = keysOf(context, query.distinct);
  if (query.targets.some((target) => target.isJunk)) leave("a sort key is not among the targets");
  const keyIndex = new Map(keys.map((key, index) => [context.texts.of(key.source), index]));
  const replacements: EdgeReplacement[] = [];
  for (const target of query.targets) {
    if (target.expression.kind === "constant") continue;
    const index = keyIndex.get(context.texts.of(target.expression.source));
    if (index === undefined) leave("a target is not among the distinct ones");
    replacements.push({ node: target.expression.source.id, expression: { kind: "column", index } });
  }
  return finish(context, true, keys, { calls: [], names: [], computed: [] }, replacements);
}

function finish(
  context: PlanningContext, isDistinct: boolean, keys: readonly Key[],
  { calls, names, computed }: Pick<AggregatePlanner, "calls" | "names" | "computed">,
  replacements: readonly EdgeReplacement[], answer?: Pick<PlannedAggregates, "distinct" | "rows">,
): GroupingPlan {
  return {
    kind: "engine",
    distinct: answer?.distinct,
    rowsBelow: answer?.rows,
    isDistinct,
    keys,
    aggregates: calls,
    computed: computed.map(({ sql, expression }) => ({ expression, column: columnOf(sql, expression.type, true) })),
    names: [...keys.map((key) => key.name), ...names, ...computed.map(({ name }) => name)],
    replacements,
    rows: estimatedGroups(context.scanRows, keys.length),
  };
}

function estimatedGroups(scanRows: number, keyCount: number): number {
  if (keyCount === 0) return 1;
  return Math.max(1, Math.min(scanRows, DISTINCT_VALUES_UNKNOWN ** Math.min(keyCount, 4)));
}
