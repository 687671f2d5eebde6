// Aggregates the engine computes exactly, by PostgreSQL OID: what it accumulates, and what PostgreSQL makes of that
// above the scan. The rest (ORDER BY inside, ordered sets, user-defined ones) is left to PostgreSQL with the whole
// grouping.
import { defined } from "#base/assert.js";
import type { Aggregate, SqlType } from "#frontend/analysed_expression.js";
import { edgeCalls } from "#frontend/edge_calls.js";
import type { RequestFacts } from "#frontend/request_facts.js";
import type { Expression } from "#expr/expression.js";
import { expressionKey } from "#expr/traverse.js";
import { aggregateNames } from "#plan/explain.js";
import type { AggregateCall, AggregateFunction } from "#plan/physical.js";
import type { EdgeExpression } from "#plan/planning.js";
import { DECIMAL128_PRECISION_MAX } from "#types/encoding_of.js";
import type { EngineType, EngineTypeKind } from "#types/engine_type.js";
import { sqlTypes } from "#types/sql_types.js";
import { columnOf } from "./column_types.js";
import type { ExpressionTranslator } from "./expression_translator.js";
import type { Translated } from "./translated.js";

const INT8_SQL: SqlType = { type: sqlTypes.int8, typmod: -1, collation: 0 };
const INT4_SQL: SqlType = { type: sqlTypes.int4, typmod: -1, collation: 0 };
const FLOAT8_SQL: SqlType = { type: sqlTypes.float8, typmod: -1, collation: 0 };
const NUMERIC_SQL: SqlType = { type: sqlTypes.numeric, typmod: -1, collation: 0 };

interface Rule {
  readonly kind: "count" | "sum" | "average" | "least" | "greatest" | "every" | "some" | "bits" | "moments";
  /** The engine type an argument must have. */
  readonly argument?: EngineTypeKind;
  /** The engine's function, where the kind leaves a choice. */
  readonly function?: AggregateFunction;
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
  // oid
  [2118, { kind: "greatest", argument: "opaque" }], [2134, { kind: "least", argument: "opaque" }],
  ...bits("bitAnd", 2236, 2238, 2240), ...bits("bitOr", 2237, 2239, 2241), ...bits("bitXor", 6164, 6165, 6166),
  ...moments("mean", 2104, 2105), ...moments("varPop", 2721, 2722),
  ...moments("varSamp", 2644, 2645), ...moments("varSamp", 2151, 2152),
  ...moments("stddevPop", 2727, 2728), ...moments("stddevSamp", 2715, 2716), ...moments("stddevSamp", 2157, 2158),
]);

const sqlNames: Readonly<Record<Exclude<Rule["kind"], "bits" | "moments">, string>> = {
  count: "count", sum: "sum", average: "avg", least: "min", greatest: "max", every: "bool_and",
  some: "bool_or",
};

function sqlName(rule: Rule): string {
  if (rule.kind !== "bits" && rule.kind !== "moments") return sqlNames[rule.kind];
  return aggregateNames[defined(rule.function, "a function")];
}

/** The engine's aggregates by SQL name with the engine types they take, for the generated documentation. */
export function aggregateRows(): readonly { readonly name: string; readonly arguments: readonly string[] }[] {
  const byName = new Map<string, string[]>();
  for (const rule of rules.values()) {
    const taken = byName.get(sqlName(rule)) ?? [];
    const shown = rule.argument === "opaque" ? "oid" : rule.argument ?? "any";
    if (!taken.includes(shown)) taken.push(shown);
    byName.set(sqlName(rule), taken);
  }
  return [...byName].map(([name, taken]) => ({ name, arguments: taken }));
}

/** Types whose values are the same to every aggregate when they are equal; sums of floats depend on their order. */
const distinctKinds: ReadonlySet<EngineTypeKind> = new Set([
  "bool", "int2", "int4", "int8", "decimal", "date", "time", "timestamp", "timestamptz", "text", "bpchar",
]);

/** Stands for a DISTINCT aggregate with a FILTER, or whose values show different places: it has no first step. */
const NOTHING: Expression = { kind: "constant", value: null, type: { kind: "float8" } };

export type PlannedAggregate =
  | { readonly expression: EdgeExpression }
  | { readonly obstacle: string };

/** One aggregate after its arguments were translated. */
interface Inputs {
  readonly aggregate: Aggregate;
  readonly argument: Translated | undefined;
  readonly filter: Expression | undefined;
}

/** Collects the engine's aggregate calls; equal ones share a column. */
export class AggregatePlanner {
  readonly calls: AggregateCall[] = [];
  readonly names: string[] = [];
  private readonly indexByKey = new Map<string, number>();
  private readonly distinctArguments: Expression[] = [];
  private readonly insensitiveArguments: Expression[] = [];
  private hasPlain = false;
  private readonly facts: RequestFacts;
  private readonly translator: ExpressionTranslator;
  private readonly firstColumn: number;

  /** `firstColumn` is the number of group keys: aggregates follow them in the engine's result. */
  constructor(facts: RequestFacts, translator: ExpressionTranslator, firstColumn: number) {
    this.facts = facts;
    this.translator = translator;
    this.firstColumn = firstColumn;
  }

  /** What stands for the aggregate above the scan, or why PostgreSQL must group. */
  plan(aggregate: Aggregate): PlannedAggregate {
    if (aggregate.isOrdered) return { obstacle: "an aggregate has ORDER BY" };
    const rule = rules.get(aggregate.function);
    if (rule === undefined || !aggregate.isPlain || aggregate.levelsUp !== 0)
      return { obstacle: `the engine has no ${this.nameOf(aggregate)}` };
    const inputs = this.inputs(aggregate);
    if (inputs !== undefined) this.noteDistinct(rule, inputs);
    const expression = inputs === undefined ? undefined : this.planRule(rule, inputs);
    return expression === undefined
      ? { obstacle: `the input of aggregate function ${sqlName(rule)} is not exact in the engine` }
      : { expression };
  }

  /** What all aggregates are over when some have DISTINCT; or why one step cannot serve them all. */
  distinct(): { readonly argument: Expression | undefined } | { readonly obstacle: string } {
    const [argument, ...others] = this.distinctArguments;
    if (argument === undefined) return { argument: undefined };
    const texts = new Set([argument, ...others, ...this.insensitiveArguments].map(expressionKey));
    const isExact = distinctKinds.has(argument.type.kind) && argument.kind !== "constant";
    return this.hasPlain || texts.size > 1 || !isExact
      ? { obstacle: "an aggregate has DISTINCT, and another or its type stands in the way" }
      : { argument };
  }

  /** Sorts aggregates by whether repeated values change them. */
  private noteDistinct(rule: Rule, { aggregate, argument, filter }: Inputs): void {
    const isSensitive = ["count", "sum", "average", "moments"].includes(rule.kind) || rule.function === "bitXor";
    if (argument !== undefined && !isSensitive && filter === undefined)
      this.insensitiveArguments.push(argument.expression);
    else if (argument !== undefined && aggregate.isDistinct && filter === undefined
      && argument.displayScale === undefined) this.distinctArguments.push(argument.expression);
    else if (aggregate.isDistinct) this.distinctArguments.push(NOTHING);
    else this.hasPlain = true;
  }

  private nameOf(aggregate: Aggregate): string {
    const name = this.facts.functionName(aggregate.function);
    return name === undefined
      ? `aggregate function with OID ${aggregate.function}`
      : `aggregate function ${name}`;
  }

  private planRule(rule: Rule, inputs: Inputs): EdgeExpression | undefined {
    const found = inputs.argument?.expression.type.kind;
    if (rule.argument !== undefined && rule.argument !== found) return undefined;
    switch (rule.kind) {
      case "count": return this.count(inputs);
      case "sum": return this.sum(inputs);
      case "average": return this.average(inputs);
      case "least": return this.extreme(inputs, "min");
      case "greatest": return this.extreme(inputs, "max");
      case "every": return this.extreme(inputs, "boolAnd");
      case "some": return this.extreme(inputs, "boolOr");
      case "bits": case "moments": return this.direct(inputs, defined(rule.function, "a function"));
    }
  }

  private inputs(aggregate: Aggregate): Inputs | undefined {
    const filterSource = aggregate.filter?.source;
    const filter = aggregate.filter === undefined
      ? undefined
      : this.translator.translate(aggregate.filter);
    if (aggregate.filter !== undefined && filter?.expression.type.kind !== "bool") return undefined;
    const [first, second] = aggregate.arguments;
    if (second !== undefined) return undefined;
    const argument = first === undefined
      ? undefined
      : this.translator.translate(first, filterSource);
    if (first !== undefined && argument === undefined) return undefined;
    return { aggregate, argument, filter: filter?.expression };
  }

  private call(
    name: string, function_: AggregateFunction, sql: SqlType, engine: EngineType,
    argument: Expression | undefined, filter: Expression | undefined,
  ): number {
    const nullable = function_ !== "count" && function_ !== "countRows";
    const call: AggregateCall = {
      function: function_,
      ...(argument === undefined ? {} : { argument }),
      ...(filter === undefined ? {} : { filter }),
      result: columnOf(sql, engine, nullable),
    };
    const key = [
      function_, argument === undefined ? "" : expressionKey(argument),
      filter === undefined ? "" : expressionKey(filter),
    ].join("|");
    const known = this.indexByKey.get(key);
    if (known !== undefined) return known;
    const index = this.firstColumn + this.calls.length;
    this.indexByKey.set(key, index);
    this.calls.push(call);
    this.names.push(`${name}${this.calls.length}`);
    return index;
  }

  private countColumn(argument: Expression | undefined, filter: Expression | undefined): EdgeExpression {
    const isNeverNull = argument !== undefined && this.translator.isNeverNull(argument);
    const index = argument === undefined || isNeverNull
      ? this.call("count", "countRows", INT8_SQL, { kind: "int8" }, undefined, filter)
      : this.call("count", "count", INT8_SQL, { kind: "int8" }, argument, filter);
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
      case "int2": case "int4": return sumColumn(INT8_SQL, { kind: "int8" });
      case "int8": return sumColumn(NUMERIC_SQL, wideDecimal(0));
      case "float4": return sumColumn(inputs.aggregate, { kind: "float4" });
      case "float8": return sumColumn(FLOAT8_SQL, { kind: "float8" });
      case "decimal":
        return this.shownWithScale(sumColumn(NUMERIC_SQL, wideDecimal(type.scale)), argument, filter);
      default: return undefined;
    }
  }

  /** A numeric sum shows the greatest display scale among its inputs; rounding to it loses no digit. */
  private shownWithScale(
    sum: EdgeExpression, argument: Translated, filter: Expression | undefined,
  ): EdgeExpression {
    if (argument.displayScale === undefined) return sum;
    const index = this.call("scale", "max", INT4_SQL, { kind: "int4" }, argument.displayScale, filter);
    return call(edgeCalls.numericRound.oid, sum, { kind: "column", index });
  }

  private average(inputs: Inputs): EdgeExpression | undefined {
    const { argument, filter } = inputs;
    if (argument === undefined) return undefined;
    const count = this.countColumn(argument.expression, filter);
    const sum = this.sum(inputs);
    if (sum === undefined) return undefined;
    const isInteger = argument.expression.type.kind !== "decimal" && argument.expression.type.kind !== "int8";
    const dividend = isInteger ? call(edgeCalls.int8ToNumeric.oid, sum) : sum;
    return call(edgeCalls.numericDivide.oid, dividend, call(edgeCalls.int8ToNumeric.oid, count));
  }

  /** Results the engine gives as they are; moments are of double precision. */
  private direct({ aggregate, argument, filter }: Inputs, function_: AggregateFunction): EdgeExpression | undefined {
    const given = argument?.expression;
    if (given === undefined) return undefined;
    const type: EngineType = given.type.kind === "float4" ? { kind: "float8" } : given.type;
    const widened: Expression = given.type.kind === "float4"
      ? { kind: "call", function: "cast.float4.float8", arguments: [given], type } : given;
    const index = this.call(aggregateNames[function_], function_, aggregate, type, widened, filter);
    return { kind: "column", index };
  }

  /** Results that are one of the inputs: min, max, and truth values. */
  private extreme(
    { aggregate, argument, filter }: Inputs, function_: "min" | "max" | "boolAnd" | "boolOr",
  ): EdgeExpression | undefined {
    if (argument === undefined || argument.displayScale !== undefined) return undefined;
    const { type } = argument.expression;
    if (type.kind === "text" && !this.facts.isByteOrder(aggregate.inputCollation)) return undefined;
    // Characters are ordered under the aggregate's collation, which may not be the argument's own.
    const compared = type.kind === "text"
      ? { ...argument.expression, type: { ...type, byteOrder: true } } as Expression
      : argument.expression;
    const name = function_ === "boolAnd" ? "every" : function_ === "boolOr" ? "some" : function_;
    const index = this.call(name, function_, aggregate, compared.type, compared, filter);
    return { kind: "column", index };
  }
}

function wideDecimal(scale: number): EngineType {
  return { kind: "decimal", precision: DECIMAL128_PRECISION_MAX, scale };
}

function call(functionOid: number, ...values: readonly EdgeExpression[]): EdgeExpression {
  return { kind: "call", function: functionOid, arguments: values };
}
