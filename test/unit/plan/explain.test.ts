// EXPLAIN of rows that are made once and read often: as much work as there are operators.
import { describe, expect, it } from "vitest";
import { explainOperators } from "#plan/explain.js";
import type { PhysicalOperator } from "#plan/physical.js";
import type { ColumnType } from "#types/column_type.js";

const int4: ColumnType = {
  sqlType: 23, typmod: -1, collation: 0, engine: { kind: "int4" }, encoding: 0, scale: 0, nullable: true,
};
const LEVELS = 60;

/** Each level joins the one below, which it makes, with the same rows again. */
function readTwice(level: number): PhysicalOperator {
  const columns = [int4];
  if (level === 0) return { kind: "scan", leaf: 0, columns };
  const share = level - 1;
  return {
    kind: "hashJoin", join: "semi", probeKeys: [{ kind: "column", index: 0, type: int4.engine }],
    buildKeys: [{ kind: "column", index: 0, type: int4.engine }], columns, buildRowsEstimate: 0,
    probe: { kind: "sharedReading", share, columns },
    build: { kind: "shared", share, input: readTwice(share), columns },
  };
}

describe("EXPLAIN of shared rows", () => {
  it("explains each of many levels once, and names columns as where they are made", () => {
    const root = readTwice(LEVELS);
    const operators = explainOperators(
      { version: 1, root, leafCount: 1, outputs: [], parameters: [] }, { leafNames: [["a"]], verbose: false });
    expect(operators).toHaveLength(3 * LEVELS + 1);
    const keys = operators.flatMap(({ details }) => details.map(({ text }) => text));
    expect(new Set(keys)).toEqual(new Set(["a = a"]));
  });
});
