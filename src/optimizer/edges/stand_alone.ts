// What of a statement can be cut out and run by PostgreSQL by itself: nothing in it may read a row of the queries
// around it, and a WITH query that may answer differently each time must not be read here and elsewhere too. The
// backend cuts by the same rules (native/extension/query_leaf.c).
import { assert } from "#base/assert.js";
import type { TextNode } from "#frontend/node_text.js";
import type { AnalysedQuery, RangeEntry } from "#frontend/query.js";
import { readQuery } from "#frontend/query_reader.js";
import type { RequestFacts } from "#frontend/request_facts.js";
import { booleanField, numberField, optionalNode, stringField, walk } from "#frontend/text_fields.js";
import { isVolatile, mayDiffer } from "#optimizer/block_checks.js";

/** RTEKind of a reference to a WITH query. */
const CTE = 6;

/** Fields that say how many levels up a node looks. */
const levelFields: Readonly<Record<string, string>> = {
  VAR: "varlevelsup", AGGREF: "agglevelsup", GROUPINGFUNC: "agglevelsup",
};

interface Reference {
  readonly levelsUp: number;
  readonly entry: TextNode;
}

interface Findings {
  /** Range table entries of the level itself that are read. */
  readonly ranges: Set<number>;
  readsOutside: boolean;
  /** WITH queries referred to that are not inside. */
  readonly references: Reference[];
}

function findingsIn(root: TextNode): Findings {
  const found: Findings = { ranges: new Set(), readsOutside: false, references: [] };
  walk(root, (node, depth) => void lookAt(node, depth, found), root.tag === "QUERY" ? 1 : 0);
  return found;
}

function lookAt(node: TextNode, depth: number, found: Findings): void {
  const field = levelFields[node.tag];
  if (field !== undefined) {
    const levelsUp = numberField(node, field);
    if (levelsUp > depth) found.readsOutside = true;
    if (node.tag === "VAR" && levelsUp === depth) found.ranges.add(numberField(node, "varno"));
  }
  if (node.fields.has("rtekind") && numberField(node, "rtekind") === CTE && !booleanField(node, "self_reference")) {
    const levelsUp = numberField(node, "ctelevelsup");
    if (levelsUp >= depth) found.references.push({ levelsUp: levelsUp - depth, entry: node });
  }
}

/** Whether a subquery reads a row of the queries around it, of FROM items beside it too. */
export function readsAround(node: TextNode): boolean {
  const found = findingsIn(node);
  return found.readsOutside || found.ranges.size > 0;
}

/** FROM items of the level that a node reads, in subqueries of it too. */
export function ownRangesRead(node: TextNode): ReadonlySet<number> {
  return findingsIn(node).ranges;
}

/** Whether a node reads a row of the queries around its own. */
export function readsOutside(node: TextNode): boolean {
  return findingsIn(node).readsOutside;
}

/** The queries around a node, innermost first: its own, then outwards. */
export type Surroundings = readonly AnalysedQuery[];

/** The WITH query of that name. */
export function withQueryNamed({ commonTableExpressions }: AnalysedQuery, name: string): TextNode | undefined {
  return commonTableExpressions.find((each) => stringField(each, "ctename") === name);
}

/** The query of an entry of the innermost one's range table, and those around it; undefined where it is no query. */
export function queryBehind(entry: RangeEntry | undefined, around: Surroundings): Surroundings | undefined {
  if (entry?.kind === "subquery") return [readQuery(entry.query), ...around];
  if (entry?.kind !== "cte" || entry.isSelfReference) return undefined;
  const owners = around.slice(entry.levelsUp);
  const found = owners[0] && withQueryNamed(owners[0], entry.name);
  return found && [readQuery(bodyOf(found)), ...owners];
}

function commonTable(around: Surroundings, { levelsUp, entry }: Reference): TextNode | undefined {
  const owner = around[levelsUp];
  return owner && withQueryNamed(owner, stringField(entry, "ctename"));
}

function bodyOf(table: TextNode): TextNode {
  const body = optionalNode(table, "ctequery");
  assert(body !== undefined, "a WITH query has a body");
  return body;
}

interface Closure {
  readonly tables: Map<TextNode, Set<number>>;
  /** One of the WITH queries reads a row of a query around it. */
  correlated: boolean;
}

/** Every WITH query read, also by others, with the references to it that were met. */
function follow(around: Surroundings, references: readonly Reference[], closure: Closure): void {
  for (const reference of references) {
    const table = commonTable(around, reference);
    if (table === undefined) {
      closure.correlated = true;
      continue;
    }
    const known = closure.tables.get(table);
    if (known !== undefined) {
      known.add(reference.entry.id);
      continue;
    }
    closure.tables.set(table, new Set([reference.entry.id]));
    const found = findingsIn(bodyOf(table));
    if (found.readsOutside || found.ranges.size > 0) closure.correlated = true;
    const owner = around.slice(reference.levelsUp);
    follow(owner, found.references, closure);
  }
}

/** Range table entries of the level that an expression or entry reads; undefined when it reads further out. */
export function rangesReadDeep(
  node: TextNode, around: Surroundings, facts: RequestFacts,
): ReadonlySet<number> | undefined {
  const found = findingsIn(node);
  if (found.readsOutside) return undefined;
  const closure: Closure = { tables: new Map(), correlated: false };
  follow(around, found.references, closure);
  if (closure.correlated) return undefined;
  for (const [table, entries] of closure.tables)
    if (numberField(table, "cterefcount", 2) > entries.size && differsBetweenReadings(around, table, facts))
      return undefined;
  return found.ranges;
}

/** Whether two readings of a WITH query may give two answers, by itself or by one it reads. */
export function differsBetweenReadings(around: Surroundings, table: TextNode, facts: RequestFacts): boolean {
  return anyBody(around, table, (body) => mayDiffer(body, facts));
}

/** Whether a WITH query, or one it reads, calls a function that may answer differently each time. */
export function isVolatileWithin(around: Surroundings, table: TextNode, facts: RequestFacts): boolean {
  return anyBody(around, table, (body) => isVolatile(body, facts));
}

function anyBody(around: Surroundings, table: TextNode, test: (body: TextNode) => boolean): boolean {
  const pending = [table];
  const seen = new Set<TextNode>();
  for (let each = pending.pop(); each !== undefined; each = pending.pop()) {
    if (seen.has(each)) continue;
    seen.add(each);
    const body = bodyOf(each);
    if (test(body)) return true;
    for (const { entry } of findingsIn(body).references) pending.push(...namesakes(around, entry));
  }
  return false;
}

/** WITH queries of that name at any level around: at worst one too many is looked at. */
function namesakes(around: Surroundings, entry: TextNode): readonly TextNode[] {
  const name = stringField(entry, "ctename");
  return around.flatMap((query) => withQueryNamed(query, name) ?? []);
}
