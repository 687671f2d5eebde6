// ORDER BY with LIMIT of a whole statement: PostgreSQL sorts and cuts above the engine, and needs no more of the
// engine's rows than the first ones in that order. Only where every key is a column of the engine's result in an order
// the engine has, where PostgreSQL does nothing between but show them, and where no value it would compute of the other
// rows can fail. Counter-examples: HAVING above the engine drops some of the first rows; SELECT 1 / x FROM t ORDER BY y
// LIMIT 1 is an error when any x is 0, for the select list is computed before the sort. Read next: limits.ts for
// subqueries, src/lowering/table_sink.ts for how the rest is not even kept.
import { readColumn } from "#expr/construct.js";
import { integerConstant } from "#frontend/integer_constant.js";
import type { AnalysedQuery } from "#frontend/query.js";
import type { RequestFacts } from "#frontend/request_facts.js";
import { numberField } from "#frontend/text_fields.js";
import { WITHOUT_KEYS } from "#optimizer/expressions/order_keys.js";
import { neverFails } from "#optimizer/expressions/safe_expressions.js";
import { sortKeyOf } from "#optimizer/expressions/sort_keys.js";
import type { PlannedStatement } from "#optimizer/planned_statement.js";
import { isGrouped } from "#optimizer/planning_context.js";
import { WITH_TIES, isLimited } from "#optimizer/unnesting/limits.js";
import { columnsOf } from "#plan/columns_of.js";
import type { SortKey } from "#plan/physical.js";

/** More rows than a client looks at: sorting them saves little. */
const ROWS_MAX = 10_000n;

/** The statement with only those rows in its engine's result that its LIMIT may show. */
export function withFirstRows(query: AnalysedQuery, facts: RequestFacts, planned: PlannedStatement): PlannedStatement {
  const limit = rowsShown(query);
  if (limit === undefined || planned.rows <= limit || !isShownAsItIs(query, planned)) return planned;
  const keys = keysOf(query, facts, planned);
  if (keys === undefined) return planned;
  const { root } = planned.plan;
  const sorted = { kind: "sort", input: root, keys, limit, columns: columnsOf(root), rowsEstimate: limit } as const;
  return { ...planned, plan: { ...planned.plan, root: sorted }, rows: limit };
}

/** How many rows LIMIT and OFFSET look at. */
function rowsShown(query: AnalysedQuery): number | undefined {
  const { limitCount, limitOffset, sort, source } = query;
  if (!isLimited(query) || limitCount === undefined || sort.length === 0) return undefined;
  if (numberField(source, "limitOption", 0) === WITH_TIES) return undefined;
  const count = integerConstant(limitCount);
  const offset = limitOffset === undefined ? 0n : integerConstant(limitOffset) ?? -1n;
  if (count === undefined || count === null || count <= 0n || offset < 0n) return undefined;
  return count + offset <= ROWS_MAX ? Number(count + offset) : undefined;
}

/** Whether each row of the engine's is a row of the result, whose other values cannot fail. */
function isShownAsItIs(query: AnalysedQuery, planned: PlannedStatement): boolean {
  const replaced = new Set(planned.replacements.map(({ node }) => node));
  return planned.edgeQuals.length === 0 && !query.hasTargetSets && query.having === undefined
    && (!isGrouped(query) || planned.didAggregate)
    && (query.distinct.length === 0 || planned.didDistinct)
    && (!query.hasWindowFunctions || planned.didWindow)
    && query.targets.every(({ expression }) => neverFails(expression.source, (node) => replaced.has(node.id)));
}

function keysOf(
  query: AnalysedQuery, facts: RequestFacts, { plan, replacements }: PlannedStatement,
): readonly SortKey[] | undefined {
  const keys: SortKey[] = [];
  for (const item of query.sort) {
    const target = query.targets.find((each) => each.sortGroupReference === item.sortGroupReference)?.expression;
    const shown = replacements.find(({ node }) => node === target?.source.id)?.expression;
    const output = shown?.kind === "column" ? plan.outputs[shown.index] : undefined;
    if (target === undefined || shown?.kind !== "column" || output === undefined) return undefined;
    const key = sortKeyOf(facts, WITHOUT_KEYS, readColumn(shown.index, output.type.engine), target, item);
    if (key === undefined) return undefined;
    keys.push(key);
  }
  return keys;
}
