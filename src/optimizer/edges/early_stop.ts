// Volatile functions where somebody may stop reading: LIMIT, a cursor. Scans read ahead, and how often nextval() was
// called shows. Conditions of one table PostgreSQL asks above the scan, row by row as rows are wanted, and with them
// those it would ask after them: its executor asks cheap ones first, and of equal cost in the order written. Further in
// there is no such place: a subquery with a LIMIT is given away as a whole, a statement is refused.
// Counter-example: SELECT a FROM t WHERE nextval('s') > 0 LIMIT 3 calls three times, not once for each row of a page.
import type { TextNode } from "#frontend/node_text.js";
import type { AnalysedQuery } from "#frontend/query.js";
import { conjuncts } from "#frontend/query_checks.js";
import { readQuery } from "#frontend/query_reader.js";
import { refuse } from "#frontend/refusal.js";
import { BUILTIN_FUNCTIONS_END, type RequestFacts } from "#frontend/request_facts.js";
import { eachChild, numberField, optionalNode, requiredNode, walk } from "#frontend/text_fields.js";
import { isVolatile } from "#optimizer/block_checks.js";
import { mayBeWanted, valuesOfAnyRow } from "#optimizer/grouping/first_row.js";
import { isGrouped } from "#optimizer/planning_context.js";
import { mayFailToBeRead } from "#optimizer/unnesting/computed_ahead.js";

export interface PlacedConditions {
  readonly scan: readonly TextNode[];
  readonly edge: readonly TextNode[];
}

/** The conditions of a statement over one table whose rows the engine hands through. */
export function placedConditions(query: AnalysedQuery, facts: RequestFacts): PlacedConditions {
  const all = conjuncts(query.where?.source);
  const chances = all.filter((condition) => isVolatile(condition, facts));
  const [first] = chances;
  if (first === undefined || !mayStop(query)) return { scan: all, edge: [] };
  const isDear = chances.every((condition) => callsIn(condition) > 1);
  const isFirst = (condition: TextNode): boolean =>
    isCheap(condition) && (isDear || all.indexOf(condition) < all.indexOf(first));
  return { scan: all.filter(isFirst), edge: all.filter((condition) => !isFirst(condition)) };
}

/**
 * Refuses a LIMIT above rows that are made by calls; those of joins are counted by their order, which is any. Where an
 * aggregate needs but the first row, others may not raise errors either: the answer leaves nothing open that would
 * allow for it.
 */
export function checkEarlyStop(query: AnalysedQuery, facts: RequestFacts): void {
  if (query.limitCount !== undefined && mayStop(query) && callsForRows(query, facts))
    refuse("volatile function below LIMIT", "Nobody calls it for rows that are not wanted.");
  if (valuesOfAnyRow(query)?.some(mayBeWanted) !== true) return;
  if (callsForRows(query, facts))
    refuse("volatile function below an aggregate of a constant", "Nobody calls it for rows behind the first.");
  if (mayFailToBeRead(query))
    refuse("aggregate of a constant", "Its rows behind the first are not read, and reading them might fail.");
}

/** Whether each row a query reads takes calls. */
function callsForRows(query: AnalysedQuery, facts: RequestFacts): boolean {
  const isJoin = query.from.length > 1 || query.from[0]?.kind === "join";
  if (isJoin && query.setOperation === undefined) return false;
  if (query.where !== undefined && isVolatile(query.where.source, facts)) return true;
  const subqueries = query.rangeTable.flatMap((entry) => (entry.kind === "subquery" ? [entry.query] : []));
  const named = query.commonTableExpressions.map((each) => requiredNode(each, "ctequery"));
  return [...subqueries, ...named].some((node) => callsToMakeRows(readQuery(node), facts));
}

function callsToMakeRows(query: AnalysedQuery, facts: RequestFacts): boolean {
  if (!mayStop(query)) return false;
  return query.targets.some(({ expression }) => isVolatile(expression.source, facts)) || callsForRows(query, facts);
}

/** Nothing between the scan and the reader wants all rows. */
function mayStop(query: AnalysedQuery): boolean {
  return !isGrouped(query) && query.distinct.length === 0 && query.sort.length === 0 && !query.hasWindowFunctions;
}

/** One comparison of columns and constants with a function of the server's own, or none at all. */
function isCheap(condition: TextNode): boolean {
  if (condition.tag === "NULLTEST") return hasPlainArguments(condition);
  return condition.tag === "OPEXPR" && numberField(condition, "opfuncid") < BUILTIN_FUNCTIONS_END
    && hasPlainArguments(condition);
}

const plainArguments: ReadonlySet<string> = new Set(["VAR", "CONST", "PARAM"]);

function hasPlainArguments(condition: TextNode): boolean {
  let isPlain = true;
  eachChild(condition, (child) => {
    const argument = child.tag === "RELABELTYPE" ? optionalNode(child, "arg") : child;
    if (argument === undefined || !plainArguments.has(argument.tag)) isPlain = false;
  });
  return isPlain;
}

function callsIn(condition: TextNode): number {
  let calls = 0;
  walk(condition, (node) => {
    if (node.fields.has("funcid") || node.fields.has("opfuncid")) calls += 1;
    return undefined;
  });
  return calls;
}
