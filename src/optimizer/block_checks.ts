// What a subquery may contain to be planned: refusals by PostgreSQL's names, and the test for subqueries that are
// merged into the query around them. The statement's own clauses are judged in joined_statement.ts.
import type { AnalysedQuery } from "#frontend/query.js";
import { rowLocks, setOperations } from "#frontend/query_checks.js";
import { refuse } from "#frontend/refusal.js";
import type { RequestFacts } from "#frontend/request_facts.js";
import { nodeList, numberField, walk } from "#frontend/text_fields.js";
import { isGrouped } from "./planning_context.js";

/** Refuses what no part of a statement may contain. */
export function checkLevel(query: AnalysedQuery): void {
  const [rowMark] = query.rowMarks;
  if (rowMark !== undefined)
    refuse(rowLocks[numberField(rowMark, "strength")] ?? "row locking",
      "pg_fusion reads a snapshot and takes no row locks.");
  if (query.setOperation !== undefined)
    refuse(setOperations[numberField(query.setOperation, "op")] ?? "set operation",
      "Statements that combine queries are not run yet.");
}

/** Refuses what a subquery may not contain. */
export function checkBlock(query: AnalysedQuery): void {
  checkLevel(query);
  if (query.limitCount !== undefined || query.limitOffset !== undefined)
    refuse("LIMIT in a subquery", "A subquery's first rows are not taken yet.");
  if (query.hasWindowFunctions) refuse("window function in a subquery", "The engine has no window functions yet.");
  if (query.hasTargetSets)
    refuse("set-returning function in a subquery", "The engine has no set-returning functions yet.");
  if (query.groupingSets.length > 0) refuse("GROUPING SETS in a subquery", "The engine groups by one list of keys.");
  if (query.isDistinctOn) refuse("DISTINCT ON in a subquery", "DISTINCT ON picks rows by order.");
}

/** Sums of floats depend on the order of rows, which two scans need not share. */
const orderedSums: ReadonlySet<number> = new Set([2110, 2111, 2104, 2105]);

/** Whether the query calls a function that may answer differently each time. */
export function isVolatile(query: AnalysedQuery, facts: RequestFacts): boolean {
  let found = false;
  walk(query.source, (node) => {
    for (const field of ["funcid", "opfuncid"])
      found ||= node.fields.has(field) && facts.isVolatile(numberField(node, field));
    return found ? "skip" : undefined;
  });
  return found;
}

/** Whether reading the query twice may give two answers. */
export function mayDiffer(query: AnalysedQuery, facts: RequestFacts): boolean {
  let sumsFloats = false;
  walk(query.source, (node) => {
    sumsFloats ||= node.tag === "AGGREF" && orderedSums.has(numberField(node, "aggfnoid"));
    return sumsFloats ? "skip" : undefined;
  });
  return sumsFloats || isVolatile(query, facts);
}

/** A subquery without steps of its own beyond FROM, WHERE and expressions, as PostgreSQL would pull it up. */
export function isMergeable(query: AnalysedQuery): boolean {
  checkBlock(query);
  return !isGrouped(query) && query.distinct.length === 0 && nodeList(query.source, "cteList").length === 0;
}
