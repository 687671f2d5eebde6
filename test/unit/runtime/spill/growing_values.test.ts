// Lists and least and greatest strings of groups that are larger than memory: parts of them on disk, put together again
// with the interpreter's result, however the budget falls between values, groups and their rounds.
import { FusionError } from "#base/errors.js";
import type { Scalar } from "#expr/expression.js";
import type { AggregateCall, PhysicalOperator, PhysicalPlan } from "#plan/physical.js";
import { interpret } from "#runtime/interpreter/interpreter.js";
import { expect, test } from "vitest";
import { shownRows } from "../../../support/compared_runs.js";
import { column, columnType, memory, pagesOf, runLeaves } from "../../../support/engine.js";
import { MemorySpill } from "../../../support/memory_spill.js";
import { Dice } from "../../../support/random_plans.js";

const KB = 1024;
const int4 = { kind: "int4" } as const;
const int8 = { kind: "int8" } as const;
const text = { kind: "text", byteOrder: true } as const;
const array = { kind: "opaque", width: -1, byValue: false, bitwiseEqual: true } as const;
const columns = [columnType(int4), columnType(text), columnType(int8)];
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);

const [INT4_OID, INT8_OID, TEXT_OID] = [23, 20, 25];
const calls: readonly AggregateCall[] = [
  { function: "concatenate", argument: column(1, text), second: column(1, text), result: columnType(text) },
  { function: "collect", argument: column(0, int4), result: columnType(array),
    element: { type: INT4_OID, length: 4, alignment: 4 } },
  { function: "collect", argument: column(1, text), result: columnType(array),
    element: { type: TEXT_OID, length: -1, alignment: 4 } },
  { function: "collect", argument: column(2, int8), result: columnType(array),
    element: { type: INT8_OID, length: 8, alignment: 8 },
    filter: { kind: "call", function: "integer.less", type: { kind: "bool" },
      arguments: [column(2, int8), { kind: "constant", value: 40n, type: int8 }] } },
  { function: "min", argument: column(1, text), result: columnType(text) },
  { function: "max", argument: column(1, text), result: columnType(text) },
  { function: "countRows", result: columnType(int8) },
  { function: "sum", argument: column(0, int4), result: columnType(int8) },
];

function planOf(aggregates: readonly AggregateCall[], keys: readonly number[]): PhysicalPlan {
  const input: PhysicalOperator = { kind: "scan", leaf: 0, columns };
  const keyTypes = keys.map((key) => columns[key] ?? columnType(int8));
  const types = [...keyTypes, ...aggregates.map(({ result }) => result)];
  return {
    version: 1, leafCount: 1, parameters: [], outputs: types.map((type, index) => ({ name: `c${index}`, type })),
    root: {
      kind: "hashAggregate", input, groupsEstimate: 0, columns: types, aggregates,
      keys: keys.map((key) => column(key, columns[key]?.engine ?? int8)),
    },
  };
}

/** Strings on both sides of what a view holds, and some that are much longer. */
function randomRows(dice: Dice, count: number, groups: number): Scalar[][] {
  const letters = "some letters of a text that may be short or long ".repeat(40);
  return Array.from({ length: count }, (_, index): Scalar[] => {
    const length = dice.chance(5) ? dice.below(letters.length) : dice.below(30);
    return [
      dice.chance(10) ? null : BigInt(dice.below(100_000)),
      dice.chance(15) ? null : bytes(`${letters.slice(0, length)}${dice.below(1000)}`),
      dice.chance(5) ? null : BigInt((index * 7919) % groups),
    ];
  });
}

test.each(Array.from({ length: 30 }, (_, seed) => seed))("parts come together, seed %i", (seed) => {
  const dice = new Dice(seed + 77);
  const aggregates = calls.filter(() => dice.chance(60));
  const keys = dice.pick([[], [2], [2], [2, 0]]);
  const rows = randomRows(dice, dice.pick([1, 800, 4000]), dice.pick([1, 3, 200, 3000]));
  const plan = planOf(aggregates, keys);
  const port = new MemorySpill();
  const spill = { bytes: dice.pick([0, 100 * KB, 700 * KB]), port, bufferBytes: dice.pick([64, 8 * KB]) };
  const { rows: found } = runLeaves(plan, [pagesOf(columns, rows, dice.pick([40, 500]))], { spill });
  expect(shownRows(found).sort()).toEqual(shownRows(interpret(plan, [rows])).sort());
  expect(port.live).toBe(0);
  expect(memory.usedBlocks()).toBe(0);
});

test("lists of few groups take no more than their share, and are read back in turn", () => {
  const plan = planOf(calls, [2]);
  const rows = randomRows(new Dice(5), 40_000, 50);
  const port = new MemorySpill();
  const { rows: found, execution } =
    runLeaves(plan, [pagesOf(columns, rows, 200)], { spill: { bytes: 1024 * KB, port, chunkBytes: 64 * KB } });
  expect(port.opened).toBe(1);
  expect(port.live).toBe(0);
  expect(execution.peakBytes).toBeLessThan(3 * 1024 * KB);
  expect(execution.stats().find(({ operator }) => operator === 0)).toMatchObject({
    rowsIn: 40_000, rowsOut: found.length, spilledBytes: port.bytes,
  });
  expect(shownRows(found).sort()).toEqual(shownRows(interpret(plan, [rows])).sort());
});

test("nobody reads on behind a limit, and nothing is left", () => {
  const { root, ...rest } = planOf(calls.slice(0, 1), [2]);
  const limited = {
    kind: "limit", input: root, count: { kind: "constant", value: 3n, type: int8 },
    columns: [columnType(int8), columnType(text)],
  } as const;
  const rows = randomRows(new Dice(6), 8000, 40);
  const port = new MemorySpill();
  const { rows: found } = runLeaves({ ...rest, root: limited }, [pagesOf(columns, rows, 200)],
    { spill: { bytes: 100 * KB, port } });
  expect(found.length).toBe(3);
  expect(port.opened).toBeGreaterThan(0);
  expect(port.live).toBe(0);
  expect(memory.usedBlocks()).toBe(0);
});

test("an error of the disk is the statement's", () => {
  const port = new MemorySpill();
  port.open = () => {
    throw new FusionError({ code: "limitReached", sqlstate: "53400", message: "no files" });
  };
  const pages = pagesOf(columns, randomRows(new Dice(7), 3000, 1), 200);
  expect(() => runLeaves(planOf(calls, []), [pages], { spill: { bytes: 0, port } })).toThrow("no files");
  expect(memory.usedBlocks()).toBe(0);
});
