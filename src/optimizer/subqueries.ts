// Conditions with subqueries, unnested: EXISTS and IN become semi joins, NOT EXISTS and NOT IN anti joins, a scalar
// subquery becomes one more input of the region. A correlated scalar subquery that aggregates is computed once for all
// values it is correlated by (grouped by them) and joined on those. Nothing is evaluated row by row.
import type { AnalysedExpression } from "#frontend/analysed_expression.js";
import { readExpression } from "#frontend/expression_reader.js";
import type { TextNode } from "#frontend/node_text.js";
import type { AnalysedQuery } from "#frontend/query.js";
import { subLinkKinds } from "#frontend/query_checks.js";
import { readQuery } from "#frontend/query_reader.js";
import { refuse } from "#frontend/refusal.js";
import { locationOf, numberField, requiredNode, walk } from "#frontend/text_fields.js";
import type { Expression } from "#expr/expression.js";
import type { LogicalOperator } from "#plan/logical.js";
import { originsOf } from "#plan/logical.js";
import { aggregateBlock, materialised } from "./block.js";
import { checkBlock, isPlain, isVolatile } from "./block_checks.js";
import { columnsRead } from "./aggregation.js";
import { mayFailAhead } from "./computed_ahead.js";
import { equalityOf, rejectsNull } from "./conditions.js";
import { ExpressionTranslator } from "./expression_translator.js";
import { planFrom, translated } from "./from_clause.js";
import { isLimited, keepsFirst } from "./limits.js";
import { isGrouped } from "./planning_context.js";
import type { QueryPlanner } from "./query_planner.js";
import type { QueryScope } from "./query_scope.js";
import { SubstitutedSource } from "./query_scope.js";
import { ANY, EXISTS, SCALAR, subLinksIn, typeOf } from "./sub_links.js";
import type { HidingJoin } from "./join_order.js";
import type { Region } from "./region.js";
import { finishRegion } from "./region.js";
import type { Translated } from "./translated.js";

function refuseSubLink(subLink: TextNode, where: string): never {
  return refuse(`${subLinkKinds[typeOf(subLink)] ?? "subquery"} ${where}`,
    "This form of subquery is not unnested yet.", locationOf(subLink));
}

/** Places a condition that contains subqueries; false when it contains none. */
export function placeSubqueryCondition(
  planner: QueryPlanner, region: Region, scope: QueryScope, condition: AnalysedExpression,
): boolean {
  const isNegated = condition.kind === "not";
  const subject = condition.kind === "not" ? condition.argument.source : condition.source;
  if (subject.tag === "SUBLINK" && typeOf(subject) === EXISTS) {
    region.hidingJoins.push(exists(planner, scope, subject, isNegated));
    return true;
  }
  if (subject.tag === "SUBLINK" && typeOf(subject) === ANY) {
    region.hidingJoins.push(inSubquery(planner, scope, subject, isNegated));
    return true;
  }
  const subLinks = subLinksIn(condition.source);
  if (subLinks.length === 0) return false;
  const lookUps = subLinks.map((subLink) => scalar(planner, region, scope, subLink));
  const expression = translated(scope, condition);
  for (const lookUp of lookUps) if (lookUp !== undefined) attach(region, lookUp, expression);
  region.conditions.push(expression);
  return true;
}

function subQueryOf(scope: QueryScope, subLink: TextNode): AnalysedQuery {
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
function refuseFailing(query: AnalysedQuery, scope: QueryScope, subLink: TextNode): void {
  if (mayFailAhead(query, scope)) refuseSubLink(subLink, "that may fail for rows nobody asks for");
}

/** EXISTS does not look at the select list, so only grouping matters: one row at least comes of aggregates alone. */
function exists(planner: QueryPlanner, scope: QueryScope, subLink: TextNode, isNegated: boolean): HidingJoin {
  const query = subQueryOf(scope, subLink);
  const join = isNegated ? "anti" : "semi";
  if (isGrouped(query)) return refuseSubLink(subLink, "with grouping");
  if (isLimited(query) && !keepsFirst(query)) return refuseSubLink(subLink, "with OFFSET or LIMIT 0");
  const inner = planFrom(planner, query, scope);
  const { operator, correlated } = finishRegion(inner.region, scope.statement);
  return { join, right: operator, conditions: correlated };
}

/**
 * `x IN (SELECT y ...)` keeps rows with a partner x = y. `NOT IN` is not its complement: a NULL on either side makes it
 * unknown, which only the null-aware join knows. Counter-example: 1 NOT IN (2, NULL) is not true, and the anti join
 * would keep it.
 */
function inSubquery(
  planner: QueryPlanner, scope: QueryScope, subLink: TextNode, isNegated: boolean,
): HidingJoin {
  const query = subQueryOf(scope, subLink);
  let right: LogicalOperator;
  let correlated: readonly Expression[] = [];
  let column: (number: number) => Translated | undefined;
  if (isPlain(query)) {
    const inner = planFrom(planner, query, scope);
    ({ operator: right, correlated } = finishRegion(inner.region, scope.statement));
    column = (number) => {
      const target = query.targets.find((each) => each.number === number)?.expression;
      return target === undefined ? undefined : inner.scope.translator.translate(target);
    };
  } else {
    ({ operator: right, column } = materialised(planner.planBlock(query, scope), scope.statement, false));
  }
  if (isNegated || correlated.length > 0) refuseFailing(query, scope, subLink);
  const test = testExpression(scope, subLink, column);
  const tests = test.kind === "and" ? test.arguments : [test];
  if (!isNegated) return { join: "semi", right, conditions: [...tests, ...correlated] };
  if (correlated.length > 0) return refuseSubLink(subLink, "under NOT with references to an outer query");
  const [only] = tests;
  if (tests.length !== 1 || only === undefined || equalityOf(only) === undefined)
    return refuseSubLink(subLink, "under NOT with this comparison");
  return { join: "nullAwareAnti", right, conditions: [only] };
}

/** The comparison of IN, with the subquery's columns in place of its parameters. */
function testExpression(
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

/**
 * Where a missing value makes the condition not true, rows without one can go: an inner join, which may be ordered with
 * the others. Else they stay with NULL, which is what a subquery without rows gives.
 */
function attach(region: Region, { right, conditions, value }: PendingLookUp, condition: Expression): void {
  const isStrict = [...columnsRead(value)].some((column) => rejectsNull(condition, column));
  if (isStrict) {
    region.inputs.push(right);
    region.conditions.push(...conditions);
  } else {
    region.lookUps.push({ right, conditions });
  }
}

/** Plans a scalar subquery and lets its value stand for it in this scope. */
export function scalar(
  planner: QueryPlanner, region: Region, scope: QueryScope, subLink: TextNode,
): PendingLookUp | undefined {
  if (typeOf(subLink) !== SCALAR) return refuseSubLink(subLink, "inside an expression");
  const query = subQueryOf(scope, subLink);
  refuseFailing(query, scope, subLink);
  const inner = planFrom(planner, query, scope);
  const { operator, correlated } = finishRegion(inner.region, scope.statement);
  const isAggregate = query.hasAggregates && query.groupBy.length === 0 && query.having === undefined;
  const own = originsOf(operator);
  const keys = correlated.map((condition) => correlationKey(condition, own, scope, subLink));
  if (keys.length > 0 && !isAggregate) return refuseSubLink(subLink, "with references to an outer query");
  const { block, extraKeys } = aggregateBlock(inner.scope, operator, keys.map((key) => key.inner));
  const result = materialised(block, scope.statement, true);
  const target = query.targets.find((each) => !each.isJunk);
  const value = target === undefined ? undefined : result.column(target.number);
  if (value === undefined) return refuseSubLink(subLink, "of a value the engine does not compute");
  scope.put(subLink, value);
  if (keys.length === 0) {
    const single: LogicalOperator = isAggregate
      ? result.operator
      : { kind: "singleRow", input: result.operator, rows: 1 };
    region.inputs.push(single);
    return undefined;
  }
  if (hasCount(query)) return refuseSubLink(subLink, "that counts, with references to an outer query");
  const conditions = keys.map((key, index) => key.conditionWith(extraKeys[index] ?? -1));
  return { right: result.operator, conditions, value: value.expression };
}

const counts: ReadonlySet<number> = new Set([2803, 2147]);

/** A count over no rows is 0 and not NULL: the only aggregates for which a missing group has another value. */
function hasCount(query: AnalysedQuery): boolean {
  let found = false;
  for (const target of query.targets)
    walk(target.expression.source, (node) => {
      found ||= node.tag === "AGGREF" && counts.has(numberField(node, "aggfnoid"));
      // An expression may also turn NULL into something else.
      found ||= node.tag === "COALESCEEXPR" || node.tag === "CASEEXPR" || node.tag === "NULLTEST"
        || node.tag === "BOOLEANTEST";
      return found ? "skip" : undefined;
    });
  return found;
}

interface CorrelationKey {
  /** Over the subquery's own attributes. */
  readonly inner: Expression;
  readonly conditionWith: (attribute: number) => Expression;
}

/** `inner = outer` read as: one group for each value of inner. Anything but an equality has no such groups. */
function correlationKey(
  condition: Expression, own: ReadonlySet<number>, scope: QueryScope, subLink: TextNode,
): CorrelationKey {
  const { attributes } = scope.statement;
  const equality = equalityOf(condition);
  const isOwn = (side: Expression): boolean =>
    [...attributes.originsRead(side)].every((origin) => own.has(origin));
  const isOuter = (side: Expression): boolean =>
    [...attributes.originsRead(side)].every((origin) => !own.has(origin));
  if (equality === undefined || condition.kind !== "call")
    return refuseSubLink(subLink, "correlated by other than equality");
  const { left, right } = equality;
  const keyed = (attribute: number, type: Expression["type"]): Expression =>
    ({ kind: "column", index: attribute, type }) as Expression;
  if (isOwn(left) && isOuter(right))
    return {
      inner: left,
      conditionWith: (attribute) => ({ ...condition, arguments: [keyed(attribute, left.type), right] }),
    };
  if (isOwn(right) && isOuter(left))
    return {
      inner: right,
      conditionWith: (attribute) => ({ ...condition, arguments: [left, keyed(attribute, right.type)] }),
    };
  return refuseSubLink(subLink, "correlated by other than equality");
}
