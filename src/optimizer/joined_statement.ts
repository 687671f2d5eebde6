// The planner for statements over several tables. The engine joins, filters by subqueries and, where it is exact,
// groups; PostgreSQL does the rest above it, as for one table (single_table.ts): HAVING, final expressions, sorting,
// LIMIT. Scalar subqueries in those are computed by the engine too and stand as columns of its result.
import { defined } from "#base/assert.js";
import type { TextNode } from "#frontend/node_text.js";
import type { AnalysedQuery } from "#frontend/query.js";
import { subLinkKinds } from "#frontend/query_checks.js";
import { refuse, StatementRefused } from "#frontend/refusal.js";
import type { RequestFacts } from "#frontend/request_facts.js";
import { CanonicalTexts, locationOf, numberField } from "#frontend/text_fields.js";
import type { LogicalOperator } from "#plan/logical.js";
import type { EdgeExpression, EdgeReplacement } from "#plan/planning.js";
import type { PhysicalPlan } from "#plan/physical.js";
import { bpcharLength } from "#types/sql_types.js";
import { columnsRead } from "./aggregation.js";
import { Attributes } from "./attributes.js";
import { aggregateBlock } from "./block.js";
import { checkBlock, checkStatement } from "./block_checks.js";
import { columnOf } from "./column_types.js";
import { overDistinct } from "./distinct_aggregates.js";
import type { Output, Outputs } from "./edge_columns.js";
import { addOutputs, EdgeColumns, outputsOf } from "./edge_columns.js";
import { Estimates } from "./estimates.js";
import { planFrom, uncorrelated, wholeFrom } from "./from_clause.js";
import type { EngineGrouping } from "./grouping.js";
import { planGrouping } from "./grouping.js";
import { PhysicalBuilder } from "./physical_builder.js";
import type { PlannedStatement } from "./planned_statement.js";
import type { PlanningContext } from "./planning_context.js";
import { edgeRoots, stayingSubLinks } from "./planning_context.js";
import type { QueryPlanner } from "./query_planner.js";
import type { QueryScope } from "./query_scope.js";
import type { EdgeCondition } from "./region.js";
import { finishRegion, Region } from "./region.js";
import { withRuntimeFilters } from "./runtime_filters.js";
import { outputColumn } from "./single_table.js";
import { Fallbacks, Replan } from "./fallbacks.js";
import { mayGiveRows, subLinksIn } from "./sub_links.js";
import { placeSubqueryCondition, scalar } from "./subqueries.js";
import type { StatementFacts } from "./table_source.js";
import { typeOfTarget } from "./target_type.js";

interface Edge {
  readonly operator: LogicalOperator;
  readonly outputs: Output[];
  readonly replacements: EdgeReplacement[];
  readonly didAggregate: boolean;
  readonly didDistinct: boolean;
  /** Conditions PostgreSQL evaluates on the engine's rows, as nodes. */
  readonly quals: readonly number[];
  readonly notes: readonly string[];
}

/** Plans a statement of joins, derived tables and subqueries. */
export function planJoinedStatement(query: AnalysedQuery, facts: RequestFacts): PlannedStatement {
  checkStatement(query);
  const fallbacks = new Fallbacks();
  for (;;) {
    try {
      return planWith(query, facts, fallbacks);
    } catch (error) {
      if (error instanceof Replan) continue;
      if (error instanceof StatementRefused && fallbacks.giveFrom(error.refusal.construct)) continue;
      throw error;
    }
  }
}

function planWith(query: AnalysedQuery, facts: RequestFacts, fallbacks: Fallbacks): PlannedStatement {
  const attempt = planOnce(query, facts, fallbacks, true);
  // Columns requested in vain must not linger: the pass-through starts afresh.
  const { statement, edge } = attempt.notes.length === 0 ? attempt : planOnce(query, facts, fallbacks, false);
  return finish(statement, { ...edge, notes: [...attempt.notes, ...edge.notes] });
}

interface Attempt {
  readonly statement: StatementFacts;
  readonly edge: Edge;
  /** Why the grouping was left to PostgreSQL. */
  readonly notes: readonly string[];
}

/** The planners of query levels, each knowing the others. */
function queryPlanner(statement: StatementFacts): QueryPlanner {
  const planner: QueryPlanner = {
    statement,
    planBlock(query, outer) {
      checkBlock(query);
      const { scope, region } = planFrom(planner, query, outer);
      return aggregateBlock(scope, uncorrelated(finishRegion(region, statement)), []).block;
    },
    placeSubqueryCondition: (region, scope, condition) =>
      placeSubqueryCondition(planner, region, scope, condition),
  };
  return planner;
}

function planOnce(query: AnalysedQuery, facts: RequestFacts, fallbacks: Fallbacks, groups: boolean): Attempt {
  const texts = new CanonicalTexts();
  const statement: StatementFacts = { facts, texts, attributes: new Attributes(), tables: [], fallbacks };
  const planner = queryPlanner(statement);
  const { scope, region } = fallbacks.wholeFrom === undefined
    ? planFrom(planner, query, undefined, true)
    : wholeFrom(planner, query, fallbacks.wholeFrom);
  const conditions = region.edgeConditions ?? [];
  const operator = uncorrelated(finishRegion(region, statement));
  const context: PlanningContext = {
    query, facts, texts, source: scope, translator: scope.translator, scanRows: operator.rows, fallbacks,
  };
  const canGroup = groups && conditions.length === 0;
  const grouping = canGroup ? planGrouping(context) : { kind: "edge", notes: [] } as const;
  const edge = grouping.kind === "engine"
    ? groupedEdge(grouping, scope, operator)
    : passThroughEdge(context, scope, operator, conditions);
  // A grouping that is left to PostgreSQL is planned again from the start, with its subqueries then.
  const notes = grouping.kind === "engine" ? [] : grouping.notes;
  return { statement, edge: notes.length === 0 ? withSubqueries(planner, scope, edge) : edge, notes };
}

function groupedEdge(
  grouping: EngineGrouping, scope: QueryScope, joined: LogicalOperator,
): Edge {
  const { names, replacements, isDistinct } = grouping;
  const { input, keys, aggregates } = overDistinct(scope.statement, joined, grouping);
  const { attributes } = scope.statement;
  const origin = attributes.newOrigin();
  const nameOf = (index: number): string => names[index] ?? `column${index}`;
  const keyColumns = keys.map(({ expression, column }, index) => (
    { attribute: attributes.add(origin, nameOf(index), column), expression, column }));
  const calls = aggregates.map((call, index) => (
    { attribute: attributes.add(origin, nameOf(keys.length + index), call.result), call }));
  const operator: LogicalOperator = {
    kind: "aggregate", origin, input, keys: keyColumns, aggregates: calls,
    rows: new Estimates(scope.statement.tables).groups(input, keys.map((key) => key.expression)),
  };
  const outputs = [...keyColumns, ...calls].map(({ attribute }) => outputOf(attributes, attribute));
  return {
    operator, outputs, replacements: [...replacements], didAggregate: !isDistinct, didDistinct: isDistinct,
    quals: [], notes: [],
  };
}

function outputOf(attributes: Attributes, attribute: number): Output {
  const column = attributes.typeOf(attribute);
  return {
    name: attributes.nameOf(attribute), column,
    expression: { kind: "column", index: attribute, type: column.engine },
  };
}

/** The engine hands the needed columns through; PostgreSQL does the rest, and filters by what the engine cannot. */
function passThroughEdge(
  context: PlanningContext, scope: QueryScope, operator: LogicalOperator, conditions: readonly EdgeCondition[],
): Edge {
  const columns = new EdgeColumns();
  for (const root of edgeRoots(scope.query)) columns.add(scope, root);
  for (const subLink of stayingSubLinks(context)) columns.addOuter(scope, subLink);
  for (const each of conditions) columns.add(each.scope, each.condition.source);
  return {
    operator, outputs: columns.outputs, replacements: columns.replacements, didAggregate: false, didDistinct: false,
    quals: conditions.map(({ condition }) => condition.source.id), notes: [],
  };
}

/** Adds the scalar subqueries of the select list and HAVING to the engine's result. */
function withSubqueries(planner: QueryPlanner, scope: QueryScope, edge: Edge): Edge {
  const { texts, fallbacks } = scope.statement;
  const all = edgeRoots(scope.query).flatMap(subLinksIn);
  const subLinks = all.filter((subLink) => fallbacks.reasonFor(subLink) === undefined);
  const reasons = all.map((subLink) => fallbacks.reasonFor(subLink)).filter((reason) => reason !== undefined);
  const notes = [...edge.notes, ...reasons.map((reason) => `Subquery by PostgreSQL: ${reason}`)];
  if (subLinks.length === 0) return { ...edge, notes };
  const region = new Region(false);
  region.inputs.push(edge.operator);
  const outputs = [...edge.outputs];
  const replacements = [...edge.replacements];
  const known = new Map<string, EdgeExpression>();
  for (const subLink of subLinks) {
    const text = texts.of(subLink);
    let expression = known.get(text);
    if (expression === undefined) {
      const plan = (): Outputs => subLinkOutputs(planner, region, scope, subLink, edge);
      expression = addOutputs(outputs, fallbacks.orGive(subLink, () => true, plan));
      known.set(text, expression);
    }
    replacements.push({ node: subLink.id, expression });
  }
  const operator = uncorrelated(finishRegion(region, scope.statement));
  return { ...edge, operator, outputs, replacements, notes };
}

function subLinkOutputs(
  planner: QueryPlanner, region: Region, scope: QueryScope, subLink: TextNode, edge: Edge,
): Outputs {
  const kind = subLinkKinds[numberField(subLink, "subLinkType")] ?? "subquery";
  if (mayGiveRows(subLink))
    refuse(`${kind} that may give several rows`, "It counts only where a row asks for it.", locationOf(subLink));
  const lookUp = scalar(planner, region, scope, subLink);
  if (lookUp !== undefined && (edge.didAggregate || edge.didDistinct))
    refuse(`${kind} with references to an outer query`, "It stands above a grouping.", locationOf(subLink));
  if (lookUp !== undefined) region.lookUps.push(lookUp);
  const value = defined(scope.valueOf(subLink), "the value of a planned subquery");
  const sql = typeOfTarget(subLink);
  if (value.displayScale !== undefined && sql.typmod !== -1)
    refuse("numeric of varying scale", "Its values do not all show the same number of digits.", locationOf(subLink));
  if (value.expression.type.kind === "bpchar" && bpcharLength(sql.typmod) !== value.expression.type.length)
    refuse("char(n) of varying length", "Its blanks would be lost.", locationOf(subLink));
  const output = { name: "subquery", expression: value.expression, column: columnOf(sql, value.expression.type, true) };
  return outputsOf(output, value.displayScale);
}

function finish(statement: StatementFacts, edge: Edge): PlannedStatement {
  const builder = new PhysicalBuilder(statement);
  const reads = edge.outputs.flatMap(({ expression }) => [...columnsRead(expression)]);
  const built = builder.build(edge.operator, new Set(reads));
  const columns = edge.outputs.map(({ column }) => column);
  const root = builder.project(built, edge.outputs.map(({ expression }) => expression), columns);
  const { runtimeFilters } = statement.facts;
  const filtered = runtimeFilters
    ? withRuntimeFilters(root, builder.leaves, builder.leafRows) : { root, leaves: builder.leaves };
  const plan: PhysicalPlan = {
    version: 1,
    root: filtered.root,
    leafCount: builder.leaves.length,
    outputs: edge.outputs.map(({ name, column }) => ({ name, type: column })),
    parameters: [],
  };
  return {
    plan,
    leaves: filtered.leaves,
    leafNames: builder.leafNames,
    outputs: plan.outputs.map(({ name, type }) => outputColumn(name, type)),
    replacements: edge.replacements,
    edgeQuals: edge.quals,
    didWhere: true,
    didAggregate: edge.didAggregate,
    didDistinct: edge.didDistinct,
    didSort: false,
    didLimit: false,
    rows: edge.operator.rows,
    notes: [...edge.notes, ...builder.notes],
  };
}
