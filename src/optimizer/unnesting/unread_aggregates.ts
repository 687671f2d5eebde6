// Subqueries of aggregates alone whose aggregates nobody reads. PostgreSQL drops what is not read of a subquery, finds
// no aggregate left and one table, and answers with one row without reading it: no condition of the subquery is
// evaluated, and none fails. Where exactly it does so is its planner's: such a subquery is given to it, at the price of
// a row. Counter-example: SELECT 1 FROM (SELECT sum(a) FROM t WHERE 1 / a = 1) s does not fail. Read next:
// from_clause.ts, stand_alone.ts.
import type { TextNode } from "#frontend/node_text.js";
import type { AnalysedQuery } from "#frontend/query.js";
import { numberField, someNode } from "#frontend/text_fields.js";
import type { QueryScope } from "#optimizer/query_scope.js";

/** RTEKind of a join: its list of columns names all that its sides have, read or not. */
const JOIN = 2;

/** An aggregate of the level that `node` stands in. */
function hasAggregate(node: TextNode): boolean {
  return someNode(node, (each, depth) =>
    each.tag === "AGGREF" && numberField(each, "agglevelsup") === depth ? "found" : undefined);
}

/** By level: without it each level would ask the one around it once for each of its columns, and so on outwards. */
const knownUnread = new WeakMap<QueryScope, ReadonlySet<number>>();

/** Numbers of targets of a FROM item that are not read either. */
function unreadTargets(scope: QueryScope): ReadonlySet<number> {
  const known = knownUnread.get(scope) ?? findUnreadTargets(scope);
  knownUnread.set(scope, known);
  return known;
}

function findUnreadTargets({ query, outer }: QueryScope): ReadonlySet<number> {
  if (outer === undefined || outer.query.setOperation !== undefined || query.distinct.length > 0) return new Set();
  const index = outer.query.rangeTable.findIndex((entry) => entry.kind === "subquery" && entry.query === query.source);
  if (index < 0) return new Set();
  const free = query.targets.filter((target) => target.sortGroupReference === 0 && !target.isJunk);
  const unread = free.filter(({ number }) => !readsColumn(outer, index + 1, new Set([number])));
  return new Set(unread.map(({ number }) => number));
}

/** Whether the query reads the column, or all columns, of an entry of its own; a join's may stand for it. */
export function readsColumn(scope: QueryScope, rangeIndex: number, attributes: ReadonlySet<number>): boolean {
  const { source, rangeTable } = scope.query;
  const unread = unreadTargets(scope);
  return someNode(source, (node, depth) => {
    if (node.tag === "TARGETENTRY") return depth === 0 && unread.has(numberField(node, "resno")) ? "skip" : undefined;
    if (node.fields.has("rtekind")) return numberField(node, "rtekind") === JOIN ? "skip" : undefined;
    if (node.tag !== "VAR" || numberField(node, "varlevelsup") !== depth) return undefined;
    const range = numberField(node, "varno");
    const attribute = numberField(node, "varattno");
    if (rangeTable[range - 1]?.kind === "join") return "found";
    return range === rangeIndex && (attribute === 0 || attributes.has(attribute)) ? "found" : undefined;
  });
}

/** Whether a FROM item aggregates one table's rows, or those of one subquery, to a row nobody looks at. */
export function isUnreadAggregate(scope: QueryScope, rangeIndex: number, query: AnalysedQuery): boolean {
  const { hasAggregates, groupBy, from, having, targets } = query;
  if (!hasAggregates || groupBy.length > 0 || from.length !== 1 || from[0]?.kind !== "range") return false;
  if (having !== undefined && hasAggregate(having.source)) return false;
  const aggregated = targets.filter(({ expression }) => hasAggregate(expression.source)).map(({ number }) => number);
  return !readsColumn(scope, rangeIndex, new Set(aggregated));
}
