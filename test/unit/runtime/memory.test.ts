// State memory: blocks by owner, arenas that give everything back, a clean error when there is no more.
import { FusionError } from "#base/errors.js";
import type { Scalar } from "#expr/expression.js";
import type { PhysicalPlan } from "#plan/physical.js";
import { Arena } from "#runtime/arena.js";
import { compileExecution } from "#runtime/compiled_plan.js";
import { PlanExecution } from "#runtime/execution.js";
import { BLOCK_BYTES, EngineMemory, memoryLayout } from "#runtime/memory.js";
import { PlanCache } from "#runtime/plan_cache.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PAGE_BYTES, column, columnType, pagesOf } from "../../support/engine.js";

function smallMemory(blocks: number): EngineMemory {
  return new EngineMemory(memoryLayout(blocks * BLOCK_BYTES, PAGE_BYTES));
}

describe("engine memory", () => {
  test("leaves a guard in front and the pool behind", () => {
    const layout = memoryLayout(10 * BLOCK_BYTES, 1 << 20);
    expect(layout.ownersOffset).toBeGreaterThanOrEqual(BLOCK_BYTES);
    expect(layout.poolOffset % (2 << 20)).toBe(0);
    expect(layout.poolOffset).toBeGreaterThanOrEqual(layout.stateOffset + 10 * BLOCK_BYTES);
    expect(() => memoryLayout(3 * 2 ** 30, 2 * 2 ** 30)).toThrow(/4 GiB/);
  });

  test("hands out disjoint runs and takes them back", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 5 })), { maxLength: 60 }),
        (steps) => {
          const memory = smallMemory(16);
          const arena = new Arena(memory);
          const held = new Map<number, number>();
          for (const [free, blocks] of steps) {
            const [first] = held.keys();
            if (free && first !== undefined) {
              arena.freeRun(first);
              held.delete(first);
              continue;
            }
            try {
              const address = arena.takeRun(blocks * BLOCK_BYTES);
              for (const [other, count] of held) {
                expect(
                  address + blocks * BLOCK_BYTES <= other || other + count * BLOCK_BYTES <= address,
                ).toBe(true);
              }
              held.set(address, blocks);
            } catch (error) {
              expect(error).toBeInstanceOf(FusionError);
            }
            expect(memory.usedBlocks()).toBe([...held.values()].reduce((sum, each) => sum + each, 0));
            expect(memory.freeBytes).toBe((16 - memory.usedBlocks()) * BLOCK_BYTES);
          }
          arena.dispose();
          expect(memory.usedBlocks()).toBe(0);
        },
      ),
    );
  });

  test("carves small allocations from blocks", () => {
    const memory = smallMemory(4);
    const arena = new Arena(memory);
    const addresses = Array.from({ length: 100 }, () => arena.allocate(100));
    expect(new Set(addresses).size).toBe(100);
    expect(addresses.every((address) => address % 64 === 0)).toBe(true);
    expect(memory.usedBlocks()).toBe(1);
    arena.dispose();
    expect(memory.usedBlocks()).toBe(0);
  });
});

describe("an execution out of memory", () => {
  const int4 = { kind: "int4" } as const;
  const plan: PhysicalPlan = {
    version: 1,
    leafCount: 1,
    parameters: [],
    outputs: [{ name: "key", type: columnType(int4) }],
    root: {
      kind: "hashAggregate",
      input: { kind: "scan", leaf: 0, columns: [columnType(int4)] },
      keys: [column(0, int4)],
      aggregates: [],
      columns: [columnType(int4)],
      groupsEstimate: 0,
    },
  };

  test("fails with 53200, names the setting, and leaks nothing", () => {
    const memory = smallMemory(12);
    const rows = Array.from({ length: 60_000 }, (_, i): Scalar[] => [BigInt(i)]);
    const pages = pagesOf([columnType(int4)], rows, 10_000);
    const execution = new PlanExecution(compileExecution(plan, new PlanCache()), {
      memory,
      resultBytes: PAGE_BYTES,
    });
    const push = () => {
      for (const page of pages) {
        memory.bytes.set(page, memory.layout.poolOffset);
        execution.pushPage(0, memory.layout.poolOffset);
      }
    };
    expect(push).toThrow(
      expect.objectContaining({
        sqlstate: "53200",
        message: "out of memory",
        detail: expect.stringContaining("pg_fusion.worker_memory") as string,
      }),
    );
    execution.dispose();
    execution.dispose();
    expect(memory.usedBlocks()).toBe(0);
  });

  test("does not start when even its pages do not fit", () => {
    const memory = smallMemory(1);
    expect(
      () => new PlanExecution(compileExecution(plan, new PlanCache()), { memory, resultBytes: PAGE_BYTES }),
    ).toThrow("out of memory");
    expect(memory.usedBlocks()).toBe(0);
  });
});

describe("the plan cache", () => {
  test("compiles plans that differ in constants once", () => {
    const cache = new PlanCache();
    const memory = smallMemory(64);
    const bool = { kind: "bool" } as const;
    const run = (limit: bigint): Scalar[][] => {
      const columns = [columnType({ kind: "int4" })];
      const filtered: PhysicalPlan = {
        version: 1,
        leafCount: 1,
        parameters: [],
        outputs: [{ name: "value", type: columnType({ kind: "int4" }) }],
        root: {
          kind: "filter",
          input: { kind: "scan", leaf: 0, columns },
          predicate: {
            kind: "call",
            function: "integer.less",
            arguments: [column(0, int4), { kind: "constant", value: limit, type: int4 }],
            type: bool,
          },
        },
      };
      const execution = new PlanExecution(compileExecution(filtered, cache), {
        memory,
        resultBytes: PAGE_BYTES,
      });
      const [page] = pagesOf(columns, [[1n], [2n], [3n]], 10);
      if (page !== undefined) memory.bytes.set(page, memory.layout.poolOffset);
      execution.pushPage(0, memory.layout.poolOffset);
      execution.finishLeaf(0);
      const rows = execution.takeResult()?.rows ?? 0;
      expect(execution.done).toBe(true);
      execution.dispose();
      return [[BigInt(rows)]];
    };
    const int4 = { kind: "int4" } as const;
    expect([run(2n), run(3n), run(100n)]).toEqual([[[1n]], [[2n]], [[3n]]]);
    expect(cache.counts).toEqual({ modules: 1, hits: 2, misses: 1 });
    expect(memory.usedBlocks()).toBe(0);
  });
});
