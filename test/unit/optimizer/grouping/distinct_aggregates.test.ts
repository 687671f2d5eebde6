// Aggregates with DISTINCT beside others, in two steps: what the plan makes of random rows, compiled and interpreted,
// against counting by hand.
import { expect, test } from "vitest";
import type { Expression, Scalar } from "#expr/expression.js";
import { overParts } from "#optimizer/grouping/aggregate_parts.js";
import { aggregationOverDistinct } from "#optimizer/grouping/distinct_aggregates.js";
import { columnsOf } from "#plan/columns_of.js";
import type { AggregateCall, PhysicalPlan } from "#plan/physical.js";
import { interpret } from "#runtime/interpreter/interpreter.js";
import { column, columnType, pagesOf, runLeaves } from "../../../support/engine.js";
import { Dice } from "../../../support/random_plans.js";

const int4 = { kind: "int4" } as const;
const int8 = { kind: "int8" } as const;
const types = [columnType(int4), columnType(int4), columnType(int4)];
const [key, value, other] = [0, 1, 2].map((index) => column(index, int4)) as [Expression, Expression, Expression];
const positive: Expression = {
  kind: "call", function: "integer.greater", type: { kind: "bool" },
  arguments: [other, { kind: "constant", value: 0n, type: int4 }],
};

const calls: readonly AggregateCall[] = [
  { function: "count", argument: value, result: columnType(int8, false) },
  { function: "countRows", result: columnType(int8, false) },
  { function: "sum", argument: value, result: columnType(int8) },
  { function: "sum", argument: other, filter: positive, result: columnType(int8) },
  { function: "min", argument: other, result: columnType(int4) },
  { function: "count", argument: other, result: columnType(int8, false) },
];
/** The first count and sum are over DISTINCT values. */
const distinct = { argument: value, isDistinct: [true, false, true, false, false, false] };

function planOf(keys: readonly Expression[]): PhysicalPlan {
  const scan = { kind: "scan", leaf: 0, columns: types } as const;
  const grouping = {
    keys: keys.map((expression) => ({ expression, column: columnType(int4) })), aggregates: calls, distinct,
  };
  const root = aggregationOverDistinct(grouping, scan, (index) => index);
  const outputs = columnsOf(root).map((type, index) => ({ name: `c${index}`, type }));
  return { version: 1, root, leafCount: 1, parameters: [], outputs };
}

function byHand(rows: readonly (readonly Scalar[])[]): Scalar[] {
  const present = (index: number): bigint[] =>
    rows.map((row) => row[index]).filter((each): each is bigint => typeof each === "bigint");
  const sum = (list: readonly bigint[]): bigint | null =>
    (list.length === 0 ? null : list.reduce((total, each) => total + each, 0n));
  const values = [...new Set(present(1))];
  const least = present(2).reduce<bigint | null>((best, each) => (best === null || each < best ? each : best), null);
  return [
    BigInt(values.length), BigInt(rows.length), sum(values), sum(present(2).filter((each) => each > 0n)), least,
    BigInt(present(2).length),
  ];
}

const shown = (rows: readonly Scalar[][]): string[] => rows.map((row) => row.map(String).join(" ")).sort();

test.each([0, 1, 40, 500])("%i rows", (count) => {
  const dice = new Dice(count + 1);
  const number = (limit: number): Scalar => (dice.chance(15) ? null : BigInt(dice.below(limit) - 3));
  const rows = Array.from({ length: count }, (): Scalar[] => [number(6), number(9), number(30)]);
  const groups = new Map<Scalar, Scalar[][]>();
  for (const row of rows) groups.set(row[0] ?? null, [...(groups.get(row[0] ?? null) ?? []), row]);
  const grouped = [...groups].map(([first, of]): Scalar[] => [first, ...byHand(of)]);
  const cases: [Expression[], Scalar[][]][] = [[[key], grouped], [[], [byHand(rows)]]];
  for (const [keys, expected] of cases) {
    const plan = planOf(keys);
    expect(shown(interpret(plan, [rows]))).toEqual(shown(expected));
    expect(shown(runLeaves(plan, [pagesOf(types, rows, 17)]).rows)).toEqual(shown(expected));
  }
});

test("what is not made of its parts", () => {
  const float8 = columnType({ kind: "float8" });
  expect(overParts({ function: "sum", argument: value, result: float8 }, 0)).toBeUndefined();
  expect(overParts({ function: "mean", argument: value, result: float8 }, 0)).toBeUndefined();
});
