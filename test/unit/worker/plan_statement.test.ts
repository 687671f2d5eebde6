// Recorded statements through the whole planner: their plans run the same compiled and interpreted, and requests that
// were damaged on the way are answered, never thrown back.
import { decodePhysicalPlan } from "#codec/physical_codec.js";
import { decodePlanReady, encodePlanReady } from "#codec/plan_answer_message.js";
import type { Scalar } from "#expr/expression.js";
import { edgeCallArguments } from "#frontend/edge_calls.js";
import { readNodeText } from "#frontend/node_text.js";
import { walk } from "#frontend/text_fields.js";
import type { PlanReady, PlanRequest } from "#plan/planning.js";
import { interpret } from "#runtime/interpreter/interpreter.js";
import { leafColumns } from "#worker/plan_leaves.js";
import { planStatement } from "#worker/plan_statement.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rowsOrError } from "../../support/compared_runs.js";
import { pagesOf, runLeaves } from "../../support/engine.js";
import { fixtureQueries, fixtureRequest } from "../../support/planning_fixtures.js";
import { Dice, randomValue } from "../../support/random_plans.js";

const clock = (): bigint => 0n;

function ready(request: PlanRequest): PlanReady | undefined {
  const answer = planStatement(request, clock);
  return answer.kind === "ready" ? answer.ready : undefined;
}

describe("plans of recorded statements", () => {
  for (const name of Object.keys(fixtureQueries)) {
    const answer = ready(fixtureRequest(name));
    if (answer === undefined) continue;
    it(`run the same compiled and interpreted: ${name}`, () => {
      const plan = decodePhysicalPlan(answer.plan);
      const leaves = leafColumns(plan.root, plan.leafCount);
      for (const calm of [true, false]) {
        const dice = new Dice(7);
        const rows = leaves.map((columns) => Array.from({ length: 150 / leaves.length }, () =>
          columns.map(({ engine, nullable }) =>
            (nullable && dice.chance(10) ? null : randomValue(dice, engine, calm)))));
        const pages = leaves.map((columns, leaf) => pagesOf(columns, rows[leaf] ?? [], 40));
        const parameters = new Map<number, Scalar>(
          plan.parameters.map(({ id, type }) => [id, randomValue(dice, type, calm)]));
        expect(rowsOrError(() => runLeaves(plan, pages, { parameters }).rows))
          .toEqual(rowsOrError(() => interpret(plan, rows, parameters)));
      }
    });

    it(`survive their message: ${name}`, () => {
      expect(decodePlanReady(encodePlanReady(answer), edgeCallArguments)).toEqual({
        ...answer, plan: Uint8Array.from(answer.plan),
      });
    });
  }
});

describe("damaged requests", () => {
  const request = fixtureRequest("aggregate_case");

  it("are answered with a plan over nodes of the text, or refused", () => {
    const original = Buffer.from(request.query);
    const change = fc.record({ at: fc.nat(original.length - 1), byte: fc.constantFrom(..."0123456789<>-ab \\") });
    fc.assert(fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
      const query = Buffer.from(original);
      for (const { at, byte } of changes) query.write(byte, at);
      const answer = ready({ ...request, query });
      if (answer === undefined) return;
      let nodes = 0;
      walk(readNodeText(query), () => {
        nodes += 1;
        return undefined;
      });
      decodePhysicalPlan(answer.plan);
      const ids = [
        ...answer.leaves.flatMap((leaf) => [...leaf.qualNodes, ...leaf.columns.map((column) => column.node)]),
        ...answer.replacements.map(({ node }) => node),
      ];
      expect(Math.max(0, ...ids)).toBeLessThan(nodes);
    }), { numRuns: Number(process.env["PG_FUSION_SEEDS"] ?? 500) });
  });

  it("without facts are planned with what is built in, or refused", () => {
    for (const name of Object.keys(fixtureQueries)) {
      const bare = { ...fixtureRequest(name), types: [], collations: [], functions: [], relations: [] };
      const answer = planStatement(bare, clock);
      expect(["ready", "refused"]).toContain(answer.kind);
    }
  });

  it("that are no query at all are refused with what is wrong", () => {
    const answer = planStatement({ ...request, query: new TextEncoder().encode("{QUERY :f") }, clock);
    expect(answer).toMatchObject({ kind: "refused", refused: { construct: "this statement" } });
  });
});
