// Random conversations of several backends with the worker's real wiring, as data and as play: what may go wrong and in
// which order everybody runs. What must hold afterwards is test/unit/worker/conversation.test.ts's.
import fc from "fast-check";
import type { TransitionRecorder } from "#actors/table_actor.js";
import { MemoryBackend } from "#transport/memory_backend.js";
import { MemoryRegion } from "#transport/memory_region.js";
import type { FailureTrace } from "#trace/failure_trace.js";
import { FakeEngine } from "./fake_job_world.js";
import { SimulatedWorker } from "./simulated_worker.js";
import { TwinBackend, type TwinEnding, type TwinProducerPlan } from "./twin_backend.js";

export const ROWS_PER_RESULT = 1;
export const LEAVES = 2;

export interface Scenario {
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

export const scenario: fc.Arbitrary<Scenario> = fc.record({
  pages: fc.oneof(fc.integer({ min: 6, max: 14 }), fc.integer({ min: 6, max: 240 })),
  backends: fc.array(
    fc.record({
      plans: fc.tuple(producerPlan(0), producerPlan(1), fc.option(producerPlan(1), { nil: undefined }))
        .map((plans) => plans.filter((plan) => plan !== undefined)),
      ending,
    }),
    { minLength: 1, maxLength: 3 }),
  schedule: fc.array(fc.nat({ max: 7 }), { maxLength: 250 }),
});

const NO_LEASE = { slot: 0, epoch: 0 };

/** Producers of one backend in a trace, at most: their writers are numbered across backends. */
const PRODUCERS_MAX = 16;

/** A backend whose steps, and those of its producers, are traced when there is a trace. */
function makeTwin(
  side: MemoryBackend, plans: readonly TwinProducerPlan[], end: TwinEnding, at: number,
  recorder: TransitionRecorder | undefined, trace: FailureTrace | undefined,
): TwinBackend {
  const lease = () => twin.lease ?? NO_LEASE;
  const twin: TwinBackend = new TwinBackend(
    side, plans, end, trace?.recorder({ kind: "backend", number: at }, lease) ?? recorder,
    (producer) => trace?.recorder({ kind: "producer", number: at * PRODUCERS_MAX + producer }, lease));
  return twin;
}

/** Runs a scenario to the end; throws when somebody still waits after far more turns than there is work. */
export function play(
  { pages, backends, schedule }: Scenario, recorder?: TransitionRecorder, trace?: FailureTrace,
) {
  const region = new MemoryRegion({ pageCount: pages, controlSlotCount: 2, scanSlotCount: 5 });
  const side = new MemoryBackend(region);
  side.startWorker();
  const worker = new SimulatedWorker(region, new FakeEngine(LEAVES, ROWS_PER_RESULT), 2, recorder, trace);
  const twins = backends.map(({ plans, ending: end }, at) => makeTwin(side, plans, end, at, recorder, trace));
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

/** The same, with a worker that dies after some turns; the supervisor tells every backend. */
export function playDeath({ pages, backends, schedule }: Scenario, deathAfter: number, recorder?: TransitionRecorder) {
  const region = new MemoryRegion({ pageCount: pages, controlSlotCount: 2, scanSlotCount: 5 });
  const side = new MemoryBackend(region);
  side.startWorker();
  const worker = new SimulatedWorker(region, new FakeEngine(LEAVES, ROWS_PER_RESULT), 2, recorder);
  const twins = backends.map(({ plans }) => new TwinBackend(side, plans, { kind: "natural" }, recorder));
  for (const turn of schedule.slice(0, deathAfter)) {
    if (turn < 3) twins[turn]?.step();
    else if (turn < 5) worker.stepMain(turn === 3);
    else worker.stepExecutor(turn);
  }
  side.buryWorker();
  for (const twin of twins) if (twin.actor.state !== "idle") twin.workerLost();
  return { side, twins };
}
