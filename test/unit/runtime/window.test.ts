// Windows: compiled code against the interpreter over random rows, partitions, orders, frames and functions.
import { DECIMAL_NAN, type Expression, type Scalar } from "#expr/expression.js";
import { decodePhysicalPlan, encodePhysicalPlan } from "#codec/physical_codec.js";
import type {
  FrameBound, PhysicalOperator, PhysicalPlan, SortKey, WindowCall, WindowFrame, WindowFunction,
} from "#plan/physical.js";
import { explainPlan } from "#plan/explain.js";
import { interpret } from "#runtime/interpreter/interpreter.js";
import type { ColumnType } from "#types/column_type.js";
import type { EngineType } from "#types/engine_type.js";
import { describe, expect, test } from "vitest";
import { rowsOrError } from "../../support/compared_runs.js";
import { column, columnType, memory, pagesOf, runLeaves } from "../../support/engine.js";
import { MemorySpill } from "../../support/memory_spill.js";
import { Dice, randomValue } from "../../support/random_plans.js";

const int8: EngineType = { kind: "int8" };
const types: readonly EngineType[] = [
  { kind: "int4" }, { kind: "int2" }, int8, { kind: "decimal", precision: 12, scale: 2 },
  { kind: "decimal", precision: 38, scale: 0 }, { kind: "text", byteOrder: true }, { kind: "bool" },
  { kind: "float8" }, { kind: "bpchar", length: 5, byteOrder: true }, { kind: "opaque", width: 16, byValue: false,
    bitwiseEqual: true },
];
const columns = types.map((type) => columnType(type));
const constant = (value: bigint): Expression => ({ kind: "constant", value, type: int8 });

function planOf(input: PhysicalOperator, operator: {
  readonly partition: readonly Expression[]; readonly order: readonly SortKey[]; readonly calls: readonly WindowCall[];
}): PhysicalPlan {
  const all: ColumnType[] = [...columns, ...operator.calls.map(({ result }) => result)];
  const root: PhysicalOperator = { kind: "window", input, ...operator, columns: all };
  return {
    version: 1, root, leafCount: 1, parameters: [], outputs: all.map((type, index) => ({ name: `c${index}`, type })),
  };
}

const scan: PhysicalOperator = { kind: "scan", leaf: 0, columns };

function randomRows(dice: Dice, count: number): Scalar[][] {
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
function measuredFrame(dice: Dice, { expression, descending }: SortKey): WindowFrame {
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

const numbers: Partial<Record<EngineType["kind"], EngineType>> = {
  int2: int8, int4: int8, int8: { kind: "decimal", precision: 38, scale: 0 },
};

function randomCall(dice: Dice, mayMeasure: boolean): WindowCall {
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

describe("a window", () => {
  test.each(Array.from({ length: 75 }, (_, seed) => seed))("is what its definition says, seed %i", (seed) => {
    const dice = new Dice(seed + 1);
    const rows = randomRows(dice, dice.pick([0, 1, 2, 7, 40, 90]));
    const keyed = (index: number): Expression => column(index, types[index] ?? int8);
    const partition = dice.pick([[], [1], [9], [7, 6]]).map(keyed);
    const order = dice.pick([[], [0], [1], [2], [1, 3], [5], [3], [7]]).map((index): SortKey => (
      { expression: keyed(index), descending: dice.chance(40), nullsFirst: dice.chance(40) }));
    const mayMeasure = order.length === 1 && ["int2", "int4", "int8"].includes(order[0]?.expression.type.kind ?? "");
    const measured = order.find(({ expression: { type } }) =>
      order.length === 1 && (type.kind === "decimal" || type.kind === "float8"));
    const calls = Array.from({ length: 6 }, () => randomCall(dice, mayMeasure)).map((call) => (
      measured !== undefined && dice.chance(60) ? { ...call, frame: measuredFrame(dice, measured) } : call));
    const plan = planOf(scan, { partition, order, calls });
    expect(decodePhysicalPlan(encodePhysicalPlan(plan))).toEqual(plan);
    expect(rowsOrError(() => runLeaves(plan, [pagesOf(columns, rows, 17)]).rows)).toEqual(
      rowsOrError(() => interpret(plan, [rows])));
    // By way of the disk, where every piece of memory has room for a row or two.
    const spill = { bytes: 0, port: new MemorySpill(), chunkBytes: 200, bufferBytes: 256 };
    expect(rowsOrError(() => runLeaves(plan, [pagesOf(columns, rows, 17)], { spill }).rows)).toEqual(
      rowsOrError(() => interpret(plan, [rows])));
    expect(spill.port.live).toBe(0);
    expect(memory.usedBlocks()).toBe(0);
  });

  test("pauses over many rows", () => {
    const dice = new Dice(7);
    const rows = Array.from({ length: 50_000 }, (_, index) => types.map((type) => (
      type.kind === "int4" ? BigInt(index % 5) : type.kind === "int8" ? BigInt(index) : null)));
    const call = (name: WindowFunction): WindowCall => ({
      function: name, argument: column(2, int8), result: columnType(name === "sum" ? numbers.int8 ?? int8 : int8),
      frame: { unit: "rows", start: { kind: "preceding", offset: constant(3n) }, end: { kind: "currentRow" },
        exclusion: "none" },
    });
    const order = [{ expression: column(2, int8), descending: true, nullsFirst: false }];
    const calls = [call("sum"), call("min"), call("count")];
    const plan = planOf(scan, { partition: [column(0, { kind: "int4" })], order, calls });
    const { rows: found } = runLeaves(plan, [pagesOf(columns, rows, 500)]);
    expect(found).toHaveLength(50_000);
    for (let check = 0; check < 100; check++) {
      const row = found[dice.below(found.length)] ?? [];
      const value = Number(row[2]);
      const values = [0, 5, 10, 15].map((more) => value + more).filter((each) => each < 50_000);
      expect(row.slice(types.length)).toEqual([
        BigInt(values.reduce((sum, each) => sum + each, 0)), BigInt(value), BigInt(values.length)]);
    }
  });

  test("is explained as SQL spells it", () => {
    const frame: WindowFrame = {
      unit: "rows", start: { kind: "preceding", offset: constant(2n) }, end: { kind: "unbounded" }, exclusion: "ties",
    };
    const plan = planOf(scan, {
      partition: [column(1, { kind: "int2" })],
      order: [{ expression: column(0, { kind: "int4" }), descending: true, nullsFirst: false }],
      calls: [
        { function: "rowNumber", frame, result: columnType(int8, false) },
        { function: "lag", argument: column(2, int8), offset: constant(1n), frame: { ...frame, unit: "range", start:
          { kind: "unbounded" }, end: { kind: "currentRow" }, exclusion: "none" }, result: columnType(int8) },
      ],
    });
    expect(explainPlan(plan, { leafNames: [["a", "b", "c"]], verbose: false })).toEqual([
      "Window",
      "  Partition: b",
      "  Order: a DESC NULLS LAST",
      "  Functions: row_number() ROWS BETWEEN 2 PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE TIES, lag(c, 1)",
      "  ->  Scan of leaf 0",
    ]);
  });
});
