// `x op ANY (subquery)` and `x op ALL (subquery)` as values, whatever compares them: the values that ask, once each
// (domain.ts), are compared with every row of theirs and the answers counted. One true comparison makes ANY true, one
// false makes ALL false; else a single unknown makes both unknown. Counter-example: 1 > ALL (0, NULL) is unknown, and
// over no row it is true. Equalities find their rows by a key instead: marks.ts.
import { callOf, constantOf, readColumn } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import type { TextNode } from "#frontend/node_text.js";
import { readsAround } from "#optimizer/edges/stand_alone.js";
import { mayFail } from "#optimizer/expressions/may_fail.js";
import { addRows } from "#optimizer/from/from_clause.js";
import { finishRegion, Region } from "#optimizer/from/region.js";
import { COUNT, type NamedCall, groupedRows } from "#optimizer/grouping/grouped_rows.js";
import type { QueryPlanner } from "#optimizer/query_planner.js";
import type { QueryScope } from "#optimizer/query_scope.js";
import type { LogicalOperator } from "#plan/logical.js";
import { originsOf } from "#plan/logical.js";
import { BOOL, INT8 } from "#types/engine_type.js";
import type { PendingLookUp } from "./correlation.js";
import { nullableColumns, refuseFailing, refuseSubLink, subQueryOf, testExpression } from "./correlation.js";
import type { Domain } from "./domain.js";
import { domainKeys, domainOf } from "./domain.js";
import { comparesTooMany } from "./outer_rows.js";
import { ALL, typeOf } from "./sub_links.js";

function constant(value: boolean | bigint | null): Expression {
  return constantOf(value, typeof value === "bigint" ? INT8 : BOOL);
}

interface Compared {
  readonly operator: LogicalOperator;
  readonly test: Expression;
}

/** Every value of the domain beside every row it is compared with; without a domain the rows alone. */
function comparedPairs(
  planner: QueryPlanner, scope: QueryScope, subLink: TextNode, domain: Domain | undefined,
): Compared {
  const query = subQueryOf(scope, subLink);
  const region = new Region(false);
  const inner = domain?.scope ?? scope;
  if (domain !== undefined) region.inputs.push(domain.operator);
  const isCorrelated = readsAround(query.source);
  const block = isCorrelated
    ? addRows(region, planner.planLateral(region, inner, query, false)) : planner.planBlock(query, scope);
  if (!isCorrelated) region.inputs.push(block.operator);
  const test = testExpression(inner, subLink, block.column);
  const { operator, correlated } = finishRegion(region, scope.statement);
  const own = originsOf(operator);
  const isOwn = [...scope.statement.attributes.originsRead(test)].every((origin) => own.has(origin));
  if (correlated.length > 0 || !isOwn) return refuseSubLink(subLink, "with references beyond the query it stands in");
  return { operator, test };
}

/** `isPositive`: unknown may be false. */
export function quantifiedValue(
  planner: QueryPlanner, region: Region, scope: QueryScope, subLink: TextNode, isPositive: boolean,
): PendingLookUp | undefined {
  const { statement } = scope;
  refuseFailing(subQueryOf(scope, subLink), scope, subLink);
  const domain = domainOf(region, scope, subLink);
  if (domain === undefined && readsAround(subLink)) return refuseSubLink(subLink, "over values without a domain");
  const { operator, test } = comparedPairs(planner, scope, subLink, domain);
  if (mayFail(test)) return refuseSubLink(subLink, "inside an expression, with a comparison that may fail");
  if (comparesTooMany(operator)) return refuseSubLink(subLink, "with too many rows to compare");
  const isAll = typeOf(subLink) === ALL;
  const filters: readonly Expression[] = [
    isAll ? { kind: "not", argument: test, type: BOOL } : test,
    { kind: "booleanTest", argument: test, test: "unknown", negated: false, type: BOOL },
  ];
  const keys = (domain?.operator.keys ?? []).map(({ attribute, column }, index) => (
    { name: `key${index}`, expression: readColumn(attribute, column.engine), column }));
  const calls = filters.map((filter, index): NamedCall => (
    { name: `count${index}`, call: { function: "countRows", filter, result: COUNT } }));
  const groups = groupedRows(statement, operator, keys, calls);
  const counts = groups.aggregates.map(({ attribute }) => attribute);
  const { operator: right, renamed } = nullableColumns(statement, groups, counts);
  const passed = groups.keys.map(({ attribute, column }): Expression => readColumn(attribute, column.engine));
  const found = domain === undefined ? [] : domainKeys(domain, passed, [], statement);
  const conditions = found.flatMap(({ inner, conditionsWith }) => conditionsWith(inner));
  const [decided, unknown] = counts.map((attribute): Expression => {
    const count = readColumn(renamed.get(attribute) ?? -1, INT8);
    return callOf("integer.greater", BOOL, count, constant(0n));
  });
  const branches = [{ when: decided, then: constant(!isAll) }, { when: unknown, then: constant(null) }];
  const value: Expression = {
    kind: "case", type: BOOL, otherwise: constant(isAll),
    branches: branches.slice(0, isPositive && !isAll ? 1 : 2).flatMap(({ when, then }) => (
      when === undefined ? [] : [{ when, then }])),
  };
  scope.put(subLink, { expression: value });
  if (domain !== undefined) return { right, conditions, value };
  region.inputs.push(right);
  return undefined;
}
