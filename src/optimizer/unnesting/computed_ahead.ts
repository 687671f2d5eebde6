// Whether a subquery may be computed before anybody asks for its value. PostgreSQL runs it when a row asks, and for the
// rows that do; computed ahead, a division by zero inside it would be an error of a statement that has an answer.
// Counter-example: WHERE x > 1000 AND x > (SELECT sum(10 / y) FROM u), where no x is above 1000 and some y is 0.
import type { TextNode } from "#frontend/node_text.js";
import type { AnalysedQuery, RangeEntry } from "#frontend/query.js";
import { readQuery } from "#frontend/query_reader.js";
import { eachChild, nodeList, numberField, optionalNode, requiredNode, someNode } from "#frontend/text_fields.js";
import { type Surroundings, queryBehind, withQueryNamed } from "#optimizer/edges/stand_alone.js";
import { boundedOperands, neverFails } from "#optimizer/expressions/safe_expressions.js";
import type { QueryScope } from "#optimizer/query_scope.js";
import { mayGiveRows } from "./sub_links.js";

/** Whether some row of some table could make the subquery fail before its value is asked for. */
export function mayFailAhead(query: AnalysedQuery, scope: QueryScope): boolean {
  return !isSafeQuery(query, scope.surroundings);
}

/** Whether some row of FROM, or whether WHERE keeps it, could fail. */
export function mayFailToBeRead(query: AnalysedQuery): boolean {
  return !isSafeQuery({ ...query, having: undefined, targets: [] }, []);
}

/** Whether something could fail beside the select list's values and what its aggregates are of. */
export function mayFailBesideValues(query: AnalysedQuery, scope: QueryScope): boolean {
  const within = [query, ...scope.surroundings];
  return !isSafeQuery({ ...query, targets: [] }, scope.surroundings)
    || query.targets.some(({ expression }) => someNode(expression.source, (node) => {
      if (node.tag === "AGGREF") return safeAggregates.has(numberField(node, "aggfnoid")) ? undefined : "found";
      if (node.tag !== "SUBLINK") return node.tag === "WINDOWFUNC" ? "found" : undefined;
      return isSafeInner(node, within) ? "skip" : "found";
    }));
}

function isSafeQuery(query: AnalysedQuery, around: Surroundings): boolean {
  const within = [query, ...around];
  // The select list of a subquery in FROM is computed as well, where something reads it.
  return query.rangeTable.every((entry) => isSafeEntry(entry, within))
    // How far a frame reaches may be negative, or lead out of the type's range.
    && nodeList(query.source, "windowClause").every((window) =>
      optionalNode(window, "startOffset") === undefined && optionalNode(window, "endOffset") === undefined)
    && [optionalNode(query.source, "jointree"), query.having?.source].every((node) => isSafe(node, within))
    && query.targets.every(({ expression }) => isSafe(expression.source, within));
}

function isSafeEntry(entry: RangeEntry, within: Surroundings): boolean {
  switch (entry.kind) {
    // Aliases of joined columns are gone from the expressions, and the joins stand in FROM.
    case "relation": case "join": case "result": case "group": return true;
    case "subquery": return isSafeQuery(readQuery(entry.query), within);
    case "cte": {
      const owner = within[entry.levelsUp];
      const found = owner && withQueryNamed(owner, entry.name);
      return found !== undefined && !entry.isSelfReference
        && isSafeQuery(readQuery(requiredNode(found, "ctequery")), within.slice(entry.levelsUp));
    }
    case "values": return valuesOf(entry.source).every((value) => isSafe(value, within));
    default: return false;
  }
}

/** The values of VALUES, all rows'. */
function valuesOf(entry: TextNode): readonly TextNode[] {
  const found: TextNode[] = [];
  eachChild(entry, (child) => void (child.tag === "ALIAS" ? undefined : found.push(child)));
  return found;
}

/** FROM and WHERE, or an expression: every condition and value in it. */
function isSafe(node: TextNode | undefined, within: Surroundings): boolean {
  if (node === undefined) return true;
  switch (node.tag) {
    case "RANGETBLREF": return true;
    case "FROMEXPR":
      return [...nodeList(node, "fromlist"), optionalNode(node, "quals")].every((each) => isSafe(each, within));
    case "JOINEXPR":
      return ["larg", "rarg", "quals"].every((field) => isSafe(optionalNode(node, field), within));
    default:
      return neverFails(node, (inner) => isSafeInner(inner, within), (variable) => operandsBehind(variable, within));
  }
}

/** What a column of a subquery in FROM or of a WITH query is made of. */
function operandsBehind(variable: TextNode, within: Surroundings): number {
  const around = within.slice(numberField(variable, "varlevelsup"));
  const found = queryBehind(around[0]?.rangeTable[numberField(variable, "varno") - 1], around);
  const column = numberField(variable, "varattno");
  const target = found?.[0]?.targets.find(({ number }) => number === column);
  // The columns of a set operation are named by its first query alone.
  if (found === undefined || target === undefined || found[0]?.setOperation !== undefined) return Infinity;
  return boundedOperands(target.expression.source, (inner) => operandsBehind(inner, found));
}

/** What expressions of a query have beyond those of a row. */
function isSafeInner(node: TextNode, within: Surroundings): boolean {
  if (node.tag === "SUBLINK")
    return !mayGiveRows(node) && isSafe(optionalNode(node, "testexpr"), within)
      && isSafeQuery(readQuery(requiredNode(node, "subselect")), within);
  // The statement's own parameters, and what a subquery's columns are compared as.
  if (node.tag === "PARAM") return true;
  if (node.tag === "WINDOWFUNC") return isSafeWindow(node, within);
  if (node.tag !== "AGGREF" || !safeAggregates.has(numberField(node, "aggfnoid"))) return false;
  const values = nodeList(node, "args").map((target) => optionalNode(target, "expr"));
  const direct = nodeList(node, "aggdirectargs");
  return [...values, ...direct, optionalNode(node, "aggfilter")].every((each) => isSafe(each, within));
}

/** row_number, rank, dense_rank, percent_rank, cume_dist; lag, lead, first_value and last_value of a value. */
const safeWindows: ReadonlySet<number> = new Set([3100, 3101, 3102, 3103, 3104, 3106, 3109, 3112, 3113]);

/** Orders and frames are of columns and constants of the query, or of expressions in its select list. */
function isSafeWindow(node: TextNode, within: Surroundings): boolean {
  const window = numberField(node, "winfnoid");
  return (safeWindows.has(window) || safeAggregates.has(window))
    && [...nodeList(node, "args"), optionalNode(node, "aggfilter")].every((each) => isSafe(each, within));
}

/**
 * count; sum of integers and numerics; avg of the same; min and max; bool_and, bool_or, every; bit_and, bit_or and
 * bit_xor; string_agg, array_agg; percentile_disc, percentile_cont, mode, whose fractions the engine takes only where
 * they are valid.
 */
const safeAggregates: ReadonlySet<number> = new Set([
  2147, 2803, 2107, 2108, 2109, 2114, 2100, 2101, 2102, 2103, 2517, 2518, 2519,
  ...Array.from({ length: 2130 - 2115 + 1 }, (_, index) => 2115 + index),
  ...Array.from({ length: 2146 - 2131 + 1 }, (_, index) => 2131 + index),
  2244, 2245, 2236, 2237, 2238, 2239, 2240, 2241, 6164, 6165, 6166,
  3538, 3545, 2335, 3972, 3974, 3976, 3978, 3980, 3982, 3984,
]);
