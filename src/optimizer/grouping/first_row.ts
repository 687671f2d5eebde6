// Aggregates for which one row of a table says as much as all: min, max and the like of values no row changes.
// PostgreSQL plans each as a subquery that stops at its first row, and reads none where the value is NULL
// (preprocess_minmax_aggregates(), planagg.c), so that rows behind the first raise nothing. Its conditions are kept:
// one table, also below subqueries that it pulls up, neither groups nor windows nor WITH.
// Counter-example: SELECT min(1) FROM t WHERE 1 / x > 0, where only a later row has an x of 0.
import { constantOf, isPresent } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import { readExpression } from "#frontend/expression_reader.js";
import type { TextNode } from "#frontend/node_text.js";
import type { AnalysedQuery } from "#frontend/query.js";
import { readQuery } from "#frontend/query_reader.js";
import { booleanField, holds, nodeList, numberField, optionalNode, requiredNode } from "#frontend/text_fields.js";
import { isPlain } from "#optimizer/block_checks.js";
import type { ExpressionTranslator } from "#optimizer/expressions/expression_translator.js";
import { filtered } from "#optimizer/from/filtered.js";
import { edgeRoots, nodesAtEdge } from "#optimizer/planning_context.js";
import type { LogicalOperator } from "#plan/logical.js";
import { BOOL, INT8 } from "#types/engine_type.js";

/** Built-in aggregates whose answer is the first value of an order (pg_aggregate.aggsortop). */
const firstOfOrder: ReadonlySet<number> = new Set([
  2050, 2051, 2115, 2116, 2117, 2118, 2119, 2120, 2122, 2123, 2124, 2125, 2126, 2127, 2128, 2129, 2130, 2131, 2132,
  2133, 2134, 2135, 2136, 2138, 2139, 2140, 2141, 2142, 2143, 2144, 2145, 2146, 2244, 2245, 2517, 2518, 2519, 2797,
  2798, 3526, 3527, 3564, 3565, 4189, 4190, 5099, 5100,
]);

const EXTERNAL_PARAMETER = 0;

/** The values of which any row gives the aggregates; undefined where they need all rows. */
export function valuesOfAnyRow(query: AnalysedQuery): readonly TextNode[] | undefined {
  const isAll = !query.hasAggregates || query.groupBy.length > 0 || query.groupingSets.length > 1
    || query.hasWindowFunctions || nodeList(query.source, "cteList").length > 0 || !readsTableAlone(query);
  if (isAll) return undefined;
  const values: TextNode[] = [];
  for (const call of nodesAtEdge(query, "AGGREF", "GROUPINGFUNC")) {
    const value = valueOf(call);
    if (value === undefined) return undefined;
    values.push(value);
  }
  // An aggregate of this level may stand in a subquery alone.
  const isHidden = edgeRoots(query).some((root) => holds(root, (node) => (
    node.tag === "AGGREF" && numberField(node, "agglevelsup") > 0)));
  return values.length === 0 || isHidden ? undefined : values;
}

/** Whether a row is read for such a value: it is not known to be NULL. */
export function mayBeWanted(value: TextNode): boolean {
  return value.tag !== "CONST" || !booleanField(value, "constisnull");
}

/** The rows such aggregates are asked for: the first, or none where all values are NULL. */
export function firstRow(
  rows: LogicalOperator, values: readonly TextNode[], translator: ExpressionTranslator,
): LogicalOperator {
  const present = values.map((value): Expression => {
    if (value.tag === "CONST") return constantOf(mayBeWanted(value), BOOL);
    const translated = translator.translate(readExpression(value));
    return translated === undefined ? constantOf(true, BOOL) : isPresent(translated.expression);
  });
  const isAny: Expression = { kind: "or", arguments: present, type: BOOL };
  const input = filtered(rows, present.length === 1 ? present : [isAny]);
  return { kind: "limit", input, order: [], count: constantOf(1n, INT8), rows: 1 };
}

/** A constant or a parameter of the statement. */
function valueOf(call: TextNode): TextNode | undefined {
  if (call.tag !== "AGGREF" || !firstOfOrder.has(numberField(call, "aggfnoid"))) return undefined;
  if (numberField(call, "agglevelsup") > 0 || optionalNode(call, "aggfilter") !== undefined) return undefined;
  const [entry, ...more] = nodeList(call, "args");
  if (entry === undefined || more.length > 0 || nodeList(call, "aggorder").length > 0) return undefined;
  let value = requiredNode(entry, "expr");
  while (value.tag === "RELABELTYPE") value = requiredNode(value, "arg");
  const isGiven = value.tag === "PARAM" && numberField(value, "paramkind", EXTERNAL_PARAMETER) === EXTERNAL_PARAMETER;
  return value.tag === "CONST" || isGiven ? value : undefined;
}

/** Whether FROM is one table, and WHERE asks no other. */
function readsTableAlone({ from, rangeTable, where }: AnalysedQuery): boolean {
  const [item, ...more] = from;
  if (item?.kind !== "range" || more.length > 0) return false;
  if (where !== undefined && holds(where.source, ({ tag }) => tag === "SUBLINK")) return false;
  const entry = rangeTable[item.rangeIndex - 1];
  if (entry?.kind !== "subquery") return entry?.kind === "relation";
  const query = readQuery(entry.query);
  return !entry.isBarrier && query.setOperation === undefined && !query.hasTargetSets && query.sort.length === 0
    && nodeList(query.source, "cteList").length === 0 && isPlain(query) && readsTableAlone(query);
}
