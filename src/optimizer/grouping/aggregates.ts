// Aggregates the engine computes exactly, by PostgreSQL OID: what it accumulates, and what PostgreSQL makes of that
// above the scan. The rest (user-defined ones) is left to PostgreSQL with the whole grouping. What asks for rows in an
// order is told apart here; how they come to be in it is ordered_rows.ts's. Read next: planned_aggregates.ts.
import { defined } from "#base/assert.js";
import { allOf, callOf, constantOf, isPresent, onlyWhere, readColumn } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import { expressionKey } from "#expr/traverse.js";
import type { Aggregate, SqlType } from "#frontend/analysed_expression.js";
import { edgeCalls } from "#frontend/edge_calls.js";
import type { RequestFacts } from "#frontend/request_facts.js";
import { SUM_DIGITS, SUMMED_DIGITS_MAX } from "#functions/decimal.js";
import { type SpreadFunction, spreadNeeds } from "#functions/numeric_spread.js";
import { functionByKey, isExactIn } from "#functions/registry.js";
import { elementValue } from "#optimizer/expressions/array_elements.js";
import {
  FLOAT8_SQL, INT4_SQL, INT8_SQL, NUMERIC_SQL, columnOf, engineTypeOf, isAlikeWhenEqual,
} from "#optimizer/expressions/column_types.js";
import type { ExpressionTranslator } from "#optimizer/expressions/expression_translator.js";
import { mayFail } from "#optimizer/expressions/may_fail.js";
import { asDecimal, asNumeric } from "#optimizer/expressions/numeric_values.js";
import type { OrderKeys } from "#optimizer/expressions/order_keys.js";
import { orderKeysOf, sqlTypeOfKey } from "#optimizer/expressions/order_keys.js";
import type { Translated } from "#optimizer/expressions/translated.js";
import { aggregateNames } from "#plan/explain.js";
import type { AggregateCall, AggregateFunction, SortKey } from "#plan/physical.js";
import type { EdgeExpression } from "#plan/planning.js";
import type { ArrayElement } from "#types/array_element.js";
import { DECIMAL128_PRECISION_MAX, DECIMAL64_PRECISION_MAX } from "#types/encoding_of.js";
import { BOOL, type EngineType, type EngineTypeKind, FLOAT8, INT4, INT8, NUMERIC } from "#types/engine_type.js";
import { isInsensitive, overParts } from "./aggregate_parts.js";
import type { DistinctCalls } from "./distinct_aggregates.js";
import { hypotheticalRow, hypotheticalRows } from "./hypothetical_rows.js";
import { both, distinctValue, firstOfEqual, orderedKeys } from "./ordered_keys.js";
import type { OrderedRows } from "./ordered_rows.js";
import { orderedSet, orderedSetRows } from "./ordered_sets.js";

interface Rule {
  readonly kind:
    | "count" | "sum" | "average" | "least" | "greatest" | "every" | "some" | "bits" | "moments" | "spread"
    | "pairs" | "pairCount" | "list" | "array";
  /** The engine type an argument must have. */
  readonly argument?: EngineTypeKind;
  /** The engine's function, where the kind leaves a choice. */
  readonly function?: AggregateFunction;
  readonly spread?: SpreadFunction;
}

const moments = (function_: AggregateFunction, float4: number, float8: number): [number, Rule][] => [
  [float4, { kind: "moments", argument: "float4", function: function_ }],
  [float8, { kind: "moments", argument: "float8", function: function_ }],
];

const bits = (function_: AggregateFunction, int2: number, int4: number, int8: number): [number, Rule][] => [
  [int2, { kind: "bits", argument: "int2", function: function_ }],
  [int4, { kind: "bits", argument: "int4", function: function_ }],
  [int8, { kind: "bits", argument: "int8", function: function_ }],
];

/** Of int8, int4, int2 and numeric, in this order. */
const spreads = (spread: SpreadFunction, oids: readonly number[]): [number, Rule][] =>
  (["int8", "int4", "int2", "decimal"] as const).map((argument, index) => (
    [defined(oids[index], "an aggregate"), { kind: "spread", argument, spread }]));

const pairs = (function_: AggregateFunction, oid: number): [number, Rule] => (
  [oid, { kind: "pairs", argument: "float8", function: function_ }]);

const rules: ReadonlyMap<number, Rule> = new Map<number, Rule>([
  [2803, { kind: "count" }], [2147, { kind: "count" }],
  [2107, { kind: "sum", argument: "int8" }], [2108, { kind: "sum", argument: "int4" }],
  [2109, { kind: "sum", argument: "int2" }], [2110, { kind: "sum", argument: "float4" }],
  [2111, { kind: "sum", argument: "float8" }], [2114, { kind: "sum", argument: "decimal" }],
  [2100, { kind: "average", argument: "int8" }], [2101, { kind: "average", argument: "int4" }],
  [2102, { kind: "average", argument: "int2" }], [2103, { kind: "average", argument: "decimal" }],
  [2115, { kind: "greatest", argument: "int8" }], [2116, { kind: "greatest", argument: "int4" }],
  [2117, { kind: "greatest", argument: "int2" }], [2119, { kind: "greatest", argument: "float4" }],
  [2120, { kind: "greatest", argument: "float8" }], [2122, { kind: "greatest", argument: "date" }],
  [2123, { kind: "greatest", argument: "time" }], [2126, { kind: "greatest", argument: "timestamp" }],
  [2127, { kind: "greatest", argument: "timestamptz" }], [2129, { kind: "greatest", argument: "text" }],
  [2130, { kind: "greatest", argument: "decimal" }],
  [2131, { kind: "least", argument: "int8" }], [2132, { kind: "least", argument: "int4" }],
  [2133, { kind: "least", argument: "int2" }], [2135, { kind: "least", argument: "float4" }],
  [2136, { kind: "least", argument: "float8" }], [2138, { kind: "least", argument: "date" }],
  [2139, { kind: "least", argument: "time" }], [2142, { kind: "least", argument: "timestamp" }],
  [2143, { kind: "least", argument: "timestamptz" }], [2145, { kind: "least", argument: "text" }],
  [2146, { kind: "least", argument: "decimal" }],
  [2517, { kind: "every", argument: "bool" }], [2519, { kind: "every", argument: "bool" }],
  [2518, { kind: "some", argument: "bool" }],
  // timetz, enums
  [2124, { kind: "greatest", argument: "opaque" }], [2140, { kind: "least", argument: "opaque" }],
  [3526, { kind: "greatest", argument: "opaque" }], [3527, { kind: "least", argument: "opaque" }],
  // oid
  [2118, { kind: "greatest", argument: "opaque" }], [2134, { kind: "least", argument: "opaque" }],
  ...bits("bitAnd", 2236, 2238, 2240), ...bits("bitOr", 2237, 2239, 2241), ...bits("bitXor", 6164, 6165, 6166),
  [2128, { kind: "greatest", argument: "interval" }], [2144, { kind: "least", argument: "interval" }],
  [2113, { kind: "sum", argument: "interval" }],
  ...spreads("varPop", [2718, 2719, 2720, 2723]), ...spreads("varSamp", [2641, 2642, 2643, 2646]),
  ...spreads("varSamp", [2148, 2149, 2150, 2153]), ...spreads("stddevPop", [2724, 2725, 2726, 2729]),
  ...spreads("stddevSamp", [2712, 2713, 2714, 2717]), ...spreads("stddevSamp", [2154, 2155, 2156, 2159]),
  ...moments("mean", 2104, 2105), ...moments("varPop", 2721, 2722),
  ...moments("varSamp", 2644, 2645), ...moments("varSamp", 2151, 2152),
  [2818, { kind: "pairCount", argument: "float8" }],
  pairs("regrSxx", 2819), pairs("regrSyy", 2820), pairs("regrSxy", 2821), pairs("regrAvgX", 2822),
  pairs("regrAvgY", 2823), pairs("regrR2", 2824), pairs("regrSlope", 2825), pairs("regrIntercept", 2826),
  pairs("covarPop", 2827), pairs("covarSamp", 2828), pairs("corr", 2829),
  [2335, { kind: "array" }],
  // Of bytea: an opaque value.
  [3538, { kind: "list", argument: "text" }], [3545, { kind: "list", argument: "opaque" }],
  ...moments("stddevPop", 2727, 2728), ...moments("stddevSamp", 2715, 2716), ...moments("stddevSamp", 2157, 2158),
]);

/** What a sum of intervals folds with. */
const intervalSum = functionByKey("interval.add");

const sqlNames: Readonly<Record<Exclude<Rule["kind"], "bits" | "moments" | "spread" | "pairs">, string>> = {
  count: "count", sum: "sum", average: "avg", least: "min", greatest: "max", every: "bool_and",
  some: "bool_or", pairCount: "regr_count", list: "string_agg",
  array: "array_agg",
};

function sqlName({ kind, function: name, spread }: Rule): string {
  if (kind === "bits" || kind === "moments" || kind === "spread" || kind === "pairs")
    return aggregateNames[defined(name ?? spread, "a function")];
  return sqlNames[kind];
}

/** How arguments are shown that have another name in SQL. */
function shownKind({ kind, argument }: Rule): string {
  if (argument === "opaque") return kind === "list" ? "bytea" : "oid";
  return argument === "decimal" ? "numeric" : argument ?? "any";
}

/** The engine's aggregates by SQL name with the engine types they take, for the generated documentation. */
export function aggregateRows(): readonly { readonly name: string; readonly arguments: readonly string[] }[] {
  const byName = new Map<string, string[]>();
  for (const rule of rules.values()) {
    const taken = byName.get(sqlName(rule)) ?? [];
    const shown = shownKind(rule);
    if (!taken.includes(shown)) taken.push(shown);
    byName.set(sqlName(rule), taken);
  }
  const named = [...byName].map(([name, taken]) => ({ name, arguments: taken }));
  return [...named, ...orderedSetRows, ...hypotheticalRows];
}

/** Stands for a DISTINCT aggregate whose values show different places: it has no first step. */
const NOTHING = constantOf(null, FLOAT8);

/** A value the engine computes from the aggregates of a group. */
export interface ComputedResult {
  readonly name: string;
  readonly sql: SqlType;
  /** Over the group's columns. */
  readonly expression: Expression;
}

export type PlannedAggregate =
  | { readonly expression: EdgeExpression }
  /** Number in `computed`. */
  | { readonly computed: number }
  | Obstacle;

/** Why an aggregate is not planned; with `needsRows` it might be, over rows that are ordered. */
export interface Obstacle {
  readonly obstacle: string;
  readonly needsRows?: true;
}

/** One aggregate after its arguments were translated. */
interface Inputs {
  readonly aggregate: Aggregate;
  readonly argument: Translated | undefined;
  readonly second: Translated | undefined;
  readonly filter: Expression | undefined;
}

/** Collects the engine's aggregate calls; equal ones share a column. */
export class AggregatePlanner {
  readonly calls: AggregateCall[] = [];
  readonly names: string[] = [];
  readonly computed: ComputedResult[] = [];
  private readonly indexByKey = new Map<string, number>();
  private readonly distinctArguments: Expression[] = [];
  /** By call: whether it is of an aggregate with DISTINCT. */
  private readonly isDistinct: boolean[] = [];
  private plansDistinct = false;
  arrangement: number | undefined;
  readonly facts: RequestFacts;
  readonly translator: ExpressionTranslator;
  private readonly firstColumn: number;
  private readonly summedDigitsMax: number;
  /** The rows below, where they may be ordered and told apart. */
  readonly rows: OrderedRows | undefined;

  /**
   * `firstColumn` is the number of group keys: aggregates follow them in the engine's result. Sums of numbers of up to
   * `summedDigitsMax` digits are decimals.
   */
  constructor(
    facts: RequestFacts, translator: ExpressionTranslator, firstColumn: number, rows?: OrderedRows,
    summedDigitsMax = SUMMED_DIGITS_MAX,
  ) {
    this.rows = rows;
    this.summedDigitsMax = summedDigitsMax;
    this.facts = facts;
    this.translator = translator;
    this.firstColumn = firstColumn;
  }

  /** What stands for the aggregate above the scan, or why PostgreSQL must group. */
  plan(aggregate: Aggregate): PlannedAggregate {
    if (aggregate.levelsUp !== 0 || aggregate.isVariadic) return this.unknown(aggregate);
    this.plansDistinct = false;
    this.arrangement = undefined;
    if (aggregate.form === "orderedSet") return orderedSet(this, aggregate) ?? this.unknown(aggregate);
    if (aggregate.form === "hypothetical") return hypotheticalRow(this, aggregate) ?? this.unknown(aggregate);
    const rule = rules.get(aggregate.function);
    if (rule === undefined) return this.unknown(aggregate);
    if (rule.kind === "sum" && rule.argument === "interval" && !isExactIn(intervalSum, this.facts.serverMajor))
      return { obstacle: `PostgreSQL ${this.facts.serverMajor} has infinite intervals, whose sum the engine has not` };
    const given = this.inputs(aggregate);
    const ordered = given === undefined ? { inputs: undefined } : this.ordered(rule, given);
    if ("obstacle" in ordered) return ordered;
    const { inputs } = ordered;
    if (rule.kind === "spread" && inputs !== undefined) {
      const computed = this.spread(defined(rule.spread, "a function"), inputs);
      if (computed !== undefined) return { computed };
    }
    const keys = orderKeysOf(this.facts, aggregate, this.translator.source, aggregate.inputCollation);
    if (keys !== undefined && (rule.kind === "least" || rule.kind === "greatest")) {
      const computed = inputs && this.keyedExtreme(inputs, keys, rule.kind === "least" ? "min" : "max");
      return computed === undefined ? { obstacle: "an order is not the engine's" } : { computed };
    }
    const expression = inputs === undefined ? undefined : this.planRule(rule, inputs);
    return expression === undefined
      ? { obstacle: `the input of aggregate function ${sqlName(rule)} is not exact in the engine` }
      : { expression };
  }

  /** The inputs with DISTINCT and ORDER BY taken care of, or why they are not. */
  private ordered(rule: Rule, inputs: Inputs): { readonly inputs: Inputs } | Obstacle {
    const { aggregate } = inputs;
    const isDistinct = aggregate.distinct.length > 0 && isSensitive(rule);
    const followsOrder = isInOrder(rule, inputs);
    // The keys of DISTINCT begin with those of ORDER BY.
    const asked = aggregate.distinct.length > 0 ? aggregate.distinct : aggregate.order;
    const keys = orderedKeys(this, asked, aggregate.filter);
    const { rows } = this;
    if (rows === undefined) {
      if (aggregate.order.length > 0 && (followsOrder || keys === undefined || keys.some(isFailing)))
        return { obstacle: "an aggregate has ORDER BY", needsRows: true };
      if (isDistinct && rule.kind === "array")
        return { obstacle: "an aggregate has DISTINCT values, with a place for NULL", needsRows: true };
      if (isDistinct && inputs.second !== undefined)
        return { obstacle: "an aggregate has DISTINCT pairs of values", needsRows: true };
      this.plansDistinct = isDistinct;
      this.noteDistinct(inputs);
      return { inputs: isDistinct ? withoutFilter(inputs) : inputs };
    }
    if (followsOrder) {
      const isOrdered = asked.length > 0;
      if (isOrdered && keys === undefined) return { obstacle: "an aggregate has an order that is not the engine's" };
      this.arrangement = isOrdered && keys !== undefined ? rows.arrange(keys) : rows.arrangeAsTheyCame();
    }
    if (!isDistinct) return { inputs };
    const once = followsOrder || inputs.second !== undefined
      ? undefined : distinctValue(this, aggregate, rule.kind === "count");
    if (once !== undefined) {
      this.arrangement = once.arrangement;
      return { inputs: { ...inputs, argument: { expression: once.value }, filter: undefined } };
    }
    const mark = firstOfEqual(this, aggregate.distinct, aggregate.filter);
    if (mark === undefined) return { obstacle: "an aggregate has DISTINCT of values the engine cannot tell apart" };
    return { inputs: { ...inputs, filter: both(inputs.filter, mark) } };
  }

  /** What the aggregates with DISTINCT are over, if there are any; or why two steps cannot serve all aggregates. */
  distinct(): { readonly calls: DistinctCalls | undefined } | Obstacle {
    const [argument, ...others] = this.distinctArguments;
    if (argument === undefined) return { calls: undefined };
    const key = expressionKey(argument);
    const counts = this.calls.every(({ function: name }, index) =>
      this.isDistinct[index] !== true || name === "count" || name === "countRows");
    // A count does not show which of the equal values was kept; sums of floats depend on their order.
    const isExact = (isAlikeWhenEqual(argument.type) || (counts && argument.type.kind !== "opaque"))
      && argument.kind !== "constant";
    if (!isExact || others.some((other) => expressionKey(other) !== key))
      return {
        obstacle: "an aggregate has DISTINCT, and another's or its own values stand in the way", needsRows: true,
      };
    const isDistinct = this.calls.map((call, index) => this.isDistinct[index] === true || isOverValues(call, key));
    return this.calls.every((call, index) => isDistinct[index] === true || overParts(call, 0) !== undefined)
      ? { calls: { argument, isDistinct } }
      : { obstacle: "an aggregate has DISTINCT, and another is not made of its parts", needsRows: true };
  }

  private noteDistinct({ argument, filter }: Inputs): void {
    if (!this.plansDistinct) return;
    const isPlain = argument !== undefined && filter === undefined && argument.displayScale === undefined;
    this.distinctArguments.push(isPlain ? argument.expression : NOTHING);
  }

  private unknown(aggregate: Aggregate): Obstacle {
    const name = this.facts.functionName(aggregate.function) ?? `with OID ${aggregate.function}`;
    return { obstacle: `the engine has no aggregate function ${name}` };
  }

  /** A result that is made of the group's columns. */
  compute(name: string, sql: SqlType, expression: Expression): PlannedAggregate {
    return { computed: this.computed.push({ name, sql, expression }) - 1 };
  }

  private planRule(rule: Rule, inputs: Inputs): EdgeExpression | undefined {
    const found = inputs.argument?.expression.type.kind;
    const isNumeric = rule.argument === "decimal" && found === "numeric";
    if (rule.argument !== undefined && rule.argument !== found && !isNumeric) return undefined;
    switch (rule.kind) {
      case "count": return this.count(inputs);
      case "sum": return this.sum(inputs);
      case "average": return this.average(inputs);
      case "least": return this.extreme(inputs, "min");
      case "greatest": return this.extreme(inputs, "max");
      case "every": return this.extreme(inputs, "boolAnd");
      case "some": return this.extreme(inputs, "boolOr");
      case "spread": return undefined;
      case "bits": case "moments": return this.direct(inputs, defined(rule.function, "a function"));
      case "pairs": case "pairCount": case "list": return this.ofTwo(rule, inputs);
      case "array": return this.array(inputs);
    }
  }

  private inputs(aggregate: Aggregate): Inputs | undefined {
    const filterSource = aggregate.filter?.source;
    const filter = aggregate.filter === undefined
      ? undefined
      : this.translator.translate(aggregate.filter);
    if (aggregate.filter !== undefined && filter?.expression.type.kind !== "bool") return undefined;
    const values = aggregate.arguments.map((each) => this.translator.translate(each, filterSource));
    if (values.some((value) => value === undefined)) return undefined;
    const [argument, second] = values;
    return { aggregate, argument, second, filter: filter?.expression };
  }

  /** The column of an engine aggregate, shared by equal ones. */
  call(
    name: string, function_: AggregateFunction, sql: SqlType, engine: EngineType,
    argument: Expression | undefined, filter: Expression | undefined, second?: Expression,
    element?: ArrayElement,
  ): number {
    const nullable = function_ !== "count" && function_ !== "countRows";
    const call: AggregateCall = {
      function: function_,
      ...(argument === undefined ? {} : { argument }),
      ...(second === undefined ? {} : { second }),
      ...(filter === undefined ? {} : { filter }),
      ...(element === undefined ? {} : { element }),
      result: columnOf(sql, engine, nullable),
    };
    const key = [
      function_, this.plansDistinct, argument === undefined ? "" : expressionKey(argument),
      filter === undefined ? "" : expressionKey(filter), second === undefined ? "" : expressionKey(second),
      element?.type ?? "", this.arrangement ?? "",
    ].join("|");
    const known = this.indexByKey.get(key);
    if (known !== undefined) return known;
    const index = this.firstColumn + this.calls.length;
    this.indexByKey.set(key, index);
    this.calls.push(call);
    if (this.arrangement !== undefined) this.rows?.show(call, this.arrangement);
    this.isDistinct.push(this.plansDistinct);
    this.names.push(`${name}${this.calls.length}`);
    return index;
  }

  private countColumn(argument: Expression | undefined, filter: Expression | undefined): EdgeExpression {
    const isNeverNull = argument !== undefined && this.translator.isNeverNull(argument);
    const index = argument === undefined || isNeverNull
      ? this.call("count", "countRows", INT8_SQL, INT8, undefined, filter)
      : this.call("count", "count", INT8_SQL, INT8, argument, filter);
    return { kind: "column", index };
  }

  private count({ argument, filter }: Inputs): EdgeExpression {
    return this.countColumn(argument?.expression, filter);
  }

  /** The sum as PostgreSQL shows it. */
  private sum(inputs: Inputs): EdgeExpression | undefined {
    const { argument, filter } = inputs;
    const type = argument?.expression.type;
    if (argument === undefined || type === undefined) return undefined;
    const sumColumn = (sql: SqlType, engine: EngineType): EdgeExpression =>
      ({ kind: "column", index: this.call("sum", "sum", sql, engine, argument.expression, filter) });
    switch (type.kind) {
      case "int2": case "int4": return sumColumn(INT8_SQL, INT8);
      case "int8": return sumColumn(NUMERIC_SQL, wideDecimal(0));
      case "float4": return sumColumn(inputs.aggregate, { kind: "float4" });
      case "float8": return sumColumn(FLOAT8_SQL, FLOAT8);
      case "numeric": return sumColumn(NUMERIC_SQL, type);
      case "interval": return sumColumn(inputs.aggregate, type);
      case "decimal":
        return this.shownWithScale(sumColumn(NUMERIC_SQL, this.sumOf(type)), argument, filter);
      default: return undefined;
    }
  }

  /** The type of sums of decimals; those that may have too many digits are numerics of any precision. */
  private sumOf({ precision, scale }: Extract<EngineType, { kind: "decimal" }>): EngineType {
    if (precision > this.summedDigitsMax) return NUMERIC;
    const digits = Math.max(precision + SUM_DIGITS, DECIMAL64_PRECISION_MAX + 1);
    return { kind: "decimal", precision: Math.min(digits, DECIMAL128_PRECISION_MAX), scale };
  }

  /** A numeric sum shows the greatest display scale among its inputs; rounding to it loses no digit. */
  private shownWithScale(
    sum: EdgeExpression, argument: Translated, filter: Expression | undefined,
  ): EdgeExpression {
    if (argument.displayScale === undefined) return sum;
    const index = this.call("scale", "max", INT4_SQL, INT4, argument.displayScale, filter);
    return call(edgeCalls.numericRound.oid, sum, { kind: "column", index });
  }

  private average(inputs: Inputs): EdgeExpression | undefined {
    const { argument, filter } = inputs;
    if (argument === undefined) return undefined;
    const count = this.countColumn(argument.expression, filter);
    const sum = this.sum(inputs);
    if (sum === undefined) return undefined;
    const isInteger = !["decimal", "numeric", "int8"].includes(argument.expression.type.kind);
    const dividend = isInteger ? call(edgeCalls.int8ToNumeric.oid, sum) : sum;
    return call(edgeCalls.numericDivide.oid, dividend, call(edgeCalls.int8ToNumeric.oid, count));
  }

  /** Results the engine gives as they are; moments are of double precision. */
  private direct({ aggregate, argument, filter }: Inputs, function_: AggregateFunction): EdgeExpression | undefined {
    const given = argument?.expression;
    if (given === undefined) return undefined;
    const type: EngineType = given.type.kind === "float4" ? FLOAT8 : given.type;
    const widened: Expression = given.type.kind === "float4"
      ? callOf("cast.float4.float8", type, given) : given;
    const index = this.call(aggregateNames[function_], function_, aggregate, type, widened, filter);
    return { kind: "column", index };
  }

  private ofTwo({ kind, function: name }: Rule, inputs: Inputs): EdgeExpression | undefined {
    const { aggregate, filter } = inputs;
    const [argument, second] = [inputs.argument?.expression, inputs.second?.expression];
    if (argument === undefined || second === undefined || argument.type.kind !== second.type.kind) return undefined;
    if (kind === "pairCount") {
      const only = allOf([argument, second].map(isPresent));
      const index = this.call("count", "countRows", INT8_SQL, INT8, undefined, both(filter, only));
      return { kind: "column", index };
    }
    const type = kind === "list" ? engineTypeOf(this.facts, aggregate) : argument.type;
    if (type?.kind !== argument.type.kind) return undefined;
    const pick = kind === "list" ? "concatenate" : defined(name, "a function");
    const index = this.call(aggregateNames[pick], pick, aggregate, type, argument, filter, second);
    return { kind: "column", index };
  }

  private array({ aggregate, argument, filter }: Inputs): EdgeExpression | undefined {
    const [sql] = aggregate.arguments;
    const of = argument && sql && elementValue(this.facts, sql, argument);
    const type = engineTypeOf(this.facts, aggregate);
    if (of === undefined || type === undefined) return undefined;
    const index = this.call("array_agg", "collect", aggregate, type, of.value, filter, undefined, of.element);
    return { kind: "column", index };
  }

  /** From count, sum and sum of squares, which are exact. */
  private spread(name: SpreadFunction, { aggregate, argument, filter }: Inputs): number | undefined {
    // The values and their squares would have to be told apart in one step.
    if (argument === undefined || this.plansDistinct) return undefined;
    const { value, square } = withSquare(argument);
    const total = (name: string, each: Expression): Expression => {
      const type = each.type.kind === "decimal" ? this.sumOf(each.type) : NUMERIC;
      return asNumeric({ expression: readColumn(this.call(name, "sum", NUMERIC_SQL, type, each, filter), type) });
    };
    const count = this.call("count", "count", INT8_SQL, INT8, value, filter);
    const [sum, squares] = [total("sum", value), total("squares", square)];
    const limit = constantOf(BigInt(spreadNeeds(name)), INT8);
    const isEnough = callOf("integer.greaterOrEqual", BOOL, readColumn(count, INT8), limit);
    const expression = onlyWhere(isEnough, callOf(`numeric.${name}`, NUMERIC, readColumn(count, INT8), sum, squares));
    return this.computed.push({ name, sql: aggregate, expression }) - 1;
  }

  /** The value of the least or greatest key. */
  private keyedExtreme(
    { aggregate, argument, filter }: Inputs, keys: OrderKeys, function_: "min" | "max",
  ): number | undefined {
    const key = argument === undefined ? undefined : keys.keyOf(argument.expression);
    if (key === undefined) return undefined;
    const index = this.call(function_, function_, sqlTypeOfKey(key.type), key.type, key, filter);
    const expression = keys.originalOf?.(readColumn(index, key.type));
    if (expression === undefined) return undefined;
    return this.computed.push({ name: function_, sql: aggregate, expression }) - 1;
  }

  /** Results that are one of the inputs: min, max, and truth values. */
  private extreme(
    { aggregate, argument, filter }: Inputs, function_: "min" | "max" | "boolAnd" | "boolOr",
  ): EdgeExpression | undefined {
    if (argument === undefined) return undefined;
    const given = argument.displayScale === undefined ? argument.expression : asNumeric(argument);
    const { type } = given;
    if (type.kind === "text" && !this.facts.isByteOrder(aggregate.inputCollation)) return undefined;
    // Characters are ordered under the aggregate's collation, which may not be the argument's own.
    const compared = type.kind === "text"
      ? { ...given, type: { ...type, byteOrder: true } } as Expression
      : given;
    const name = function_ === "boolAnd" ? "every" : function_ === "boolOr" ? "some" : function_;
    const index = this.call(name, function_, aggregate, compared.type, compared, filter);
    return { kind: "column", index };
  }
}

/** Whether repeated values change the result. */
function isSensitive({ kind, function: name }: Rule): boolean {
  const sensitive = ["count", "sum", "average", "moments", "spread", "pairs", "pairCount", "list", "array"];
  return sensitive.includes(kind) || name === "bitXor";
}

/** Whether a call is the same over all values and over each of them once. */
function isOverValues({ function: name, argument, filter }: AggregateCall, key: string): boolean {
  return isInsensitive(name) && filter === undefined && argument !== undefined && expressionKey(argument) === key;
}

/** FILTER as part of the argument, which aggregates skip where it is NULL. */
function withoutFilter(inputs: Inputs): Inputs {
  const { argument, filter } = inputs;
  if (filter === undefined || argument === undefined || argument.displayScale !== undefined) return inputs;
  return { ...inputs, argument: { expression: onlyWhere(filter, argument.expression) }, filter: undefined };
}

/** Whether the result depends on the order of the rows, as far as anybody sees. */
function isInOrder({ kind }: Rule, { argument }: Inputs): boolean {
  const type = argument?.expression.type.kind;
  return kind === "moments" || kind === "pairs" || kind === "list" || kind === "array"
    || ((kind === "sum" || kind === "average") && (type === "float4" || type === "float8"));
}

/** Squares of so many digits leave room in 38 for the sum of 10^10 of them. */
const SQUARED_DIGITS_MAX = 14;

/** A number and its square, as decimals where their sums fit, else as numerics of any precision. */
function withSquare(given: Translated): { readonly value: Expression; readonly square: Expression } {
  const { expression } = given;
  const whole = expression.type.kind === "decimal" ? undefined : asDecimal(expression);
  const number: Translated = whole === undefined ? given : { expression: whole };
  const { type } = number.expression;
  const isSmall = type.kind === "decimal" && type.precision <= SQUARED_DIGITS_MAX && number.displayScale === undefined;
  const value = isSmall ? number.expression : asNumeric(number);
  const square: EngineType = type.kind === "decimal" && isSmall
    ? { kind: "decimal", precision: 2 * type.precision, scale: 2 * type.scale } : NUMERIC;
  const multiply = isSmall ? "decimal.multiply" : "numeric.square";
  return { value, square: callOf(multiply, square, value, value) };
}

function wideDecimal(scale: number): EngineType {
  return { kind: "decimal", precision: DECIMAL128_PRECISION_MAX, scale };
}

function isFailing({ expression }: SortKey): boolean {
  return mayFail(expression);
}

function call(functionOid: number, ...values: readonly EdgeExpression[]): EdgeExpression {
  return { kind: "call", function: functionOid, arguments: values };
}
