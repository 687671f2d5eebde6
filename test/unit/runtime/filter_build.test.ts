// Runtime filters as the engine makes them: of which rows and words, in which order, and when the probed leaf is
// wanted.
import type { FilterRows } from "#base/filter_rows.js";
import type { Scalar } from "#expr/expression.js";
import type { JoinKind, PhysicalPlan } from "#plan/physical.js";
import { compileExecution } from "#runtime/compiled_plan.js";
import { PlanExecution } from "#runtime/execution.js";
import type { FilterPort } from "#runtime/filter_build.js";
import type { SpillOptions } from "#runtime/memory_budget.js";
import { describe, expect, test } from "vitest";
import { PAGE_BYTES, cache, column, columnType, memory, pagesOf } from "../../support/engine.js";
import { MemorySpill } from "../../support/memory_spill.js";

const int4 = { kind: "int4" } as const;
const text = { kind: "text", byteOrder: true } as const;
const wide = { kind: "decimal", precision: 30, scale: 2 } as const;
const types = [int4, text, wide];
const columns = types.map((type) => columnType(type));

/** A join over the given keys of two leaves, and what its build side may filter. */
function planOf(join: JoinKind, keys: readonly number[], rowsEstimate = 1_000_000): PhysicalPlan {
  const expressions = keys.map((key) => column(key, types[key] ?? int4));
  const joined = [...columns, ...columns];
  return {
    version: 1, leafCount: 2, parameters: [],
    outputs: joined.map((type, index) => ({ name: `c${index}`, type })),
    root: {
      kind: "hashJoin", join, probe: { kind: "scan", leaf: 0, columns }, build: { kind: "scan", leaf: 1, columns },
      probeKeys: expressions, buildKeys: expressions, columns: joined, buildRowsEstimate: 0,
      filters: [{ number: 3, leaf: 0, keys: keys.map((column_, key) => ({ key, column: column_ })), rowsEstimate }],
    },
  };
}

/** Reads the rows it is given as the addon would. */
class ReadingPort implements FilterPort {
  readonly steps: string[] = [];
  readonly keys = new Set<string>();
  fails = "";

  begin(): boolean {
    return this.#step("begin");
  }

  measure(_filter: number, rows: FilterRows): boolean {
    this.#each(rows, () => undefined);
    return this.#step("measure");
  }

  size(_filter: number, rows: number, isOneWord: boolean): boolean {
    return this.#step(`size ${rows} ${isOneWord}`);
  }

  enter(_filter: number, rows: FilterRows): boolean {
    this.#each(rows, (key) => this.keys.add(key));
    return this.#step("enter");
  }

  publish(): boolean {
    return this.#step("publish");
  }

  decline(): void {
    this.steps.push("decline");
  }

  #step(name: string): boolean {
    if (this.steps.at(-1) !== name) this.steps.push(name);
    return !(name.startsWith(this.fails) && this.fails !== "");
  }

  #each(rows: FilterRows, take: (key: string) => void): void {
    const { view, bytes } = memory;
    expect((rows.end - rows.first) % rows.rowBytes).toBe(0);
    for (let row = rows.first; row < rows.end; row += rows.rowBytes) {
      if ((view.getUint32(row + rows.flagsOffset, true) & rows.flagsSkip) !== 0) continue;
      take(rows.keys.map(({ kind, offset }) => {
        const at = row + offset;
        if (kind === "word") return view.getBigInt64(at, true).toString();
        if (kind === "pair") return ((view.getBigInt64(at + 8, true) << 64n) | view.getBigUint64(at, true)).toString();
        const length = view.getUint32(at, true);
        const start = length <= 12 ? at + 4 : view.getUint32(at + 12, true);
        return Buffer.from(bytes.slice(start, start + length)).toString();
      }).join("|"));
    }
  }
}

const encode = (value: string): Uint8Array => new TextEncoder().encode(value);

function rowOf(i: number): Scalar[] {
  return [
    i % 7 === 0 ? null : BigInt(i * 31 - 5000),
    i % 5 === 0 ? null : encode("x".repeat(i % 30) + String(i)),
    i % 3 === 0 ? null : BigInt(i - 500) * 10n ** 24n,
  ];
}

const buildRows = Array.from({ length: 20_000 }, (_, i) => rowOf(i));

/** The keys of rows without a NULL key. */
function expectedKeys(keys: readonly number[]): Set<string> {
  const shown = (value: Scalar | undefined): string =>
    (value instanceof Uint8Array ? Buffer.from(value).toString() : String(value));
  return new Set(buildRows.filter((row) => keys.every((key) => row[key] !== null))
    .map((row) => keys.map((key) => shown(row[key])).join("|")));
}

/** Feeds the build side, then sees the probe side wanted; the port is as it stood then. */
function run(plan: PhysicalPlan, port: ReadingPort, rows = buildRows, spill?: SpillOptions): void {
  const compiled = compileExecution(plan, cache);
  const execution = new PlanExecution(compiled, {
    memory, resultBytes: PAGE_BYTES, filters: port, ...(spill === undefined ? {} : { spill }),
  });
  try {
    expect(execution.wantedLeaves()).toEqual([1]);
    const pages = pagesOf(columns, rows, 500);
    for (const page of pages) {
      memory.bytes.set(page, memory.layout.poolOffset);
      while (!execution.pushPage(1, memory.layout.poolOffset)) execution.takeResult();
    }
    execution.finishLeaf(1);
    for (let round = 0; round < 1000 && execution.wantedLeaves().length === 0; round++) {
      expect(execution.paused).toBe(true);
      expect(["publish", "decline"]).not.toContain(port.steps.at(-1));
      execution.takeResult();
    }
    expect(execution.wantedLeaves()).toEqual([0]);
  } finally {
    execution.dispose();
  }
}

describe("runtime filters", () => {
  test("of one word are measured, sized, entered and published before the probed leaf is wanted", () => {
    const port = new ReadingPort();
    run(planOf("inner", [0]), port);
    const rows = buildRows.filter(([key]) => key !== null).length;
    expect(port.steps).toEqual(["begin", "measure", `size ${rows} true`, "enter", "publish"]);
    expect(port.keys).toEqual(expectedKeys([0]));
  });

  test.each([[[1]], [[2]], [[0, 1]], [[2, 1, 0]]])("hold the words of keys %j", (keys) => {
    const port = new ReadingPort();
    run(planOf("semi", keys), port);
    expect(port.steps.map((step) => step.split(" ")[0])).toEqual(["begin", "size", "enter", "publish"]);
    expect(port.keys).toEqual(expectedKeys(keys));
  });

  test.each([[[0]], [[1]], [[2, 1]]])("hold the words of keys %j of a table on disk", (keys) => {
    const before = memory.usedBlocks();
    const [port, spill] = [new ReadingPort(), new MemorySpill()];
    run(planOf("right", keys), port, buildRows, { bytes: 512 * 1024, port: spill });
    expect(spill.bytes).toBeGreaterThan(0);
    expect(port.steps.at(-1)).toBe("publish");
    expect(port.keys).toEqual(expectedKeys(keys));
    expect(memory.usedBlocks()).toBe(before);
  });

  test("leave out rows that an outer join keeps for their NULL key", () => {
    const port = new ReadingPort();
    run(planOf("right", [0]), port);
    expect(port.steps).toContain(`size ${buildRows.length} true`);
    expect(port.keys).toEqual(expectedKeys([0]));
  });

  test("of no rows are published all the same", () => {
    const port = new ReadingPort();
    run(planOf("inner", [0]), port, []);
    expect(port.steps).toEqual(["begin", "size 0 true", "publish"]);
  });

  test.each(["begin", "measure", "size", "enter", "publish"])("are declined when %s says no", (step) => {
    const port = new ReadingPort();
    port.fails = step;
    run(planOf("inner", [0]), port);
    expect(port.steps.at(-1)).toBe("decline");
    expect(port.steps.filter((each) => each === "decline")).toHaveLength(1);
  });

  test("are declined for far more build rows than the leaf has", () => {
    const port = new ReadingPort();
    const many = Array.from({ length: 110_000 }, (_, i): Scalar[] => [BigInt(i), null, null]);
    run(planOf("inner", [0], 1000), port, many);
    expect(port.steps).toEqual(["decline"]);
  });
});
