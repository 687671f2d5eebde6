// The engine's estimate of its own time: every operator adds to it, more rows cost more, and a join costs by the side
// its rows are on. The numbers themselves are measured (schemas/tables/costs.json) and not tested.
import { describe, expect, it } from "vitest";
import type { Expression } from "#expr/expression.js";
import { engineCost } from "#optimizer/physical/engine_cost.js";
import type { PhysicalOperator } from "#plan/physical.js";
import { columnType } from "../../../support/engine.js";

const column = columnType({ kind: "int4" });
const key: Expression = { kind: "column", index: 0, type: { kind: "int4" } };
const scan = (rowsEstimate: number): PhysicalOperator => ({ kind: "scan", leaf: 0, columns: [column], rowsEstimate });
const cost = (root: PhysicalOperator): number =>
  engineCost({ version: 1, root, leafCount: 1, outputs: [], parameters: [] }).ns;

function join(probe: number, build: number, keys: readonly Expression[]): PhysicalOperator {
  return {
    kind: "hashJoin", join: "inner", probe: scan(probe), build: scan(build), probeKeys: keys, buildKeys: keys,
    columns: [column, column], buildRowsEstimate: build, rowsEstimate: 10,
  };
}

function grouped(rows: number, groups: number): PhysicalOperator {
  return {
    kind: "hashAggregate", input: scan(rows), keys: [key], aggregates: [], columns: [column], groupsEstimate: groups,
  };
}

describe("the engine's cost", () => {
  it("grows with rows", () => {
    expect(cost(scan(1000))).toBeGreaterThan(cost(scan(10)));
    expect(cost(join(1000, 10, [key]))).toBeGreaterThan(cost(join(100, 10, [key])));
    expect(cost(grouped(1000, 10))).toBeLessThan(cost(grouped(1000, 900)));
  });

  it("prefers the smaller build side", () => {
    expect(cost(join(1000, 10, [key]))).toBeLessThan(cost(join(10, 1000, [key])));
  });

  it("counts every pair of a join without keys", () => {
    expect(cost(join(1000, 1000, []))).toBeGreaterThan(10 * cost(join(1000, 1000, [key])));
  });

  it("adds up inputs", () => {
    const both: PhysicalOperator = { kind: "union", inputs: [grouped(100, 5), grouped(100, 5)], columns: [column] };
    expect(cost(both)).toBeGreaterThan(cost(grouped(100, 5)));
    const filtered: PhysicalOperator = { kind: "filter", input: both, predicate: key };
    expect(cost({ kind: "sort", input: filtered, keys: [], columns: [column] })).toBeGreaterThan(cost(both));
  });

  it("expects of a filtered scan what the join lets through", () => {
    const leaf = (number: number, rowsEstimate: number): PhysicalOperator => (
      { kind: "scan", leaf: number, columns: [column], rowsEstimate });
    const joined = (filtered: boolean, top: number): PhysicalOperator => ({
      kind: "hashJoin", join: "inner", probe: leaf(0, 1000), build: leaf(1, 10), probeKeys: [key], buildKeys: [key],
      columns: [column, column], buildRowsEstimate: 10, rowsEstimate: top,
      ...(filtered ? { filters: [{ number: 0, leaf: 0, keys: [{ key: 0, column: 0 }], rowsEstimate: 1000 }] } : {}),
    });
    const costOf = (root: PhysicalOperator): ReturnType<typeof engineCost> =>
      engineCost({ version: 1, root, leafCount: 2, outputs: [], parameters: [] });
    expect(costOf(joined(true, 100)).passed).toEqual([0.1, 1]);
    expect(costOf(joined(true, 5000)).passed).toEqual([1, 1]);
    expect(costOf(joined(false, 100)).passed).toEqual([1, 1]);
    expect(costOf(joined(true, 100)).ns).toBeLessThan(costOf(joined(false, 100)).ns);
  });
});
