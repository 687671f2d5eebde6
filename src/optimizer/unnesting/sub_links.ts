// Subqueries inside expressions, as nodes: which kind, where, and what can be said before they are planned. Read next:
// subqueries.ts, which plans them.
import type { TextNode } from "#frontend/node_text.js";
import { readQuery } from "#frontend/query_reader.js";
import type { RequestFacts } from "#frontend/request_facts.js";
import { numberField, outermost, requiredNode } from "#frontend/text_fields.js";
import type { Surroundings } from "#optimizer/edges/stand_alone.js";
import { isLimitedToOne } from "./limits.js";
import { hasOneRowAtMost, isOneGroup } from "./unique_rows.js";

/** SubLinkType values. */
export const EXISTS = 0;
export const ALL = 1;
export const ANY = 2;
/** A row compared with the only row. */
export const ROW_COMPARE = 3;
export const SCALAR = 4;
/** ARRAY(SELECT ...). */
export const ARRAY = 6;

export function typeOf(subLink: TextNode): number {
  return numberField(subLink, "subLinkType");
}

/** The subqueries in an expression, outermost only, but those within nodes that something else stands for. */
export function subLinksIn(source: TextNode, replaced: ReadonlySet<number> = new Set()): readonly TextNode[] {
  return outermost(source, ["SUBLINK"], ({ id }) => replaced.has(id));
}

/**
 * Whether a scalar subquery may give more than one row. That is an error where PostgreSQL evaluates it, and nothing
 * where no row asks for it; `around` are the queries around it. Counter-example: CASE WHEN true THEN 1 ELSE (SELECT x
 * FROM t) END.
 */
export function mayGiveRows(subLink: TextNode, facts?: RequestFacts, around: Surroundings = []): boolean {
  if (typeOf(subLink) !== SCALAR && typeOf(subLink) !== ROW_COMPARE) return false;
  const query = readQuery(requiredNode(subLink, "subselect"));
  if (isLimitedToOne(query) || (facts !== undefined && hasOneRowAtMost(query, facts, around))) return false;
  return !isOneGroup(query);
}
