// Sorts by the prefixes of keys: compiled code against the interpreter, over keys of every type that has an order, the
// ends of their ranges, NULLs on either side, and many rows that tie.
import type { Scalar } from "#expr/expression.js";
import { firstPrefix, prefixLayout } from "#lowering/sort_prefix.js";
import type { StoredColumn, TablePlan } from "#lowering/table_plan.js";
import type { PhysicalPlan, SortKey } from "#plan/physical.js";
import { interpret } from "#runtime/interpreter/interpreter.js";
import type { EngineType } from "#types/engine_type.js";
import { describe, expect, test } from "vitest";
import { shownRows } from "../../support/compared_runs.js";
import { column, columnType, memory, pagesOf, runLeaves } from "../../support/engine.js";
import { Dice, randomValue, types } from "../../support/random_plans.js";

/** Texts of other orders and values nobody looks into are only told apart, not ordered. */
const ordered = types.filter((type) => !(type.kind === "text" && !type.byteOrder) && type.kind !== "opaque");
const place: EngineType = { kind: "int4" };

type PoolOf = (type: EngineType, calm: boolean) => Exclude<Scalar, null>[];

/** Rows of random keys, each with its place. */
function sortOf(
  dice: Dice, keyTypes: readonly EngineType[], poolOf: PoolOf,
): { readonly plan: PhysicalPlan; rows: Scalar[][] } {
  const nullable = keyTypes.map(() => dice.chance(60));
  const columns = [...keyTypes.map((type, index) => columnType(type, nullable[index])), columnType(place, false)];
  const keys = keyTypes.map((type, index): SortKey => (
    { expression: column(index, type), descending: dice.chance(50), nullsFirst: dice.chance(50) }));
  const calm = dice.chance(40);
  const pools = keyTypes.map((type) => poolOf(type, calm));
  const rows = Array.from({ length: 33 + dice.below(700) }, (_, row): Scalar[] => [
    ...pools.map((pool, index) => (nullable[index] === true && dice.chance(20) ? null : dice.pick(pool))), BigInt(row),
  ]);
  return {
    plan: {
      version: 1, root: { kind: "sort", input: { kind: "scan", leaf: 0, columns }, keys, columns }, leafCount: 1,
      parameters: [], outputs: columns.map((type, i) => ({ name: `c${i}`, type })),
    },
    rows,
  };
}

function expectOrdered(dice: Dice, keyTypes: readonly EngineType[], poolOf: PoolOf = (type, calm) => (
  Array.from({ length: dice.pick([1, 3, 40, 500]) }, () => randomValue(dice, type, calm)))): void {
  const { plan, rows } = sortOf(dice, keyTypes, poolOf);
  const columns = plan.outputs.map(({ type }) => type);
  expect(shownRows(runLeaves(plan, [pagesOf(columns, rows, 100)]).rows)).toEqual(shownRows(interpret(plan, [rows])));
  expect(memory.usedBlocks()).toBe(0);
}

describe("rows come in the interpreter's order", () => {
  test.each(ordered.map((type) => [JSON.stringify(type), type] as const))("by %s", (_name, type) => {
    for (let seed = 0; seed < 4; seed++) expectOrdered(new Dice(seed), [type]);
  });

  test.each(Array.from({ length: 40 }, (_, seed) => seed))("by several keys, seed %i", (seed) => {
    const dice = new Dice(seed);
    expectOrdered(dice, Array.from({ length: 2 + dice.below(3) }, () => dice.pick(ordered)));
  });

  const strings = ordered.filter(({ kind }) => kind === "text");
  test.each([5, 7, 8, 13, 14, 30, 69, 70, 71, 200])("by strings alike for %i bytes", (alike) => {
    for (let seed = 0; seed < 4; seed++) {
      const dice = new Dice(seed);
      const more = (): string => Array.from({ length: dice.below(20) }, () => dice.pick(["a", "b"])).join("");
      const pool = (): Uint8Array => new TextEncoder().encode("x".repeat(alike - dice.below(2)) + more());
      expectOrdered(dice, [...strings, ...strings], () => Array.from({ length: 300 }, pool));
    }
  });
});

describe("the layout of a prefix", () => {
  const stored = (type: EngineType, nullBit?: number, isMeasured = type.kind === "decimal"): StoredColumn => (
    { type, nullBit, offset: 0, key: undefined, isMeasured });
  const layoutOf = (columns: readonly StoredColumn[], magnitude: number) => {
    const keys = columns.map((_, index) => ({ column: index, descending: false, nullsFirst: false }));
    const plan = { columns, rowBytes: 64 } as unknown as TablePlan;
    return prefixLayout(plan, { keys, rows: undefined }, () => magnitude, firstPrefix);
  };
  const price: EngineType = { kind: "decimal", precision: 15, scale: 2 };

  test("is whole where all keys find room: numbers take as many bits as the largest", () => {
    const both = [stored(price), stored({ kind: "int4" })];
    expect(layoutOf(both, 2 ** 30)?.isWhole).toBe(true);
    expect(layoutOf(both, 2 ** 31)?.isWhole).toBe(true);
    expect(layoutOf(both, 2 ** 31 + 1)).toMatchObject({ isWhole: false });
    expect(layoutOf(both, 2 ** 31 + 1)?.next(0)).toEqual({ key: 1, offset: 0, isSameNull: true });
    expect(layoutOf(both, Infinity)?.next(0)).toEqual({ key: 1, offset: 0, isSameNull: false });
  });

  test("takes no more of integers that are known to be small than they need", () => {
    const four = Array.from({ length: 4 }, () => stored({ kind: "int4" }, undefined, true));
    expect(layoutOf(four, 2 ** 15)?.isWhole).toBe(true);
    expect(layoutOf(four, 2 ** 15 + 1)?.isWhole).toBe(false);
    expect(layoutOf(four.slice(0, 2), Infinity)?.isWhole).toBe(true);
  });

  test("goes on behind seven bytes of a string, or behind a string that is shorter", () => {
    const text: EngineType = { kind: "text", byteOrder: true };
    const layout = layoutOf([stored(text, 0), stored(price)], 8);
    expect(layout?.next(7)).toEqual({ key: 1, offset: 0, isSameNull: false });
    expect(layout?.next(8)).toEqual({ key: 0, offset: 7, isSameNull: true });
  });

  test("has nothing of numerics, nor of strings that are alike for long", () => {
    expect(layoutOf([stored({ kind: "numeric" })], 8)).toBeUndefined();
  });
});
