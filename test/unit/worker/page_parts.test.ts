// Pages that came in parts, put together: several producers' in turns, and what is missing or too much.
import type { Scalar } from "#expr/expression.js";
import { PageHeader } from "#generated/layout.js";
import { Arena } from "#runtime/arena.js";
import { EngineMemory, memoryLayout } from "#runtime/memory.js";
import { buildPage } from "#runtime/page_builder.js";
import { PageReader, verifyPage } from "#runtime/page_reader.js";
import type { InputPage } from "#worker/executor_ports.js";
import { PageParts } from "#worker/page_parts.js";
import { beforeEach, describe, expect, test } from "vitest";
import { columnType } from "../../support/engine.js";

const PART_BYTES = 4096;
const columns = [columnType({ kind: "text", byteOrder: true })];
const memory = new EngineMemory(memoryLayout(4 * 1024 * 1024, 16 * PART_BYTES));

let arena: Arena;
let parts: PageParts;
let nextPage: number;

beforeEach(() => {
  arena = new Arena(memory);
  parts = new PageParts(memory, {
    takeRoom: (bytes) => arena.takeRun(bytes),
    freeRoom: (address) => arena.freeRun(address),
  });
  nextPage = 0;
});

/** A page of the pool with these bytes. */
function inputPage(bytes: Uint8Array, rows: number, producer: number): InputPage {
  const page = nextPage++ % 16;
  const address = memory.layout.poolOffset + page * PART_BYTES;
  memory.bytes.set(bytes, address);
  const content = () => memory.bytes.subarray(address, address + PART_BYTES);
  return { page, producer, rows, bytes: bytes.length, address, content, release: () => undefined };
}

const rowsOf = (length: number): Scalar[][] => [[Uint8Array.from({ length }, (_, at) => 97 + (at % 26))]];

function partsOf(rows: Scalar[][], producer: number): (() => InputPage)[] {
  const bytes = buildPage(columns, rows, { pageBytes: 40_960, ranges: false });
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const used = view.getUint32(PageHeader.tail_offset, true) + view.getUint32(PageHeader.tail_bytes, true);
  view.setUint32(PageHeader.page_bytes, used, true);
  const count = Math.ceil(used / PART_BYTES);
  return Array.from({ length: count }, (_, at) => () => {
    const part = bytes.subarray(at * PART_BYTES, Math.min((at + 1) * PART_BYTES, used));
    return inputPage(part, at === count - 1 ? 1 : 0, producer);
  });
}

function readWhole(page: InputPage): Scalar[][] | undefined {
  const whole = parts.whole(0, page);
  if (whole === undefined) return undefined;
  verifyPage(whole.content(), columns);
  return new PageReader(whole.content(), columns).all();
}

describe("pages in parts", () => {
  test("of several producers are put together", () => {
    const streams = [10_000, 30_000].map((length, producer) => ({ parts: partsOf(rowsOf(length), producer) }));
    const read: Scalar[][] = [];
    for (let turn = 0; turn < 10; turn++) {
      for (const { parts: left } of streams) {
        const page = left.shift()?.();
        if (page === undefined) continue;
        expect(parts.isPart(0, page)).toBe(true);
        const rows = readWhole(page);
        if (rows === undefined) continue;
        // Asked again, as when the engine had no time for it, it is the same.
        expect(readWhole(page)).toEqual(rows);
        read.push(...rows);
        parts.done(page);
      }
    }
    expect(read).toEqual([...rowsOf(10_000), ...rowsOf(30_000)]);
    expect(arena.heldBytes).toBe(0);
    parts.finish(0);
  });

  test("leave whole pages alone", () => {
    const page = inputPage(buildPage(columns, rowsOf(100), { pageBytes: PART_BYTES, ranges: false }), 1, 0);
    expect(parts.isPart(0, page)).toBe(false);
    expect(parts.whole(0, page)).toBe(page);
    parts.done(page);
  });

  test("are refused when one is missing or more come than there are", () => {
    const [first, ...others] = partsOf(rowsOf(20_000), 0);
    readWhole(first?.() as InputPage);
    expect(() => parts.finish(0)).toThrow("the last part of a page is missing");
    parts.finish(1);
    expect(() => readWhole(others.at(-1)?.() as InputPage)).toThrow("a part of a page is missing");
    const again = partsOf(rowsOf(20_000), 1);
    for (const part of again.slice(0, -1)) readWhole(part());
    const more = inputPage(new Uint8Array(PART_BYTES), 0, 1);
    expect(() => readWhole(more)).toThrow("a part beyond its page");
    expect(() => readWhole(inputPage(new Uint8Array(8), 0, 2))).toThrow("a part without a header");
  });
});
