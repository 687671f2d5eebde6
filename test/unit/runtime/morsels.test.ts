// Pipelines that several threads share: the same rows as the reference interpreter's, whoever took which page and
// whenever, and nothing held afterwards. The first error is the same as well where rows come in the order of pages; not
// where they are made of groups or meet rows of a table, which stand in any order.
import type { Scalar } from "#expr/expression.js";
import { inputsOf } from "#plan/columns_of.js";
import type { PhysicalOperator, PhysicalPlan } from "#plan/physical.js";
import { interpret } from "#runtime/interpreter/interpreter.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hasLimit, rowsOrError } from "../../support/compared_runs.js";
import { column, columnType, memory, pagesOf, runLeaves, scanColumns } from "../../support/engine.js";
import { MemorySpill } from "../../support/memory_spill.js";
import { randomJoinPlan } from "../../support/random_joins.js";
import { Dice, randomPlan } from "../../support/random_plans.js";

/** A not-a-number of the other sign, in an image: which sign it has depends on what was added first. */
const negative = /000000000000f8ff/g;

/** Rows as text in any order, or the error. */
const outcome = (run: () => Scalar[][]): string[] =>
  rowsOrError(run).map((row) => row.replaceAll(negative, "000000000000f87f")).toSorted();

const isError = ([first = "", ...more]: string[]): boolean => more.length === 0 && /^[0-9A-Z]{5} /.test(first);

interface Reference {
  readonly plan: PhysicalPlan;
  readonly leaves: readonly Scalar[][][];
  readonly parameters: Parameters<typeof interpret>[2];
}

/** Each of a few dozen rows that fail should come first in some of these. */
const ORDERS = 300;

/** Whether the error is one that the rows raise in some order. */
function raisedInSomeOrder({ plan, leaves, parameters }: Reference, error: string[], seed: number): boolean {
  const dice = new Dice(seed);
  const shuffled = (rows: Scalar[][]): Scalar[][] => rows
    .map((row) => ({ row, place: dice.bits() }))
    .toSorted((a, b) => (a.place < b.place ? -1 : 1))
    .map(({ row }) => row);
  for (let order = 0; order < ORDERS; order++) {
    const found = outcome(() => interpret(plan, leaves.map(shuffled), parameters));
    if (found.join() === error.join()) return true;
  }
  return false;
}

/** The same rows, or the same error; where the order is open, which a reference says, any error that a row raises. */
function expectSame(found: string[], expected: string[], reference: Reference | undefined, seed: number): void {
  const mayDiffer = reference !== undefined && isError(found) && isError(expected);
  if (mayDiffer && found.join() !== expected.join()) expect(raisedInSomeOrder(reference, found, seed)).toBe(true);
  else expect(found).toEqual(expected);
}

/** PG_FUSION_SEED looks at one plan again, PG_FUSION_SEEDS widens the search. */
const SEED = process.env["PG_FUSION_SEED"];
const RUNS = Number(process.env["PG_FUSION_SEEDS"] ?? 200);

/** Executions that more than one thread worked on. */
let shared = 0;

function each(agree: (seed: number) => void): void {
  const before = memory.usedBlocks();
  shared = 0;
  const seeds = SEED === undefined ? fc.integer({ min: 0, max: 2 ** 31 }) : fc.constant(Number(SEED));
  fc.assert(fc.property(seeds, agree), { numRuns: SEED === undefined ? RUNS : 1 });
  expect(memory.usedBlocks()).toBe(before);
  if (SEED === undefined) expect(shared).toBeGreaterThan(RUNS / 8);
}

function run(...given: Parameters<typeof runLeaves>): Scalar[][] {
  const { rows, execution } = runLeaves(...given);
  if (execution.threads > 1) shared++;
  return rows;
}

/** The aggregation that reads rows of the scan, if there is one. */
function lowestGroups(operator: PhysicalOperator): PhysicalOperator | undefined {
  const [input] = inputsOf(operator);
  const below = input && lowestGroups(input);
  return below ?? (operator.kind === "hashAggregate" ? operator : undefined);
}

function agreeOnGroups(seed: number): void {
  const { plan, parameters, rows } = randomPlan(seed);
  const root = lowestGroups(plan.root);
  const isOpen = root !== undefined
    && !isError(outcome(() => interpret({ ...plan, root, outputs: [] }, [rows], parameters)));
  const open = isOpen ? { plan, leaves: [rows], parameters } : undefined;
  const expected = outcome(() => interpret(plan, [rows], parameters));
  const pages = pagesOf(scanColumns(plan), rows, 17);
  for (const helpersMax of [1, 3]) {
    const found = outcome(() => run(plan, [pages], { parameters, helpers: { helpersMax, dice: new Dice(seed) } }));
    expectSame(found, expected, open, seed);
  }
}

test("groups of one table agree with the interpreter's", () => each(agreeOnGroups), 300_000);

test("groups that fail may do so in any order", () => agreeOnGroups(488292501));

test("an error that no order of the rows raises is another", () => {
  const { plan, parameters, rows } = randomPlan(488292501);
  const reference = { plan, leaves: [rows], parameters };
  const error = outcome(() => interpret(plan, [rows], parameters));
  expect(isError(error)).toBe(true);
  expect(raisedInSomeOrder(reference, error, 1)).toBe(true);
  expect(raisedInSomeOrder(reference, ["22012 division by zero "], 1)).toBe(false);
});

test("joins agree with the interpreter's", () => each((seed) => {
  const { plan, parameters, leaves, scans } = randomJoinPlan(seed);
  if (hasLimit(plan.root)) return;
  const expected = outcome(() => interpret(plan, leaves, parameters));
  const pages = scans.map((columns, leaf) => pagesOf(columns, leaves[leaf] ?? [], 5));
  for (const hurry of [{}, { visitsPerCall: 3 }])
    expectSame(outcome(() => run(plan, pages, {
      parameters, ...hurry, helpers: { helpersMax: 2, dice: new Dice(seed) },
    })), expected, { plan, leaves, parameters }, seed);
}), 300_000);

test("a job that ends at any moment leaves nothing behind", () => each((seed) => {
  const { plan, parameters, leaves, scans } = randomJoinPlan(seed);
  const dice = new Dice(seed);
  const pages = scans.map((columns, leaf) => pagesOf(columns, leaves[leaf] ?? [], 2));
  outcome(() => run(plan, pages, { parameters, turns: 1 + dice.below(60), helpers: { helpersMax: 2, dice } }));
}), 300_000);

test("helpers that may hold nothing are done with after a page", () => each((seed) => {
  const { plan, parameters, leaves, scans } = randomJoinPlan(seed);
  if (hasLimit(plan.root)) return;
  const expected = outcome(() => interpret(plan, leaves, parameters));
  const pages = scans.map((columns, leaf) => pagesOf(columns, leaves[leaf] ?? [], 3));
  const helpers = { helpersMax: 2, dice: new Dice(seed), bytesMax: 0 };
  expectSame(outcome(() => run(plan, pages, { parameters, helpers })), expected, { plan, leaves, parameters }, seed);
}), 300_000);

const [int4, int8] = [{ kind: "int4" }, { kind: "int8" }] as const;
const columns = [columnType(int4), columnType(int4)];
const scan = (leaf: number): PhysicalOperator => ({ kind: "scan", leaf, columns });
const KB = 1024;

describe("beyond the memory there is", () => {
  const rowsOf = (count: number, distinct: number): Scalar[][] =>
    Array.from({ length: count }, (_, i): Scalar[] => [BigInt((i * 7919) % distinct), BigInt(i % 1000)]);

  /** With a helper and little memory the rows are those of one thread with all there is. */
  function agreeOnDisk(plan: PhysicalPlan, leaves: Scalar[][][], seed: number): void {
    const port = new MemorySpill();
    const pages = leaves.map((rows) => pagesOf(columns, rows, 2000));
    const alone = outcome(() => runLeaves(plan, pages).rows);
    expect(outcome(() => {
      const { rows, execution } = runLeaves(plan, pages, {
        spill: { bytes: 2560 * KB, port }, helpers: { helpersMax: 1, dice: new Dice(seed) },
      });
      expect(execution.threads).toBe(2);
      return rows;
    })).toEqual(alone);
    expect(port.opened).toBeGreaterThan(0);
    expect(port.live).toBe(0);
  }

  test.each([1, 2, 3])("groups are merged before the rest goes to disk, seed %i", (seed) => {
    const result = columnType(int8, false);
    const plan: PhysicalPlan = {
      version: 1, leafCount: 1, parameters: [],
      outputs: [columnType(int4), result].map((type, index) => ({ name: `c${index}`, type })),
      root: {
        kind: "hashAggregate", input: scan(0), keys: [column(0, int4)], groupsEstimate: 0,
        columns: [columnType(int4), result],
        aggregates: [{ function: "sum", argument: column(1, int4), result }],
      },
    };
    agreeOnDisk(plan, [rowsOf(60_000, 55_000)], seed);
  });

  test.each([1, 2, 3])("rows taken over go to disk with the owner's, seed %i", (seed) => {
    const plan: PhysicalPlan = {
      version: 1, leafCount: 2, parameters: [],
      outputs: [...columns, ...columns].map((type, index) => ({ name: `c${index}`, type })),
      root: {
        kind: "hashJoin", join: "inner", probe: scan(0), build: scan(1), probeKeys: [column(0, int4)],
        buildKeys: [column(0, int4)], columns: [...columns, ...columns], buildRowsEstimate: 0,
      },
    };
    agreeOnDisk(plan, [rowsOf(3_000, 40_000), rowsOf(60_000, 40_000)], seed);
  });
});

test.each([1, 2, 3])("the first rows are found among those of all threads, seed %i", (seed) => {
  const rows = Array.from({ length: 12_000 }, (_, i): Scalar[] => [BigInt((i * 7919) % 12_007), BigInt(i % 1000)]);
  const keys = [{ expression: column(0, int4), descending: true, nullsFirst: false }];
  const plan: PhysicalPlan = {
    version: 1, leafCount: 1, parameters: [],
    outputs: columns.map((type, index) => ({ name: `c${index}`, type })),
    root: { kind: "sort", input: scan(0), keys, limit: 7, columns },
  };
  const { rows: found, execution } = runLeaves(plan, [pagesOf(columns, rows, 500)], {
    helpers: { helpersMax: 1, dice: new Dice(seed) },
  });
  expect(execution.threads).toBe(2);
  expect(found).toEqual(interpret(plan, [rows]));
});
