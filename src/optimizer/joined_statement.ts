// The planner for statements over several tables. The engine joins, filters by subqueries and, where it is exact,
// groups; PostgreSQL does the rest above it, as for one table (single_table.ts): HAVING, final expressions, sorting,
// LIMIT. Scalar subqueries in those are computed by the engine too and stand as columns of its result.
import { defined } from "#base/assert.js";
import { columnsRead } from "#expr/traverse.js";
import { readExpression } from "#frontend/expression_reader.js";
import type { TextNode } from "#frontend/node_text.js";
import type { AnalysedQuery } from "#frontend/query.js";
import { subLinkKinds } from "#frontend/query_checks.js";
import { refuse, StatementRefused } from "#frontend/refusal.js";
import type { RequestFacts } from "#frontend/request_facts.js";
import { CanonicalTexts, locationOf, numberField } from "#frontend/text_fields.js";
import { costs } from "#generated/costs.js";
import type { Outputs } from "#optimizer/edges/edge_columns.js";
import { addOutputs, outputsOf } from "#optimizer/edges/edge_columns.js";
import { checkEarlyStop } from "#optimizer/edges/early_stop.js";
import { Fallbacks, Replan } from "#optimizer/edges/fallbacks.js";
import type { Edge } from "#optimizer/edges/statement_edge.js";
import { groupedEdge, groupingSetsEdge, passThroughEdge, windowedEdge } from "#optimizer/edges/statement_edge.js";
import { columnOf } from "#optimizer/expressions/column_types.js";
import { planFrom, uncorrelated, wholeFrom } from "#optimizer/from/from_clause.js";
import { finishRegion, Region } from "#optimizer/from/region.js";
import type { StatementFacts } from "#optimizer/from/table_source.js";
import { groupedEarly } from "#optimizer/grouping/eager_aggregation.js";
import { firstRow, valuesOfAnyRow } from "#optimizer/grouping/first_row.js";
import { planGrouping } from "#optimizer/grouping/grouping.js";
import { OrderedRows } from "#optimizer/grouping/ordered_rows.js";
import { PhysicalBuilder } from "#optimizer/physical/physical_builder.js";
import { withRuntimeFilters } from "#optimizer/physical/runtime_filters.js";
import type { BuiltLeaf } from "#optimizer/physical/shared_subplans.js";
import { shareSubplans } from "#optimizer/physical/shared_subplans.js";
import { arraySubqueryType } from "#optimizer/unnesting/array_subqueries.js";
import { isAskedByAll } from "#optimizer/unnesting/held_back.js";
import { lateralRows } from "#optimizer/unnesting/lateral.js";
import { ScopeAbove } from "#optimizer/unnesting/scope_above.js";
import { ARRAY, mayGiveRows, subLinksIn, typeOf } from "#optimizer/unnesting/sub_links.js";
import { placeSubqueryCondition, planValue } from "#optimizer/unnesting/subqueries.js";
import { withGroupWindows } from "#optimizer/windows/group_windows.js";
import type { LogicalOperator } from "#plan/logical.js";
import type { EdgeExpression } from "#plan/planning.js";
import { bpcharLength } from "#types/sql_types.js";
import { Attributes } from "./attributes.js";
import { aggregateBlock } from "./block.js";
import { checkBlock, checkStatement, checkTargets } from "./block_checks.js";
import { type PlannedStatement, plannedStatement } from "./planned_statement.js";
import type { PlanningContext } from "./planning_context.js";
import { edgeRoots, isGrouped } from "./planning_context.js";
import type { QueryPlanner } from "./query_planner.js";
import type { QueryScope } from "./query_scope.js";

/** Plans a statement of joins, derived tables and subqueries. */
export function planJoinedStatement(query: AnalysedQuery, facts: RequestFacts): PlannedStatement {
  checkStatement(query);
  checkEarlyStop(query, facts);
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
  /** Why the grouping or the windows were left to PostgreSQL. */
  readonly notes: readonly string[];
}

/** The planners of query levels, each knowing the others. */
function queryPlanner(statement: StatementFacts): QueryPlanner {
  const planner: QueryPlanner = {
    statement,
    planBlock(query, outer) {
      checkBlock(query);
      checkTargets(query, statement.facts);
      checkEarlyStop(query, statement.facts);
      const { scope, region } = planFrom(planner, query, outer);
      return aggregateBlock(scope, neededRows(scope, uncorrelated(finishRegion(region, statement))), []).block;
    },
    planLateral: (around, scope, inner, isNullable) => lateralRows(planner, around, scope, inner, isNullable),
    planValue: (region, scope, subLink) => planValue(planner, region, scope, subLink),
    placeSubqueryCondition: (region, scope, condition) =>
      placeSubqueryCondition(planner, region, scope, condition),
  };
  return planner;
}

function planOnce(query: AnalysedQuery, facts: RequestFacts, fallbacks: Fallbacks, steps: boolean): Attempt {
  const texts = new CanonicalTexts();
  const statement: StatementFacts = {
    facts, texts, attributes: new Attributes(), tables: [], fallbacks, commonTables: new Map(),
  };
  const planner = queryPlanner(statement);
  const { scope, region } = fallbacks.wholeFrom === undefined
    ? planFrom(planner, query, undefined, true)
    : wholeFrom(planner, query, fallbacks.wholeFrom);
  const conditions = region.edgeConditions ?? [];
  const rows = uncorrelated(finishRegion(region, statement));
  const operator = conditions.length === 0 ? neededRows(scope, rows) : rows;
  // PostgreSQL takes the rows and compares their texts, which for a sort is as fast as comparing keys.
  const pays = query.hasWindowFunctions ? 0 : costs.resultRow / costs.orderKey;
  scope.limitKeys(operator.rows * pays);
  const context: PlanningContext = {
    query, facts, texts, source: scope, translator: scope.translator, scanRows: operator.rows, fallbacks,
    orderable: (keys) => ({ ordered: () => new OrderedRows(statement, keys) }),
  };
  const tries = steps && conditions.length === 0;
  const { edge, notes } = (tries ? engineEdge(context, scope, operator) : undefined)
    ?? { edge: passThroughEdge(context, scope, operator, conditions), notes: [] };
  // A step that is left to PostgreSQL is planned again from the start, with its subqueries then.
  return { statement, edge: notes.length === 0 ? withSubqueries(planner, scope, edge) : edge, notes };
}

/** The rows a level asks for: all of them, unless the first says as much. */
function neededRows(scope: QueryScope, rows: LogicalOperator): LogicalOperator {
  const values = valuesOfAnyRow(scope.query);
  return values === undefined ? rows : firstRow(rows, values, scope.translator);
}

/** The edge above a grouping or windows of the engine's, or why there is none; undefined when neither is asked for. */
function engineEdge(
  context: PlanningContext, scope: QueryScope, operator: LogicalOperator,
): Pick<Attempt, "edge" | "notes"> | undefined {
  const left = (notes: readonly string[]): Pick<Attempt, "edge" | "notes"> => (
    { edge: passThroughEdge(context, scope, operator, []), notes });
  if (context.query.hasWindowFunctions && !isGrouped(context.query)) {
    const windows = windowedEdge(context, scope, operator);
    return "obstacle" in windows ? left([`Windows in PostgreSQL: ${windows.obstacle}`]) : { edge: windows, notes: [] };
  }
  if (context.query.groupingSets.length > 0) {
    const sets = groupingSetsEdge(context, scope, operator);
    if ("obstacle" in sets) return left([`Grouping in PostgreSQL: ${sets.obstacle}`]);
    return { edge: withGroupWindows(scope, sets), notes: [] };
  }
  const grouping = planGrouping(context);
  if (grouping.kind === "engine")
    return { edge: withGroupWindows(scope, groupedEdge(grouping, scope, operator)), notes: [] };
  return grouping.notes.length === 0 ? undefined : left(grouping.notes);
}

/** Adds the scalar subqueries of the select list and HAVING to the engine's result. */
function withSubqueries(planner: QueryPlanner, scope: QueryScope, edge: Edge): Edge {
  const { texts, fallbacks } = scope.statement;
  const replaced = new Set(edge.replacements.map(({ node }) => node));
  const all = edgeRoots(scope.query).flatMap((root) => subLinksIn(root, replaced));
  const subLinks = all.filter((subLink) => fallbacks.reasonFor(subLink) === undefined);
  const reasons = all.map((subLink) => fallbacks.reasonFor(subLink)).filter((reason) => reason !== undefined);
  const notes = [...edge.notes, ...reasons.map((reason) => `Subquery by PostgreSQL: ${reason}`)];
  if (subLinks.length === 0) return { ...edge, notes };
  const region = new Region(false);
  region.inputs.push(edge.operator);
  const above = edge.didAggregate || edge.didDistinct ? new ScopeAbove(scope, edge.operator) : scope;
  const outputs = [...edge.outputs];
  const replacements = [...edge.replacements];
  const known = new Map<string, EdgeExpression>();
  for (const subLink of subLinks) {
    const text = texts.of(subLink);
    let expression = known.get(text);
    if (expression === undefined) {
      const isAsked = edge.quals.length === 0 && isAskedByAll(scope.query, subLink);
      const plan = (): Outputs => subLinkOutputs(planner, region, above, subLink, isAsked);
      expression = addOutputs(outputs, fallbacks.orGive(subLink, () => true, plan));
      known.set(text, expression);
    }
    replacements.push({ node: subLink.id, expression });
  }
  const operator = uncorrelated(finishRegion(region, scope.statement));
  return { ...edge, operator, outputs, replacements, notes };
}

function subLinkOutputs(
  planner: QueryPlanner, region: Region, scope: QueryScope, subLink: TextNode, isAsked: boolean,
): Outputs {
  const kind = subLinkKinds[numberField(subLink, "subLinkType")] ?? "subquery";
  if (mayGiveRows(subLink, scope.statement.facts, scope.surroundings))
    refuse(`${kind} that may give several rows`, "It counts only where a row asks for it.", locationOf(subLink));
  planValue(planner, region, scope, subLink, { isAsked });
  const value = defined(scope.valueOf(subLink), "the value of a planned subquery");
  const sql = typeOf(subLink) === ARRAY ? arraySubqueryType(scope, subLink) : readExpression(subLink);
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
  const built = builder.build(groupedEarly(edge.operator, statement), new Set(reads));
  const columns = edge.outputs.map(({ column }) => column);
  const root = builder.project(built, edge.outputs.map(({ expression }) => expression), columns);
  const { runtimeFilters } = statement.facts;
  const shared = shareSubplans(root, builder.leaves, runtimeFilters);
  const leaves = shared.leaves.map(({ leaf }) => leaf);
  const filtered = runtimeFilters
    ? withRuntimeFilters(shared.root, leaves, shared.leaves.map(({ rows }) => rows)) : { root: shared.root, leaves };
  const { replacements, didAggregate, didDistinct, didWindow } = edge;
  return plannedStatement(filtered.root, edge.outputs.map(({ name, column }) => ({ name, type: column })), {
    leaves: filtered.leaves, leafNames: shared.leaves.map(({ names }) => names), replacements, edgeQuals: edge.quals,
    didAggregate, didDistinct, didWindow, rows: edge.operator.rows, notes: [...edge.notes, ...leafNotes(shared.leaves)],
  });
}

/** What PostgreSQL runs in the engine's place, for EXPLAIN. */
function leafNotes(leaves: readonly BuiltLeaf[]): readonly string[] {
  return leaves.flatMap(({ reason }, number) =>
    reason === undefined ? [] : [`Scan ${number + 1} by PostgreSQL: ${reason}`]);
}
