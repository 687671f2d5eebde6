// Random physical plans and rows for differential tests: expressions grow from columns, constants and parameters by
// whatever functions of the registry accept them, and values prefer the ends of their types.
import { defined } from "#base/assert.js";
import { DECIMAL_NAN, type Expression, type Scalar } from "#expr/expression.js";
import { childrenOf } from "#expr/traverse.js";
import { SUMMED_DIGITS_MAX } from "#functions/decimal.js";
import { functionByKey, functionRows } from "#functions/registry.js";
import { canHold } from "#optimizer/unnesting/held_back.js";
import { pairFunctions, takesTwo } from "#plan/pair_functions.js";
import type { AggregateCall, AggregateFunction, PhysicalOperator, PhysicalPlan } from "#plan/physical.js";
import { writeInterval } from "#functions/interval_image.js";
import { type Numeric, writeNumeric } from "#functions/numeric_image.js";
import { isTimetz, writeTimetz } from "#functions/timetz_image.js";
import { type ArrayElement, elementLength } from "#types/array_element.js";
import { type EngineType, TIMETZ } from "#types/engine_type.js";
import { columnType } from "./engine.js";

/** A seeded generator; tests print the seed. */
export class Dice {
  #state: bigint;

  constructor(seed: number) {
    this.#state = BigInt(seed) * 2654435761n + 88172645463325252n;
  }

  /** 64 random bits. */
  bits(): bigint {
    let x = this.#state;
    x ^= BigInt.asUintN(64, x << 13n);
    x ^= x >> 7n;
    x ^= BigInt.asUintN(64, x << 17n);
    this.#state = BigInt.asUintN(64, x);
    return this.#state;
  }

  below(limit: number): number {
    return Number((this.bits() >> 11n) % BigInt(limit));
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<T>(list: readonly T[]): T {
    const value = list[this.below(list.length)];
    if (value === undefined) throw new Error("nothing to pick");
    return value;
  }
}

export const types: readonly EngineType[] = [
  { kind: "bool" },
  { kind: "int2" },
  { kind: "int4" },
  { kind: "int8" },
  { kind: "float4" },
  { kind: "float8" },
  { kind: "decimal", precision: 15, scale: 2 },
  { kind: "decimal", precision: 7, scale: 0 },
  { kind: "decimal", precision: 18, scale: 6 },
  { kind: "decimal", precision: 38, scale: 4 },
  { kind: "decimal", precision: 25, scale: 10 },
  { kind: "date" },
  { kind: "time" },
  { kind: "timestamp" },
  { kind: "timestamptz" },
  { kind: "text", byteOrder: true },
  { kind: "text", byteOrder: false },
  { kind: "bpchar", length: 1, byteOrder: true },
  { kind: "bpchar", length: 2, byteOrder: true },
  { kind: "bpchar", length: 3, byteOrder: true },
  { kind: "bpchar", length: 20, byteOrder: true },
  { kind: "numeric" },
  { kind: "interval" },
  { kind: "opaque", width: -1, byValue: false, bitwiseEqual: true },
  { kind: "opaque", width: 16, byValue: false, bitwiseEqual: true },
  TIMETZ,
  { kind: "opaque", width: 4, byValue: true, bitwiseEqual: true },
  { kind: "opaque", width: 8, byValue: true, bitwiseEqual: true },
  { kind: "opaque", width: 1, byValue: true, bitwiseEqual: true },
];

function integer(dice: Dice, bits: number): bigint {
  switch (dice.below(8)) {
    case 0:
      return (1n << BigInt(bits - 1)) - 1n;
    case 1:
      return -(1n << BigInt(bits - 1));
    case 2:
      return BigInt.asIntN(bits, dice.bits());
    default:
      return BigInt(dice.below(21) - 10);
  }
}

function bytes(dice: Dice, most: number, blanks: boolean): Uint8Array {
  const length = Math.min(most, dice.pick([0, 1, 2, 4, 5, 11, 12, 13, 20, 40, 300]));
  const letters = Uint8Array.from({ length }, () => 97 + dice.below(2));
  if (!blanks && length > 0 && dice.chance(50)) letters[length - 1] = 0xc3;
  return letters;
}

/** Equal values with different places among them, and since there are two of each kind, ones with equal digits. */
function randomNumeric(dice: Dice, calm: boolean): Numeric {
  if (!calm && dice.chance(15)) return dice.pick(["NaN", "Infinity", "-Infinity"] as const);
  const scale = dice.pick([0, 0, 1, 2, 2, 4, 7, 20, 70]);
  const digits = calm ? 3 : dice.pick([1, 2, 4, 5, 9, 17, 40, 120]);
  const places = Math.min(scale, dice.pick([0, 0, 1, 4, 20]));
  const head = dice.bits() % 10n ** BigInt(Math.min(digits, 18));
  const coefficient = head * 10n ** BigInt(Math.max(0, digits - 18));
  return { coefficient: (dice.chance(50) ? coefficient : -coefficient) * 10n ** BigInt(scale - places), scale };
}

/** Any time of day, the end of the day among them, in any zone. */
function randomTimetz(dice: Dice): Uint8Array {
  const zone = dice.chance(20) ? dice.pick([-57_599, 57_599]) : (dice.below(121) - 60) * 900;
  const microseconds = dice.chance(10) ? 86_400_000_000n : BigInt(dice.below(86_400_000)) * 1000n;
  return writeTimetz({ microseconds, zone: BigInt(zone) });
}

/** `calm` values stay small, so that most statements succeed. */
export function randomValue(dice: Dice, type: EngineType, calm: boolean): Exclude<Scalar, null> {
  const small = (): bigint => BigInt(dice.below(41) - 20);
  switch (type.kind) {
    case "bool":
      return dice.chance(50);
    case "int2":
      return calm ? small() : integer(dice, 16);
    case "int4":
      return calm ? small() : integer(dice, 32);
    case "int8":
      return calm ? small() : integer(dice, 64);
    case "date":
      return calm
        ? small()
        : dice.pick([-(2n ** 31n), 2n ** 31n - 1n, -2451545n, 2145031948n, 106751991n, 106751983n, small()]);
    case "time":
      return BigInt(dice.below(100)) * 864_000_000n;
    case "timestamp":
    case "timestamptz":
      return calm
        ? small() * 43_200_000_000n
        : dice.pick([-(2n ** 63n), 2n ** 63n - 1n, 9223371331199999999n, -211813488000000000n, small()]);
    case "float4":
    case "float8": {
      const value = calm
        ? Number(small()) / 4
        : dice.pick([NaN, Infinity, -Infinity, 0, -0, 1e300, -1e-300, 3e38, 1e-40, 2.5, -1.5, 1e10, 0.1]);
      return type.kind === "float4" ? Math.fround(value) : value;
    }
    case "decimal": {
      if (!calm && dice.chance(5)) return DECIMAL_NAN;
      const limit = 10n ** BigInt(type.precision);
      if (calm || dice.chance(50)) return small() % limit;
      if (dice.chance(30)) return dice.chance(50) ? limit - 1n : 1n - limit;
      const wide = (dice.bits() << 64n) | dice.bits();
      const value = (wide % limit) >> BigInt(dice.below(type.precision * 3));
      return dice.chance(50) ? value : -value;
    }
    case "numeric":
      return writeNumeric(randomNumeric(dice, calm));
    case "interval": {
      const part = (bits: number): bigint => (calm || dice.chance(60) ? small() : integer(dice, bits));
      const days = { days: Number(part(32)), months: Number(part(32)) };
      return writeInterval({ microseconds: part(64) * (calm ? 43_200_000_000n : 1n), ...days });
    }
    case "text":
      return bytes(dice, 300, true);
    case "bpchar":
      return bytes(dice, type.length, false);
    case "opaque":
      if (isTimetz(type)) return randomTimetz(dice);
      if (!type.byValue)
        return type.width < 0
          ? bytes(dice, 300, true)
          : Uint8Array.from({ length: type.width }, () => dice.below(2));
      return type.width === 1 ? BigInt(dice.below(4)) : calm ? small() : integer(dice, type.width * 8);
  }
}

const keys = functionRows().map(({ key }) => key);

function randomConstant(dice: Dice, type: EngineType, calm: boolean): Expression {
  return { kind: "constant", value: dice.chance(8) ? null : randomValue(dice, type, calm), type };
}

const bool: EngineType = { kind: "bool" };
const sameType = (a: EngineType, b: EngineType): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Columns first, then whatever grows from them. */
export function growExpressions(
  dice: Dice,
  columns: readonly EngineType[],
  parameters: EngineType[],
  count: number,
  calm: boolean,
): Expression[] {
  const pool: Expression[] = columns.map((type, index) => ({ kind: "column", index, type }));
  if (pool.length === 0) pool.push(randomConstant(dice, dice.pick(types), calm));
  const ofType = (type: EngineType): Expression => {
    const fitting = pool.filter((each) => sameType(each.type, type));
    if (fitting.length > 0 && dice.chance(75)) return dice.pick(fitting);
    if (dice.chance(30)) {
      parameters.push(type);
      return { kind: "parameter", id: parameters.length, type };
    }
    return randomConstant(dice, type, calm);
  };
  for (let tries = 0; tries < count * 30 && pool.length < columns.length + count; tries++) {
    const made = dice.chance(70) ? randomCall(dice, pool, ofType) : randomForm(dice, pool, ofType);
    if (made !== undefined) pool.push(made);
  }
  return pool;
}

function randomCall(
  dice: Dice,
  pool: readonly Expression[],
  ofType: (type: EngineType) => Expression,
): Expression | undefined {
  const first = dice.pick(pool);
  const second = dice.chance(50) ? dice.pick(pool) : ofType(dice.chance(50) ? first.type : dice.pick(types));
  const swapped = dice.chance(20) ? [second, first] : [first, second];
  // Few keys accept a given pair; try a handful.
  for (let tries = 0; tries < 40; tries++) {
    const key = dice.pick(keys);
    const callee = functionByKey(key);
    const typmod = 4 + ((dice.below(38) + 1) << 16) + dice.below(8);
    for (const list of [[first], swapped]) {
      const type = callee.resultType(
        list.map((each) => each.type),
        typmod,
      );
      if (type !== undefined) return { kind: "call", function: key, arguments: list, type };
    }
  }
  return undefined;
}

function randomForm(
  dice: Dice,
  pool: readonly Expression[],
  ofType: (type: EngineType) => Expression,
): Expression {
  const any = dice.pick(pool);
  switch (dice.below(7)) {
    case 6: {
      const yields = dice.pick(["value", "failure"] as const);
      const type: EngineType = yields === "value" ? any.type : { kind: "int4" };
      if (canHold(any)) return { kind: "attempt", argument: any, yields, type };
      break;
    }
    case 0:
      return {
        kind: "and",
        arguments: Array.from({ length: 2 + dice.below(3) }, () => ofType(bool)),
        type: { kind: "bool" },
      };
    case 1:
      return {
        kind: "or",
        arguments: Array.from({ length: 2 + dice.below(3) }, () => ofType(bool)),
        type: { kind: "bool" },
      };
    case 2:
      return dice.chance(50)
        ? { kind: "not", argument: ofType(bool), type: { kind: "bool" } }
        : { kind: "isNull", argument: any, negated: dice.chance(50), type: { kind: "bool" } };
    case 3:
      return {
        kind: "booleanTest",
        argument: ofType(bool),
        test: dice.pick(["true", "false", "unknown"] as const),
        negated: dice.chance(50),
        type: { kind: "bool" },
      };
    case 4:
      return {
        kind: "case",
        branches: Array.from({ length: 1 + dice.below(6) }, () => ({
          when: ofType(bool),
          then: ofType(any.type),
        })),
        otherwise: ofType(any.type),
        type: any.type,
      };
  }
  return { kind: "coalesce", arguments: [any, ofType(any.type), ofType(any.type)], type: any.type };
}

/** The result type of an aggregate, or undefined when the engine has none. */
function aggregateType(name: AggregateFunction, type: EngineType): EngineType | undefined {
  const isOid = type.kind === "opaque" && type.byValue && type.width === 4;
  const ordered =
    isOid || (type.kind !== "bool" && type.kind !== "opaque" && (!("byteOrder" in type) || type.byteOrder));
  switch (name) {
    case "countRows":
    case "count":
      return { kind: "int8" };
    case "sum":
      if (type.kind === "int2" || type.kind === "int4") return { kind: "int8" };
      if (type.kind === "int8") return { kind: "decimal", precision: 38, scale: 0 };
      // As the planner has it: more digits might not fit.
      if (type.kind === "decimal")
        return type.precision > SUMMED_DIGITS_MAX
          ? { kind: "numeric" } : { kind: "decimal", precision: 38, scale: type.scale };
      return ["float4", "float8", "numeric", "interval"].includes(type.kind) ? type : undefined;
    case "min":
    case "max":
      return ordered ? type : undefined;
    case "boolAnd":
    case "boolOr":
      return type.kind === "bool" ? type : undefined;
    case "bitAnd":
    case "bitOr":
    case "bitXor":
      return type.kind === "int2" || type.kind === "int4" || type.kind === "int8" ? type : undefined;
    case "mean":
    case "varPop":
    case "varSamp":
    case "stddevPop":
    case "stddevSamp":
      return type.kind === "float8" ? type : undefined;
    case "concatenate":
      return type.kind === "text" ? type : undefined;
    case "collect":
      return elementLength(type) === undefined
        ? undefined : { kind: "opaque", width: -1, byValue: false, bitwiseEqual: true };
    default:
      return type.kind === "float8" ? type : undefined;
  }
}

/** By value an alignment of its own size, as PostgreSQL's types have. */
function elementOf(type: EngineType): ArrayElement {
  const length = defined(elementLength(type), "an element");
  const alignment = ([8, 4, 2, 1] as const).find((each) => length > 0 && length % each === 0) ?? 4;
  return { type: 1000 + length, length, alignment: length === 12 ? 8 : alignment };
}

const aggregateNames = [
  "countRows", "count", "sum", "sum", "min", "max", "boolAnd", "boolOr", "bitAnd", "bitOr", "bitXor",
  "mean", "varPop", "varSamp", "stddevPop", "stddevSamp", "concatenate", "collect", "collect", ...pairFunctions,
] as const satisfies readonly AggregateFunction[];

export function randomAggregates(dice: Dice, pool: readonly Expression[]): AggregateCall[] {
  const conditions = pool.filter((each) => each.type.kind === "bool");
  const list: AggregateCall[] = [];
  for (let i = 0, most = 1 + dice.below(6); i < most; i++) {
    const argument = dice.pick(dice.chance(50) ? pool.slice(Math.floor(pool.length / 2)) : pool);
    const name = dice.pick(aggregateNames);
    const result = aggregateType(name, argument.type);
    const alike = (each: Expression): boolean => each.type.kind === argument.type.kind;
    const second = takesTwo(name) ? dice.pick(pool.filter(alike)) : undefined;
    if (result === undefined || (second === undefined) === takesTwo(name)) continue;
    list.push({
      function: name,
      ...(name === "countRows" ? {} : { argument }),
      ...(second === undefined ? {} : { second }),
      ...(conditions.length > 0 && dice.chance(25) ? { filter: dice.pick(conditions) } : {}),
      ...(name === "collect" ? { element: elementOf(argument.type) } : {}),
      result: columnType(result),
    });
  }
  return list;
}

const attempts = (expression: Expression): boolean =>
  expression.kind === "attempt" || childrenOf(expression).some(attempts);

export interface RandomPlan {
  readonly plan: PhysicalPlan;
  readonly parameters: ReadonlyMap<number, Scalar>;
  readonly rows: Scalar[][];
}

export function randomPlan(seed: number): RandomPlan {
  const dice = new Dice(seed);
  const calm = dice.chance(60);
  const columns = Array.from({ length: dice.chance(3) ? 0 : 1 + dice.below(6) }, () =>
    columnType(dice.pick(types), dice.chance(60)),
  );
  const parameters: EngineType[] = [];
  let operator: PhysicalOperator = { kind: "scan", leaf: 0, columns };
  let current = columns.map(({ engine }) => engine);
  const steps = 1 + dice.below(3);
  let aggregated = 0;
  // Columns of a projection below are computed where they are read: the planner holds back what it can hold as a whole.
  let isHeldBelow = true;
  const grown = <T>(pool: readonly T[]): T =>
    dice.chance(70) ? dice.pick(pool.slice(Math.floor(pool.length / 2))) : dice.pick(pool);
  for (let step = 0; step < steps; step++) {
    const all = growExpressions(dice, current, parameters, 2 + dice.below(10), calm);
    const pool: readonly Expression[] = isHeldBelow ? all : all.filter((each) => !attempts(each));
    const conditions = pool.filter((each) => each.type.kind === "bool");
    const last = step === steps - 1;
    const choice = last && aggregated === 0 ? dice.pick([1, 2]) : dice.below(3);
    if (choice === 0 && conditions.length > 0) {
      operator = { kind: "filter", input: operator, predicate: dice.pick(conditions) };
    } else if (choice === 1) {
      const expressions = Array.from({ length: dice.chance(5) ? 0 : 1 + dice.below(5) }, () => grown(pool));
      operator = {
        kind: "project",
        input: operator,
        expressions,
        columns: expressions.map(({ type }) => columnType(type)),
      };
      current = expressions.map(({ type }) => type);
      isHeldBelow &&= expressions.every(canHold);
    } else if (aggregated < 2) {
      aggregated++;
      const groupKeys = Array.from({ length: dice.chance(30) ? 0 : 1 + dice.below(3) }, () => grown(pool));
      const aggregates = randomAggregates(dice, pool);
      const outputs = [
        ...groupKeys.map(({ type }) => columnType(type)),
        ...aggregates.map(({ result }) => result),
      ];
      operator = {
        kind: "hashAggregate",
        input: operator,
        keys: groupKeys,
        aggregates,
        columns: outputs,
        groupsEstimate: 0,
      };
      current = outputs.map(({ engine }) => engine);
    }
  }
  const distinct = 1 + dice.below(dice.chance(50) ? 6 : 40);
  const nullPercent = dice.pick([0, 10, 10, dice.chance(30) ? 100 : 30]);
  const palette = columns.map(({ engine, nullable }) =>
    Array.from({ length: distinct }, () =>
      nullable && dice.chance(nullPercent) ? null : randomValue(dice, engine, calm),
    ),
  );
  const count = dice.pick([1, 7, 64, 250, 250, dice.chance(20) ? 0 : 130]);
  const rows = Array.from({ length: count }, () => palette.map((values) => dice.pick(values)));
  const values = new Map(
    parameters.map(
      (type, index) => [index + 1, dice.chance(10) ? null : randomValue(dice, type, calm)] as const,
    ),
  );
  const plan: PhysicalPlan = {
    version: 1,
    root: operator,
    leafCount: 1,
    outputs: current.map((type, index) => ({ name: `c${index}`, type: columnType(type) })),
    parameters: parameters.map((type, index) => ({ id: index + 1, type })),
  };
  return { plan, parameters: values, rows };
}
