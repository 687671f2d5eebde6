// How an aggregate is made of what it gave for parts of the rows: for the sets of GROUPING SETS, and beside aggregates
// with DISTINCT. Counter-example: avg(float8) of averages is not the average, and of equal numerics that look different
// the one that is shown depends on which came first. Read next: grouping_sets.ts, distinct_aggregates.ts.
import { callOf, constantOf, readColumn } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import { NUMERIC_SQL, columnOf } from "#optimizer/expressions/column_types.js";
import type { AggregateCall, AggregateFunction } from "#plan/physical.js";
import { DECIMAL128_PRECISION_MAX } from "#types/encoding_of.js";
import { type EngineType, INT8 } from "#types/engine_type.js";

const WIDE: EngineType = { kind: "decimal", precision: DECIMAL128_PRECISION_MAX, scale: 0 };

export interface PartsCall {
  readonly call: AggregateCall;
  /** What is left to do to its result; nothing when undefined. */
  readonly value: ((result: Expression) => Expression) | undefined;
}

const insensitive: ReadonlySet<AggregateFunction> = new Set(["min", "max", "boolAnd", "boolOr", "bitAnd", "bitOr"]);

/** Whether a row more or less like another is nothing to the aggregate. */
export function isInsensitive(name: AggregateFunction): boolean {
  return insensitive.has(name);
}

/** The aggregate over its results for parts, which stand in a column; undefined when it is not made of parts. */
export function overParts({ function: name, result }: AggregateCall, column: number): PartsCall | undefined {
  const { engine } = result;
  const { kind } = engine;
  const argument = readColumn(column, engine);
  // Sums show the places of the value that has most, whatever the parts.
  if (name === "sum" && kind === "numeric") return { call: { function: "sum", argument, result }, value: undefined };
  if (kind === "float4" || kind === "float8" || kind === "numeric") return undefined;
  if (isInsensitive(name) || name === "bitXor") return { call: { function: name, argument, result }, value: undefined };
  const isCount = name === "count" || name === "countRows";
  if (name === "sum" && kind === "decimal") return { call: { function: "sum", argument, result }, value: undefined };
  if (!isCount && (name !== "sum" || kind !== "int8")) return undefined;
  // Sums of int8 are numerics; what they sum up here is an int8 again.
  const value = (sum: Expression): Expression => {
    const whole = callOf("cast.decimal.int8", INT8, sum);
    const zero = constantOf(0n, INT8);
    return isCount ? { kind: "coalesce", arguments: [whole, zero], type: INT8 } : whole;
  };
  return { call: { function: "sum", argument, result: columnOf(NUMERIC_SQL, WIDE, true) }, value };
}
