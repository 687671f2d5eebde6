// Sorting and the other operators that keep rows: order, stability, pauses, limits, single rows and unions.
import type { Expression, Scalar } from "#expr/expression.js";
import type { PhysicalOperator, PhysicalPlan, SortKey } from "#plan/physical.js";
import { compileExecution } from "#runtime/compiled_plan.js";
import { PlanExecution } from "#runtime/execution.js";
import { interpret } from "#runtime/interpreter/interpreter.js";
import type { ColumnType } from "#types/column_type.js";
import { describe, expect, test } from "vitest";
import { PAGE_BYTES, cache, column, columnType, memory, pagesOf, runLeaves } from "../../support/engine.js";

const int4 = { kind: "int4" } as const;
const int8 = { kind: "int8" } as const;
const text = { kind: "text", byteOrder: true } as const;
const columns = [columnType(int4), columnType(text)];

const scan = (leaf: number): PhysicalOperator => ({ kind: "scan", leaf, columns });

function planOf(root: PhysicalOperator, types: readonly ColumnType[] = columns, leafCount = 1): PhysicalPlan {
  return { version: 1, root, leafCount, parameters: [], outputs: types.map((type, i) => ({ name: `c${i}`, type })) };
}

const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);

function rowsOf(count: number): Scalar[][] {
  return Array.from({ length: count }, (_, i): Scalar[] => [
    i % 11 === 0 ? null : BigInt((i * 7919) % 101),
    i % 13 === 0 ? null : bytes(`${"some longer prefix".slice(0, i % 19)}${(i * 31) % 17}`),
  ]);
}

const byNumber: SortKey = { expression: column(0, int4), descending: true, nullsFirst: true };
const byText: SortKey = { expression: column(1, text), descending: false, nullsFirst: false };

describe("a sort", () => {
  test("orders by every key, keeps the order of equals, and pauses on the way", () => {
    const rows = rowsOf(20_000);
    for (const keys of [[byNumber], [byText, byNumber]]) {
      for (const limit of [{}, { limit: 10 }]) {
        const plan = planOf({ kind: "sort", input: scan(0), keys, columns, ...limit });
        expect(runLeaves(plan, [pagesOf(columns, rows, 500)]).rows).toEqual(interpret(plan, [rows]));
      }
    }
  });

  test.each([
    ["in their order", (i: number) => i],
    ["the other way round", (i: number) => -i],
    ["in any order", (i: number) => (i * 7919) % 12_007],
    ["all alike", () => 7],
  ])("finds the first rows of rows that come %s", (_name, valueOf) => {
    const rows = Array.from({ length: 12_000 }, (_, i): Scalar[] => [
      BigInt(valueOf(i)), bytes(`row ${i} with a text too long for its view`)]);
    for (const limit of [1, 900]) {
      const plan = planOf({ kind: "sort", input: scan(0), keys: [byNumber], columns, limit });
      expect(runLeaves(plan, [pagesOf(columns, rows, 500)]).rows).toEqual(interpret(plan, [rows]));
    }
  });

  test("keeps few rows where only the first are wanted", () => {
    const pages = pagesOf(columns, rowsOf(40_000), 500);
    const peakOf = (limit: { limit?: number }): number =>
      runLeaves(planOf({ kind: "sort", input: scan(0), keys: [byText, byNumber], columns, ...limit }), [pages])
        .execution.peakBytes;
    expect(peakOf({ limit: 20 })).toBeLessThan(peakOf({}) / 4);
  });

  test("says that it paused, so that nobody sleeps on it", () => {
    const plan = planOf({ kind: "sort", input: scan(0), keys: [byNumber], columns });
    const execution = new PlanExecution(compileExecution(plan, cache), { memory, resultBytes: PAGE_BYTES });
    for (const page of pagesOf(columns, rowsOf(20_000), 500)) {
      memory.bytes.set(page, memory.layout.poolOffset);
      expect(execution.pushPage(0, memory.layout.poolOffset)).toBe(true);
    }
    execution.finishLeaf(0);
    let [rows, turns] = [0, 0];
    for (; !execution.done; turns++) {
      const image = execution.takeResult();
      expect(image !== undefined || execution.paused || execution.done).toBe(true);
      rows += image?.rows ?? 0;
    }
    expect(rows).toBe(20_000);
    expect(turns).toBeGreaterThan(2);
    execution.dispose();
    expect(memory.usedBlocks()).toBe(0);
  });
});

describe("a single row", () => {
  const plan = planOf({ kind: "singleRow", input: scan(0), columns });

  test("is the only row, or one of NULLs", () => {
    expect(runLeaves(plan, [pagesOf(columns, [[1n, bytes("a long enough string")]], 5)]).rows).toEqual([
      [1n, bytes("a long enough string")],
    ]);
    expect(runLeaves(plan, [[]]).rows).toEqual([[null, null]]);
  });

  test("refuses a second row", () => {
    expect(() => runLeaves(plan, [pagesOf(columns, rowsOf(2), 5)])).toThrow(
      expect.objectContaining({
        sqlstate: "21000",
        message: "more than one row returned by a subquery used as an expression",
      }));
    expect(memory.usedBlocks()).toBe(0);
  });
});

test("a union feeds one aggregate from all its inputs", () => {
  const [left, right] = [rowsOf(30), rowsOf(20)];
  const total = [columnType(int4), columnType(int8), columnType(int8)];
  const union: PhysicalOperator = { kind: "union", inputs: [scan(0), scan(1)], columns };
  const sum: Expression = column(0, int4);
  const plan = planOf({
    kind: "hashAggregate",
    input: union,
    keys: [column(0, int4)],
    aggregates: [
      { function: "countRows", result: columnType(int8) },
      { function: "sum", argument: sum, result: columnType(int8) },
    ],
    columns: total,
    groupsEstimate: 0,
  }, total, 2);
  const { rows, execution } = runLeaves(plan, [left, right].map((each) => pagesOf(columns, each, 7)));
  expect(rows).toEqual(interpret(plan, [left, right]));
  const root = execution.stats().find(({ operator }) => operator === 0);
  expect(root).toMatchObject({ rowsIn: 50, rowsOut: rows.length });
});
