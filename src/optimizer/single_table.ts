// The planner for statements over one table. WHERE goes into the scan leaf; grouping (or DISTINCT) into the engine when
// all of its keys and aggregates are exact there; everything else stays with PostgreSQL above the scan. When the
// engine cannot group, it passes the needed columns through and PostgreSQL groups.
import { assert } from "#base/assert.js";
import { readColumn } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import type { Variable } from "#frontend/analysed_expression.js";
import type { AnalysedQuery } from "#frontend/query.js";
import { conjuncts } from "#frontend/query_checks.js";
import type { SingleTable } from "#frontend/query_checks.js";
import { refuse } from "#frontend/refusal.js";
import type { RequestFacts } from "#frontend/request_facts.js";
import { locationOf } from "#frontend/text_fields.js";
import { placedConditions } from "#optimizer/edges/early_stop.js";
import { columnsOfAggregation } from "#optimizer/grouping/aggregation.js";
import { aggregationOverDistinct } from "#optimizer/grouping/distinct_aggregates.js";
import { planGrouping } from "#optimizer/grouping/grouping.js";
import type { EngineGrouping } from "#optimizer/grouping/grouping.js";
import { columnsOf } from "#plan/columns_of.js";
import type { PhysicalOperator } from "#plan/physical.js";
import type { EdgeReplacement, Leaf } from "#plan/planning.js";
import type { CompactLeaf } from "./leaf_columns.js";
import { type PlannedStatement, plannedStatement } from "./planned_statement.js";
import { eachEdgeVariable, edgeRoots, planningContext } from "./planning_context.js";
import type { TableContext } from "./planning_context.js";

/** Plans a statement that passed checkSingleTable(); undefined where its groups are made of ordered rows. */
export function planSingleTable(
  query: AnalysedQuery, table: SingleTable, facts: RequestFacts,
): PlannedStatement | undefined {
  const context = planningContext(query, table, facts);
  const grouping = planGrouping(context);
  if (grouping.kind === "edge" && grouping.needsRows === true) return undefined;
  if (grouping.kind === "engine") return finishGrouping(grouping, context);
  // Columns requested in vain must not linger: the pass-through starts afresh.
  return planPassThrough(planningContext(query, table, facts), grouping.notes);
}

function leafOf(
  { query, table }: TableContext, columns: CompactLeaf, conditions = conjuncts(query.where?.source),
): Leaf {
  return {
    queryNode: query.source.id,
    rangeIndex: table.rangeIndex,
    columns: columns.columns,
    qualNodes: conditions.map((node) => node.id),
    filters: [],
  };
}

/** What statements over one leaf have in common. */
function aboveLeaf(
  context: TableContext, leaf: CompactLeaf,
): Pick<PlannedStatement, "leaves" | "leafNames" | "edgeQuals" | "didWindow" | "notes"> {
  return {
    leaves: [leafOf(context, leaf)], leafNames: [leaf.names], edgeQuals: [], didWindow: false, notes: [],
  };
}

function finishGrouping(grouping: EngineGrouping, context: TableContext): PlannedStatement {
  const { names, replacements, rows } = grouping;
  const leaf = context.source.leaf.compact(columnsOfAggregation(grouping));
  const scan: PhysicalOperator = { kind: "scan", leaf: 0, columns: leaf.types, rowsEstimate: context.scanRows };
  const aggregate = { ...aggregationOverDistinct(grouping, scan, leaf.positionOf), rowsEstimate: rows };
  const root = withComputed(aggregate, grouping);
  const outputs = columnsOf(root).map((type, index) => ({ name: names[index] ?? `column${index}`, type }));
  return plannedStatement(root, outputs, {
    ...aboveLeaf(context, leaf), replacements, didAggregate: !grouping.isDistinct, didDistinct: grouping.isDistinct,
    rows,
  });
}

/** What is computed from a group's columns stands behind them. */
function withComputed(aggregate: PhysicalOperator, { computed, rows }: EngineGrouping): PhysicalOperator {
  if (computed.length === 0) return aggregate;
  const columns = columnsOf(aggregate);
  const own = columns.map(({ engine }, index): Expression => readColumn(index, engine));
  return {
    kind: "project", input: aggregate, rowsEstimate: rows,
    expressions: [...own, ...computed.map(({ expression }) => expression)],
    columns: [...columns, ...computed.map(({ column }) => column)],
  };
}

/** The engine hands the needed columns through; PostgreSQL does everything above WHERE. */
function planPassThrough(context: TableContext, notes: readonly string[]): PlannedStatement {
  const occurrences: { readonly node: number; readonly index: number }[] = [];
  const conditions = placedConditions(context.query, context.facts);
  for (const root of [...edgeRoots(context.query), ...conditions.edge])
    eachEdgeVariable(root, () => false, (variable) => {
      const column = context.source.variable(variable)?.expression;
      if (column === undefined) return refuseVariable(variable);
      assert(column.kind === "column", "a variable reads a column");
      occurrences.push({ node: variable.source.id, index: column.index });
    });
  const leaf = context.source.leaf.compact(new Set(occurrences.map(({ index }) => index)));
  const scan: PhysicalOperator = { kind: "scan", leaf: 0, columns: leaf.types, rowsEstimate: context.scanRows };
  const outputs = leaf.types.map((type, index) => ({ name: leaf.names[index] ?? `column${index}`, type }));
  const replacements = occurrences.map(({ node, index }): EdgeReplacement => (
    { node, expression: { kind: "column", index: leaf.positionOf(index) } }));
  return plannedStatement(scan, outputs, {
    ...aboveLeaf(context, leaf), leaves: [leafOf(context, leaf, conditions.scan)], replacements,
    edgeQuals: conditions.edge.map(({ id }) => id), didAggregate: false, didDistinct: false, rows: context.scanRows,
    notes,
  });
}

/** Names what stands behind a variable that no column can carry. */
function refuseVariable(variable: Variable): never {
  const location = locationOf(variable.source);
  if (variable.levelsUp > 0)
    return refuse("reference to an outer query", "The statement is part of another one.", location);
  if (variable.attribute === 0)
    return refuse("whole-row reference", "Rows of anonymous type are not carried.", location);
  return refuse("column of a pseudo-type", `Type ${variable.type} has no stored form.`, location);
}
