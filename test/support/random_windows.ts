// Windows at random: rows of every type, and calls of every function with any frame, of which tests take what they
// need. Read next: random_plans.ts.
import { DECIMAL_NAN, type Expression, type Scalar } from "#expr/expression.js";
import type {
  FrameBound, PhysicalOperator, PhysicalPlan, SortKey, WindowCall, WindowFrame, WindowFunction,
} from "#plan/physical.js";
import type { ColumnType } from "#types/column_type.js";
import type { EngineType } from "#types/engine_type.js";
import { column, columnType } from "./engine.js";
import { type Dice, randomValue } from "./random_plans.js";

export const int8: EngineType = { kind: "int8" };
export const types: readonly EngineType[] = [
  { kind: "int4" }, { kind: "int2" }, int8, { kind: "decimal", precision: 12, scale: 2 },
  { kind: "decimal", precision: 38, scale: 0 }, { kind: "text", byteOrder: true }, { kind: "bool" },
  { kind: "float8" }, { kind: "bpchar", length: 5, byteOrder: true }, { kind: "opaque", width: 16, byValue: false,
    bitwiseEqual: true },
];
export const columns = types.map((type) => columnType(type));
export const constant = (value: bigint): Expression => ({ kind: "constant", value, type: int8 });

export function planOf(input: PhysicalOperator, operator: {
  readonly partition: readonly Expression[]; readonly order: readonly SortKey[]; readonly calls: readonly WindowCall[];
}): PhysicalPlan {
  const all: ColumnType[] = [...columns, ...operator.calls.map(({ result }) => result)];
  const root: PhysicalOperator = { kind: "window", input, ...operator, columns: all };
  return {
    version: 1, root, leafCount: 1, parameters: [], outputs: all.map((type, index) => ({ name: `c${index}`, type })),
  };
}

export const scan: PhysicalOperator = { kind: "scan", leaf: 0, columns };

export function randomRows(dice: Dice, count: number): Scalar[][] {
  return Array.from({ length: count }, () => types.map((type) => {
    if (dice.chance(15)) return null;
    if (type.kind === "decimal" && dice.chance(3)) return DECIMAL_NAN;
    if (type.kind === "int2") return BigInt(dice.below(6) - 3);
    return randomValue(dice, type, dice.chance(90));
  }));
}

/** An end never lies before its start's kind: PostgreSQL's grammar refuses that. */
function randomFrame(dice: Dice, mayMeasure: boolean): WindowFrame {
  const unit = dice.pick(["rows", "range", "groups"] as const);
  const kinds = unit === "range" && !mayMeasure
    ? ["unbounded", "currentRow"] as const
    : ["unbounded", "preceding", "currentRow", "following"] as const;
  const offset = (): Expression => constant(dice.pick([0n, 1n, 2n, 5n, (1n << 63n) - 1n]));
  const bound = (kind: FrameBound["kind"]): FrameBound =>
    (kind === "preceding" || kind === "following" ? { kind, offset: offset() } : { kind });
  return {
    unit, start: bound(dice.pick(kinds)), end: bound(dice.pick(kinds)),
    exclusion: dice.pick(["none", "none", "currentRow", "group", "ties"]),
  };
}

/** A frame by limits of a decimal or float key. */
export function measuredFrame(dice: Dice, { expression, descending }: SortKey): WindowFrame {
  const isFloat = expression.type.kind === "float8";
  const value = isFloat ? dice.pick([0, 0.25, 3, 1e290]) : BigInt(dice.pick([0, 1, 250, 99_999]));
  const distance: Expression = { kind: "constant", value, type: isFloat ? expression.type : types[3] ?? int8 };
  const limit = (kind: "preceding" | "following"): FrameBound => ({
    kind,
    limit: {
      kind: "call",
      function: `${expression.type.kind}.${(kind === "following") === descending ? "subtract" : "add"}`,
      arguments: [expression, distance],
      type: isFloat ? expression.type : { kind: "decimal", precision: 13, scale: 2 },
    },
  });
  const bound = (): FrameBound =>
    dice.pick([limit("preceding"), limit("following"), { kind: "unbounded" }, { kind: "currentRow" }]);
  return { unit: "range", start: bound(), end: bound(), exclusion: dice.pick(["none", "group"]), measure: expression };
}

export const numbers: Partial<Record<EngineType["kind"], EngineType>> = {
  int2: int8, int4: int8, int8: { kind: "decimal", precision: 38, scale: 0 },
};

export function randomCall(dice: Dice, mayMeasure: boolean): WindowCall {
  const names: readonly WindowFunction[] = [
    "rowNumber", "rank", "denseRank", "percentRank", "cumeDist", "ntile", "lag", "lead", "firstValue", "lastValue",
    "nthValue", "countRows", "count", "sum", "sum", "min", "max", "boolAnd", "boolOr",
  ];
  const name = dice.pick(names);
  const frame = randomFrame(dice, mayMeasure);
  const at = (kinds: (type: EngineType) => boolean): number =>
    dice.pick(types.flatMap((type, index) => (kinds(type) ? [index] : [])));
  const of = (index: number): { readonly argument: Expression; readonly result: ColumnType } => {
    const type = types[index] ?? int8;
    return { argument: column(index, type), result: columnType(type) };
  };
  switch (name) {
    case "percentRank": case "cumeDist": return { function: name, frame, result: columnType({ kind: "float8" }) };
    case "ntile":
      return {
        function: name, offset: constant(BigInt(dice.below(7) + 1)), frame, result: columnType({ kind: "int4" }),
      };
    case "lag": case "lead": {
      const value = of(dice.below(types.length));
      const otherwise = dice.chance(50) ? { otherwise: value.argument } : {};
      return { function: name, ...value, ...otherwise, offset: constant(BigInt(dice.below(5) - 1)), frame };
    }
    case "nthValue":
      return { function: name, ...of(dice.below(types.length)), offset: constant(BigInt(dice.below(4) + 1)), frame };
    case "firstValue": case "lastValue": return { function: name, ...of(dice.below(types.length)), frame };
    case "boolAnd": case "boolOr": return { function: name, ...of(at(({ kind }) => kind === "bool")), frame };
    case "count":
      return { function: name, ...of(dice.below(types.length)), frame, result: columnType(int8, false) };
    case "sum": {
      const value = of(at(({ kind }) => kind in numbers || kind === "decimal"));
      const { type } = value.argument;
      const sum = type.kind === "decimal" ? { ...type, precision: 38 } : numbers[type.kind] ?? int8;
      return { function: name, argument: value.argument, frame, result: columnType(sum) };
    }
    case "min": case "max":
      return { function: name, ...of(at(({ kind }) => !["bool", "opaque", "bpchar"].includes(kind))), frame };
    default: return { function: name, frame, result: columnType(int8, false) };
  }
}
