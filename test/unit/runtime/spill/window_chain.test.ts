// Windows whose partitions are larger than memory: with a budget for a row or two, so that every piece has neighbours,
// against the interpreter, over whatever can be worked off in pieces.
import type { Expression } from "#expr/expression.js";
import type { SortKey, WindowCall, WindowFrame } from "#plan/physical.js";
import { windowReach } from "#plan/window_reach.js";
import { interpret } from "#runtime/interpreter/interpreter.js";
import { expect, test } from "vitest";
import { rowsOrError, shownRows } from "../../../support/compared_runs.js";
import { column, columnType, memory, pagesOf, runLeaves } from "../../../support/engine.js";
import { MemorySpill } from "../../../support/memory_spill.js";
import { Dice } from "../../../support/random_plans.js";
import {
  columns, constant, int8, planOf, randomCall, randomRows, scan, types,
} from "../../../support/random_windows.js";

const keyed = (index: number): Expression => column(index, types[index] ?? int8);
const ordered = (index: number, descending = false): SortKey =>
  ({ expression: keyed(index), descending, nullsFirst: descending });

/** Calls that need no partition as a whole. */
function callsOf(dice: Dice, count: number): WindowCall[] {
  const calls: WindowCall[] = [];
  while (calls.length < count) {
    const call = randomCall(dice, false);
    if (windowReach([call]) !== undefined) calls.push(call);
  }
  return calls;
}

test.each(Array.from({ length: 120 }, (_, seed) => seed))("pieces give the same rows, seed %i", (seed) => {
  const dice = new Dice(seed + 1000);
  const rows = randomRows(dice, dice.pick([3, 17, 40, 90, 200]));
  const partition = dice.pick([[], [], [6], [1], [7, 6]]).map(keyed);
  const order = dice.pick([[], [0], [1], [2], [6], [1, 3], [5]]).map((index) => ordered(index, dice.chance(40)));
  const plan = planOf(scan, { partition, order, calls: callsOf(dice, dice.pick([1, 2, 6])) });
  const spill = {
    bytes: 0, port: new MemorySpill(), chunkBytes: dice.pick([200, 800, 3000]), bufferBytes: dice.pick([256, 700]),
  };
  expect(rowsOrError(() => runLeaves(plan, [pagesOf(columns, rows, 17)], { spill }).rows)).toEqual(
    rowsOrError(() => interpret(plan, [rows])));
  expect(spill.port.live).toBe(0);
  expect(memory.usedBlocks()).toBe(0);
});

test.each([
  ["row by row", "rows", 512],
  ["with the rest of their peers", "range", 512],
] as const)("one partition takes no more than its share, %s", (_, unit, kilobytes) => {
  const rows = Array.from({ length: 16_000 }, (_each, index) => types.map((type) => (
    type.kind === "int4" ? BigInt((index * 7919) % 16_000) : type.kind === "int8" ? BigInt(index % 3)
      : type.kind === "text" ? Buffer.from(`a text of row ${index}`) : null)));
  const frame: WindowFrame = { unit, start: { kind: "unbounded" }, end: { kind: "currentRow" }, exclusion: "none" };
  const calls: readonly WindowCall[] = [
    { function: "rowNumber", frame, result: columnType(int8, false) },
    { function: "min", argument: keyed(5), frame, result: columnType(types[5] ?? int8) },
    { function: "sum", argument: keyed(2), frame, result: columnType({ kind: "decimal", precision: 38, scale: 0 }) },
    { function: "lag", argument: keyed(5), offset: constant(3000n), frame, result: columnType(types[5] ?? int8) },
  ];
  const plan = planOf(scan, { partition: [], order: [ordered(unit === "rows" ? 0 : 2)], calls });
  const spill = { bytes: kilobytes * 1024, port: new MemorySpill(), bufferBytes: 8192 };
  const { rows: found, execution } = runLeaves(plan, [pagesOf(columns, rows, 500)], { spill });
  expect(shownRows(found)).toEqual(shownRows(runLeaves(plan, [pagesOf(columns, rows, 500)]).rows));
  expect(execution.peakBytes).toBeLessThan(4 * kilobytes * 1024);
  expect(spill.port.live).toBe(0);
});
