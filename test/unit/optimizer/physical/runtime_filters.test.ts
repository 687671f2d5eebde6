// Which leaves a join may filter: through every kind of join, above and below, and through the operators in between;
// and where it is expected to pay.
import { describe, expect, test } from "vitest";
import type { Expression } from "#expr/expression.js";
import { filterKeyKind, withRuntimeFilters } from "#optimizer/physical/runtime_filters.js";
import { inputsOf } from "#plan/columns_of.js";
import type { JoinKind, PhysicalOperator } from "#plan/physical.js";
import type { Leaf } from "#plan/planning.js";
import type { EngineType } from "#types/engine_type.js";
import { column, columnType } from "../../../support/engine.js";

const int4: EngineType = { kind: "int4" };
const int8: EngineType = { kind: "int8" };
const two = [columnType(int4), columnType(int4)];

/** Columns: a key, something else. */
const scan = (leaf: number): PhysicalOperator => ({ kind: "scan", leaf, columns: two });

interface Keys {
  readonly probe?: readonly Expression[];
  readonly build?: readonly Expression[];
}

function join(kind: JoinKind, probe: PhysicalOperator, build: PhysicalOperator, keys: Keys = {}): PhysicalOperator {
  const yieldsBoth = ["inner", "left", "right", "full"].includes(kind);
  return {
    kind: "hashJoin", join: kind, probe, build,
    probeKeys: keys.probe ?? [column(0, int4)], buildKeys: keys.build ?? [column(0, int4)],
    columns: yieldsBoth ? [...two, ...two] : two,
    buildRowsEstimate: 100,
  };
}

/** Filters as `number: leaf by columns`, of leaves with a condition each and 10,000 rows. */
function filters(root: PhysicalOperator, rows: readonly number[] = [], qualed = true): string[] {
  const leaves: Leaf[] = Array.from({ length: 4 }, (_, rangeIndex) => (
    { queryNode: 0, rangeIndex, columns: [], qualNodes: qualed ? [7] : [], filters: [] }));
  const planned = withRuntimeFilters(root, leaves, leaves.map((_, leaf) => rows[leaf] ?? 10_000));
  const found: string[] = [];
  const visit = (operator: PhysicalOperator): void => {
    if (operator.kind === "hashJoin")
      for (const { number, leaf, keys } of operator.filters ?? []) {
        found.push(`${number}: ${leaf} by ${keys.map((each) => each.column).join()}`);
        expect(planned.leaves[leaf]?.filters).toContainEqual({
          filter: number, keys: keys.map((each) => ({ column: each.column, kind: "word" })),
        });
      }
    inputsOf(operator).forEach(visit);
  };
  visit(planned.root);
  expect(found.length).toBe(planned.leaves.flatMap((leaf) => leaf.filters).length);
  return found;
}

describe("the join that filters", () => {
  test.each([
    ["inner", true], ["right", true], ["semi", true], ["rightSemi", true], ["rightAnti", true],
    ["left", false], ["full", false], ["anti", false], ["nullAwareAnti", false],
  ] as const)("%s: %s", (kind, filtersProbe) => {
    expect(filters(join(kind, scan(0), scan(1)))).toEqual(filtersProbe ? ["0: 0 by 0"] : []);
  });

  test("needs a key that is a column, whatever width it is compared in", () => {
    const widened: Expression = {
      kind: "call", function: "cast.int4.int8", arguments: [column(1, int4)], type: int8,
    };
    const computed: Expression = {
      kind: "call", function: "int4.add", arguments: [column(0, int4), column(1, int4)], type: int4,
    };
    const build = [column(0, int8)];
    expect(filters(join("inner", scan(0), scan(1), { probe: [widened], build }))).toEqual(["0: 0 by 1"]);
    expect(filters(join("inner", scan(0), scan(1), { probe: [computed] }))).toEqual([]);
    expect(filters(join("inner", scan(0), scan(1), {
      probe: [computed, column(1, int4)], build: [column(0, int4), column(1, int4)],
    }))).toEqual(["0: 0 by 1"]);
  });

  test("filters each leaf by the keys that come from it", () => {
    const both = join("inner", scan(0), scan(1));
    const keys = { probe: [0, 3, 1].map((i) => column(i, int4)), build: [0, 1, 0].map((i) => column(i, int4)) };
    expect(filters(join("inner", both, scan(2), keys))).toEqual(["0: 0 by 0,1", "1: 1 by 1", "2: 0 by 0"]);
  });
});

describe("between the join and the leaf", () => {
  // Joined below: columns 0 and 1 of leaf 0, columns 2 and 3 of leaf 1. The join above compares column `at`.
  test.each([
    ["inner", 0, true], ["inner", 2, true], ["left", 0, true], ["left", 2, false], ["right", 0, false],
    ["right", 2, true], ["full", 0, false], ["full", 2, false], ["semi", 0, true], ["anti", 0, true],
    ["nullAwareAnti", 0, true], ["rightSemi", 0, true], ["rightAnti", 0, true],
  ] as const)("a %s join, by its column %i: %s", (kind, at, reaches) => {
    const root = join("inner", join(kind, scan(0), scan(1)), scan(2), { probe: [column(at, int4)] });
    const leaf = at >= 2 || kind === "rightSemi" || kind === "rightAnti" ? 1 : 0;
    // What the join below filters by itself comes after.
    const below = filters(join(kind, scan(0), scan(1))).length;
    expect(filters(root).slice(0, filters(root).length - below)).toEqual(reaches ? [`0: ${leaf} by 0`] : []);
  });

  test("filters, projections, groups and orders", () => {
    const filter: PhysicalOperator = {
      kind: "filter", input: scan(0),
      predicate: { kind: "isNull", argument: column(1, int4), negated: true, type: { kind: "bool" } },
    };
    const project: PhysicalOperator = {
      kind: "project", input: filter, expressions: [column(1, int4), column(0, int4)], columns: two,
    };
    const grouped = (keys: readonly Expression[]): PhysicalOperator => ({
      kind: "hashAggregate", input: project, keys, groupsEstimate: 0,
      aggregates: keys.length === 2 ? [] : [{ function: "min", argument: column(1, int4), result: columnType(int4) }],
      columns: two,
    });
    const sort = (limit?: number): PhysicalOperator => ({
      kind: "sort", input: project, columns: two, ...(limit === undefined ? {} : { limit }),
      keys: [{ expression: column(0, int4), descending: false, nullsFirst: false }],
    });
    expect(filters(join("inner", project, scan(1)))).toEqual(["0: 0 by 1"]);
    expect(filters(join("inner", grouped([column(0, int4)]), scan(1)))).toEqual(["0: 0 by 1"]);
    expect(filters(join("inner", grouped([column(0, int4)]), scan(1), { probe: [column(1, int4)] }))).toEqual([]);
    expect(filters(join("inner", sort(), scan(1)))).toEqual(["0: 0 by 1"]);
    expect(filters(join("inner", sort(5), scan(1)))).toEqual([]);
    expect(filters(join("inner", { kind: "limit", input: project, columns: two }, scan(1)))).toEqual([]);
    expect(filters(join("inner", { kind: "singleRow", input: project, columns: two }, scan(1)))).toEqual([]);
    const union: PhysicalOperator = { kind: "union", inputs: [scan(0), scan(2)], columns: two };
    expect(filters(join("inner", union, scan(1)))).toEqual(["0: 0 by 0", "1: 2 by 0"]);
  });
});

describe("where it pays", () => {
  const root = join("inner", scan(0), scan(1));
  test("few rows to read, or more rows to enter than to read: not", () => {
    expect(filters(root, [999])).toEqual([]);
    expect(filters({ ...root, buildRowsEstimate: 20_000 } as PhysicalOperator)).toEqual([]);
  });

  test("a build side without conditions must be much smaller", () => {
    expect(filters(root, [10_000], false)).toEqual(["0: 0 by 0"]);
    expect(filters({ ...root, buildRowsEstimate: 2000 } as PhysicalOperator, [10_000], false)).toEqual([]);
    expect(filters({ ...root, buildRowsEstimate: 2000 } as PhysicalOperator, [10_000], true)).toEqual(["0: 0 by 0"]);
  });
});

describe("how keys are compared", () => {
  const decimal = (precision: number): EngineType => ({ kind: "decimal", precision, scale: 2 });
  const opaque = (byValue: boolean, width = 4, bitwiseEqual = true): EngineType =>
    ({ kind: "opaque", width, byValue, bitwiseEqual });
  test.each([
    [int4, int4, "word"], [decimal(10), decimal(18), "word"], [decimal(10), decimal(19), "pair"],
    [decimal(38), decimal(5), "pair"], [{ kind: "date" }, { kind: "date" }, "word"],
    [{ kind: "text", byteOrder: false }, { kind: "text", byteOrder: true }, "bytes"],
    [{ kind: "bpchar", length: 1, byteOrder: true }, { kind: "bpchar", length: 9, byteOrder: true }, "bytes"],
    [opaque(false), opaque(false), "bytes"], [opaque(true), opaque(true), "word"],
    [opaque(true, 1), opaque(true, 1), undefined], [opaque(true, 4, false), opaque(true, 4, false), undefined],
    [{ kind: "float8" }, { kind: "float8" }, "word"], [{ kind: "float4" }, { kind: "float8" }, undefined],
  ] as readonly (readonly [EngineType, EngineType, string | undefined])[])("%j and %j", (probe, build, kind) => {
    expect(filterKeyKind(probe, build)).toBe(kind);
  });
});
