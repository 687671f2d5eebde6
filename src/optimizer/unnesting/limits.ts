// LIMIT and OFFSET of a subquery, with the ORDER BY that says which rows they mean: of all its rows, or of the rows
// each outer row has, which are numbered then. Only constants, in an order that is the engine's. Counter-example:
// ORDER BY of text under a collation that is not byte order picks other rows.
import { defined } from "#base/assert.js";
import { callOf, constantOf, readColumn } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import type { AnalysedExpression } from "#frontend/analysed_expression.js";
import { integerConstant } from "#frontend/integer_constant.js";
import type { AnalysedQuery } from "#frontend/query.js";
import { refuse } from "#frontend/refusal.js";
import { numberField } from "#frontend/text_fields.js";
import type { Block } from "#optimizer/block.js";
import { Estimates } from "#optimizer/estimates.js";
import { sortKeyOf } from "#optimizer/expressions/sort_keys.js";
import { filtered } from "#optimizer/from/filtered.js";
import type { StatementFacts } from "#optimizer/from/table_source.js";
import type { QueryScope } from "#optimizer/query_scope.js";
import { numberedRows } from "#optimizer/windows/row_numbers.js";
import type { LogicalOperator } from "#plan/logical.js";
import type { SortKey } from "#plan/physical.js";
import { BOOL, INT8 } from "#types/engine_type.js";

/** LIMIT_OPTION_WITH_TIES. */
export const WITH_TIES = 1;

export function isLimited(query: AnalysedQuery): boolean {
  return query.limitCount !== undefined || query.limitOffset !== undefined;
}

/** Whether LIMIT leaves one row at most. */
export function isLimitedToOne({ limitCount, source }: AnalysedQuery): boolean {
  const count = limitCount === undefined ? undefined : integerConstant(limitCount);
  return count !== undefined && count !== null && count <= 1n && numberField(source, "limitOption", 0) !== WITH_TIES;
}

/** Whether LIMIT leaves a row of every result that has one. */
export function keepsFirst({ limitCount, limitOffset }: AnalysedQuery): boolean {
  const count = limitCount === undefined ? null : integerConstant(limitCount);
  return limitOffset === undefined && count !== undefined && (count === null || count > 0n);
}

function read(clause: AnalysedExpression | undefined): bigint | undefined {
  if (clause === undefined) return undefined;
  const value = integerConstant(clause);
  if (value === undefined || (value !== null && value < 0n))
    return refuse("LIMIT in a subquery", "It is no constant number of rows.");
  return value ?? undefined;
}

interface RowRange {
  readonly count: bigint | undefined;
  readonly offset: bigint | undefined;
}

function rangeOf(query: AnalysedQuery): RowRange {
  if (isLimited(query) && numberField(query.source, "limitOption", 0) === WITH_TIES)
    return refuse("LIMIT in a subquery", "Rows that tie with the last one belong to it.");
  return { count: read(query.limitCount), offset: read(query.limitOffset) };
}

/** Whether LIMIT and OFFSET leave a result's only row. */
export function keepsOnlyRow(query: AnalysedQuery): boolean {
  const { count, offset } = rangeOf(query);
  return (count === undefined || count > 0n) && (offset === undefined || offset === 0n);
}

/** The query's ORDER BY over its columns. */
export function orderOf(
  scope: Pick<QueryScope, "statement" | "orderKey">, { query, column }: Block,
): readonly SortKey[] {
  const { facts } = scope.statement;
  return query.sort.map((item) => {
    const target = defined(
      query.targets.find((each) => each.sortGroupReference === item.sortGroupReference), "a sort key's target");
    const key = sortKeyOf(facts, scope, column(target.number)?.expression, target.expression, item);
    return key ?? refuse("ORDER BY in a subquery", "Its order is not the engine's.");
  });
}

/**
 * The block's first rows, where its query asks for no more; of each part of rows that are alike in `keys`, attributes
 * of the block's operator.
 */
export function limited(scope: QueryScope, block: Block, keys: readonly Expression[]): Block {
  const { query } = block;
  const { statement } = scope;
  const { count, offset } = rangeOf(query);
  if (count === undefined && offset === undefined) return block;
  const order = orderOf(scope, block);
  if (keys.length > 0)
    return { ...block, operator: firstOfEach(statement, block.operator, keys, order, { count, offset }) };
  const rows = Math.max(1, Math.min(block.operator.rows - Number(offset ?? 0n), Number(count ?? Infinity)));
  const operator: LogicalOperator = {
    kind: "limit", input: block.operator, order, rows,
    ...(count === undefined ? {} : { count: constantOf(count, INT8) }),
    ...(offset === undefined ? {} : { offset: constantOf(offset, INT8) }),
  };
  return { ...block, operator };
}

/** The rows of a part that a range of their numbers names. */
export function firstOfEach(
  statement: StatementFacts, input: LogicalOperator, keys: readonly Expression[], order: readonly SortKey[],
  { count, offset }: RowRange,
): LogicalOperator {
  const { operator, number } = numberedRows(statement, input, keys, order);
  const compared = (comparison: "greater" | "lessOrEqual", bound: bigint): Expression =>
    callOf(`integer.${comparison}`, BOOL, readColumn(number, INT8), constantOf(bound, INT8));
  const first = offset ?? 0n;
  const predicates = [
    ...(first > 0n ? [compared("greater", first)] : []),
    ...(count === undefined ? [] : [compared("lessOrEqual", first + count)]),
  ];
  const parts = new Estimates(statement.tables).groups(input, keys);
  const kept = Math.min(input.rows, count === undefined ? input.rows : parts * Number(count));
  return filtered(operator, predicates, kept / Math.max(1, input.rows));
}
