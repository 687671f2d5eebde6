// ORDER BY of a subquery or WITH query in FROM, where its order shows: in rows that are passed on as they come, and in
// aggregates and windows that depend on it. SQL does not promise it, PostgreSQL keeps it, and people count on it:
// `SELECT array_agg(x) FROM (SELECT x FROM t ORDER BY y) s`, or a view with ORDER BY under a LIMIT. Joins and groups
// without such aggregates show no order; there the engine does not sort. LIMIT in the subquery is limits.ts's.
import type { TextNode } from "#frontend/node_text.js";
import type { AnalysedQuery } from "#frontend/query.js";
import { refuse } from "#frontend/refusal.js";
import { holds, nodeList } from "#frontend/text_fields.js";
import { isPlain, picksRows } from "#optimizer/block_checks.js";
import { isLimited } from "#optimizer/unnesting/limits.js";

function dependsOnOrder(node: TextNode): boolean {
  if (node.tag === "AGGREF") return picksRows(node) && nodeList(node, "aggorder").length === 0;
  return node.tag === "WINDOWFUNC" && picksRows(node);
}

/** Whether the rows of its one FROM item come out in their order, or are added up in it. */
function showsOrder(reader: AnalysedQuery): boolean {
  const [item, ...others] = reader.from;
  if (item?.kind !== "range" || others.length > 0) return false;
  if (reader.sort.length === 0 && !reader.hasAggregates && (isPlain(reader) || isLimited(reader))) return true;
  return reader.targets.some(({ expression }) => holds(expression.source, dependsOnOrder));
}

/** Refuses, and so leaves to PostgreSQL, a subquery whose order shows in what `reader` makes of its rows. */
export function checkShownOrder(reader: AnalysedQuery, query: AnalysedQuery): void {
  if (query.sort.length > 0 && !isLimited(query) && showsOrder(reader))
    refuse("ORDER BY in a subquery", "Its order shows in what is made of its rows.");
}
