// What every way of unnesting a subquery starts with: the subquery read and judged, the comparison of IN over its
// columns, and the equalities it is correlated by as keys. Read next: subqueries.ts, marks.ts.
import { defined } from "#base/assert.js";
import { readColumn } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import { readExpression } from "#frontend/expression_reader.js";
import type { TextNode } from "#frontend/node_text.js";
import type { AnalysedQuery } from "#frontend/query.js";
import { subLinkKinds } from "#frontend/query_checks.js";
import { readQuery } from "#frontend/query_reader.js";
import { refuse } from "#frontend/refusal.js";
import { locationOf, requiredNode } from "#frontend/text_fields.js";
import { checkBlock, isVolatile } from "#optimizer/block_checks.js";
import { equalityOf } from "#optimizer/expressions/conditions.js";
import { ExpressionTranslator } from "#optimizer/expressions/expression_translator.js";
import type { Translated } from "#optimizer/expressions/translated.js";
import type { StatementFacts } from "#optimizer/from/table_source.js";
import type { QueryScope } from "#optimizer/query_scope.js";
import { SubstitutedSource } from "#optimizer/query_scope.js";
import type { LogicalOperator } from "#plan/logical.js";
import type { ComputedAttribute } from "#plan/logical.js";
import { mayFailAhead } from "./computed_ahead.js";
import { typeOf } from "./sub_links.js";

export function refuseSubLink(subLink: TextNode, where: string): never {
  return refuse(`${subLinkKinds[typeOf(subLink)] ?? "subquery"} ${where}`,
    "This form of subquery is not unnested yet.", locationOf(subLink));
}

export function subQueryOf(scope: QueryScope, subLink: TextNode): AnalysedQuery {
  const query = readQuery(requiredNode(subLink, "subselect"));
  checkBlock(query);
  // It may run once for all rows here, and once a row in PostgreSQL.
  if (isVolatile(query.source, scope.statement.facts)) refuseSubLink(subLink, "with a volatile function");
  return query;
}

/**
 * What is computed for all rows must not fail: PostgreSQL runs such a subquery when a row asks, and for that row. Those
 * it makes joins of itself (EXISTS, IN without references to an outer query) it computes for all rows as well.
 */
export function refuseFailing(query: AnalysedQuery, scope: QueryScope, subLink: TextNode): void {
  if (mayFailAhead(query, scope)) refuseSubLink(subLink, "that may fail for rows nobody asks for");
}

/** The comparison of IN, with the subquery's columns in place of its parameters. */
export function testExpression(
  scope: QueryScope, subLink: TextNode, column: (number: number) => Translated | undefined,
): Expression {
  const source = new SubstitutedSource(scope, (expression) =>
    expression.kind === "parameter" && expression.parameterKind === "internal" ? column(expression.id) : undefined,
  true);
  const translator = new ExpressionTranslator(scope.statement.facts, source);
  const test = translator.translate(readExpression(requiredNode(subLink, "testexpr")))?.expression;
  if (test === undefined || test.type.kind !== "bool") return refuseSubLink(subLink, "with this comparison");
  return test;
}

/** A correlated scalar subquery whose join depends on how its value is used. */
export interface PendingLookUp {
  readonly right: LogicalOperator;
  readonly conditions: readonly Expression[];
  readonly value: Expression;
}

export interface CorrelationKey {
  /** Over the subquery's own attributes. */
  readonly inner: Expression;
  /** What a value of `inner` has to be for a row around; all of them. */
  readonly conditionsWith: (value: Expression) => readonly Expression[];
  /** NULL may be the value that a row finds. */
  readonly findsNull: boolean;
}

/** `inner = outer` read as: one group for each value of inner. Anything but an equality has no such groups. */
export function correlationKeyOf(
  condition: Expression, own: ReadonlySet<number>, { attributes }: StatementFacts,
): CorrelationKey | undefined {
  const equality = equalityOf(condition);
  const isOwn = (side: Expression): boolean =>
    [...attributes.originsRead(side)].every((origin) => own.has(origin));
  const isOuter = (side: Expression): boolean =>
    [...attributes.originsRead(side)].every((origin) => !own.has(origin));
  if (equality === undefined || condition.kind !== "call") return undefined;
  const { left, right } = equality;
  if (isOwn(left) && isOuter(right))
    return { inner: left, conditionsWith: (value) => [{ ...condition, arguments: [value, right] }], findsNull: false };
  if (isOwn(right) && isOuter(left))
    return { inner: right, conditionsWith: (value) => [{ ...condition, arguments: [left, value] }], findsNull: false };
  return undefined;
}

/** The attribute that a key has become. */
export function attributeOf({ inner }: CorrelationKey, attribute: number | undefined): Expression {
  return readColumn(defined(attribute, "a key's attribute"), inner.type);
}

/** A key's conditions over the attribute that it has become. */
export function conditionsOn(key: CorrelationKey, attribute: number | undefined): readonly Expression[] {
  return key.conditionsWith(attributeOf(key, attribute));
}

export function correlationKey(
  condition: Expression, own: ReadonlySet<number>, { statement }: QueryScope, subLink: TextNode,
): CorrelationKey {
  return correlationKeyOf(condition, own, statement) ?? refuseSubLink(subLink, "correlated by other than equality");
}

/**
 * Columns under new names that may be NULL: on the side of a join that rows without partner are made up for, a column
 * that never is NULL must not be taken for one.
 */
export function nullableColumns(
  { attributes }: StatementFacts, input: LogicalOperator, columns: readonly number[],
): { readonly operator: LogicalOperator; readonly renamed: ReadonlyMap<number, number> } {
  const origin = attributes.newOrigin();
  const computed = columns.map((each): ComputedAttribute => {
    const type = attributes.typeOf(each);
    const attribute = attributes.add(origin, attributes.nameOf(each), { ...type, nullable: true });
    return { attribute, expression: readColumn(each, type.engine) };
  });
  const renamed = new Map(columns.map((each, index) => [each, computed[index]?.attribute ?? -1]));
  return { operator: { kind: "compute", origin, input, columns: computed, rows: input.rows }, renamed };
}
