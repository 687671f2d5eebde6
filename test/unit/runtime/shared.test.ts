// Shared rows: groups and other rows made once and read by several, also inside of each other, whoever reads first.
import type { PhysicalOperator, PhysicalPlan } from "#plan/physical.js";
import { decodePhysicalPlan, encodePhysicalPlan } from "#codec/physical_codec.js";
import type { Scalar } from "#expr/expression.js";
import { interpret } from "#runtime/interpreter/interpreter.js";
import type { ColumnType } from "#types/column_type.js";
import { describe, expect, test } from "vitest";
import { column, columnType, memory, pagesOf, runLeaves } from "../../support/engine.js";
import { MemorySpill } from "../../support/memory_spill.js";

const int4 = { kind: "int4" } as const;
const int8 = { kind: "int8" } as const;
const columns = [columnType(int4), columnType(int4)];
const sums = [columnType(int4), columnType(int8)];

const scan: PhysicalOperator = { kind: "scan", leaf: 0, columns };
const grouped: PhysicalOperator = {
  kind: "hashAggregate", input: scan, keys: [column(0, int4)],
  aggregates: [{ function: "sum", argument: column(1, int4), result: columnType(int8) }],
  columns: sums, groupsEstimate: 0,
};

function planOf(root: PhysicalOperator, types: readonly ColumnType[]): PhysicalPlan {
  return {
    version: 1, root, leafCount: 1, parameters: [], outputs: types.map((type, i) => ({ name: `c${i}`, type })) };
}

function shared(share: number, input: PhysicalOperator, types: readonly ColumnType[]): PhysicalOperator {
  return { kind: "shared", share, input, columns: types };
}

function reading(share: number, types: readonly ColumnType[]): PhysicalOperator {
  return { kind: "sharedReading", share, columns: types };
}

/** Pairs by the first column; the probe side is first in preorder, the build side is cut first. */
function joined(probe: PhysicalOperator, build: PhysicalOperator, types: readonly ColumnType[]): PhysicalOperator {
  return {
    kind: "hashJoin", join: "inner", probe, build, probeKeys: [column(0, int4)], buildKeys: [column(0, int4)],
    columns: [...types, ...types], buildRowsEstimate: 0,
  };
}

const rows = Array.from({ length: 5000 }, (_, i): Scalar[] => [i % 17 === 0 ? null : BigInt(i % 700), BigInt(i)]);
const inOrder = (given: readonly (readonly Scalar[])[]): string[] => given.map((row) => row.join()).sort();

const both = [...sums, ...sums];
const all = [...columns, ...columns];
const nested = shared(1, joined(shared(0, grouped, sums), reading(0, sums), sums), both);
const shapes: readonly (readonly [string, PhysicalOperator, readonly ColumnType[]])[] = [
  ["groups, made by the probe side", joined(shared(0, grouped, sums), reading(0, sums), sums), both],
  ["groups, made by the build side", joined(reading(0, sums), shared(0, grouped, sums), sums), both],
  ["rows that have to be kept", joined(reading(0, columns), shared(0, scan, columns), columns), all],
  ["shared rows out of shared rows", joined(reading(1, both), nested, both), [...both, ...both]],
  ["three readers", {
    kind: "union", columns: sums, inputs: [reading(0, sums), shared(0, grouped, sums), reading(0, sums)] }, sums],
];

describe("shared rows", () => {
  test.each(shapes)("%s", (_name, root, types) => {
    const plan = decodePhysicalPlan(encodePhysicalPlan(planOf(root, types)));
    const { rows: actual, execution } = runLeaves(plan, [pagesOf(columns, rows, 300)]);
    expect(inOrder(actual)).toEqual(inOrder(interpret(plan, [rows])));
    const scanned = execution.stats().filter(({ pages }) => pages > 0);
    expect(scanned.map(({ rowsIn }) => rowsIn)).toEqual([rows.length]);
    expect(memory.usedBlocks()).toBe(0);
  });

  test.each(shapes)("%s, on disk", (_name, root, types) => {
    const plan = planOf(root, types);
    const spill = { bytes: 0, port: new MemorySpill(), chunkBytes: 4000, bufferBytes: 1024 };
    const { rows: actual, execution } = runLeaves(plan, [pagesOf(columns, rows, 300)], { spill });
    expect(inOrder(actual)).toEqual(inOrder(interpret(plan, [rows])));
    expect(execution.stats().filter(({ pages }) => pages > 0).map(({ rowsIn }) => rowsIn)).toEqual([rows.length]);
    expect(spill.port.opened).toBeGreaterThan(0);
    expect(spill.port.live).toBe(0);
    expect(memory.usedBlocks()).toBe(0);
  });

  test.each([[0, 3000], [10, 4000], [4990, 100]])("the rows from %i, %i of them, on disk", (offset, count) => {
    const given = (value: number) => ({ kind: "constant", value: BigInt(value), type: int8 }) as const;
    const limit: PhysicalOperator = { kind: "limit", input: scan, offset: given(offset), count: given(count), columns };
    const plan = planOf(joined(reading(0, columns), shared(0, limit, columns), columns), all);
    const spill = { bytes: 0, port: new MemorySpill(), chunkBytes: 4000, bufferBytes: 1024 };
    const { rows: actual } = runLeaves(plan, [pagesOf(columns, rows, 300)], { spill });
    expect(inOrder(actual)).toEqual(inOrder(interpret(plan, [rows])));
    expect(spill.port.live).toBe(0);
  });

  test.each<readonly [string, PhysicalOperator]>([
    ["never made", joined(reading(0, sums), grouped, sums)],
    ["made twice", joined(shared(0, grouped, sums), shared(0, reading(0, sums), sums), sums)],
    ["made out of themselves", shared(0, joined(grouped, reading(0, sums), sums), both)],
    ["made out of what comes later", shared(0, joined(shared(1, grouped, sums), reading(1, sums), sums), both)],
    ["of other columns", joined(reading(0, columns), shared(0, grouped, sums), sums)],
  ])("are refused when they are %s", (_name, root) => {
    const bytes = encodePhysicalPlan(planOf(root, both));
    expect(() => decodePhysicalPlan(bytes)).toThrow();
  });
});
