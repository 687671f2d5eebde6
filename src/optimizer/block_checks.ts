// What a subquery may contain to be planned: refusals by PostgreSQL's names, and the test for subqueries that are
// merged into the query around them. The statement's own clauses are judged in joined_statement.ts.
import type { TextNode } from "#frontend/node_text.js";
import type { AnalysedQuery } from "#frontend/query.js";
import { refuseLock } from "#frontend/query_checks.js";
import { refuse } from "#frontend/refusal.js";
import type { RequestFacts } from "#frontend/request_facts.js";
import { booleanField, holds, locationOf, nodeList, numberField, optionalNode, walk } from "#frontend/text_fields.js";
import { mayFailToBeRead } from "#optimizer/unnesting/computed_ahead.js";
import { isLimited } from "#optimizer/unnesting/limits.js";
import { isGrouped } from "./planning_context.js";

/** Refuses what no part of a statement may contain. */
function checkLevel(query: AnalysedQuery): void {
  const [rowMark] = query.rowMarks;
  if (rowMark !== undefined) refuseLock(rowMark);
}

/** Comparisons of text and char(n), which PostgreSQL refuses under no collation when it meets a row (42P22). */
const textComparisons: ReadonlySet<number> = new Set([67, 157, 740, 741, 742, 743, 1048, 1049, 1050, 1051, 1052, 1053]);

/**
 * Arguments of two collations have none between them. Whether that is an error depends on PostgreSQL's plan: hashing
 * one side of a join raises it, though the other has no row.
 */
function hasNoCollation(node: TextNode): boolean {
  return node.tag === "OPEXPR" && numberField(node, "inputcollid", 0) === 0
    && textComparisons.has(numberField(node, "opfuncid"));
}

/** JOIN_FULL. */
const FULL = 2;

/**
 * A full join whose condition is a parameter is one of everything with everything, or of nothing. PostgreSQL has none
 * while it does not know the value, unless a condition elsewhere makes a left join of it.
 */
function isFullJoinOnParameter(node: TextNode): boolean {
  if (node.tag !== "JOINEXPR" || numberField(node, "jointype", 0) !== FULL) return false;
  const condition = optionalNode(node, "quals");
  const names = (tag: string): boolean => condition !== undefined && holds(condition, (each) => each.tag === tag);
  return names("PARAM") && !names("VAR");
}

/** Refuses what no statement may contain at any level, whoever would run it. */
export function checkStatement(query: AnalysedQuery): void {
  walk(query.source, (node) => {
    if (node.tag === "ROWMARKCLAUSE") refuseLock(node);
    if (hasNoCollation(node)) {
      const reason = "Its sides have two that differ: name one with COLLATE.";
      refuse("comparison without a collation", reason, locationOf(node));
    }
    if (isFullJoinOnParameter(node))
      refuse("FULL JOIN on a parameter", "Whether PostgreSQL has a join for it depends on its plan.");
    return undefined;
  });
}

/**
 * Refuses rows that nobody reads and that may fail. A group that has neither keys nor aggregates needs none of them,
 * and PostgreSQL does not look at them (is_degenerate_grouping(), planner.c).
 * Counter-example: SELECT 1 FROM t WHERE 1 / x > 0 HAVING true, which is one row also where an x is 0.
 */
export function checkUnreadRows(query: AnalysedQuery): void {
  const isDegenerate = isGrouped(query) && !query.hasAggregates && query.groupBy.length === 0;
  if (isDegenerate && mayFailToBeRead(query))
    refuse("HAVING without groups or aggregates", "Its rows are not read, and reading them might fail.");
}

/** Refuses what a subquery may not contain. */
export function checkBlock(query: AnalysedQuery): void {
  checkLevel(query);
  checkUnreadRows(query);
  if (query.hasTargetSets)
    refuse("set-returning function in a subquery", "The engine has no set-returning functions yet.");
}

/** Sums of floats depend on the order of rows, which two scans need not share. */
const orderedSums: ReadonlySet<number> = new Set([2110, 2111, 2104, 2105]);

/** avg, sum, max, min and count of the built-in types are numbered from here to here; other aggregates follow. */
const FIRST_AGGREGATE = 2100;
const LAST_AGGREGATE = 2147;
const COUNT_ROWS = 2803;

/** Whether the query calls a function that may answer differently each time. */
export function isVolatile(query: TextNode, facts: RequestFacts): boolean {
  return holds(query, (node) => ["funcid", "opfuncid"].some((field) =>
    node.fields.has(field) && facts.isVolatile(numberField(node, field))));
}

/**
 * Refuses a subquery in FROM that calls a volatile function for each of its rows. PostgreSQL keeps such a column though
 * nobody reads it (remove_unused_subquery_outputs(), allpaths.c): `nextval()` shows afterwards how often it was called.
 */
export function checkTargets(query: AnalysedQuery, facts: RequestFacts): void {
  if (query.targets.some(({ expression }) => isVolatile(expression.source, facts)))
    refuse("volatile function in a subquery", "It is called once for each row of the subquery, whoever reads it.");
}

/** rank(), dense_rank(), percent_rank() and cume_dist() do not depend on the order of equal rows. */
const orderlessWindows: ReadonlySet<number> = new Set([3101, 3102, 3103, 3104]);

/** FRAMEOPTION_ROWS. */
const FRAME_OF_ROWS = 4;

/** Whether what the node says depends on the order of rows, or on chance, where SQL leaves it open. */
export function picksRows(node: TextNode): boolean {
  switch (node.tag) {
    case "AGGREF": return !isOrderless(numberField(node, "aggfnoid"));
    case "WINDOWFUNC": {
      const window = numberField(node, "winfnoid");
      return !orderlessWindows.has(window) && !isOrderless(window);
    }
    // Where equal rows are told apart by their order, even a sum shows it.
    case "WINDOWCLAUSE": return (numberField(node, "frameOptions") & FRAME_OF_ROWS) !== 0;
    case "QUERY": return optionalNode(node, "limitCount") !== undefined
      || optionalNode(node, "limitOffset") !== undefined || booleanField(node, "hasDistinctOn", false);
    case "TABLESAMPLECLAUSE": return true;
    default: return false;
  }
}

/** bool_and, bool_or, every; bit_and, bit_or, bit_xor; variances and deviations of integers and numerics. */
const exactAggregates: ReadonlySet<number> = new Set([
  2517, 2518, 2519, 2236, 2237, 2238, 2239, 2240, 2241, 6164, 6165, 6166,
  2718, 2719, 2720, 2723, 2641, 2642, 2643, 2646, 2148, 2149, 2150, 2153,
  2724, 2725, 2726, 2729, 2712, 2713, 2714, 2717, 2154, 2155, 2156, 2159,
]);

/** Built-in aggregates that show no order: all but sums of floats, of what min, max, count, sum and avg are named. */
function isOrderless(aggregate: number): boolean {
  if (aggregate === COUNT_ROWS || exactAggregates.has(aggregate)) return true;
  return aggregate >= FIRST_AGGREGATE && aggregate <= LAST_AGGREGATE && !orderedSums.has(aggregate);
}

/** Whether reading the query twice may give two answers. */
export function mayDiffer(query: TextNode, facts: RequestFacts): boolean {
  return holds(query, picksRows) || isVolatile(query, facts);
}

/** Whether the query's rows are those of its FROM and WHERE, each by itself. */
export function isPlain(query: AnalysedQuery): boolean {
  return !isGrouped(query) && query.distinct.length === 0 && !query.hasWindowFunctions && !isLimited(query);
}

/** A subquery without steps of its own beyond FROM, WHERE and expressions, as PostgreSQL would pull it up. */
export function isMergeable(query: AnalysedQuery): boolean {
  checkBlock(query);
  return isPlain(query) && nodeList(query.source, "cteList").length === 0;
}
