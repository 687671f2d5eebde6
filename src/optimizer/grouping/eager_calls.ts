// What becomes of an aggregate when some of the rows below a join are grouped first: those are then one row with the
// number of them, and everything a join does to the one row it would have done to each. Which rows those are, and when
// that is cheaper, is eager_aggregation.ts's. The rules are those of Yan and Larson's "Eager Aggregation and Lazy
// Aggregation" (VLDB 1995), for aggregates whose answer does not depend on the order of their additions.
import { defined } from "#base/assert.js";
import { callOf, isPresent, onlyWhere } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import { columnsRead } from "#expr/traverse.js";
import { functionByKey } from "#functions/registry.js";
import { INT8_SQL, columnOf } from "#optimizer/expressions/column_types.js";
import { mayFail } from "#optimizer/expressions/may_fail.js";
import { asDecimal } from "#optimizer/expressions/numeric_values.js";
import { callExpressions } from "#plan/calls.js";
import type { AggregateCall } from "#plan/physical.js";
import { INT8 } from "#types/engine_type.js";
import { isInsensitive, overParts } from "./aggregate_parts.js";
import type { PartsCall } from "./aggregate_parts.js";

const COUNT = { kind: "decimal", precision: 19, scale: 0 } as const;
const MULTIPLY = "decimal.multiply";

/** How many rows one grouped row stands for. */
export const rowsCounted: AggregateCall = {
  function: "countRows", result: columnOf(INT8_SQL, INT8, false),
};

export interface EagerCall {
  /** What is made of the rows below; its result stands in a column of the grouped rows. */
  readonly below: AggregateCall | undefined;
  /** Whether the number of rows is needed as well. */
  readonly counts: boolean;
  /** The call above, over the columns of `below` and of the number of rows. */
  above(part: number, rows: Expression): PartsCall;
}

/** Where a call's argument and filter are computed from. */
export interface CallPlace {
  /** Whether a column is one of the rows that are grouped. */
  readonly isBelow: (column: number) => boolean;
  /** Whether an outer join may put a row of NULLs in the place of a grouped one. */
  readonly isMadeUp: boolean;
}

/** The call in two steps; undefined where it cannot be made of them. */
export function eagerCall(call: AggregateCall, place: CallPlace): EagerCall | undefined {
  const read = callExpressions(call).flatMap((each) => [...columnsRead(each)]);
  if (call.function === "countRows" && call.filter === undefined) return counted;
  const below = read.filter(place.isBelow).length;
  if (below === 0) return multiplied(call);
  return below === read.length ? partly(call, place) : undefined;
}

/** count(*): every grouped row counts as often as it has rows. */
const counted: EagerCall = { below: undefined, counts: true, above: (_part, rows) => summed(rowsCounted, rows) };

/**
 * Over columns of the grouped rows alone: sums of sums, sums of counts, least of the least. The argument is computed
 * for rows that the join may drop, so it never fails; and a made-up row must add nothing, which a plain column, NULL
 * there, does. Counter-example: SELECT sum(10 / b.x) FROM a JOIN b USING (k), where a row with x = 0 has no partner;
 * and sum(coalesce(b.x, 1)) over a LEFT JOIN, where a row without partner adds 1.
 */
function partly(call: AggregateCall, { isMadeUp }: CallPlace): EagerCall | undefined {
  const { argument, filter } = call;
  if ([argument, filter].some((each) => each !== undefined && mayFail(each))) return undefined;
  if (isMadeUp && (filter !== undefined || argument?.kind !== "column")) return undefined;
  if (overParts(call, 0) === undefined) return undefined;
  return { below: call, counts: false, above: (part) => defined(overParts(call, part), "an aggregate made of parts") };
}

/**
 * Over columns of other rows: what a joined row adds, it adds for each of the rows grouped. Its expressions are
 * computed for the same values as before, less often, so they may fail. Counter-example: bit_xor, where it matters
 * whether the number is even; sums of floats, where x + x + x is not 3 * x.
 */
function multiplied(call: AggregateCall): EagerCall | undefined {
  const { function: name, argument, filter } = call;
  if (isInsensitive(name) && overParts(call, 0) !== undefined)
    return { below: undefined, counts: false, above: () => ({ call, value: undefined }) };
  if (name === "countRows")
    return { below: undefined, counts: true, above: (_part, rows) => summed(call, rows, filter) };
  if (argument === undefined) return undefined;
  const above = (value: (rows: Expression) => Expression): EagerCall => (
    { below: undefined, counts: true, above: (_part, rows) => summed(call, value(rows), filter) });
  if (name === "count") return above((rows) => onlyWhere(isPresent(argument), rows));
  const factor = name === "sum" ? asDecimal(argument) : undefined;
  const type = factor && functionByKey(MULTIPLY).resultType([factor.type, COUNT]);
  if (factor === undefined || type === undefined) return undefined;
  const product = (rows: Expression): Expression =>
    callOf(MULTIPLY, type, factor, callOf("cast.int8.decimal", COUNT, rows));
  return above(product);
}

/** The sum that gives a call's result, over another argument. */
function summed(call: AggregateCall, argument: Expression, filter?: Expression): PartsCall {
  const parts = defined(overParts(call, 0), "an aggregate made of parts");
  return { ...parts, call: { ...parts.call, argument, ...(filter === undefined ? {} : { filter }) } };
}
