// Aggregations over values that may fail, computed before a row asks for them: what fails is held back with the group,
// as an error's number (functions/held_errors.ts), and raised where the group's value is asked for. What is made of the
// aggregates is computed there as well. Counter-example: (SELECT sum(10 / y) FROM u WHERE u.k = t.k) fails for the rows
// of t that have a u with y = 0 alone, though all groups of u are computed at once.
// Read next: subqueries.ts, block.ts.
import { callOf, constantOf } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import { childrenOf } from "#expr/traverse.js";
import type { TextNode } from "#frontend/node_text.js";
import type { AnalysedQuery } from "#frontend/query.js";
import { numberField, someNode } from "#frontend/text_fields.js";
import { hasNumberedErrors } from "#functions/held_errors.js";
import { leave } from "#optimizer/edges/left_to_postgres.js";
import { readsAround } from "#optimizer/edges/stand_alone.js";
import { INT4_SQL, columnOf } from "#optimizer/expressions/column_types.js";
import { callMayFail, mayFail } from "#optimizer/expressions/may_fail.js";
import type { PlannedCalls } from "#optimizer/grouping/planned_groups.js";
import { isGrouped } from "#optimizer/planning_context.js";
import type { QueryScope } from "#optimizer/query_scope.js";
import type { AggregateCall } from "#plan/physical.js";
import { BOOL, INT4 } from "#types/engine_type.js";
import { mayFailBesideValues } from "./computed_ahead.js";
import { isLimited } from "./limits.js";

/** Whether what may fail in a subquery is its aggregates' arguments, or is made of one group of them. */
export function canHoldBack(query: AnalysedQuery, scope: QueryScope): boolean {
  return isGrouped(query) && query.groupBy.length === 0 && query.groupingSets.length === 0
    && query.having === undefined && query.distinct.length === 0 && !query.hasWindowFunctions && !isLimited(query)
    && !mayFailBesideValues(query, scope);
}

/**
 * Whether PostgreSQL may ask an index with the value of a subquery, which it makes then though no row is found. Only
 * those of unique keys are known here. Counter-example: id > 1000 AND id > (SELECT sum(10 / y) FROM u).
 */
export function mayAskIndex(condition: TextNode, subLinks: readonly TextNode[], scope: QueryScope): boolean {
  return !subLinks.every(readsAround) && someNode(condition, (node) => {
    if (node.tag === "QUERY") return "skip";
    const entry = node.tag === "VAR" ? scope.query.rangeTable[numberField(node, "varno") - 1] : undefined;
    const keys = entry && scope.statement.facts.relation(entry.source.id)?.uniqueKeys;
    return keys?.some((key) => key.includes(numberField(node, "varattno"))) ? "found" : undefined;
  });
}

/** Nodes that do not always evaluate what is below them. */
const guards: ReadonlySet<string> = new Set(["CASEEXPR", "COALESCEEXPR", "BOOLEXPR", "AGGREF", "WINDOWFUNC"]);

/** Whether a subquery of a statement's select list is evaluated for every row, where no condition drops one above. */
export function isAskedByAll(query: AnalysedQuery, subLink: TextNode): boolean {
  return query.having === undefined && !isLimited(query) && !query.hasTargetSets
    && query.targets.some(({ expression }) => someNode(expression.source, (node) => {
      if (node === subLink) return "found";
      return guards.has(node.tag) || node.tag === "SUBLINK" ? "skip" : undefined;
    }));
}

/** An expression that fails as NULL, which others are as they are. */
function held(expression: Expression): Expression {
  if (!mayFail(expression)) return expression;
  if (!canHold(expression)) leave("an error of an aggregate's argument cannot be held back");
  return { kind: "attempt", argument: expression, yields: "value", type: expression.type };
}

/** Whether all errors of an expression have numbers. */
export function canHold(expression: Expression): boolean {
  const isNumbered = expression.kind !== "call" || !callMayFail(expression) || hasNumberedErrors(expression.function);
  return isNumbered && childrenOf(expression).every(canHold);
}

/** The numbers of the errors that a call meets for a row. */
function failuresOf({ filter, argument, second }: AggregateCall): readonly Expression[] {
  const failures = [argument, second].flatMap((each) => (each === undefined ? [] : failureOf(each)));
  if (filter === undefined) return failures;
  const passed = held(filter);
  return [...failureOf(filter), ...failures.map((each): Expression => (
    { kind: "case", branches: [{ when: passed, then: each }], otherwise: constantOf(null, INT4), type: INT4 }))];
}

function failureOf(argument: Expression): readonly Expression[] {
  return mayFail(argument) ? [{ kind: "attempt", argument, yields: "failure", type: INT4 }] : [];
}

function withHeld({ filter, argument, second, ...call }: AggregateCall): AggregateCall {
  return {
    ...call,
    ...(argument === undefined ? {} : { argument: held(argument) }),
    ...(second === undefined ? {} : { second: held(second) }),
    ...(filter === undefined ? {} : { filter: held(filter) }),
  };
}

/** The calls over values held back; the last one is the number of an error they met then, if they can meet one. */
export function heldBack(planned: PlannedCalls): { readonly planned: PlannedCalls; readonly hasFailure: boolean } {
  if (planned.distinct !== undefined || planned.rows !== undefined) leave("rows in an order cannot be held back");
  const failures = planned.calls.flatMap(failuresOf);
  if (failures.length === 0) return { planned, hasFailure: false };
  const failure: AggregateCall = {
    function: "min", argument: { kind: "coalesce", arguments: failures, type: INT4 },
    result: columnOf(INT4_SQL, INT4, true),
  };
  const calls = [...planned.calls.map(withHeld), failure];
  return { planned: { ...planned, calls, names: [...planned.names, "failure"] }, hasFailure: true };
}

/** The value, or the error that was held back. */
export function raising(failure: Expression, value: Expression): Expression {
  const { type } = value;
  const raised = callOf("error.raise", BOOL, failure);
  return { kind: "case", branches: [{ when: raised, then: constantOf(null, type) }], otherwise: value, type };
}
