// Subqueries of aggregates alone whose aggregates nobody reads. PostgreSQL drops what is not read of a subquery, finds
// no aggregate left and one table, and answers with one row without reading it: no condition of the subquery is
// evaluated, and none fails. Where exactly it does so is its planner's: such a subquery is given to it, at the price of
// a row. Counter-example: SELECT 1 FROM (SELECT sum(a) FROM t WHERE 1 / a = 1) s does not fail. Read next:
// from_clause.ts, stand_alone.ts.
import type { TextNode } from "#frontend/node_text.js";
import type { AnalysedQuery } from "#frontend/query.js";
import { eachChild, numberField } from "#frontend/text_fields.js";

/** RTEKind of a join: its list of columns names all that its sides have, read or not. */
const JOIN = 2;

function someNode(node: TextNode, depth: number, test: (node: TextNode, depth: number) => boolean): boolean {
  if (node.fields.has("rtekind") && numberField(node, "rtekind") === JOIN) return false;
  if (test(node, depth)) return true;
  let found = false;
  eachChild(node, (child) => {
    found ||= someNode(child, child.tag === "QUERY" ? depth + 1 : depth, test);
  });
  return found;
}

/** An aggregate of the level that `node` stands in. */
function hasAggregate(node: TextNode): boolean {
  return someNode(node, 0, (each, depth) => each.tag === "AGGREF" && numberField(each, "agglevelsup") === depth);
}

/** Whether the query reads the column, or all columns, of an entry of its own; a join's may stand for it. */
function readsColumn(
  { source, rangeTable }: AnalysedQuery, rangeIndex: number, attributes: ReadonlySet<number>,
): boolean {
  return someNode(source, 0, (node, depth) => {
    if (node.tag !== "VAR" || numberField(node, "varlevelsup") !== depth) return false;
    const range = numberField(node, "varno");
    const attribute = numberField(node, "varattno");
    if (rangeTable[range - 1]?.kind === "join") return true;
    return range === rangeIndex && (attribute === 0 || attributes.has(attribute));
  });
}

/** Whether a FROM item of `outer` aggregates one table's rows, or those of one subquery, to a row nobody looks at. */
export function isUnreadAggregate(outer: AnalysedQuery, rangeIndex: number, query: AnalysedQuery): boolean {
  const { hasAggregates, groupBy, from, having, targets } = query;
  if (!hasAggregates || groupBy.length > 0 || from.length !== 1 || from[0]?.kind !== "range") return false;
  if (having !== undefined && hasAggregate(having.source)) return false;
  const aggregated = targets.filter(({ expression }) => hasAggregate(expression.source)).map(({ number }) => number);
  return !readsColumn(outer, rangeIndex, new Set(aggregated));
}
