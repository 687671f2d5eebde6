// Packed pages: they come back as the page was, where its rows are; what else stood in the page is gone.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PageColumn, PageHeader } from "#generated/layout.js";
import { buildPage } from "#runtime/page_builder.js";
import { PageReader, verifyPage, verifyViews } from "#runtime/page_reader.js";
import { packPage, unpackPage } from "#trace/format/page_image.js";
import { columnType, PAGE_BYTES } from "../../../support/engine.js";
import { Dice, randomValue, types } from "../../../support/random_plans.js";

function randomPage(seed: number) {
  const dice = new Dice(seed);
  const columns = Array.from({ length: 1 + dice.below(6) }, () => columnType(dice.pick(types)));
  const rows = Array.from({ length: dice.below(40) }, () =>
    columns.map(({ engine }) => (dice.chance(20) ? null : randomValue(dice, engine, false))));
  return { columns, rows, page: buildPage(columns, rows, { pageBytes: PAGE_BYTES }) };
}

const seeds = fc.integer({ min: 0, max: 2 ** 31 });

describe("packed pages", () => {
  it("come back with the same rows, and pass for pages", () => {
    fc.assert(fc.property(seeds, (seed) => {
      const { columns, rows, page } = randomPage(seed);
      const whole = unpackPage(packPage(page), PAGE_BYTES);
      verifyPage(whole, columns);
      verifyViews(whole, columns);
      expect(new PageReader(whole, columns).all()).toEqual(rows);
    }), { numRuns: 200 });
  });

  it("keep nothing of what stood between and behind the rows", () => {
    const columns = [columnType({ kind: "int8" }), columnType({ kind: "int4" })];
    const bytes = buildPage(columns, [[1n, null], [null, 2n]], { pageBytes: PAGE_BYTES });
    const view = new DataView(bytes.buffer);
    const table = PageHeader.SIZE + 2 * PageColumn.SIZE;
    const values = (column: number) =>
      view.getUint32(PageHeader.SIZE + column * PageColumn.SIZE + PageColumn.values_offset, true);
    const secret = new TextEncoder().encode("secret");
    bytes.set(secret, bytes.length - secret.length);
    bytes.set(secret, values(0) + 8);
    bytes.set([0x73, 0x65, 0x63], values(1));
    const packed = packPage(bytes);
    expect(packed.length).toBe(table + 1 + 16 + 1 + 8);
    expect(Buffer.from(packed).toString("latin1")).not.toContain("sec");
    expect(new PageReader(unpackPage(packed, PAGE_BYTES), columns).all()).toEqual([[1n, null], [null, 2n]]);
  });

  it("are kept whole when they are no pages, and stay in bounds when they lie", () => {
    expect(packPage(new Uint8Array([1, 2, 3]))).toEqual(new Uint8Array([1, 2, 3]));
    fc.assert(fc.property(seeds, fc.nat(), fc.integer({ min: 0, max: 255 }), (seed, place, value) => {
      const { columns, page } = randomPage(seed);
      page[place % (PageHeader.SIZE + columns.length * PageColumn.SIZE)] = value;
      expect(unpackPage(packPage(page), PAGE_BYTES).length).toBeLessThanOrEqual(PAGE_BYTES);
    }), { numRuns: 300 });
  });
});
