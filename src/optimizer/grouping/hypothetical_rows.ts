// rank(), dense_rank(), percent_rank() and cume_dist() of a hypothetical row: how many rows of the group would come
// before it, or beside it. Nothing is sorted for that, but where values count once. Read next: ordered_rows.ts.
import { callOf, constantOf, isNull, readColumn } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import type { Aggregate, AnalysedExpression } from "#frontend/analysed_expression.js";
import { INT8_SQL } from "#optimizer/expressions/column_types.js";
import { lessFunctions } from "#optimizer/expressions/conditional_values.js";
import { mayFail } from "#optimizer/expressions/may_fail.js";
import { directionOf } from "#optimizer/expressions/sort_keys.js";
import { BOOL, FLOAT8, INT8 } from "#types/engine_type.js";
import type { PlannedAggregate } from "./aggregates.js";
import { type AggregateCalls, both, filteredValue, firstOfEqual } from "./ordered_keys.js";

const forms: ReadonlyMap<number, "rank" | "percentRank" | "cumeDist" | "denseRank"> = new Map([
  [3986, "rank"], [3988, "percentRank"], [3990, "cumeDist"], [3992, "denseRank"],
] as const);

/** Names with the kinds of values they take, for the generated documentation. */
export const hypotheticalRows = ["rank", "percent_rank", "cume_dist", "dense_rank"].map((name) => (
  { name, arguments: ["any ordered"] }));

const TRUE = constantOf(true, BOOL);
const FALSE = constantOf(false, BOOL);

/** One key of a row against the hypothetical one's: whether it is less, and whether it is greater. */
interface Compared {
  readonly before: Expression;
  readonly behind: Expression;
}

/** Undefined where the engine has none of the name. */
export function hypotheticalRow(calls: AggregateCalls, aggregate: Aggregate): PlannedAggregate | undefined {
  const form = forms.get(aggregate.function);
  if (form === undefined) return undefined;
  const { rows, translator } = calls;
  if (rows === undefined) return { obstacle: "an aggregate has WITHIN GROUP", needsRows: true };
  const filter = aggregate.filter === undefined ? undefined : translator.translate(aggregate.filter)?.expression;
  if (aggregate.filter !== undefined && filter === undefined)
    return { obstacle: "a FILTER is not computed by the engine" };
  const keys = aggregate.order.map((_, index) => compared(calls, aggregate, index));
  // From the last key on: a key decides where those before it are equal.
  let counted: Expression | undefined = form === "cumeDist" ? TRUE : FALSE;
  for (const key of keys.reverse()) {
    if (key === undefined) return { obstacle: "a hypothetical row is not the engine's to compare" };
    counted = { kind: "case", type: BOOL, otherwise: counted, branches: [
      { when: key.before, then: TRUE }, { when: key.behind, then: FALSE },
    ] };
  }
  const count = (name: string, only: Expression | undefined): Expression => {
    const index = calls.call(name, "countRows", INT8_SQL, INT8, undefined, only);
    const column = readColumn(index, INT8);
    // Where an outer row has no group there is nothing to count.
    return { kind: "coalesce", arguments: [column, constantOf(0n, INT8)], type: INT8 };
  };
  if (form === "denseRank") {
    const first = firstOfEqual(calls, aggregate.order, aggregate.filter);
    if (first === undefined) return { obstacle: "an aggregate has an order that is not the engine's" };
    counted = both(first, counted);
  }
  const before = count("before", both(filter, counted));
  if (form === "rank" || form === "denseRank") return calls.compute(form, aggregate, plusOne(before));
  const all = count("rows", filter);
  const share = form === "cumeDist" ? quotient(plusOne(before), plusOne(all)) : quotient(before, all);
  const none = callOf("integer.equal", BOOL, all, constantOf(0n, INT8));
  return calls.compute(form, aggregate, form === "cumeDist" ? share : {
    kind: "case", type: FLOAT8, otherwise: share,
    branches: [{ when: none, then: constantOf(0, FLOAT8) }],
  });
}

function plusOne(count: Expression): Expression {
  return callOf("int8.add", INT8, count, constantOf(1n, INT8));
}

function quotient(part: Expression, whole: Expression): Expression {
  const [a, b] = [part, whole].map((each) => callOf("cast.int8.float8", FLOAT8, each));
  return a && b ? callOf("float8.divide", FLOAT8, a, b) : part;
}

/** How a row's key stands to the hypothetical row's, which is the same for all rows of a group. */
function compared(calls: AggregateCalls, aggregate: Aggregate, index: number): Compared | undefined {
  const { facts, translator } = calls;
  const [key, direct] = [aggregate.order[index], aggregate.directArguments[index]];
  const direction = key && directionOf(facts, key.expression, key.item);
  const less = key && lessFunctions.get(facts.baseType(key.expression.type));
  if (key === undefined || direct === undefined || direction === undefined || less === undefined) return undefined;
  const value = filteredValue(calls, key.expression, aggregate.filter);
  const own = given(calls, direct);
  if (value === undefined || own === undefined) return undefined;
  const column = calls.rows?.column(value) ?? value;
  const comparison = (a: Expression, b: Expression): Expression | undefined =>
    translator.compared(less, [{ expression: a }, { expression: b }], aggregate.inputCollation)?.expression;
  const [below, above] = [comparison(column, own), comparison(own, column)];
  if (below === undefined || above === undefined) return undefined;
  const ofNulls = (isBefore: boolean): Compared["before"] => (isBefore === key.item.isNullsFirst ? TRUE : FALSE);
  const ordered = (compare: Expression, isBefore: boolean): Expression => ({
    kind: "case", type: BOOL, otherwise: compare, branches: [
      { when: { kind: "and", arguments: [isNull(column), isNull(own)], type: BOOL }, then: FALSE },
      { when: isNull(column), then: ofNulls(isBefore) },
      { when: isNull(own), then: ofNulls(!isBefore) },
    ],
  });
  const [before, behind] = direction === "descending" ? [above, below] : [below, above];
  return { before: ordered(before, true), behind: ordered(behind, false) };
}

/** An argument that is evaluated once for the group, whether it has rows or not: it must not fail. */
function given({ translator }: AggregateCalls, direct: AnalysedExpression): Expression | undefined {
  const value = translator.translate(direct);
  if (value === undefined || value.displayScale !== undefined || mayFail(value.expression)) return undefined;
  return value.expression;
}
