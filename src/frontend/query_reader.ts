// The outermost text node to the analysed query. It reads every clause of a SELECT and judges none: what cannot
// be run is refused by query_checks.ts, by name.
import { malformedMessage } from "#base/errors.js";
import type { AnalysedExpression } from "./analysed_expression.js";
import { readExpression } from "./expression_reader.js";
import type { TextNode } from "./node_text.js";
import type { AnalysedQuery, FromItem, RangeEntry, Target } from "./query.js";
import { readSortGroup } from "./sort_group.js";
import {
  booleanField, nodeList, numberField, optionalNode, requiredNode, stringField, stringList,
} from "./text_fields.js";

/** CmdType in order of its values. MERGE exists since 15. */
const commands = ["other", "select", "update", "insert", "delete", "merge", "utility"] as const;

/** RTEKind in order of its values; RTE_GROUP exists since 18. */
const rangeKinds = [
  "relation", "subquery", "join", "function", "tableFunction", "values", "cte", "tuplestore",
  "result", "group",
] as const;

/** JoinType in order of its values, as SQL spells them. */
const joinKinds = ["JOIN", "LEFT JOIN", "FULL JOIN", "RIGHT JOIN", "SEMI JOIN", "ANTI JOIN"];

function readRangeEntry(node: TextNode): RangeEntry {
  const kind = rangeKinds[numberField(node, "rtekind")] ?? "unknown";
  const names = optionalNode(node, "eref");
  const alias = names === undefined ? "" : stringField(names, "aliasname");
  const columnNames = names === undefined ? [] : stringList(names, "colnames");
  if (kind !== "relation") {
    // A view's entry keeps its security_barrier mark; since 16 also its relid.
    const isBarrier = kind === "subquery" && booleanField(node, "security_barrier", false);
    const isView = kind === "subquery" && (isBarrier || numberField(node, "relid", 0) !== 0);
    if (kind === "subquery") {
      const query = requiredNode(node, "subquery");
      const isLateral = booleanField(node, "lateral", false);
      return { kind, source: node, alias, columnNames, isView, query, isLateral, isBarrier };
    }
    if (kind === "cte") {
      const levelsUp = numberField(node, "ctelevelsup");
      const isSelfReference = booleanField(node, "self_reference");
      const name = stringField(node, "ctename");
      return { kind, source: node, alias, columnNames, isView, name, levelsUp, isSelfReference };
    }
    return { kind, source: node, alias, columnNames, isView };
  }
  return {
    kind,
    source: node,
    relation: numberField(node, "relid"),
    relationKind: stringField(node, "relkind"),
    alias,
    columnNames,
    isSampled: optionalNode(node, "tablesample") !== undefined,
  };
}

function readFromItem(node: TextNode): FromItem {
  if (node.tag === "RANGETBLREF")
    return { kind: "range", rangeIndex: numberField(node, "rtindex") };
  if (node.tag !== "JOINEXPR") throw malformedMessage(`pg_fusion: ${node.tag} in FROM`);
  const joinKind = joinKinds[numberField(node, "jointype")] ?? "JOIN";
  return {
    kind: "join",
    source: node,
    joinKind,
    left: readFromItem(requiredNode(node, "larg")),
    right: readFromItem(requiredNode(node, "rarg")),
    condition: optionalExpression(node, "quals"),
  };
}

function readTarget(node: TextNode): Target {
  return {
    expression: readExpression(requiredNode(node, "expr")),
    number: numberField(node, "resno"),
    name: stringField(node, "resname"),
    sortGroupReference: numberField(node, "ressortgroupref"),
    isJunk: booleanField(node, "resjunk"),
  };
}

function optionalExpression(node: TextNode, field: string): AnalysedExpression | undefined {
  const child = optionalNode(node, field);
  return child === undefined ? undefined : readExpression(child);
}

/** Reads a QUERY node. Subqueries inside stay text: reading them is the business of whoever can run them. */
export function readQuery(node: TextNode): AnalysedQuery {
  if (node.tag !== "QUERY") throw malformedMessage(`pg_fusion: ${node.tag} where a query should be`);
  const joinTree = optionalNode(node, "jointree");
  return {
    source: node,
    command: commands[numberField(node, "commandType")] ?? "other",
    rangeTable: nodeList(node, "rtable").map(readRangeEntry),
    from: joinTree === undefined ? [] : nodeList(joinTree, "fromlist").map(readFromItem),
    where: joinTree === undefined ? undefined : optionalExpression(joinTree, "quals"),
    targets: nodeList(node, "targetList").map(readTarget),
    groupBy: nodeList(node, "groupClause").map(readSortGroup),
    groupingSets: nodeList(node, "groupingSets"),
    having: optionalExpression(node, "havingQual"),
    windows: nodeList(node, "windowClause"),
    distinct: nodeList(node, "distinctClause").map(readSortGroup),
    isDistinctOn: booleanField(node, "hasDistinctOn", false),
    sort: nodeList(node, "sortClause").map(readSortGroup),
    limitOffset: optionalExpression(node, "limitOffset"),
    limitCount: optionalExpression(node, "limitCount"),
    setOperation: optionalNode(node, "setOperations"),
    rowMarks: nodeList(node, "rowMarks"),
    commonTableExpressions: nodeList(node, "cteList"),
    hasAggregates: booleanField(node, "hasAggs", false),
    hasWindowFunctions: booleanField(node, "hasWindowFuncs", false),
    hasTargetSets: booleanField(node, "hasTargetSRFs", false),
  };
}
