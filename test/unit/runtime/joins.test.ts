// Joins in compiled code where random plans do not reach: sums that fan out beyond 64 bits, memory that ends, long
// probes that pause, leaves in their order, and the numbers EXPLAIN shows.
import type { Expression, Scalar } from "#expr/expression.js";
import type { JoinKind, PhysicalOperator, PhysicalPlan } from "#plan/physical.js";
import { explainPlan } from "#plan/explain.js";
import { compileExecution } from "#runtime/compiled_plan.js";
import { PlanExecution } from "#runtime/execution.js";
import { interpret } from "#runtime/interpreter/interpreter.js";
import { EngineMemory, memoryLayout } from "#runtime/memory.js";
import { PlanCache } from "#runtime/plan_cache.js";
import type { ColumnType } from "#types/column_type.js";
import { describe, expect, test } from "vitest";
import { PAGE_BYTES, cache, column, columnType, memory, pagesOf, runLeaves } from "../../support/engine.js";

const int4 = { kind: "int4" } as const;
const int8 = { kind: "int8" } as const;
const text = { kind: "text", byteOrder: true } as const;
const utf8 = (value: string): Uint8Array => new TextEncoder().encode(value);
const money = { kind: "decimal", precision: 15, scale: 2 } as const;
const total = { kind: "decimal", precision: 38, scale: 2 } as const;

function scan(leaf: number, columns: readonly ColumnType[]): PhysicalOperator {
  return { kind: "scan", leaf, columns };
}

const pairColumns = [columnType(int4), columnType(money)];

function join(kind: JoinKind, keys: readonly Expression[] = [column(0, int4)]): PhysicalOperator {
  return {
    kind: "hashJoin",
    join: kind,
    probe: scan(0, pairColumns),
    build: scan(1, pairColumns),
    probeKeys: keys,
    buildKeys: keys,
    columns: [...pairColumns, ...pairColumns],
    buildRowsEstimate: 0,
  };
}

function planOf(root: PhysicalOperator, columns: readonly ColumnType[], leafCount = 2): PhysicalPlan {
  const outputs = columns.map((type, index) => ({ name: `c${index}`, type }));
  return { version: 1, root, leafCount, parameters: [], outputs };
}

function summed(input: PhysicalOperator): PhysicalPlan {
  const columns = [columnType(int8), columnType(total)];
  return planOf({
    kind: "hashAggregate",
    input,
    keys: [],
    aggregates: [
      { function: "countRows", result: columnType(int8) },
      { function: "sum", argument: column(3, money), result: columnType(total) },
    ],
    columns,
    groupsEstimate: 0,
  }, columns);
}

const rowsOf = (count: number, value: (i: number) => Scalar[]): Scalar[][] =>
  Array.from({ length: count }, (_, i) => value(i));

function run(plan: PhysicalPlan, left: Scalar[][], right: Scalar[][], visitsPerCall?: number) {
  const pages = [left, right].map((rows) => pagesOf(pairColumns, rows, 500));
  return runLeaves(plan, pages, visitsPerCall === undefined ? {} : { visitsPerCall });
}

describe("joins", () => {
  test("texts made between two matches do not overwrite what is behind the room of the row", () => {
    const columns = [columnType(int4), columnType(text)];
    const twice = (index: number): Expression => {
      const once = column(index, text);
      return { kind: "call", function: "text.concatenate", arguments: [once, once], type: text };
    };
    const isLong = (index: number): Expression => ({
      kind: "call", function: "text.greater", type: { kind: "bool" },
      arguments: [twice(index), { kind: "constant", value: utf8("a"), type: text }],
    });
    const probe: PhysicalOperator = { kind: "filter", input: scan(0, columns), predicate: isLong(1) };
    const joined: PhysicalOperator = {
      kind: "hashJoin", join: "inner", probe, build: scan(1, columns), probeKeys: [column(0, int4)],
      buildKeys: [column(0, int4)], columns: [...columns, ...columns], buildRowsEstimate: 0,
    };
    const results = [columnType(int4), columnType(text), columnType(int8)];
    const plan = planOf({
      kind: "hashAggregate", input: joined, keys: [column(2, int4)],
      aggregates: [
        { function: "max", argument: twice(3), result: columnType(text) },
        { function: "countRows", result: columnType(int8) },
      ],
      columns: results, groupsEstimate: 0,
    }, results);
    const long = (letter: string, length: number): Uint8Array => utf8(letter.repeat(length));
    // The first groups' texts come to stand behind the first room; then there are rows that outgrow it.
    const left = rowsOf(60, (i) => [BigInt(i), long("x", 15_000)]);
    const right = [
      ...rowsOf(50, (i) => [BigInt(i), long("a", 500)]), ...rowsOf(30, (i) => [BigInt(50 + i % 10), long("b", 25_000)]),
    ];
    const pages = [left, right].map((rows) => pagesOf(columns, rows, 2));
    const isSame = (rows: Scalar[][]): boolean => rows.every(([key, made]) =>
      made instanceof Uint8Array && made.every((byte) => byte === utf8(Number(key) < 50 ? "a" : "b")[0]));
    const { rows } = runLeaves(plan, pages);
    expect(rows.length).toBe(60);
    expect(isSame(rows)).toBe(true);
  });

  test("sums that fan out stay exact where 64 bits end", () => {
    const large = 10n ** 15n - 1n;
    const left = rowsOf(300, () => [1n, 0n]);
    const right = rowsOf(300, () => [1n, large]);
    for (const visits of [undefined, 64]) {
      const { rows } = run(summed(join("inner")), left, right, visits);
      expect(rows).toEqual([[90_000n, 90_000n * large]]);
    }
  });

  test("say that a page is taken in part, whatever is taken since", () => {
    const compiled = compileExecution(summed(join("inner")), cache);
    const execution = new PlanExecution(compiled, { memory, resultBytes: PAGE_BYTES, visitsPerCall: 3 });
    const at = memory.layout.poolOffset;
    for (const leaf of [1, 0]) {
      for (const page of pagesOf(pairColumns, rowsOf(50, () => [1n, 1n]), 500)) {
        memory.bytes.set(page, at);
        while (!execution.pushPage(leaf, at)) {
          expect(execution.paused).toBe(true);
          expect(execution.takeResult()).toBeUndefined();
          if (leaf === 0) expect(execution.paused).toBe(true);
        }
      }
      execution.finishLeaf(leaf);
    }
    expect(execution.takeResult()?.rows).toBe(1);
    execution.dispose();
  });

  test("pause and go on within one page", () => {
    const left = rowsOf(40, (i) => [BigInt(i % 3), 1n]);
    const right = rowsOf(50, (i) => [BigInt(i % 4), BigInt(i)]);
    for (const kind of ["inner", "left", "right", "full"] as const) {
      const plan = planOf(join(kind), [...pairColumns, ...pairColumns]);
      expect(run(plan, left, right, 1).rows).toEqual(interpret(plan, [left, right]));
    }
  });

  test("offer the rows they have, once, and go on", () => {
    const compiled = compileExecution(planOf(join("inner"), [...pairColumns, ...pairColumns]), cache);
    const execution = new PlanExecution(compiled, { memory, resultBytes: PAGE_BYTES });
    const address = memory.layout.poolOffset;
    for (const image of pagesOf(pairColumns, rowsOf(9, (i) => [BigInt(i), 1n]), 500)) memory.bytes.set(image, address);
    const push = (leaf: number): void => {
      while (!execution.pushPage(leaf, address)) execution.takeResult();
    };
    push(1);
    execution.finishLeaf(1);
    expect(execution.offerPart()).toBe(false);
    for (const round of [1, 2]) {
      push(0);
      expect([round, execution.offerPart(), execution.takeResult()?.rows]).toEqual([round, true, 9]);
      expect(execution.offerPart()).toBe(false);
      expect(execution.takeResult()).toBeUndefined();
    }
    push(0);
    execution.finishLeaf(0);
    expect(execution.takeResult()?.rows).toBe(9);
    expect(execution.done).toBe(true);
    execution.dispose();
  });

  test("take no other page inside one that paused", () => {
    const compiled = compileExecution(planOf(join("inner"), [...pairColumns, ...pairColumns]), cache);
    const execution = new PlanExecution(compiled, { memory, resultBytes: PAGE_BYTES, visitsPerCall: 1 });
    const addresses = [0, 1].map((place) => memory.layout.poolOffset + place * PAGE_BYTES);
    for (const address of addresses)
      for (const image of pagesOf(pairColumns, rowsOf(9, () => [1n, 1n]), 500)) memory.bytes.set(image, address);
    while (!execution.pushPage(1, addresses[0] ?? 0));
    execution.finishLeaf(1);
    while (!execution.wantedLeaves().includes(0)) execution.takeResult();
    while (execution.pushPage(0, addresses[0] ?? 0) || !execution.paused);
    expect(() => execution.pushPage(0, addresses[1] ?? 0)).toThrow("comes again before any other");
    execution.dispose();
  });

  test("read every build page before the first probe page", () => {
    const execution = new PlanExecution(compileExecution(summed(join("inner")), cache), {
      memory,
      resultBytes: PAGE_BYTES,
    });
    expect(execution.wantedLeaves()).toEqual([1]);
    execution.finishLeaf(0);
    expect(execution.wantedLeaves()).toEqual([1]);
    execution.finishLeaf(1);
    expect(execution.wantedLeaves()).toEqual([0]);
    execution.finishLeaf(0);
    expect(execution.takeResult()?.rows).toBe(1);
    expect(execution.done).toBe(true);
    execution.dispose();
  });

  test("want no more of a leaf when the limit is reached", () => {
    const columns = [...pairColumns, ...pairColumns];
    const count: Expression = { kind: "constant", value: 3n, type: int8 };
    const plan = planOf({ kind: "limit", input: join("inner", []), count, columns }, columns);
    const execution = new PlanExecution(compileExecution(plan, cache), { memory, resultBytes: PAGE_BYTES });
    const [page] = pagesOf(pairColumns, rowsOf(10, (i) => [BigInt(i), 0n]), 10);
    if (page !== undefined) memory.bytes.set(page, memory.layout.poolOffset);
    expect(execution.pushPage(1, memory.layout.poolOffset)).toBe(true);
    execution.finishLeaf(1);
    while (!execution.pushPage(0, memory.layout.poolOffset)) expect(execution.takeResult()).toBeUndefined();
    expect(execution.wantedLeaves()).toEqual([]);
    expect(execution.takeResult()?.rows).toBe(3);
    expect(execution.done).toBe(true);
    execution.dispose();
  });

  test("refuse negative limits as PostgreSQL does", () => {
    const count: Expression = { kind: "constant", value: -1n, type: int8 };
    const limited = (bounds: { count: Expression } | { offset: Expression }): PhysicalPlan =>
      planOf({ kind: "limit", input: scan(0, pairColumns), columns: pairColumns, ...bounds }, pairColumns, 1);
    expect(() => runLeaves(limited({ count }), [[]])).toThrow(expect.objectContaining({ sqlstate: "2201W" }));
    expect(() => runLeaves(limited({ offset: count }), [[]])).toThrow(
      expect.objectContaining({ sqlstate: "2201X" }));
    expect(memory.usedBlocks()).toBe(0);
  });

  test("fail with 53200 when the build side does not fit, and leak nothing", () => {
    const small = new EngineMemory(memoryLayout(16 * 65_536, PAGE_BYTES));
    const plan = summed(join("inner"));
    const execution = new PlanExecution(compileExecution(plan, new PlanCache()), {
      memory: small,
      resultBytes: PAGE_BYTES,
    });
    const [page] = pagesOf(pairColumns, rowsOf(4000, (i) => [BigInt(i), 1n]), 4000);
    if (page === undefined) throw new Error("a page");
    small.bytes.set(page, small.layout.poolOffset);
    expect(() => {
      for (let i = 0; i < 100; i++) execution.pushPage(1, small.layout.poolOffset);
    }).toThrow(expect.objectContaining({ sqlstate: "53200" }));
    execution.dispose();
    expect(small.usedBlocks()).toBe(0);
  });

  test("count the rows of every operator", () => {
    const left = rowsOf(100, (i) => [BigInt(i), 1n]);
    const right = rowsOf(10, (i) => [BigInt(i), 1n]);
    const { execution } = run(summed(join("inner")), left, right);
    const out = new Map(execution.stats().map(({ operator, rowsOut }) => [operator, rowsOut]));
    expect([0, 1, 2, 3].map((operator) => out.get(operator))).toEqual([1, 10, 100, 10]);
  });

  test("are explained probe side first", () => {
    const residual: Expression = {
      kind: "call",
      function: "decimal.less",
      arguments: [column(1, money), column(3, money)],
      type: { kind: "bool" },
    };
    const joined = join("left");
    if (joined.kind !== "hashJoin") throw new Error("a join");
    const root: PhysicalOperator = { ...joined, residual };
    const plan = planOf(root, root.columns);
    const options = { leafNames: [["a", "b"], ["c", "d"]], verbose: false };
    expect(explainPlan(plan, options)).toEqual([
      "Hash Left Join",
      "  Keys: a = c",
      "  Condition: (b < d)",
      "  ->  Scan of leaf 0",
      "  ->  Scan of leaf 1",
    ]);
  });
});
