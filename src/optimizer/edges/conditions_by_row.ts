// Conditions with volatile functions where somebody may stop reading: LIMIT, a cursor. A scan reads ahead, and how
// often nextval() was called shows; so PostgreSQL asks above the scan, row by row as rows are wanted. With them go the
// conditions it would ask after them: its executor asks cheap ones first, and of equal cost in the order written.
// Counter-example: SELECT a FROM t WHERE nextval('s') > 0 LIMIT 3 calls three times, not once for each row of a page.
import type { TextNode } from "#frontend/node_text.js";
import type { AnalysedQuery } from "#frontend/query.js";
import { conjuncts } from "#frontend/query_checks.js";
import { BUILTIN_FUNCTIONS_END, type RequestFacts } from "#frontend/request_facts.js";
import { eachChild, numberField, optionalNode, walk } from "#frontend/text_fields.js";
import { isVolatile } from "#optimizer/block_checks.js";
import { isGrouped } from "#optimizer/planning_context.js";

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
