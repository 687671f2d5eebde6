// Reference aggregation: groups in a map of normalised keys, one small accumulator per aggregate, PostgreSQL's
// transition functions row by row. Read next: interpreter.ts.
import { assert, defined } from "#base/assert.js";
import { DECIMAL_NAN, type Scalar } from "#expr/expression.js";
import { orderFloats } from "#functions/comparison.js";
import { orderBytes } from "#functions/comparison_text.js";
import { intervalLength, orderIntervals, readInterval } from "#functions/interval_image.js";
import { numericKey, orderNumerics, readNumeric, writeNumeric } from "#functions/numeric_image.js";
import { functionByKey } from "#functions/registry.js";
import { floatResult } from "#functions/float_arithmetic.js";
import type { AggregateCall, PhysicalOperator } from "#plan/physical.js";
import type { EngineType } from "#types/engine_type.js";
import { errorTemplates, throwTemplate } from "#functions/error_templates.js";
import { collection, concatenation } from "./aggregate_lists.js";
import { pairs } from "./aggregate_of_two.js";
import { type MomentsFunction, momentsNeeded } from "#lowering/aggregate_moments.js";
import { type Parameters, type Row, evaluate } from "./evaluate.js";

export interface Accumulator {
  add(value: Scalar, second?: Scalar): void;
  result(): Scalar;
}

type HashAggregate = Extract<PhysicalOperator, { kind: "hashAggregate" }>;

/** A string that two values share exactly when they group together. */
export function groupKey(value: Scalar, type: EngineType): string {
  if (value === null) return "null";
  if (type.kind === "numeric" && value instanceof Uint8Array) return numericKey(value);
  if (type.kind === "interval" && value instanceof Uint8Array) return String(intervalLength(readInterval(value)));
  if (value === DECIMAL_NAN) return "nan";
  if (value instanceof Uint8Array) return `x${Buffer.from(value).toString("hex")}`;
  if (typeof value === "number") return value === 0 ? "0" : String(value);
  return `${typeof value}${String(value)}`;
}

/** The groups as rows; a result is computed when it is asked for, so one nobody reads raises no error. */
export function aggregateRows(operator: HashAggregate, rows: Iterable<Row>, parameters: Parameters): Row[] {
  const groups = new Map<
    string,
    { readonly keys: readonly Scalar[]; readonly accumulators: readonly Accumulator[] }
  >();
  const open = (keys: readonly Scalar[]) => ({ keys, accumulators: operator.aggregates.map(accumulatorOf) });
  if (operator.keys.length === 0) groups.set("", open([]));
  for (const row of rows) {
    const keys = operator.keys.map((key) => evaluate(key, row, parameters));
    const name = keys.map((key, index) => groupKey(key, defined(operator.keys[index], "a key").type)).join("|");
    let group = groups.get(name);
    if (group === undefined) groups.set(name, (group = open(keys)));
    operator.aggregates.forEach(({ argument, second, filter }, index) => {
      if (filter !== undefined && evaluate(filter, row, parameters) !== true) return;
      const value = argument === undefined ? true : evaluate(argument, row, parameters);
      const accumulator = defined(group?.accumulators[index], "an accumulator");
      if (second === undefined) accumulator.add(value);
      else accumulator.add(value, evaluate(second, row, parameters));
    });
  }
  return [...groups.values()].map(({ keys, accumulators }) => (column) => {
    const key = keys[column];
    return key === undefined ? defined(accumulators[column - keys.length], `column ${column}`).result() : key;
  });
}

export function accumulatorOf(
  call: Pick<AggregateCall, "function" | "argument"> & Partial<Pick<AggregateCall, "result" | "element">>,
): Accumulator {
  const type = call.argument?.type;
  switch (call.function) {
    case "countRows":
    case "count":
      return counter();
    case "sum":
      return sum(defined(type, "an argument"), call.result?.engine);
    case "min":
    case "max":
      return extreme(defined(type, "an argument"), call.function === "max");
    case "boolAnd":
      return fold((a, b) => a === true && b === true);
    case "boolOr":
      return fold((a, b) => a === true || b === true);
    case "bitAnd":
      return fold((a, b) => asBigint(a) & asBigint(b));
    case "bitOr":
      return fold((a, b) => asBigint(a) | asBigint(b));
    case "bitXor":
      return fold((a, b) => asBigint(a) ^ asBigint(b));
    case "mean":
    case "varPop":
    case "varSamp":
    case "stddevPop":
    case "stddevSamp":
      return moments(call.function);
    case "concatenate":
      return concatenation();
    case "collect":
      return collection(defined(call.element, "an element"), defined(type, "an argument"));
    default:
      return pairs(call.function);
  }
}

function counter(): Accumulator {
  let count = 0n;
  return { add: (value) => void (value === null || count++), result: () => count };
}

/** Starts with the first value that is not NULL, as strict transition functions do. */
function fold(
  combine: (state: Exclude<Scalar, null>, value: Exclude<Scalar, null>) => Scalar,
  finish = (state: Scalar): Scalar => state,
): Accumulator {
  let state: Scalar = null;
  return {
    add(value) {
      if (value !== null) state = state === null ? value : combine(state, value);
    },
    result: () => (state === null ? null : finish(state)),
  };
}

function sum(type: EngineType, result: EngineType | undefined): Accumulator {
  switch (type.kind) {
    case "int2":
    case "int4":
      return fold((a, b) => BigInt.asIntN(64, asBigint(a) + asBigint(b)));
    case "int8":
    case "decimal":
      return fold(
        (a, b) => (a === DECIMAL_NAN || b === DECIMAL_NAN ? DECIMAL_NAN : asBigint(a) + asBigint(b)),
        (total) => {
          if (result?.kind !== "numeric") return total;
          if (total === DECIMAL_NAN || type.kind !== "decimal") return writeNumeric("NaN");
          return writeNumeric({ coefficient: asBigint(total), scale: type.scale });
        },
      );
    case "float4":
    case "float8": {
      const { kind } = type;
      return fold((a, b) => floatResult(kind, "add", Number(a), Number(b)));
    }
    case "numeric":
    case "interval": {
      const { evaluate: add } = functionByKey(`${type.kind}.add`);
      return fold((a, b) => add([a, b], { arguments: [type, type], result: type }));
    }
    default:
      throw new Error(`sum of ${type.kind}`);
  }
}

/** float8_accum and its final functions. */
function moments(name: MomentsFunction): Accumulator {
  let [count, sum, squares] = [0, 0, 0];
  const isInfinite = (value: number): boolean => Math.abs(value) === Infinity;
  return {
    add(value) {
      if (value === null) return;
      assert(typeof value === "number", "a float");
      const [before, sumBefore] = [count++, sum];
      sum += value;
      if (before > 0) {
        const difference = value * count - sum;
        squares += (difference * difference) / (count * before);
        if (!isInfinite(sum) && !isInfinite(squares)) return;
        if (!isInfinite(sumBefore) && !isInfinite(value)) throwTemplate(errorTemplates.floatOverflow);
        squares = NaN;
      } else if (!Number.isFinite(value)) squares = NaN;
    },
    result() {
      if (count < momentsNeeded(name)) return null;
      if (name === "mean") return sum / count;
      const variance = squares / (count - momentsNeeded(name) + 1);
      return name === "stddevPop" || name === "stddevSamp" ? Math.sqrt(variance) : variance;
    },
  };
}

function asBigint(value: Scalar): bigint {
  assert(typeof value === "bigint", "an integer");
  return value;
}

/** min and max keep the old value only when it is strictly better. */
function extreme(type: EngineType, largest: boolean): Accumulator {
  const order = (a: Scalar, b: Scalar): number => orderValues(a, b, type);
  return fold((a, b) => ((largest ? order(a, b) > 0 : order(a, b) < 0) ? a : b));
}

function orderImages(a: Uint8Array, b: Uint8Array, type: EngineType): number {
  switch (type.kind) {
    case "numeric": return orderNumerics(readNumeric(a), readNumeric(b));
    case "interval": return orderIntervals(readInterval(a), readInterval(b));
    default: return orderBytes(a, b);
  }
}

/** The order of a type's values, none of them NULL. */
export function orderValues(a: Scalar, b: Scalar, type: EngineType): number {
  if (a === DECIMAL_NAN || b === DECIMAL_NAN) return Number(a === DECIMAL_NAN) - Number(b === DECIMAL_NAN);
  if (typeof a === "number" && typeof b === "number") return orderFloats(a, b);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return orderImages(a, b, type);
  if (typeof a === "boolean" && typeof b === "boolean") return Number(a) - Number(b);
  assert(typeof a === "bigint" && typeof b === "bigint", `an ordered ${type.kind}`);
  // The only carried type with an order is oid, which has no sign.
  if (type.kind === "opaque") return BigInt.asUintN(32, a) < BigInt.asUintN(32, b) ? -1 : a === b ? 0 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}
