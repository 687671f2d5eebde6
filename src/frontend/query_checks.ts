// PostgreSQL's names for what may be refused, and the checks of statements over one table. Everything let through here
// must be executable by the backend's recipe: one scan leaf under the engine, PostgreSQL above.
import type { TextNode } from "./node_text.js";
import type { AnalysedQuery, RangeEntry } from "./query.js";
import { refuse } from "./refusal.js";
import { holds, locationOf, nodeList, numberField, walk } from "./text_fields.js";

export type RelationEntry = Extract<RangeEntry, { readonly kind: "relation" }>;

/** The one relation of a statement that passed the checks. */
export interface SingleTable {
  readonly rangeIndex: number;
  readonly entry: RelationEntry;
}

/** LockClauseStrength in order of its values. */
export const rowLocks = ["row locking", "FOR KEY SHARE", "FOR SHARE", "FOR NO KEY UPDATE", "FOR UPDATE"];

/** SetOperation in order of its values. */
export const setOperations = ["set operation", "UNION", "INTERSECT", "EXCEPT"];

const relationKinds: ReadonlySet<string> = new Set(["r", "m", "p", "f"]);

export const otherFromItems: Readonly<Record<Exclude<RangeEntry["kind"], "relation">, string>> = {
  subquery: "subquery or view in FROM",
  join: "JOIN",
  function: "function in FROM",
  tableFunction: "XMLTABLE or JSON_TABLE in FROM",
  values: "VALUES in FROM",
  cte: "WITH query in FROM",
  tuplestore: "transition table in FROM",
  result: "SELECT without FROM",
  group: "this form of GROUP BY",
  unknown: "this FROM item",
};

export const subLinkKinds = [
  "EXISTS subquery", "ALL subquery", "IN or ANY subquery", "row comparison with a subquery",
  "subquery", "multi-column subquery", "ARRAY subquery", "subquery",
];

export function checkTable(entry: RangeEntry): RelationEntry {
  if (entry.kind !== "relation") {
    const detail = `FROM item "${entry.alias}" is not a table.`;
    return refuse(entry.isView ? "view in FROM" : otherFromItems[entry.kind], detail);
  }
  if (!relationKinds.has(entry.relationKind))
    refuse("this kind of relation",
      `"${entry.alias}" is not a table, materialized view, partitioned or foreign table.`);
  return entry;
}

/** Clauses that may contain queries beside FROM items. */
const clauses: ReadonlySet<string> = new Set([
  "targetList", "jointree", "havingQual", "limitOffset", "limitCount", "windowClause", "cteList",
]);

/** Whether the statement reads one table directly and contains no other query. */
export function readsOneTable(query: AnalysedQuery): boolean {
  const [item] = query.from;
  if (query.from.length !== 1 || item?.kind !== "range") return false;
  if (query.rangeTable[item.rangeIndex - 1]?.kind !== "relation") return false;
  const fields = new Map([...query.source.fields].filter(([name]) => clauses.has(name)));
  return !holds({ ...query.source, tag: "CLAUSES", fields }, ({ tag }) => tag === "QUERY");
}

export function refuseLock(rowMark: TextNode): never {
  return refuse(rowLocks[numberField(rowMark, "strength")] ?? "row locking",
    "pg_fusion reads a snapshot and takes no row locks.");
}

/** pg_column_size(), pg_column_compression(), and since 17 pg_column_toast_chunk_id(). */
const storageFunctions: ReadonlySet<number> = new Set([1269, 2121, 6316]);
const ARRAY_AGG = 2335;

/** A value made afresh, which is the same bytes wherever it is computed; anything else may be one a table stores. */
function isComputed(value: TextNode): boolean {
  return ["FUNCEXPR", "OPEXPR", "CONST"].includes(value.tag)
    || (value.tag === "AGGREF" && numberField(value, "aggfnoid") === ARRAY_AGG);
}

/** Refuses what tells how a table stores a value: scans deliver values, neither compressed nor with their headers. */
export function checkStorageFunctions(query: AnalysedQuery): void {
  walk(query.source, (node) => {
    if (node.tag === "FUNCEXPR" && storageFunctions.has(numberField(node, "funcid"))
      && !nodeList(node, "args").every(isComputed))
      refuse("a function of how values are stored", "Scans deliver values uncompressed.", locationOf(node));
    return undefined;
  });
}

/** The table of a statement that reads one, checked. */
export function checkSingleTable(query: AnalysedQuery): SingleTable {
  if (query.command !== "select")
    refuse(query.command.toUpperCase(), "Only SELECT statements are run by pg_fusion.");
  const [rowMark] = query.rowMarks;
  if (rowMark !== undefined) refuseLock(rowMark);
  const [item] = query.from;
  const entry = item?.kind === "range" ? query.rangeTable[item.rangeIndex - 1] : undefined;
  if (item?.kind !== "range" || entry === undefined)
    return refuse("this FROM item", "FROM points outside the range table.");
  return { rangeIndex: item.rangeIndex, entry: checkTable(entry) };
}

/** The top-level AND's arguments, or the one qual; all of them go into the leaf. */
export function conjuncts(qual: TextNode | undefined): readonly TextNode[] {
  if (qual === undefined) return [];
  if (qual.tag === "BOOLEXPR" && qual.fields.get("boolop") === "and") return nodeList(qual, "args");
  return [qual];
}
