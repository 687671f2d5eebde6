// Result rows larger than a page of the pool: taken in parts that together are one page, with rows on the last alone.
import type { Scalar } from "#expr/expression.js";
import type { PhysicalPlan } from "#plan/physical.js";
import { buildPage } from "#runtime/page_builder.js";
import { compileExecution } from "#runtime/compiled_plan.js";
import { PlanExecution } from "#runtime/execution.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PAGE_BYTES, cache, column, columnType, memory, runPages } from "../../support/engine.js";

const text = { kind: "text", byteOrder: true } as const;
const int4 = { kind: "int4" } as const;
const columns = [columnType(int4), columnType(text), columnType(text)];
/** Parts are this long at most, which is less than the pages that come in. */
const PART_BYTES = 4096;

/** Every value twice, so that a row of the result is larger than the page it came in. */
const plan: PhysicalPlan = {
  version: 1,
  leafCount: 1,
  parameters: [],
  outputs: [0, 1, 2, 1, 2].map((index) => ({ name: `c${index}`, type: columnType(index === 0 ? int4 : text) })),
  root: {
    kind: "project",
    input: { kind: "scan", leaf: 0, columns },
    expressions: [0, 1, 2, 1, 2].map((index) => column(index, index === 0 ? int4 : text)),
    columns: [0, 1, 2, 1, 2].map((index) => columnType(index === 0 ? int4 : text)),
  },
};

const stringOf = (length: number, seed: number): Uint8Array =>
  Uint8Array.from({ length }, (_, at) => 97 + ((at * 7 + seed) % 26));

const lengths = fc.oneof(fc.nat(20), fc.nat(3000), fc.nat(25_000));
const value = fc.option(fc.tuple(lengths, fc.nat(100)).map(([length, seed]) => stringOf(length, seed)), { freq: 6 });

/** Strings are compared faster than arrays of bytes. */
const shown = (rows: readonly (readonly Scalar[])[]): unknown =>
  rows.map((row) => row.map((each) => (each instanceof Uint8Array ? Buffer.from(each).toString("latin1") : each)));

describe("rows larger than a page", () => {
  test("come whole", () => {
    fc.assert(fc.property(fc.array(fc.tuple(value, value), { maxLength: 8 }), (pairs) => {
      const rows = pairs.map(([a, b], index): Scalar[] => [BigInt(index), a, b]);
      const pages = rows.map((row) => buildPage(columns, [row], { pageBytes: PAGE_BYTES, ranges: true }));
      const expected = rows.map(([id = null, a = null, b = null]): Scalar[] => [id, a, b, a, b]);
      expect(shown(runPages(plan, pages, { resultBytes: PART_BYTES }).rows)).toEqual(shown(expected));
    }), { numRuns: 40 });
  });

  test("come in parts of which the last has the row, and leave nothing behind", () => {
    const used = memory.usedBlocks();
    const execution = new PlanExecution(compileExecution(plan, cache), { memory, resultBytes: PART_BYTES });
    const row: Scalar[] = [1n, stringOf(25_000, 1), null];
    memory.bytes.set(buildPage(columns, [row], { pageBytes: PAGE_BYTES, ranges: true }), memory.layout.poolOffset);
    expect(execution.pushPage(0, memory.layout.poolOffset)).toBe(true);
    execution.finishLeaf(0);
    const parts = [];
    for (let part = execution.takeResult(); part !== undefined; part = execution.takeResult()) {
      expect(part.bytes).toBeLessThanOrEqual(PART_BYTES);
      parts.push(part.rows);
    }
    expect(parts.length).toBeGreaterThan(50_000 / PART_BYTES);
    expect(parts).toEqual([...Array.from({ length: parts.length - 1 }, () => 0), 1]);
    expect(execution.done).toBe(true);
    execution.dispose();
    expect(memory.usedBlocks()).toBe(used);
  });

  test("may have more columns than a page takes", () => {
    const wide = Array.from({ length: 300 }, () => columnType(int4));
    const row = wide.map((_, index): Scalar => (index % 7 === 0 ? null : BigInt(index)));
    const wider: PhysicalPlan = {
      ...plan,
      outputs: wide.map((type, index) => ({ name: `c${index}`, type })),
      root: { kind: "scan", leaf: 0, columns: wide },
    };
    const pages = [buildPage(wide, [row, row, row], { pageBytes: PAGE_BYTES, ranges: true })];
    expect(runPages(wider, pages, { resultBytes: PART_BYTES }).rows).toEqual([row, row, row]);
  });
});
