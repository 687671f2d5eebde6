// What a reached limit, or a loop over no rows, leaves undone: pipelines that feed nothing else do not run, pages of
// their leaves are not wanted, and their errors are not met.
import { allOf, callOf } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import type { JoinKind, PhysicalOperator, PhysicalPlan } from "#plan/physical.js";
import { interpret } from "#runtime/interpreter/interpreter.js";
import { describe, expect, test } from "vitest";
import { column, columnType, pagesOf, runLeaves } from "../../support/engine.js";

const int4 = { kind: "int4" } as const;
const int8 = { kind: "int8" } as const;
const columns = [columnType(int4)];
const rows = [1n, 2n, 3n].map((value) => [value]);

const scan = (leaf: number): PhysicalOperator => ({ kind: "scan", leaf, columns });
const single = (leaf: number): PhysicalOperator => ({ kind: "singleRow", input: scan(leaf), columns });
const first = (input: PhysicalOperator, count: Expression): PhysicalOperator => (
  { kind: "limit", input, count, columns });
const rowsOf = (value: bigint): Expression => ({ kind: "constant", value, type: int8 });
const counted = (input: PhysicalOperator): PhysicalOperator => ({
  kind: "hashAggregate", input, keys: [], aggregates: [{ function: "countRows", result: columnType(int8, false) }],
  columns: [columnType(int8)], groupsEstimate: 0,
});
const joined = (probe: PhysicalOperator, build: PhysicalOperator): PhysicalOperator => ({
  kind: "hashJoin", join: "inner", probe, build, probeKeys: [column(0, int4)], buildKeys: [column(0, int4)],
  columns: [...columns, ...columns], buildRowsEstimate: 0,
});

const none = rowsOf(0n);
const shapes: readonly (readonly [string, PhysicalOperator])[] = [
  ["the whole plan", first(single(0), none)],
  ["a part, with the build sides below it", counted(first(joined(scan(0), single(1)), none))],
  ["a part beside others", { kind: "union", columns, inputs: [scan(0), first(single(1), none)] }],
  ["what groups below a limit", first(counted(single(0)), { kind: "parameter", id: 1, type: int8 })],
];

function planOf(root: PhysicalOperator): PhysicalPlan {
  const types = "columns" in root ? root.columns : columns;
  return {
    version: 1, root, leafCount: 2, parameters: [{ id: 1, type: int8 }],
    outputs: types.map((type, index) => ({ name: `c${index}`, type })),
  };
}

describe("a limit of no rows leaves out", () => {
  test.each(shapes)("%s", (_name, root) => {
    const plan = planOf(root);
    const parameters = new Map([[1, 0n]]);
    const pages = pagesOf(columns, rows, 2);
    const expected = interpret(plan, [rows, rows], parameters);
    const { rows: actual, execution } = runLeaves(plan, [pages, pages], { parameters });
    expect(actual).toEqual(expected);
    expect(execution.stats().length).toBeGreaterThan(0);
  });
});

test("rows that somebody takes are made, errors included", () => {
  const plan = planOf(first(single(0), rowsOf(1n)));
  expect(() => runLeaves(plan, [pagesOf(columns, rows, 2), []])).toThrow("more than one row");
});

describe("a nested loop over an empty table", () => {
  const isRead: Readonly<Partial<Record<JoinKind, boolean>>> = {
    inner: false, left: true, right: false, full: true, semi: false, anti: true, rightSemi: false, rightAnti: false,
  };
  const looped = (join: JoinKind): PhysicalOperator => {
    const width = join === "inner" || join === "left" || join === "right" || join === "full" ? 2 : 1;
    return {
      ...joined(single(1), scan(0)), join, probeKeys: [], buildKeys: [],
      columns: Array.from({ length: width }, () => columnType(int4)),
    } as PhysicalOperator;
  };

  test.each(Object.entries(isRead))("as %s join reads the other side: %s", (join, reads) => {
    const plan = planOf(looped(join as JoinKind));
    const run = (): unknown => runLeaves(plan, [[], pagesOf(columns, rows, 2)]).rows;
    const reference = (): unknown => interpret(plan, [[], rows]);
    for (const each of [run, reference])
      if (reads) expect(each).toThrow("more than one row");
      else expect(each()).toEqual([]);
  });

  test("has groups of no rows above it", () => {
    const plan = planOf(counted(looped("inner")));
    expect(runLeaves(plan, [[], pagesOf(columns, rows, 2)]).rows).toEqual([[0n]]);
  });

  test("makes nothing that only it would read", () => {
    const product = { ...joined(scan(1), single(2)), probeKeys: [], buildKeys: [] } as PhysicalOperator;
    const groups = { ...counted(product), groupsEstimate: 1 } as PhysicalOperator;
    const over = {
      kind: "hashJoin", join: "inner", probe: groups, build: scan(0), probeKeys: [], buildKeys: [],
      columns: [columnType(int8), columnType(int4)], buildRowsEstimate: 0,
    } as PhysicalOperator;
    const plan = { ...planOf(counted(over)), leafCount: 3 };
    const pages = pagesOf(columns, rows, 2);
    expect(runLeaves(plan, [[], pages, pages]).rows).toEqual([[0n]]);
    expect(interpret(plan, [[], rows, rows])).toEqual([[0n]]);
  });

  test("with a key reads the other side, as PostgreSQL begins there where it hashes", () => {
    const plan = planOf(joined(single(1), scan(0)));
    expect(() => runLeaves(plan, [[], pagesOf(columns, rows, 2)])).toThrow("more than one row");
  });
});

describe("a condition that no row changes", () => {
  const filter = (predicate: Expression, input: PhysicalOperator): PhysicalOperator => (
    { kind: "filter", input, predicate });
  const bool = { kind: "bool" } as const;
  const given: Expression = { kind: "parameter", id: 1, type: bool };
  const zero: Expression = { kind: "constant", value: 0n, type: int4 };
  const positive: Expression = callOf("integer.less", bool, zero, column(0, int4));
  const plan = (predicate: Expression): PhysicalPlan => (
    { ...planOf(counted(filter(predicate, single(0)))), parameters: [{ id: 1, type: bool }] });

  test.each([[false], [null]])("and is %s leaves out what is below it", (value) => {
    for (const predicate of [given, allOf([positive, given])]) {
      const parameters = new Map([[1, value]]);
      expect(runLeaves(plan(predicate), [pagesOf(columns, rows, 2)], { parameters }).rows).toEqual([[0n]]);
      expect(interpret(plan(predicate), [rows], parameters)).toEqual([[0n]]);
    }
  });

  test("and is true leaves out nothing", () => {
    const parameters = new Map([[1, true]]);
    expect(() => runLeaves(plan(given), [pagesOf(columns, rows, 2)], { parameters })).toThrow("more than one row");
  });
});
