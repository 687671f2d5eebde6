// Compiled code against the reference interpreter over random plans and rows: the same rows in the same order, or the
// same error.
import { decodePhysicalPlan, encodePhysicalPlan } from "#codec/physical_codec.js";
import { interpret } from "#runtime/interpreter/interpreter.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rowsOrError } from "../../support/compared_runs.js";
import { memory, pagesOf, runLeaves, runPages, scanColumns } from "../../support/engine.js";
import { randomJoinPlan } from "../../support/random_joins.js";
import { randomPlan } from "../../support/random_plans.js";

/** PG_FUSION_SEED looks at one plan again, PG_FUSION_SEEDS widens the search. */
const SEED = process.env["PG_FUSION_SEED"];
const RUNS = Number(process.env["PG_FUSION_SEEDS"] ?? 600);

function agree(seed: number): void {
  const { plan, parameters, rows } = randomPlan(seed);
  const expected = rowsOrError(() => interpret(plan, [rows], parameters));
  for (const ranges of [false, true]) {
    const pages = pagesOf(scanColumns(plan), rows, 61, ranges);
    expect(rowsOrError(() => runPages(plan, pages, { parameters, ranges }).rows)).toEqual(expected);
  }
}

/** Room for any row of a random join, but for few of them. */
const SMALL_PAGE_BYTES = 16_384;

function agreeOnJoins(seed: number): void {
  const { plan, parameters, leaves, scans } = randomJoinPlan(seed);
  const expected = rowsOrError(() => {
    return interpret(plan, leaves, parameters);
  });
  // Random constants of opaque types are not always images the codec would take.
  const isOpaque = scans.flat().some(({ engine }) => engine.kind === "opaque");
  const decoded = isOpaque ? plan : decodePhysicalPlan(encodePhysicalPlan(plan));
  const pages = scans.map((columns, leaf) => pagesOf(columns, leaves[leaf] ?? [], 11));
  for (const hurry of [{}, { visitsPerCall: 3, resultBytes: SMALL_PAGE_BYTES }]) {
    expect(rowsOrError(() => runLeaves(decoded, pages, { parameters, ...hurry }).rows)).toEqual(expected);
  }
}

/**
 * Plans that once differed: a scalar subquery of two rows below LIMIT 0, one beside a condition that is false, and
 * groups that are made before those rows are, of which there are none.
 */
const JOINS_MENDED = [345441925, 1497524660, 789611337];

describe("compiled plans", () => {
  test.each(JOINS_MENDED)("agree with the interpreter on joins of seed %i", agreeOnJoins);

  test("agree with the interpreter on joins", () => {
    const before = memory.usedBlocks();
    const seeds = SEED === undefined ? fc.integer({ min: 0, max: 2 ** 31 }) : fc.constant(Number(SEED));
    fc.assert(fc.property(seeds, agreeOnJoins), { numRuns: SEED === undefined ? RUNS : 1 });
    expect(memory.usedBlocks()).toBe(before);
  }, 300_000);

  test("agree with the interpreter", () => {
    const before = memory.usedBlocks();
    const seeds = SEED === undefined ? fc.integer({ min: 0, max: 2 ** 31 }) : fc.constant(Number(SEED));
    fc.assert(fc.property(seeds, agree), { numRuns: SEED === undefined ? RUNS : 1 });
    expect(memory.usedBlocks()).toBe(before);
  }, 300_000);
});
