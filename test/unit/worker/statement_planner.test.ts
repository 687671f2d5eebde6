// The planner's memory: equal requests get equal answers without planning, and the memory is bounded.
import { describe, expect, test } from "vitest";
import { decodePlanRequest, encodePlanRequest } from "#codec/planning_message.js";
import { EngineMemory, memoryLayout } from "#runtime/memory.js";
import { PlanCache } from "#runtime/plan_cache.js";
import { warmUpEngine } from "#worker/engine_warm_up.js";
import { planStatement } from "#worker/plan_statement.js";
import { StatementPlanner } from "#worker/statement_planner.js";
import { practisedJoins, warmUpJoinRequest } from "#worker/warm_up_joins.js";
import { fixtureQueries, fixtureRequest } from "../../support/planning_fixtures.js";

describe("StatementPlanner", () => {
  const name = Object.keys(fixtureQueries)[0] ?? "";
  const payload = encodePlanRequest(fixtureRequest(name));

  test("answers a repeated request the same", () => {
    let now = 0;
    const planner = new StatementPlanner(() => now);
    const first = planner.plan(payload);
    now = 5;
    const second = planner.plan(payload.slice());
    expect(second).toEqual(first);
    expect(planner.size).toBe(1);
  });

  test("remembers a bounded number of statements", () => {
    const planner = new StatementPlanner(() => 0);
    const request = fixtureRequest(name);
    for (let at = 0; at < 600; at++)
      planner.plan(encodePlanRequest({ ...request, query: new Uint8Array([0x7b]), workMemoryKb: at }));
    expect(planner.size).toBe(512);
  });

  test("bytes that are no request are an error, not an answer", () => {
    expect(() => new StatementPlanner(() => 0).plan(new Uint8Array(64))).toThrow();
  });
});

test.each([2, 7, 12])("a join of %i tables is planned for practice", (tables) => {
  const answer = planStatement(decodePlanRequest(warmUpJoinRequest(tables)), () => 0n);
  expect(answer.kind === "ready" ? answer.ready.leaves.length : answer.refused).toBe(tables);
});

test("practice ends, and leaves nothing behind", () => {
  const planner = new StatementPlanner(() => 0);
  expect([...planner.practiseJoins()].length).toBe(practisedJoins.length);
  expect(planner.size).toBe(0);
});

test("the warm-up statement is planned for the engine, and runs there", () => {
  const plan = new StatementPlanner(() => 0).warmUp();
  expect(plan).toBeDefined();
  if (plan === undefined) return;
  const memory = new EngineMemory(memoryLayout(16 * 1024 * 1024, 65_536));
  warmUpEngine(plan, memory, new PlanCache());
  expect(memory.usedBlocks()).toBe(0);
});
