// What every step of planning one statement reads, and the questions all steps ask about it. No decisions are made
// here; read next: single_table.ts.
import { assert } from "#base/assert.js";
import type { AnalysedExpression, Variable } from "#frontend/analysed_expression.js";
import { readExpression } from "#frontend/expression_reader.js";
import type { TextNode } from "#frontend/node_text.js";
import type { AnalysedQuery } from "#frontend/query.js";
import type { SingleTable } from "#frontend/query_checks.js";
import type { RequestFacts } from "#frontend/request_facts.js";
import { CanonicalTexts, eachChild } from "#frontend/text_fields.js";
import type { ColumnSource } from "./column_source.js";
import { ExpressionTranslator } from "./expression_translator.js";
import { LeafColumns } from "./leaf_columns.js";
import { TableColumns } from "./table_columns.js";

/** Share of a table's rows a WHERE clause lets through when nothing is known; PostgreSQL's leaf plan knows better. */
const WHERE_SELECTIVITY = 0.33;
/** Rows assumed for a table that was never analysed. */
const ROWS_UNKNOWN = 1000;

export interface PlanningContext {
  readonly query: AnalysedQuery;
  readonly facts: RequestFacts;
  readonly texts: CanonicalTexts;
  readonly source: ColumnSource;
  readonly translator: ExpressionTranslator;
  readonly scanRows: number;
}

/** The context of a statement over one table. */
export interface TableContext extends PlanningContext {
  readonly table: SingleTable;
  readonly source: TableColumns;
}

/** A context without any leaf column yet. */
export function planningContext(
  query: AnalysedQuery, table: SingleTable, facts: RequestFacts,
): TableContext {
  const texts = new CanonicalTexts();
  const source = new TableColumns(facts, new LeafColumns(texts), table.entry, table.rangeIndex);
  const translator = new ExpressionTranslator(facts, source);
  const known = facts.relation(table.entry.source.id)?.rows ?? -1;
  const rows = known < 0 ? ROWS_UNKNOWN : known;
  const scanRows = query.where === undefined ? rows : rows * WHERE_SELECTIVITY;
  return { query, table, facts, texts, source, translator, scanRows };
}

/** The expressions PostgreSQL evaluates above the scan; clauses such as ORDER BY point at targets. */
export function edgeRoots(query: AnalysedQuery): readonly TextNode[] {
  const roots = query.targets.map((target) => target.expression.source);
  return query.having === undefined ? roots : [...roots, query.having.source];
}

/** Visits the variables that are left at the edge, each occurrence. */
export function eachEdgeVariable(
  node: TextNode, isReplaced: (node: TextNode) => boolean, visit: (variable: Variable) => void,
): void {
  // Subqueries are planned as a whole (joined_statement.ts) or refused.
  if (isReplaced(node) || node.tag === "SUBLINK") return;
  if (node.tag === "VAR") {
    const variable = readExpression(node);
    assert(variable.kind === "variable", "a VAR node reads as a variable");
    visit(variable);
    return;
  }
  eachChild(node, (child) => eachEdgeVariable(child, isReplaced, visit));
}

/** Whether the statement groups at all, explicitly or by an aggregate or HAVING alone. */
export function isGrouped(query: AnalysedQuery): boolean {
  return query.hasAggregates || query.groupBy.length > 0 || query.having !== undefined
    || query.groupingSets.length > 0;
}

/** The target a GROUP BY, ORDER BY or DISTINCT item points at. */
export function targetOf(query: AnalysedQuery, reference: number): AnalysedExpression | undefined {
  return query.targets.find((target) => target.sortGroupReference === reference)?.expression;
}
