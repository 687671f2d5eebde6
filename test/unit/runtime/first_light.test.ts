// TPC-H Q1 and Q6 in the shape the planner gives them, against sums computed in plain BigInt.
import type { Expression, Scalar } from "#expr/expression.js";
import type { AggregateCall, PhysicalPlan } from "#plan/physical.js";
import type { EngineType } from "#types/engine_type.js";
import { expect, test } from "vitest";
import { column, columnType, memory, pagesOf, runPages, scanColumns } from "../../support/engine.js";

const money: EngineType = { kind: "decimal", precision: 15, scale: 2 };
const decimal = (precision: number, scale: number): EngineType => ({ kind: "decimal", precision, scale });
const flag: EngineType = { kind: "bpchar", length: 1, byteOrder: true };
const int8: EngineType = { kind: "int8" };

const one: Expression = { kind: "constant", value: 1n, type: decimal(1, 0) };
const call = (name: string, type: EngineType, ...list: Expression[]): Expression => ({
  kind: "call",
  function: name,
  arguments: list,
  type,
});

const quantity = column(2, money);
const price = column(3, money);
const discount = column(4, money);
const tax = column(5, money);
const discPrice = call(
  "decimal.multiply",
  decimal(31, 4),
  price,
  call("decimal.subtract", decimal(16, 2), one, discount),
);
const charge = call(
  "decimal.multiply",
  decimal(38, 6),
  discPrice,
  call("decimal.add", decimal(16, 2), one, tax),
);

const sum = (argument: Expression): AggregateCall => ({
  function: "sum",
  argument,
  result: columnType(decimal(38, argument.type.kind === "decimal" ? argument.type.scale : 0)),
});

function q1(nullable: boolean): PhysicalPlan {
  const aggregates: AggregateCall[] = [
    ...[quantity, price, discPrice, charge, discount].map(sum),
    { function: "countRows", result: columnType(int8, false) },
  ];
  const columns = [columnType(flag), columnType(flag), ...aggregates.map(({ result }) => result)];
  return {
    version: 1,
    leafCount: 1,
    parameters: [],
    outputs: columns.map((type, index) => ({ name: `c${index}`, type })),
    root: {
      kind: "hashAggregate",
      input: {
        kind: "scan",
        leaf: 0,
        columns: [flag, flag, money, money, money, money].map((type) => columnType(type, nullable)),
      },
      keys: [column(0, flag), column(1, flag)],
      aggregates,
      columns,
      groupsEstimate: 6,
    },
  };
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

function lineitems(count: number, scale = 1n): Scalar[][] {
  return Array.from({ length: count }, (_, i) => {
    const n = BigInt(i);
    const status = ["A", "N", "R"][i % 3] ?? "A";
    return [
      text(status),
      text(i % 7 === 0 ? "F" : "O"),
      ((n % 50n) + 1n) * 100n * scale,
      ((n * 7919n) % 10_000_000n) * scale,
      n % 11n,
      n % 9n,
    ];
  });
}

function expected(rows: readonly Scalar[][]): Map<string, bigint[]> {
  const groups = new Map<string, bigint[]>();
  for (const [a, b, q, p, d, t] of rows as [Uint8Array, Uint8Array, bigint, bigint, bigint, bigint][]) {
    const key = Buffer.from(a).toString() + Buffer.from(b).toString();
    const state = groups.get(key) ?? [0n, 0n, 0n, 0n, 0n, 0n];
    const values = [q, p, p * (100n - d), p * (100n - d) * (100n + t), d, 1n];
    groups.set(
      key,
      state.map((each, i) => each + (values[i] ?? 0n)),
    );
  }
  return groups;
}

function checkQ1(rows: readonly Scalar[][], result: readonly Scalar[][]): void {
  const groups = expected(rows);
  expect(result.length).toBe(groups.size);
  for (const [a, b, ...values] of result) {
    const key = Buffer.from(a as Uint8Array).toString() + Buffer.from(b as Uint8Array).toString();
    expect(values, key).toEqual(groups.get(key));
  }
}

test("Q1 groups by two one-character keys and sums decimals", () => {
  const before = memory.usedBlocks();
  for (const nullable of [false, true]) {
    for (const ranges of [false, true]) {
      const rows = lineitems(5000);
      const plan = q1(nullable);
      const { rows: result, execution } = runPages(plan, pagesOf(scanColumns(plan), rows, 500, ranges));
      checkQ1(rows, result);
      expect(execution.stats().map(({ redoPages }) => redoPages)).toEqual([0, 0]);
    }
  }
  expect(memory.usedBlocks()).toBe(before);
});

test("Q1 takes the exact path where a page may overflow 64 bits", () => {
  const rows = lineitems(5000, 1_000_000n);
  const plan = q1(false);
  const { rows: result, execution } = runPages(plan, pagesOf(scanColumns(plan), rows, 500));
  checkQ1(rows, result);
  expect(execution.stats().at(-1)?.redoPages).toBeGreaterThan(0);
});

test("Q6 filters by ranges and sums one product", () => {
  const date: EngineType = { kind: "date" };
  const [shipdate, disc, qty, extended] = [
    column(0, date),
    column(1, money),
    column(2, money),
    column(3, money),
  ];
  const constant = (value: bigint, type: EngineType): Expression => ({ kind: "constant", value, type });
  const compare = (name: string, a: Expression, b: Expression): Expression =>
    call(name, { kind: "bool" }, a, b);
  const predicate: Expression = {
    kind: "and",
    type: { kind: "bool" },
    arguments: [
      compare("date.greaterOrEqual", shipdate, constant(100n, date)),
      compare("date.less", shipdate, constant(465n, date)),
      compare("decimal.greaterOrEqual", disc, constant(5n, decimal(3, 2))),
      compare("decimal.lessOrEqual", disc, constant(7n, decimal(3, 2))),
      compare("decimal.less", qty, constant(24n, decimal(2, 0))),
    ],
  };
  const revenue = sum(call("decimal.multiply", decimal(30, 4), extended, disc));
  const plan: PhysicalPlan = {
    version: 1,
    leafCount: 1,
    parameters: [],
    outputs: [{ name: "revenue", type: revenue.result }],
    root: {
      kind: "hashAggregate",
      input: {
        kind: "filter",
        input: {
          kind: "scan",
          leaf: 0,
          columns: [date, money, money, money].map((type) => columnType(type, false)),
        },
        predicate,
      },
      keys: [],
      aggregates: [revenue],
      columns: [revenue.result],
      groupsEstimate: 1,
    },
  };
  const rows: Scalar[][] = Array.from({ length: 5000 }, (_, i) => {
    const n = BigInt(i);
    return [n % 1000n, n % 11n, ((n % 50n) + 1n) * 100n, (n * 7919n) % 10_000_000n];
  });
  let total = 0n;
  for (const [s, d, q, e] of rows as [bigint, bigint, bigint, bigint][]) {
    if (s >= 100n && s < 465n && d >= 5n && d <= 7n && q < 2400n) total += e * d;
  }
  expect(runPages(plan, pagesOf(scanColumns(plan), rows, 700)).rows).toEqual([[total]]);
  expect(runPages(plan, []).rows).toEqual([[null]]);
});
