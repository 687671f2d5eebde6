// The worker's main thread by the machines planning_worker and execution_worker, as src/worker/session_table.ts and the
// sessions' effects run them: a doorbell is served to its end, then reports of the executor are heard. The executor is
// job_steps.ts's.
import { MessageType } from "#generated/layout.js";
import { executionWorker, planningWorker } from "#generated/machines.js";
import { frameType, GARBLED, isStale, OWNER_WORKER, type Region } from "./region.js";
import { hold, stateOf, type Scene, type Step, type Who } from "./scene.js";
import {
  ringEntry, ringLength, ringPop, ringPush, type ControlAt, type SessionAt, type World,
} from "./world_shape.js";

/** SessionAt.kind. */
const NONE = 0;
const PLANNING = 1;
export const EXECUTION = 2;

/** Orders to the executor, and its reports; an entry is its kind, its slot and its epoch. */
export const orders = ["start", "dispose"] as const;
export const reports = ["started", "inputsEnded", "finished", "failed", "disposed"] as const;
export type Report = (typeof reports)[number];

export const entry = (kind: number, slot: number, epoch: number): number => (kind << 5) | (slot << 4) | (epoch & 15);
export const entryOf = (value: number) => ({ kind: value >> 5, slot: (value >> 4) & 1, epoch: value & 15 });

const reportEvents = {
  started: "jobStarted", inputsEnded: "inputsEnded", finished: "jobFinished", failed: "jobFailed",
  disposed: "jobDisposed",
} as const satisfies Record<Report, ExecutionEvent>;
const lastReports: readonly Report[] = ["finished", "failed", "disposed"];

type ExecutionEvent = (typeof executionWorker.events)[number];
type PlanningEvent = (typeof planningWorker.events)[number];
export type PlanOutcome = "planned" | "refused" | "failed";

/** SessionAt.said. */
export const SAID_START = 1;
export const SAID_FAILURE = 2;
export const SAID_VIOLATION = 3;

const cancelling = stateOf(executionWorker, "cancelling");
const answered = stateOf(planningWorker, "answered");
const opening = stateOf(executionWorker, "opening");

export class SessionSteps {
  readonly #scene: Scene;
  readonly #region: Region;
  readonly #control: ControlAt;
  readonly #at: SessionAt;
  readonly #who: Who;

  constructor(scene: Scene, region: Region, control: ControlAt, at: SessionAt) {
    this.#scene = scene;
    this.#region = region;
    this.#control = control;
    this.#at = at;
    this.#who = { writer: { kind: "worker", number: 0 }, actor: 0, slot: { known: control.index }, epoch: at.epoch };
  }

  steps(): readonly Step[] {
    const { workerReady } = this.#scene.shape;
    const { doorbell, toWorker, index } = this.#control;
    const rung = (world: World): boolean => world.get(workerReady) !== 0 && world.get(doorbell) !== 0;
    const asks = (world: World): boolean => {
      for (let at = 0; at < ringLength(world, toWorker); at++)
        if (frameType(ringEntry(world, toWorker, at)) === MessageType.PlanRequest) return true;
      return false;
    };
    return [
      { name: `worker: serves slot ${index}`, can: rung, go: (world) => this.#serve(world, "planned") },
      {
        name: `worker: serves slot ${index}, refuses`, can: (world) => rung(world) && asks(world),
        go: (world) => this.#serve(world, "refused"),
      },
      {
        name: `worker: serves slot ${index}, fails to plan`, can: (world) => rung(world) && asks(world),
        go: (world) => this.#serve(world, "failed"),
      },
    ];
  }

  #serve(world: World, outcome: PlanOutcome): void {
    const { doorbell, toWorker, epoch } = this.#control;
    world.set(doorbell, 0);
    if (!this.#region.has(world, this.#control, OWNER_WORKER)) return;
    while (ringLength(world, toWorker) > 0 && this.#region.has(world, this.#control, OWNER_WORKER)) {
      const value = ringPop(world, toWorker);
      if (isStale(value, world.get(epoch))) continue;
      if (this.#receive(world, frameType(value), outcome)) break;
    }
    this.#noticeClose(world);
  }

  /** True when nothing more is to be read from the ring for now. */
  #receive(world: World, type: number, outcome: PlanOutcome): boolean {
    this.#begin(world, type === MessageType.StartExecution ? EXECUTION : PLANNING);
    const planning = world.get(this.#at.kind) === PLANNING;
    if (type === GARBLED) {
      this.#break(world);
      return true;
    }
    if (type === MessageType.CloseExecution) this.#closed(world);
    else if (planning && type === MessageType.PlanRequest && world.get(this.#at.state) === planningWorker.initial) {
      const effects = this.#plan(world, "requestReceived");
      if (effects.includes("planQuery")) this.#plan(world, outcome);
      hold(world.get(this.#at.state) === answered, "a request was answered and its session does not know");
    } else if (!planning && type === MessageType.StartExecution && world.get(this.#at.state) === opening)
      this.#execute(world, "startReceived");
    else this.#break(world);
    return false;
  }

  /** The session of the slot's lease; its first frame decides what it is. */
  #begin(world: World, kind: number): void {
    const { kind: known, epoch, state } = this.#at;
    if (world.get(known) !== NONE) {
      hold(world.get(epoch) === world.get(this.#control.epoch), "a slot was leased anew while its session lived");
      return;
    }
    world.set(known, kind);
    world.set(epoch, world.get(this.#control.epoch));
    world.set(state, kind === PLANNING ? planningWorker.initial : executionWorker.initial);
  }

  #break(world: World): void {
    if (world.get(this.#at.kind) === PLANNING) this.#plan(world, "violated");
    else this.#execute(world, "violated");
  }

  /** By the message or by the slot: the second finds the session cancelling already. */
  #closed(world: World): void {
    if (world.get(this.#at.kind) === PLANNING) this.#plan(world, "closeReceived");
    else if (world.get(this.#at.state) !== cancelling) this.#execute(world, "closeReceived");
  }

  #noticeClose(world: World): void {
    if (!this.#region.has(world, this.#control, OWNER_WORKER) || world.get(this.#control.closing) === 0) return;
    if (world.get(this.#at.kind) !== NONE) this.#closed(world);
    else this.#detach(world);
  }

  #plan(world: World, event: PlanningEvent): readonly string[] {
    const effects = this.#scene.take(world, this.#who, planningWorker, this.#at.state, event);
    this.#perform(world, effects);
    if (this.#scene.isFinal(planningWorker, world.get(this.#at.state))) this.#forget(world);
    return effects;
  }

  #execute(world: World, event: ExecutionEvent): void {
    this.#perform(world, this.#scene.take(world, this.#who, executionWorker, this.#at.state, event));
    if (this.#scene.isFinal(executionWorker, world.get(this.#at.state))) this.#forget(world);
  }

  #forget(world: World): void {
    hold(world.get(this.#at.job) === 0, "a session ended before its job");
    hold(!this.#region.has(world, this.#control, OWNER_WORKER), "a session ended and kept its slot");
    world.clear([this.#at.kind, this.#at.epoch, this.#at.state, this.#at.said]);
  }

  #perform(world: World, effects: readonly string[]): void {
    const epoch = world.get(this.#at.epoch);
    for (const effect of effects)
      switch (effect as (typeof executionWorker.effects | typeof planningWorker.effects)[number]) {
        case "assignJob":
          this.#assign(world);
          break;
        case "disposeJob":
          this.#dispose(world);
          break;
        case "sendFailed":
          world.set(this.#at.said, SAID_FAILURE);
          this.#region.sendToBackend(world, this.#control, epoch, MessageType.ExecutionFailed);
          break;
        case "sendPlanReady":
          this.#region.sendToBackend(world, this.#control, epoch, MessageType.PlanReady);
          break;
        case "sendPlanRefused":
          this.#region.sendToBackend(world, this.#control, epoch, MessageType.PlanRefused);
          break;
        case "detachSession":
          this.#detach(world);
          break;
        case "keepViolation":
          world.set(this.#at.said, SAID_VIOLATION);
          break;
        case "planQuery":
        case "countViolation":
      }
  }

  #assign(world: World): void {
    const epoch = world.get(this.#at.epoch);
    hold(world.get(this.#at.job) === 0, "a session had two jobs");
    world.set(this.#at.job, epoch);
    world.set(this.#at.said, SAID_START);
    if (this.#region.isCurrent(world, this.#control, epoch)) world.set(this.#control.assigned, 1);
    this.#order(world, 0, epoch);
  }

  #dispose(world: World): void {
    const epoch = world.get(this.#at.epoch);
    if (world.get(this.#at.job) === epoch) this.#order(world, 1, epoch);
  }

  #order(world: World, kind: number, epoch: number): void {
    const { orders: ring, executorAwake } = this.#scene.shape;
    hold(ringLength(world, ring) < ring.capacity, "more orders than a job ever gets");
    ringPush(world, ring, entry(kind, this.#control.index, epoch));
    world.set(executorAwake, 1);
  }

  #detach(world: World): void {
    hold(world.get(this.#control.cancel) !== 0 || world.get(this.#control.closing) !== 0,
      "the worker let go of a slot whose backend had not");
    this.#region.detachControl(world, this.#control, OWNER_WORKER);
    this.#region.wakeBackend(world, this.#control);
    this.#region.wakePageWaiters(world);
  }

  /** A report of the slot's job. */
  hear(world: World, report: Report, epoch: number): void {
    if (lastReports.includes(report) && world.get(this.#at.job) === epoch) world.set(this.#at.job, 0);
    hold(world.get(this.#at.kind) === EXECUTION && world.get(this.#at.epoch) === epoch,
      `a ${report} report came when its session was gone`);
    this.#execute(world, reportEvents[report]);
  }
}

/** The main thread as a whole: every slot's session, and the reports. */
export function mainSteps(scene: Scene, region: Region): readonly Step[] {
  const { shape } = scene;
  const sessions = shape.controls.map((control, index) =>
    new SessionSteps(scene, region, control, shape.sessions[index] as SessionAt));
  return [
    ...sessions.flatMap((session) => session.steps()),
    {
      name: "worker: hears a report",
      can: (world) => world.get(shape.workerReady) !== 0 && ringLength(world, shape.reports) > 0,
      go: (world) => {
        const { kind, slot, epoch } = entryOf(ringPop(world, shape.reports));
        sessions[slot]?.hear(world, reports[kind] as Report, epoch);
      },
    },
  ];
}
