// Windows: compiled code against the interpreter over random rows, partitions, orders, frames and functions.
import type { Expression } from "#expr/expression.js";
import { decodePhysicalPlan, encodePhysicalPlan } from "#codec/physical_codec.js";
import type { SortKey, WindowCall, WindowFrame, WindowFunction } from "#plan/physical.js";
import { explainPlan } from "#plan/explain.js";
import { interpret } from "#runtime/interpreter/interpreter.js";
import { describe, expect, test } from "vitest";
import { rowsOrError } from "../../support/compared_runs.js";
import { column, columnType, memory, pagesOf, runLeaves } from "../../support/engine.js";
import { MemorySpill } from "../../support/memory_spill.js";
import { Dice } from "../../support/random_plans.js";
import {
  columns, constant, int8, measuredFrame, numbers, planOf, randomCall, randomRows, scan, types,
} from "../../support/random_windows.js";

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
