// percentile_disc(), percentile_cont() and mode(): rows numbered in the order of WITHIN GROUP, of which an aggregate
// over the row that is asked for takes the value. NULLs come last and do not count. PostgreSQL's orderedsetaggs.c says
// which row that is. Read next: ordered_rows.ts, functions/percentile.ts.
import { callOf, constantOf, readColumn } from "#expr/construct.js";
import type { Aggregate } from "#frontend/analysed_expression.js";
import type { Expression } from "#expr/expression.js";
import { functionByKey, isExactIn } from "#functions/registry.js";
import type { SortKey } from "#plan/physical.js";
import { BOOL, FLOAT8, INT8 } from "#types/engine_type.js";
import type { PlannedAggregate } from "./aggregates.js";
import { INT8_SQL } from "./column_types.js";
import { constantValue } from "./constant_expressions.js";
import { type AggregateCalls, filteredValue } from "./ordered_keys.js";
import type { OrderKeys } from "./order_keys.js";
import { orderKeysOf, sqlTypeOfKey } from "./order_keys.js";
import type { OrderedRows } from "./ordered_rows.js";
import { sortKeyOf } from "./sort_keys.js";

const oids = { discrete: 3972, continuous: 3974, continuousInterval: 3976, mode: 3984 } as const;

/** Names with the kinds of values they take, for the generated documentation. */
export const orderedSetRows = [
  { name: "percentile_disc", arguments: ["any ordered"] },
  { name: "percentile_cont", arguments: ["float8", "interval"] },
  { name: "mode", arguments: ["any ordered"] },
] as const;

/** One WITHIN GROUP over rows that may be numbered. */
interface OrderedValues {
  readonly calls: AggregateCalls;
  readonly rows: OrderedRows;
  readonly aggregate: Aggregate;
  readonly value: Expression;
  readonly order: readonly SortKey[];
  /** What is picked is a key, of the value that this makes of it. */
  readonly originalOf: OrderKeys["originalOf"];
}

/** Undefined where the engine has none of the name. */
export function orderedSet(calls: AggregateCalls, aggregate: Aggregate): PlannedAggregate | undefined {
  const isKnown = Object.values(oids).some((oid) => oid === aggregate.function);
  if (!isKnown) return undefined;
  const { rows } = calls;
  if (rows === undefined) return { obstacle: "an aggregate has WITHIN GROUP", needsRows: true };
  const [key] = aggregate.order;
  const value = key === undefined ? undefined : filteredValue(calls, key.expression, aggregate.filter);
  const { facts, translator: { source } } = calls;
  const order = key && sortKeyOf(facts, source, value, key.expression, { ...key.item, isNullsFirst: false });
  const keys = key && orderKeysOf(facts, key.expression, source);
  if (value === undefined || order === undefined || (keys !== undefined && keys.originalOf === undefined))
    return { obstacle: "an aggregate has an order that is not the engine's" };
  if (value.type.kind === "bpchar") return { obstacle: "a char(n) of an aggregate's has no length of its own" };
  const column = rows.column(order.expression);
  const values = {
    calls, rows, aggregate, value: column, order: [{ ...order, expression: column }], originalOf: keys?.originalOf,
  };
  return aggregate.function === oids.mode ? mostFrequent(values) : percentile(values);
}

/** Number of the column with the value of the one row of each group for which the condition is true. */
function picked({ calls, aggregate, value, originalOf }: OrderedValues, name: string, condition: Expression): number {
  const pick = value.type.kind === "bool" ? "boolOr" : "min";
  const sql = originalOf === undefined ? aggregate : sqlTypeOfKey(value.type);
  return calls.call(name, pick, sql, value.type, value, condition);
}

/** The value that was picked, as number `index` of the calls. */
function shown({ calls, aggregate, value, originalOf }: OrderedValues, name: string, index: number): PlannedAggregate {
  if (originalOf === undefined) return { expression: { kind: "column", index } };
  const original = originalOf({ kind: "column", index, type: value.type });
  return original === undefined
    ? { obstacle: "an aggregate has an order that is not the engine's" } : calls.compute(name, aggregate, original);
}

function percentile(values: OrderedValues): PlannedAggregate {
  const { calls, rows, aggregate, value, order } = values;
  const [direct] = aggregate.directArguments;
  const given = direct === undefined ? undefined : calls.translator.translate(direct)?.expression;
  const fraction = given === undefined ? undefined : constantValue(given);
  // Others are errors of PostgreSQL's, or NULL.
  if (typeof fraction !== "number" || !(fraction >= 0 && fraction <= 1))
    return { obstacle: "the fraction of a percentile is no constant" };
  const share = constantOf(fraction, FLOAT8);
  const count = rows.place([], order, { function: "count", argument: value, among: "rows" });
  const number = rows.place([], order, { function: "rowNumber" });
  const rowAt = (name: string): number =>
    picked(values, name, callOf(`percentile.${name}`, BOOL, share, count, number));
  if (aggregate.function === oids.discrete)
    return shown(values, "percentile", rowAt("discrete"));
  const [low, high] = ["lower", "upper"].map((name): Expression => readColumn(rowAt(name), value.type));
  const all = readColumn(calls.call("count", "count", INT8_SQL, INT8, value, undefined), INT8);
  const rest = callOf("percentile.share", FLOAT8, share, all);
  if (low === undefined || high === undefined) return { obstacle: "a percentile has no rows" };
  if (aggregate.function === oids.continuous)
    return calls.compute("percentile", aggregate, callOf("percentile.between", FLOAT8, low, high, rest));
  return betweenIntervals(calls, aggregate, low, high, rest);
}

/** interval_lerp(): what lies between, times the share, after the first. */
function betweenIntervals(
  calls: AggregateCalls, aggregate: Aggregate, low: Expression, high: Expression, share: Expression,
): PlannedAggregate {
  const { serverMajor } = calls.facts;
  const names = ["interval.subtract", "interval.multiply", "interval.add"];
  if (names.some((name) => !isExactIn(functionByKey(name), serverMajor)))
    return { obstacle: `PostgreSQL ${serverMajor} has infinite intervals, which the engine has not` };
  const { type } = low;
  const distance = callOf("interval.multiply", type, callOf("interval.subtract", type, high, low), share);
  return calls.compute("percentile", aggregate, {
    kind: "case", type, otherwise: callOf("interval.add", type, distance, low),
    branches: [{ when: callOf("float.equal", BOOL, share, constantOf(0, FLOAT8)), then: low }],
  });
}

/** The first of the values that most rows have: rows whose peers are more come first, then in the order itself. */
function mostFrequent(values: OrderedValues): PlannedAggregate {
  const { rows, value, order } = values;
  const peers = rows.place([], order, { function: "count", argument: value, among: "peers" });
  const number = rows.place([], order, { function: "rowNumber" });
  const place = rows.place([], [
    { expression: peers, descending: true, nullsFirst: false },
    { expression: number, descending: false, nullsFirst: false },
  ], { function: "rowNumber" });
  const index = picked(values, "mode", callOf("integer.equal", BOOL, place, constantOf(1n, INT8)));
  return shown(values, "mode", index);
}
