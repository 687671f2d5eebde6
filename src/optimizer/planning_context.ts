// What every step of planning one statement reads, and the questions all steps ask about it. No decisions are made
// here; read next: single_table.ts.
import { assert } from "#base/assert.js";
import type { Expression } from "#expr/expression.js";
import type { AnalysedExpression, Variable } from "#frontend/analysed_expression.js";
import { readExpression } from "#frontend/expression_reader.js";
import type { TextNode } from "#frontend/node_text.js";
import type { AnalysedQuery } from "#frontend/query.js";
import type { SingleTable } from "#frontend/query_checks.js";
import type { RequestFacts } from "#frontend/request_facts.js";
import { CanonicalTexts, eachChild, numberField, outermost, walk } from "#frontend/text_fields.js";
import type { Fallbacks } from "#optimizer/edges/fallbacks.js";
import type { ColumnSource } from "#optimizer/expressions/column_source.js";
import { ExpressionTranslator } from "#optimizer/expressions/expression_translator.js";
import { FILTER_SELECTIVITY } from "#optimizer/from/filtered.js";
import type { OrderableRows } from "#optimizer/grouping/planned_aggregates.js";
import { ROWS_UNKNOWN } from "./estimates.js";
import { LeafColumns } from "./leaf_columns.js";
import { TableColumns } from "./table_columns.js";

export interface PlanningContext {
  readonly query: AnalysedQuery;
  readonly facts: RequestFacts;
  readonly texts: CanonicalTexts;
  readonly source: ColumnSource;
  readonly translator: ExpressionTranslator;
  readonly scanRows: number;
  /** What PostgreSQL runs in the engine's place; absent where nothing else is possible. */
  readonly fallbacks?: Fallbacks;
  /** The rows as something that can be ordered within groups of such keys, where the plan has room for it. */
  readonly orderable?: (keys: readonly Expression[]) => OrderableRows;
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
  const source = new TableColumns(facts, new LeafColumns(texts), query.rangeTable, table.rangeIndex);
  const translator = new ExpressionTranslator(facts, source);
  const known = facts.relation(table.entry.source.id)?.rows ?? -1;
  const rows = known < 0 ? ROWS_UNKNOWN : known;
  const scanRows = query.where === undefined ? rows : rows * FILTER_SELECTIVITY;
  return { query, table, facts, texts, source, translator, scanRows };
}

/** The expressions PostgreSQL evaluates above the scan; clauses such as ORDER BY point at targets. */
export function edgeRoots(query: AnalysedQuery): readonly TextNode[] {
  const roots = query.targets.map((target) => target.expression.source);
  return query.having === undefined ? roots : [...roots, query.having.source];
}

function asVariable(node: TextNode): Variable {
  const variable = readExpression(node);
  assert(variable.kind === "variable", "a VAR node reads as a variable");
  return variable;
}

/**
 * Visits the variables that are left at the edge, each occurrence. Subqueries are planned as a whole by the engine
 * (joined_statement.ts), or stay at the edge and are looked into by eachOuterVariable().
 */
export function eachEdgeVariable(
  node: TextNode, isReplaced: (node: TextNode) => boolean, visit: (variable: Variable) => void,
): void {
  if (isReplaced(node) || node.tag === "SUBLINK") return;
  if (node.tag === "VAR") visit(asVariable(node));
  else eachChild(node, (child) => eachEdgeVariable(child, isReplaced, visit));
}

/** Visits the variables in a subquery that mean the statement's own level, with the text they have on that level. */
export function eachOuterVariable(subLink: TextNode, visit: (variable: Variable, text: string) => void): void {
  walk(subLink, (node, depth) => {
    if (node.tag !== "VAR") return undefined;
    if (numberField(node, "varlevelsup") !== depth) return "skip";
    const there: TextNode = { ...node, fields: new Map([...node.fields, ["varlevelsup", "0"]]) };
    // The statement's own texts know the node as it stands here.
    visit({ ...asVariable(node), levelsUp: 0 }, new CanonicalTexts().of(there));
    return "skip";
  });
}

/** Nodes with one of the tags in an expression of a level, outermost only; subqueries are levels of their own. */
function nodesOfLevel(root: TextNode, ...tags: readonly string[]): readonly TextNode[] {
  return outermost(root, tags, ({ tag }) => tag === "SUBLINK" && !tags.includes(tag));
}

/** The same of all that is evaluated above the scan. */
export function nodesAtEdge(query: AnalysedQuery, ...tags: readonly string[]): readonly TextNode[] {
  return edgeRoots(query).flatMap((root) => nodesOfLevel(root, ...tags));
}

/** The subqueries at the edge that stay there. */
export function stayingSubLinks({ query, fallbacks }: PlanningContext): readonly TextNode[] {
  return nodesAtEdge(query, "SUBLINK").filter((node) => fallbacks?.reasonFor(node) !== undefined);
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
