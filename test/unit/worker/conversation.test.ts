// Whole conversations of several backends with the worker's real wiring, interleaved in every order the generator
// finds: natural ends, cancels at each step, vanished backends, failing producers, too little of everything. Nothing
// may be left behind, nobody may wait for ever, and no machine may meet an event it has no place for.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MemoryBackend } from "#transport/memory_backend.js";
import { MemoryRegion } from "#transport/memory_region.js";
import { FakeEngine } from "../../support/fake_job_world.js";
import { SimulatedWorker } from "../../support/simulated_worker.js";
import { TwinBackend, type TwinEnding, type TwinProducerPlan } from "../../support/twin_backend.js";

const ROWS_PER_RESULT = 1;
const LEAVES = 2;

interface Scenario {
  readonly pages: number;
  readonly backends: readonly { readonly plans: readonly TwinProducerPlan[]; readonly ending: TwinEnding }[];
  /** Who runs next, while it lasts. */
  readonly schedule: readonly number[];
}

const producerPlan = (leaf: number): fc.Arbitrary<TwinProducerPlan> =>
  fc.record({
    leaf: fc.constant(leaf),
    pages: fc.array(fc.nat({ max: 20 }), { maxLength: 5 }),
    fails: fc.boolean().chain((rare) => (rare ? fc.boolean() : fc.constant(false))),
  });

const ending: fc.Arbitrary<TwinEnding> = fc.oneof(
  fc.constant({ kind: "natural" as const }),
  fc.record({
    kind: fc.constantFrom("cancel" as const, "abort" as const, "enough" as const, "vanish" as const),
    afterSteps: fc.nat({ max: 40 }),
  }),
);

const scenario: fc.Arbitrary<Scenario> = fc.record({
  pages: fc.oneof(fc.integer({ min: 6, max: 14 }), fc.integer({ min: 6, max: 60 })),
  backends: fc.array(
    fc.record({
      plans: fc.tuple(producerPlan(0), producerPlan(1), fc.option(producerPlan(1), { nil: undefined }))
        .map((plans) => plans.filter((plan) => plan !== undefined)),
      ending,
    }),
    { minLength: 1, maxLength: 3 }),
  schedule: fc.array(fc.nat({ max: 7 }), { maxLength: 250 }),
});

/** Runs a scenario to the end; throws when somebody still waits after far more turns than there is work. */
function play({ pages, backends, schedule }: Scenario) {
  const region = new MemoryRegion({ pageCount: pages, controlSlotCount: 2, scanSlotCount: 5 });
  const side = new MemoryBackend(region);
  side.startWorker();
  const worker = new SimulatedWorker(region, new FakeEngine(LEAVES, ROWS_PER_RESULT), 2);
  const twins = backends.map(({ plans, ending: end }) => new TwinBackend(side, plans, end));
  const run = (turn: number): boolean => {
    if (turn < 3) return twins[turn]?.step() ?? false;
    return turn < 5 ? worker.stepMain(turn === 3) : worker.stepExecutor(turn);
  };
  for (const turn of schedule) run(turn);
  let idle = 0;
  for (let round = 0; idle < 3; round++) {
    if (round > 5000) throw new Error("somebody waits for ever");
    let moved = false;
    for (let turn = 0; turn < 7; turn++) moved = run(turn) || moved;
    idle = moved ? 0 : idle + 1;
  }
  return { region, side, worker, twins };
}

describe("conversations", () => {
  test("end, leave nothing, and answer right, in any interleaving", () => {
    fc.assert(
      fc.property(scenario, (played) => {
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
          protocolViolations: 0, sweptPages: 0,
        });
      }),
      { numRuns: 400 });
  });

  test("a worker that dies at any moment is an error of each statement and nothing else", () => {
    fc.assert(
      fc.property(scenario, fc.nat({ max: 60 }), (played, deathAfter) => {
        const region = new MemoryRegion({ pageCount: played.pages, controlSlotCount: 2, scanSlotCount: 5 });
        const side = new MemoryBackend(region);
        side.startWorker();
        const worker = new SimulatedWorker(region, new FakeEngine(LEAVES, ROWS_PER_RESULT), 2);
        const twins = played.backends.map(({ plans }) => new TwinBackend(side, plans, { kind: "natural" }));
        for (const turn of played.schedule.slice(0, deathAfter)) {
          if (turn < 3) twins[turn]?.step();
          else if (turn < 5) worker.stepMain(turn === 3);
          else worker.stepExecutor(turn);
        }
        side.buryWorker();
        for (const twin of twins) if (twin.actor.state !== "idle") twin.workerLost();
        for (const twin of twins) expect(twin.refused || twin.actor.final || twin.actor.state === "idle").toBe(true);
        expect(side.audit()).toMatchObject({ controlSlotsHeld: 0, scanSlotsHeld: 0, pagesHeld: 0, permitsMissing: 0 });
      }),
      { numRuns: 150 });
  });
});
