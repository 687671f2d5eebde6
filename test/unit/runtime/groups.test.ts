// Hash aggregation at size: many groups, skew, long and growing strings, flushes of 64-bit sums, first-seen key images.
import { DECIMAL_NAN, type Expression, type Scalar } from "#expr/expression.js";
import { writeNumeric } from "#functions/numeric_image.js";
import type { AggregateCall, PhysicalPlan } from "#plan/physical.js";
import { interpret } from "#runtime/interpreter/interpreter.js";
import type { ColumnType } from "#types/column_type.js";
import type { EngineType } from "#types/engine_type.js";
import { buildPage } from "#runtime/page_builder.js";
import { describe, expect, test } from "vitest";
import {
  PAGE_BYTES,
  column,
  columnType,
  memory,
  pagesOf,
  runPages,
  scanColumns,
} from "../../support/engine.js";
import { Dice } from "../../support/random_plans.js";

const int4: EngineType = { kind: "int4" };
const int8: EngineType = { kind: "int8" };
const text: EngineType = { kind: "text", byteOrder: true };
const numeric: EngineType = { kind: "numeric" };
const widest: EngineType = { kind: "decimal", precision: 38, scale: 5 };
const countRows: AggregateCall = { function: "countRows", result: columnType(int8, false) };
const utf8 = (value: string): Uint8Array => new TextEncoder().encode(value);

function groupBy(
  columns: readonly ColumnType[],
  keys: readonly Expression[],
  aggregates: readonly AggregateCall[],
  groupsEstimate = 0,
): PhysicalPlan {
  const outputs = [...keys.map(({ type }) => columnType(type)), ...aggregates.map(({ result }) => result)];
  return {
    version: 1,
    leafCount: 1,
    parameters: [],
    outputs: outputs.map((type, index) => ({ name: `c${index}`, type })),
    root: {
      kind: "hashAggregate",
      input: { kind: "scan", leaf: 0, columns },
      keys,
      aggregates,
      columns: outputs,
      groupsEstimate,
    },
  };
}

function call(name: "sum" | "min" | "max", argument: Expression, result: EngineType): AggregateCall {
  return { function: name, argument, result: columnType(result) };
}

describe("hash aggregation", () => {
  test.each([0, 500_000])("keeps 100000 groups apart, %d estimated", (estimate) => {
    const dice = new Dice(7);
    const rows: Scalar[][] = [];
    for (let i = 0; i < 100_000; i++)
      rows.push([BigInt(i * 65_536 - 3_000_000_000) & 0x7fffffffn, BigInt(i)]);
    // Skew: half of all further rows belong to one group.
    for (let i = 0; i < 50_000; i++)
      rows.push(dice.chance(50) ? [5n, 1n] : [...(rows[dice.below(100_000)] ?? [])]);
    const plan = groupBy(
      [columnType(int4), columnType(int8)],
      [column(0, int4)],
      [countRows, call("sum", column(1, int8), { kind: "decimal", precision: 38, scale: 0 })],
      estimate,
    );
    const before = memory.usedBlocks();
    const result = runPages(plan, pagesOf(scanColumns(plan), rows, 4000)).rows;
    expect(memory.usedBlocks()).toBe(before);
    const expected = new Map<bigint, [bigint, bigint]>();
    for (const [key, value] of rows as [bigint, bigint][]) {
      const [count, sum] = expected.get(key) ?? [0n, 0n];
      expected.set(key, [count + 1n, sum + value]);
    }
    expect(result.length).toBe(expected.size);
    for (const [key, count, sum] of result as [bigint, bigint, bigint][])
      expect([count, sum]).toEqual(expected.get(key));
  });

  test("compares long keys by their bytes, not their prefixes", () => {
    const dice = new Dice(3);
    const names = Array.from({ length: 300 }, (_, i) =>
      utf8(`${"common prefix of every key ".repeat(1 + (i % 9))}${i % 100}`),
    );
    const rows = Array.from({ length: 3000 }, (): Scalar[] => [dice.pick(names), BigInt(dice.below(3))]);
    const plan = groupBy(
      [columnType(text), columnType(int4)],
      [column(0, text), column(1, int4)],
      [countRows],
    );
    expect(runPages(plan, pagesOf(scanColumns(plan), rows, 100)).rows).toEqual(interpret(plan, [rows]));
  });

  test("keeps the longest of ever longer strings", () => {
    const rows = Array.from({ length: 400 }, (_, i): Scalar[] => [
      BigInt(i % 2),
      utf8(`${"z".repeat(i)}${i}`),
    ]);
    const plan = groupBy(
      [columnType(int4), columnType(text)],
      [column(0, int4)],
      [call("max", column(1, text), text), call("min", column(1, text), text)],
    );
    expect(runPages(plan, pagesOf(scanColumns(plan), rows, 50)).rows).toEqual(interpret(plan, [rows]));
    const single = groupBy(
      [columnType(int4), columnType(text)],
      [],
      [call("max", column(1, text), text), call("min", column(1, text), text)],
    );
    expect(runPages(single, pagesOf(scanColumns(single), rows, 50)).rows).toEqual(interpret(single, [rows]));
  });

  test("shows the key image it saw first", () => {
    const float: EngineType = { kind: "float8" };
    const rows: Scalar[][] = [[-0], [0], [NaN], [0], [NaN], [null], [1], [null]];
    const plan = groupBy([columnType(float)], [column(0, float)], [countRows]);
    expect(runPages(plan, pagesOf(scanColumns(plan), rows, 3)).rows).toEqual([
      [-0, 3n],
      [NaN, 2n],
      [null, 2n],
      [1, 1n],
    ]);
  });

  test("groups NULL apart from zero and the empty string", () => {
    const rows: Scalar[][] = [
      [0n, utf8("")],
      [null, utf8("")],
      [0n, null],
      [null, null],
      [0n, utf8("")],
    ];
    const plan = groupBy(
      [columnType(int4), columnType(text)],
      [column(0, int4), column(1, text)],
      [countRows],
    );
    expect(runPages(plan, pagesOf(scanColumns(plan), rows, 1)).rows).toEqual(interpret(plan, [rows]));
  });

  test("flushes 64-bit sums before they could overflow", () => {
    const wide: EngineType = { kind: "decimal", precision: 18, scale: 0 };
    const value = 999_999_999_999_999n;
    const rows = Array.from({ length: 60_000 }, (_, i): Scalar[] => [
      BigInt(i % 3),
      i % 5 === 4 ? -value : value,
    ]);
    const sum = call("sum", column(1, wide), { kind: "decimal", precision: 38, scale: 0 });
    for (const keys of [[], [column(0, int4)]]) {
      const plan = groupBy([columnType(int4, false), columnType(wide, false)], keys, [sum]);
      const { rows: result, execution } = runPages(plan, pagesOf(scanColumns(plan), rows, 1000));
      expect(result).toEqual(interpret(plan, [rows]));
      expect(execution.stats().at(-1)?.redoPages).toBe(0);
    }
  });

  test("adds to 128 bits where one page could overflow 64", () => {
    const rows = Array.from({ length: 3000 }, (_, i): Scalar[] => [
      BigInt(i % 3),
      (i % 7 === 0 ? -1n : 1n) * (2n ** 63n - 1n),
    ]);
    const sum = call("sum", column(1, int8), { kind: "decimal", precision: 38, scale: 0 });
    for (const keys of [[], [column(0, int4)]]) {
      const plan = groupBy([columnType(int4), columnType(int8)], keys, [sum, countRows]);
      const { rows: result, execution } = runPages(plan, pagesOf(scanColumns(plan), rows, 1000));
      expect(result).toEqual(interpret(plan, [rows]));
      expect(execution.stats().at(-1)?.redoPages).toBe(3);
    }
  });

  test("sums of decimals that pass 38 digits are numerics of any precision", () => {
    const plan = groupBy([columnType(widest)], [], [
      { function: "sum", argument: column(0, widest), result: columnType(numeric) }]);
    const most = 10n ** 38n - 1n;
    for (const values of [
      [most], [-most], [most, -most], [most, 1n], [most, most, most], Array.from({ length: 50 }, () => -most),
      [-(1n << 126n), -(1n << 126n)], [5n, DECIMAL_NAN, most, most], [1n, -2n], [null],
    ] satisfies Scalar[][]) {
      const rows = values.map((value): Scalar[] => [value]);
      const coefficient = values.reduce((sum: bigint, value) => (typeof value === "bigint" ? sum + value : sum), 0n);
      const total = writeNumeric(values.includes(DECIMAL_NAN as never) ? "NaN" : { coefficient, scale: 5 });
      const expected = [[values.includes(null as never) ? null : total]];
      expect(runPages(plan, pagesOf(scanColumns(plan), rows, 2)).rows).toEqual(expected);
      expect(interpret(plan, [rows])).toEqual(expected);
    }
  });

  test("sums of products of many digits are the same on pages for narrow code and others", () => {
    const price: EngineType = { kind: "decimal", precision: 15, scale: 2 };
    const cast = (index: number): Expression => (
      { kind: "call", function: "cast.decimal.numeric", arguments: [column(index, price)], type: numeric });
    const product = (a: Expression, b: Expression): Expression => (
      { kind: "call", function: "numeric.multiply", arguments: [a, b], type: numeric });
    const argument = product(product(cast(0), cast(1)), cast(2));
    const plan = groupBy([columnType(price), columnType(price), columnType(price)], [], [
      { function: "sum", argument, result: columnType(numeric) },
      { function: "count", argument, result: columnType(int8) },
    ]);
    const small: Scalar[] = [123_456n, -77n, 1234n];
    const large: Scalar[] = [10n ** 15n - 1n, 10n ** 15n - 1n, 1n - 10n ** 15n];
    const nan: Scalar[] = [1n, DECIMAL_NAN, 3n];
    for (const rows of [
      [small, small], [large, large], [small, small, large, small, [1n, null, 2n]], [[null, 1n, 1n]],
      [small, small, nan, large],
    ]) {
      const expected = interpret(plan, [rows]);
      expect(runPages(plan, pagesOf(scanColumns(plan), rows, 2, true)).rows).toEqual(expected);
      expect(runPages(plan, pagesOf(scanColumns(plan), rows, 2)).rows).toEqual(expected);
    }
  });

  test("gives one row without keys and none with keys over no rows", () => {
    const aggregates = [countRows, call("sum", column(0, int4), int8), call("min", column(0, int4), int4)];
    expect(runPages(groupBy([columnType(int4)], [], aggregates), []).rows).toEqual([[0n, null, null]]);
    expect(runPages(groupBy([columnType(int4)], [column(0, int4)], aggregates), []).rows).toEqual([]);
  });

  test("counts rows of pages without columns", () => {
    const plan = groupBy([], [], [countRows]);
    const rows = Array.from({ length: 1000 }, (): Scalar[] => []);
    expect(runPages(plan, pagesOf([], rows, 300)).rows).toEqual([[1000n]]);
  });

  test("aggregates columns that are NULL throughout", () => {
    const rows = Array.from({ length: 100 }, (): Scalar[] => [null]);
    const aggregates = [countRows, call("sum", column(0, int4), int8), call("max", column(0, int4), int4)];
    const plan = groupBy([columnType(int4)], [], aggregates);
    expect(runPages(plan, pagesOf(scanColumns(plan), rows, 30)).rows).toEqual([[100n, null, null]]);
  });
});

test("result pages split wherever they are full", () => {
  const rows = Array.from({ length: 5000 }, (_, i): Scalar[] => [
    BigInt(i),
    utf8(`row ${i} ${"x".repeat(i % 50)}`),
  ]);
  const columns = [columnType(int4), columnType(text)];
  const plan: PhysicalPlan = {
    version: 1,
    leafCount: 1,
    parameters: [],
    outputs: columns.map((type, index) => ({ name: `c${index}`, type })),
    root: { kind: "scan", leaf: 0, columns },
  };
  for (const resultBytes of [PAGE_BYTES, 4096]) {
    expect(runPages(plan, pagesOf(columns, rows, 600), { resultBytes }).rows).toEqual(rows);
  }
});

test("a row larger than half a result page gets a page of its own, a larger one is refused", () => {
  const columns = [columnType(text), columnType(int4)];
  const plan: PhysicalPlan = {
    version: 1,
    leafCount: 1,
    parameters: [],
    outputs: columns.map((type, index) => ({ name: `c${index}`, type })),
    root: { kind: "scan", leaf: 0, columns },
  };
  const rows: Scalar[][] = [
    [utf8("a"), 1n],
    [utf8("b".repeat(50_000)), 2n],
    [utf8("c"), 3n],
    [utf8("d".repeat(40_000)), 4n],
  ];
  expect(runPages(plan, pagesOf(columns, rows, 1)).rows).toEqual(rows);
  const before = memory.usedBlocks();
  expect(runPages(plan, pagesOf(columns, rows, 1), { resultBytes: 40_960 }).rows).toEqual(rows);
  expect(memory.usedBlocks()).toBe(before);
});

describe("very wide plans", () => {
  test("group by 200 nullable columns", () => {
    const columns = Array.from({ length: 200 }, () => columnType(int4));
    const keys = columns.map((_, index) => column(index, int4));
    const rows = Array.from({ length: 60 }, (_, i): Scalar[] =>
      columns.map((__, k) => (k === i % 7 || k === 130 + (i % 5) ? null : BigInt(k % 2))),
    );
    const plan = groupBy(columns, keys, [countRows]);
    const options = { resultBytes: 1024 * 1024 };
    expect(runPages(plan, pagesOf(columns, rows, 30), options).rows).toEqual(interpret(plan, [rows]));
  });

  test("refuse to group by 1000 columns", () => {
    const columns = Array.from({ length: 1000 }, () => columnType(int4));
    const plan = groupBy(
      columns,
      columns.map((_, index) => column(index, int4)),
      [],
    );
    expect(() => runPages(plan, [])).toThrow(/GROUP BY of so many columns/);
  });

  test("pass 1600 columns through", () => {
    const columns = Array.from({ length: 1600 }, (_, i) => columnType(i % 3 === 0 ? text : int8));
    const plan: PhysicalPlan = {
      version: 1,
      leafCount: 1,
      parameters: [],
      outputs: columns.map((type, index) => ({ name: `c${index}`, type })),
      root: { kind: "scan", leaf: 0, columns },
    };
    const rows = Array.from({ length: 3 }, (_, i): Scalar[] =>
      columns.map((__, k) =>
        k % 11 === i ? null : k % 3 === 0 ? utf8(`column ${k} of row ${i}`) : BigInt(k),
      ),
    );
    const [page] = [buildPage(columns, rows, { pageBytes: 512 * 1024 })];
    expect(runPages(plan, [page], { resultBytes: 512 * 1024 }).rows).toEqual(rows);
  });
});
