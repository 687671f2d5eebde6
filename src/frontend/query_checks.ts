// What the single-table planner cannot run, refused by PostgreSQL's name for it. Everything let through here must be
// executable by the backend's recipe: one scan leaf under the engine, PostgreSQL above.
import type { TextNode } from "./node_text.js";
import type { AnalysedQuery, RangeEntry } from "./query.js";
import { refuse } from "./refusal.js";
import { eachChild, locationOf, nodeList, numberField, walk } from "./text_fields.js";

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

function checkClauses(query: AnalysedQuery): void {
  const [rowMark] = query.rowMarks;
  if (rowMark !== undefined)
    refuse(rowLocks[numberField(rowMark, "strength")] ?? "row locking",
      "pg_fusion reads a snapshot and takes no row locks.");
  if (query.setOperation !== undefined)
    refuse(setOperations[numberField(query.setOperation, "op")] ?? "set operation",
      "Statements that combine queries are not run yet.");
  const [cte] = query.commonTableExpressions;
  if (cte !== undefined)
    refuse("WITH", "Common table expressions are not run yet.", locationOf(cte));
}

export const subLinkKinds = [
  "EXISTS subquery", "ALL subquery", "IN or ANY subquery", "row comparison with a subquery",
  "subquery", "multi-column subquery", "ARRAY subquery", "subquery",
];

function checkSubqueries(root: TextNode | undefined, clause: string): void {
  if (root === undefined) return;
  walk(root, (node) => {
    if (node.tag === "SUBLINK") {
      const kind = subLinkKinds[numberField(node, "subLinkType")] ?? "subquery";
      refuse(`${kind} in ${clause}`, "Expressions with subqueries are not run yet.", locationOf(node));
    }
    if (node.tag === "SUBPLAN" || node.tag === "ALTERNATIVESUBPLAN")
      refuse(`planned subquery in ${clause}`, "The statement was planned before it reached pg_fusion.");
    return undefined;
  });
}

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

/** Whether the statement reads one table directly and contains no other query. */
export function readsOneTable(query: AnalysedQuery): boolean {
  const [item] = query.from;
  if (query.from.length !== 1 || item?.kind !== "range") return false;
  if (query.rangeTable[item.rangeIndex - 1]?.kind !== "relation") return false;
  let queries = 0;
  for (const field of ["targetList", "jointree", "havingQual", "limitOffset", "limitCount", "windowClause", "cteList"])
    eachNodeIn(query.source, field, (node) => {
      if (node.tag === "QUERY") queries += 1;
    });
  return queries === 0;
}

function eachNodeIn(query: TextNode, field: string, visit: (node: TextNode) => void): void {
  const only: TextNode = { ...query, fields: new Map([[field, query.fields.get(field) ?? null]]) };
  eachChild(only, (child) => walk(child, (node) => {
    visit(node);
    return undefined;
  }));
}

/** Checks a whole statement and finds its table. */
export function checkSingleTable(query: AnalysedQuery): SingleTable {
  if (query.command !== "select")
    refuse(query.command.toUpperCase(), "Only SELECT statements are run by pg_fusion.");
  checkClauses(query);
  checkSubqueries(query.where?.source, "WHERE");
  for (const target of query.targets) checkSubqueries(target.expression.source, "the select list");
  checkSubqueries(query.having?.source, "HAVING");
  checkSubqueries(query.limitOffset?.source, "OFFSET");
  checkSubqueries(query.limitCount?.source, "LIMIT");
  for (const window of query.windows) checkSubqueries(window, "WINDOW");

  const [item] = query.from;
  if (item === undefined) refuse("SELECT without FROM", "The statement reads no table.");
  if (item.kind === "join") refuse(item.joinKind, joinDetail(query, item.source));
  if (query.from.length > 1) refuse("JOIN", "FROM names more than one item; one table is run so far.");
  const entry = query.rangeTable[item.rangeIndex - 1];
  if (entry === undefined) refuse("this FROM item", "FROM points outside the range table.");
  return { rangeIndex: item.rangeIndex, entry: checkTable(entry) };
}

function joinDetail(query: AnalysedQuery, join: TextNode): string {
  const names: string[] = [];
  walk(join, (node) => {
    if (node.tag === "RANGETBLREF") {
      const alias = query.rangeTable[numberField(node, "rtindex") - 1]?.alias;
      if (alias !== undefined) names.push(`"${alias}"`);
    }
    return undefined;
  });
  return `The statement joins ${names.join(", ")}; one table is run so far.`;
}

/** The top-level AND's arguments, or the one qual; all of them go into the leaf. */
export function conjuncts(qual: TextNode | undefined): readonly TextNode[] {
  if (qual === undefined) return [];
  if (qual.tag === "BOOLEXPR" && qual.fields.get("boolop") === "and") return nodeList(qual, "args");
  return [qual];
}
