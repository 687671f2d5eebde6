// percentile_disc(), percentile_cont() and mode(): rows numbered in the order of WITHIN GROUP, of which an aggregate
// over the row that is asked for takes the value. NULLs come last and do not count. PostgreSQL's orderedsetaggs.c says
// which row that is. Read next: ordered_rows.ts, functions/percentile.ts.
import { callOf, constantOf, readColumn } from "#expr/construct.js";
import type { Expression, Scalar } from "#expr/expression.js";
import type { Aggregate, AnalysedExpression, SqlType } from "#frontend/analysed_expression.js";
import { emptyArrayImage } from "#functions/array_image.js";
import { ARRAY_TYPE } from "#functions/array_values.js";
import { functionByKey, isExactIn } from "#functions/registry.js";
import { elementValue } from "#optimizer/expressions/array_elements.js";
import { INT8_SQL, isAlikeWhenEqual } from "#optimizer/expressions/column_types.js";
import { constantValue } from "#optimizer/expressions/constant_expressions.js";
import { type ElementLayout, decodeArray, decodeConstant } from "#optimizer/expressions/constant_values.js";
import type { OrderKeys } from "#optimizer/expressions/order_keys.js";
import { orderKeysOf, sqlTypeOfKey } from "#optimizer/expressions/order_keys.js";
import { sortKeyOf } from "#optimizer/expressions/sort_keys.js";
import type { SortKey } from "#plan/physical.js";
import { BOOL, FLOAT8, INT4, INT8 } from "#types/engine_type.js";
import { sqlTypes } from "#types/sql_types.js";
import type { Obstacle, PlannedAggregate } from "./aggregates.js";
import { type AggregateCalls, filteredValue } from "./ordered_keys.js";
import type { OrderedRows } from "./ordered_rows.js";

const oids = {
  discrete: 3972, continuous: 3974, continuousInterval: 3976,
  discreteArray: 3978, continuousArray: 3980, continuousIntervalArray: 3982, mode: 3984,
} as const;

/** Of an array; for each, one or two aggregates look at every row. */
const FRACTIONS_MAX = 32;
const FLOAT8_LAYOUT: ElementLayout = { length: 8, byValue: true, alignment: 8 };

const NOT_OUR_ORDER: Obstacle = { obstacle: "an aggregate has an order that is not the engine's" };

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
  /** The SQL type of one value or its key; the result may be an array. */
  readonly sql: SqlType;
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
  if (key === undefined || value === undefined || order === undefined) return NOT_OUR_ORDER;
  const keys = orderKeysOf(facts, key.expression, source);
  if (keys !== undefined && keys.originalOf === undefined) return NOT_OUR_ORDER;
  if (value.type.kind === "bpchar") return { obstacle: "a char(n) of an aggregate's has no length of its own" };
  const column = rows.column(order.expression);
  const values = {
    calls, rows, aggregate, value: column, order: [{ ...order, expression: column }], originalOf: keys?.originalOf,
    sql: keys === undefined
      ? { type: key.expression.type, typmod: -1, collation: aggregate.collation } : sqlTypeOfKey(column.type),
  };
  return aggregate.function === oids.mode ? mostFrequent(values) : percentile(values);
}

/** Number of the column with the value of the one row of each group for which the condition is true, if it has one. */
function picked({ calls, sql, value }: OrderedValues, name: string, condition: Expression | undefined): number {
  const pick = value.type.kind === "bool" ? "boolOr" : "min";
  return calls.call(name, pick, sql, value.type, value, condition);
}

/** The value that was picked, as number `index` of the calls. */
function original({ value, originalOf }: OrderedValues, index: number): Expression | undefined {
  const column = readColumn(index, value.type);
  return originalOf === undefined ? column : originalOf(column);
}

/** As the aggregate's result. */
function shown({ calls, aggregate }: OrderedValues, name: string, result: Expression | Obstacle): PlannedAggregate {
  if ("obstacle" in result) return result;
  return result.kind === "column"
    ? { expression: { kind: "column", index: result.index } } : calls.compute(name, aggregate, result);
}

function isFraction(value: Scalar | undefined): value is number {
  return typeof value === "number" && value >= 0 && value <= 1;
}

/** One, or those of an array; undefined where the result is an error, NULL, or an array of another shape. */
function fractionsOf(calls: AggregateCalls, direct: AnalysedExpression): readonly number[] | undefined {
  if (direct.type === sqlTypes.float8) {
    const given = calls.translator.translate(direct)?.expression;
    const fraction = given === undefined ? undefined : constantValue(given);
    return isFraction(fraction) ? [fraction] : undefined;
  }
  const array = direct.kind === "constant" && !direct.isNull ? decodeArray(direct.image, FLOAT8_LAYOUT) : undefined;
  if (array === undefined || array.lowerBound !== 1 || array.elementType !== sqlTypes.float8) return undefined;
  const fractions = array.elements.map((image) => (image === null ? undefined : decodeConstant(FLOAT8, image)));
  const isShort = fractions.length > 0 && fractions.length <= FRACTIONS_MAX;
  return isShort && fractions.every(isFraction) ? fractions : undefined;
}

function percentile(values: OrderedValues): PlannedAggregate {
  const { calls, aggregate } = values;
  const [direct] = aggregate.directArguments;
  const fractions = direct && fractionsOf(calls, direct);
  if (fractions === undefined)
    return { obstacle: "the fractions of a percentile are no constants that the engine takes" };
  const results: Expression[] = [];
  for (const fraction of fractions) {
    const result = percentileAt(values, fraction);
    if ("obstacle" in result) return result;
    results.push(result);
  }
  const [only] = results;
  const isOne = direct?.type === sqlTypes.float8 && only !== undefined;
  return shown(values, "percentile", isOne ? only : arrayOf(values, results));
}

/** NULL where the results are, which is where there are no values. */
function arrayOf(
  { calls: { facts }, aggregate: { order: [key] } }: OrderedValues, results: readonly Expression[],
): Expression | Obstacle {
  let array: Expression | undefined;
  for (const expression of results) {
    const of = key && elementValue(facts, key.expression, { expression });
    if (of === undefined) return { obstacle: "PostgreSQL makes arrays of the values" };
    array ??= constantOf(emptyArrayImage(of.element.type), ARRAY_TYPE);
    array = callOf("array.append", ARRAY_TYPE, of.value, constantOf(BigInt(of.element.alignment), INT4), array);
  }
  return array ?? { obstacle: "a percentile has no fractions" };
}

function percentileAt(values: OrderedValues, fraction: number): Expression | Obstacle {
  const { calls, rows, aggregate, value, order } = values;
  const share = constantOf(fraction, FLOAT8);
  const count = rows.place([], order, { function: "count", argument: value, among: "rows" });
  const number = rows.place([], order, { function: "rowNumber" });
  const rowAt = (name: string): number =>
    picked(values, name, callOf(`percentile.${name}`, BOOL, share, count, number));
  if (aggregate.function === oids.discrete || aggregate.function === oids.discreteArray)
    return original(values, rowAt("discrete")) ?? NOT_OUR_ORDER;
  const [low, high] = [readColumn(rowAt("lower"), value.type), readColumn(rowAt("upper"), value.type)];
  const all = readColumn(calls.call("count", "count", INT8_SQL, INT8, value, undefined), INT8);
  const rest = callOf("percentile.share", FLOAT8, share, all);
  return value.type.kind === "float8"
    ? callOf("percentile.between", FLOAT8, low, high, rest) : betweenIntervals(calls, low, high, rest);
}

/** interval_lerp(): what lies between, times the share, after the first. */
function betweenIntervals(
  calls: AggregateCalls, low: Expression, high: Expression, share: Expression,
): Expression | Obstacle {
  const { serverMajor } = calls.facts;
  const names = ["interval.subtract", "interval.multiply", "interval.add"];
  if (names.some((name) => !isExactIn(functionByKey(name), serverMajor)))
    return { obstacle: `PostgreSQL ${serverMajor} has infinite intervals, which the engine has not` };
  const { type } = low;
  const distance = callOf("interval.multiply", type, callOf("interval.subtract", type, high, low), share);
  return {
    kind: "case", type, otherwise: callOf("interval.add", type, distance, low),
    branches: [{ when: callOf("float.equal", BOOL, share, constantOf(0, FLOAT8)), then: low }],
  };
}

/**
 * The first of the values that most rows have: among values that are counted, where equal ones are alike, else among
 * the rows, of which those whose peers are more come first, then in the order itself.
 */
function mostFrequent(values: OrderedValues): PlannedAggregate {
  const { calls, rows, value, order } = values;
  if (value.kind === "column" && isAlikeWhenEqual(value.type)) {
    calls.arrangement = rows.arrangeMode(value, order);
    return shown(values, "mode", original(values, picked(values, "mode", undefined)) ?? NOT_OUR_ORDER);
  }
  const peers = rows.place([], order, { function: "count", argument: value, among: "peers" });
  const number = rows.place([], order, { function: "rowNumber" });
  const place = rows.place([], [
    { expression: peers, descending: true, nullsFirst: false },
    { expression: number, descending: false, nullsFirst: false },
  ], { function: "rowNumber" });
  const index = picked(values, "mode", callOf("integer.equal", BOOL, place, constantOf(1n, INT8)));
  return shown(values, "mode", original(values, index) ?? NOT_OUR_ORDER);
}
