// The order of rows shows only in floats that an aggregate made.
import { describe, expect, it } from "vitest";
import type { PhysicalOperator, PhysicalPlan } from "#plan/physical.js";
import { orderMatters } from "#plan/row_order.js";
import type { ColumnType } from "#types/column_type.js";
import type { EngineType } from "#types/engine_type.js";

const column = (engine: EngineType): ColumnType => ({
  sqlType: 0, typmod: -1, collation: 0, engine, encoding: 0, scale: 0, nullable: true,
});
const float8 = column({ kind: "float8" });
const decimal = column({ kind: "decimal", precision: 15, scale: 2 });
const text = column({ kind: "text", byteOrder: false });
const scan = (...columns: ColumnType[]): PhysicalOperator => ({ kind: "scan", leaf: 0, columns });

const aggregate = (input: PhysicalOperator, ...columns: ColumnType[]): PhysicalOperator => ({
  kind: "hashAggregate", input, keys: [], aggregates: [], columns, groupsEstimate: 0,
});

const plan = (root: PhysicalOperator): PhysicalPlan => ({
  version: 1, root, leafCount: 1, outputs: [], parameters: [],
});

describe("the order of rows", () => {
  it("shows in what an aggregate makes of floats, keys included", () => {
    expect(orderMatters(plan(aggregate(scan(float8), float8)))).toBe(true);
    expect(orderMatters(plan(aggregate(scan(decimal), text, column({ kind: "float4" }))))).toBe(true);
  });

  it("does not show in exact sums, in groups of text, or in rows that are passed on", () => {
    expect(orderMatters(plan(aggregate(scan(float8, decimal), text, decimal)))).toBe(false);
    expect(orderMatters(plan(scan(float8)))).toBe(false);
  });

  it("is looked for below other operators", () => {
    const join: PhysicalOperator = {
      kind: "hashJoin", join: "inner", probe: scan(text), build: aggregate(scan(float8), float8), probeKeys: [],
      buildKeys: [], columns: [text, float8], buildRowsEstimate: 0,
    };
    expect(orderMatters(plan({ kind: "limit", input: join, columns: join.columns }))).toBe(true);
  });
});
