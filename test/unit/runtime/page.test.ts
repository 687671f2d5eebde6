// Pages built, verified, read back, and seen as Arrow record batches.
import { FusionError } from "#base/errors.js";
import { DECIMAL_NAN, type Scalar } from "#expr/expression.js";
import { PageColumn, PageHeader } from "#generated/layout.js";
import { encodingName } from "#types/encoding_of.js";
import { pageAsRecordBatch } from "#runtime/arrow_page.js";
import { buildPage } from "#runtime/page_builder.js";
import { layoutForRows, resultLayout } from "#runtime/page_layout.js";
import { PageReader, verifyPage, verifyViews } from "#runtime/page_reader.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PAGE_BYTES, columnType } from "../../support/engine.js";
import { Dice, randomValue, types } from "../../support/random_plans.js";

function randomPage(seed: number) {
  const dice = new Dice(seed);
  const columns = Array.from({ length: dice.below(7) }, () => columnType(dice.pick(types)));
  const rows: Scalar[][] = Array.from({ length: dice.below(40) }, () =>
    columns.map(({ engine }) => (dice.chance(20) ? null : randomValue(dice, engine, false))),
  );
  return {
    columns,
    rows,
    bytes: buildPage(columns, rows, { pageBytes: PAGE_BYTES, ranges: dice.chance(50) }),
  };
}

const seeds = fc.integer({ min: 0, max: 2 ** 31 });

describe("pages", () => {
  test("read back as they were built", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const { columns, rows, bytes } = randomPage(seed);
        verifyPage(bytes, columns);
        verifyViews(bytes, columns);
        expect(new PageReader(bytes, columns).all()).toEqual(rows);
      }),
      { numRuns: 300 },
    );
  });

  test("with damaged headers are refused or stay in bounds", () => {
    fc.assert(
      fc.property(seeds, fc.nat(), fc.integer({ min: 0, max: 255 }), (seed, place, value) => {
        const { columns, bytes } = randomPage(seed);
        const header = PageHeader.SIZE + columns.length * PageColumn.SIZE;
        bytes[place % header] = value;
        try {
          verifyPage(bytes, columns);
          verifyViews(bytes, columns);
        } catch (error) {
          expect(error).toBeInstanceOf(FusionError);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("show packed text as strings", () => {
    const columns = [1, 2].map((length) => columnType({ kind: "bpchar", length, byteOrder: true }));
    const text = ["", "a", "é", "€", "😀", "ab", "éß", "€😀"];
    const encode = (each: string): Uint8Array => new TextEncoder().encode(each);
    const rows = text.map((each) => [encode([...each][0] ?? ""), encode(each)]);
    const bytes = buildPage(columns, [...rows, [null, null]], { pageBytes: PAGE_BYTES });
    const batch = pageAsRecordBatch(bytes, columns, ["one", "two"]);
    expect(columns.map(({ encoding }) => encodingName(encoding))).toEqual(["text4", "text8"]);
    expect([...(batch.getChild("two") ?? [])]).toEqual([...text, null]);
    expect([...(batch.getChild("one") ?? [])]).toEqual([...text.map((each) => [...each][0] ?? ""), null]);
    expect(new PageReader(bytes, columns).all()).toEqual([...rows, [null, null]]);
  });

  test("of other columns are refused", () => {
    const columns = [columnType({ kind: "int4" })];
    const bytes = buildPage(columns, [[1n]], { pageBytes: PAGE_BYTES });
    expect(() => verifyPage(bytes, [columnType({ kind: "int8" })])).toThrow(/malformed page/);
    expect(() => verifyPage(bytes.subarray(0, 32), columns)).toThrow(/malformed page/);
  });

  test("leave half the room to strings when there are any", () => {
    const text = columnType({ kind: "text", byteOrder: true });
    const layout = resultLayout([text], PAGE_BYTES);
    expect(layout.tailOffset).toBeLessThanOrEqual(PAGE_BYTES / 2);
    expect(layout.rowCapacity).toBeGreaterThan(1800);
    const numbers = resultLayout([columnType({ kind: "int8" })], PAGE_BYTES);
    expect(numbers.tailOffset).toBeGreaterThan(PAGE_BYTES * 0.97);
    expect(layoutForRows([text], 100_000, PAGE_BYTES)).toBeUndefined();
  });
});

describe("record batches", () => {
  test("share the page's bytes", () => {
    const columns = [
      columnType({ kind: "int4" }),
      columnType({ kind: "text", byteOrder: true }),
      columnType({ kind: "decimal", precision: 15, scale: 2 }),
      columnType({ kind: "decimal", precision: 30, scale: 4 }),
      columnType({ kind: "float8" }),
      columnType({ kind: "bool" }),
    ];
    const text = (value: string) => new TextEncoder().encode(value);
    const long = "longer than twelve bytes";
    const rows: Scalar[][] = [
      [1n, text("short"), 1234n, 10n ** 25n, 0.5, true],
      [null, text(long), null, -5n, null, false],
      [-7n, null, -99n, null, -1, null],
    ];
    const bytes = buildPage(columns, rows, { pageBytes: PAGE_BYTES });
    const batch = pageAsRecordBatch(bytes, columns, ["a", "b", "c", "d", "e", "f"]);
    expect(batch.numRows).toBe(3);
    const values = (index: number) =>
      Array.from({ length: 3 }, (_, row) => batch.getChildAt(index)?.get(row) as unknown);
    expect(values(0)).toEqual([1, null, -7]);
    expect(values(1)).toEqual(["short", long, null]);
    expect(values(2)).toEqual([1234n, null, -99n]);
    expect(values(4)).toEqual([0.5, null, -1]);
    expect(values(5)).toEqual([1, 0, null]);
    expect(batch.schema.fields[3]?.metadata.get("pg_fusion.scale")).toBe("4");
    expect(batch.data.children[1]?.variadicBuffers[0]?.buffer).toBe(bytes.buffer);
    expect(batch.data.children[2]?.values.buffer).toBe(bytes.buffer);
  });

  test("survive NaN sentinels as plain images", () => {
    const columns = [columnType({ kind: "decimal", precision: 5, scale: 1 })];
    const batch = pageAsRecordBatch(buildPage(columns, [[DECIMAL_NAN]], { pageBytes: PAGE_BYTES }), columns, [
      "n",
    ]);
    expect(batch.getChildAt(0)?.get(0)).toBe(-(2n ** 63n));
  });
});
