// Whole conversations of several backends with the worker's real wiring, interleaved in every order the generator
// finds: natural ends, cancels at each step, vanished backends, failing producers, too little of everything. Nothing
// may be left behind, nobody may wait for ever, and no machine may meet an event it has no place for.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tracingFailures } from "../../support/traced_failures.js";
import { play, playDeath, ROWS_PER_RESULT, scenario } from "../../support/conversations.js";

describe("conversations", () => {
  test("end, leave nothing, and answer right, in any interleaving", () => {
    fc.assert(
      fc.property(scenario, (played) => {
        tracingFailures("conversation", "simulator", () => {
          const { side, worker, twins } = play(played);
          for (const [at, twin] of twins.entries()) {
            const { plans, ending: end } = played.backends[at] ?? { plans: [], ending: { kind: "natural" } };
            expect(twin.over, `backend ${at} is in ${twin.actor.state}`).toBe(true);
            expect(twin.raised).not.toContain("raiseViolation");
            if (end.kind !== "natural") continue;
            const rows = plans.flatMap((plan) => plan.pages).reduce((sum, count) => sum + count, 0);
            if (plans.some(({ fails }) => fails))
              expect([twin.actor.state, twin.failed?.message]).toEqual(["failed", "producer failed"]);
            else {
              expect(twin.actor.state).toBe("finished");
              expect(twin.results).toHaveLength(Math.ceil(rows / ROWS_PER_RESULT));
              expect(twin.finished?.resultPages).toBe(twin.results.length);
            }
          }
          expect([worker.sessions, worker.jobs]).toEqual([0, 0]);
          expect(worker.complaints).toEqual([]);
          expect(side.audit()).toMatchObject({
            controlSlotsHeld: 0, scanSlotsHeld: 0, pagesHeld: 0, permitsMissing: 0, freePages: played.pages,
            filtersHeld: 0, protocolViolations: 0, sweptPages: 0,
          });
        }, (trace) => void play(played, undefined, trace));
      }),
      { numRuns: 400 });
  });

  test("a worker that dies at any moment is an error of each statement and nothing else", () => {
    fc.assert(
      fc.property(scenario, fc.nat({ max: 60 }), (played, deathAfter) => {
        const { side, twins } = playDeath(played, deathAfter);
        for (const twin of twins) expect(twin.refused || twin.actor.final || twin.actor.state === "idle").toBe(true);
        expect(side.audit()).toMatchObject({ controlSlotsHeld: 0, scanSlotsHeld: 0, pagesHeld: 0, permitsMissing: 0 });
      }),
      { numRuns: 150 });
  });
});
