// Backends by the machines planning_backend and execution_backend, as native/extension/session.c and execution.c run
// them: lease, say, turn until it ends, close in two steps, see the workers off. Their own producers are
// producer_steps.ts's and run only while they are awake.
import { defined } from "#base/assert.js";
import { MessageType } from "#generated/layout.js";
import { executionBackend, planningBackend, type GeneratedMachine } from "#generated/machines.js";
import type { Conversation } from "./configuration.js";
import {
  ANNOUNCED, ASLEEP, AWAKE, GONE, LAUNCHING, ProducerSteps, RUNNING, STILLBORN, type ProducerOwner,
} from "./producer_steps.js";
import {
  DESCRIPTOR_END, DESCRIPTOR_FAILED, frame, frameType, GARBLED, HAPPENED_DEATH, HAPPENED_OTHER, isStale,
  OWNER_BACKEND, SIDE_RESULT, SIDE_SCAN, type Region,
} from "./region.js";
import { hold, stateOf, type Scene, type Step, type Who } from "./scene.js";
import {
  ringLength, ringPop, ringPush, type BackendAt, type ControlAt, type ProducerAt, type World,
} from "./world_shape.js";

/** BackendAt.phase. */
const IDLE = 0;
const OPENING = 1;
const TALKING = 2;
const LEAVING = 3;
const SEEING_OFF = 4;
export const OVER = 5;

const finished = stateOf(executionBackend, "finished");
const naturalEnds: Readonly<Record<Conversation, readonly number[]>> = {
  planning: [
    stateOf(planningBackend, "planned"), stateOf(planningBackend, "refused"), stateOf(planningBackend, "failed"),
  ],
  execution: [finished],
};

type ExecutionEvent = (typeof executionBackend.events)[number];
type PlanningEvent = (typeof planningBackend.events)[number];

/** BackendAt.raised. */
const raises = { raiseRefusal: 1, raiseWorkerError: 2, raiseWorkerLost: 3, raiseViolation: 4 } as const;

/** What an answer is to end in, and to raise. */
const answers: Readonly<Record<number, { readonly state: string; readonly raised: number }>> = {
  [MessageType.PlanReady]: { state: "planned", raised: 0 },
  [MessageType.PlanRefused]: { state: "refused", raised: raises.raiseRefusal },
  [MessageType.ExecutionFailed]: { state: "failed", raised: raises.raiseWorkerError },
};
const otherEnds: Readonly<Record<string, readonly number[]>> = {
  finished: [0], cancelled: [0], abandoned: [0], failed: [raises.raiseWorkerLost, raises.raiseViolation],
};

const received: Readonly<Record<Conversation, Readonly<Record<number, ExecutionEvent | PlanningEvent>>>> = {
  planning: {
    [MessageType.PlanReady]: "readyReceived", [MessageType.PlanRefused]: "refusedReceived",
    [MessageType.ExecutionFailed]: "failedReceived",
  },
  execution: {
    [MessageType.ExecutionStarted]: "startedReceived", [MessageType.ExecutionFinished]: "finishedReceived",
    [MessageType.ExecutionFailed]: "failedReceived",
  },
};

export class BackendSteps implements ProducerOwner {
  readonly producers: readonly ProducerSteps[];
  readonly #scene: Scene;
  readonly #region: Region;
  readonly #at: BackendAt;
  readonly #script: readonly Conversation[];
  readonly #who: Who;

  constructor(scene: Scene, region: Region, at: BackendAt) {
    this.#scene = scene;
    this.#region = region;
    this.#at = at;
    this.#script = scene.configuration.backends[at.index] ?? [];
    this.#who = { writer: { kind: "backend", number: at.index }, actor: 0, slot: { at: at.slot }, epoch: at.epoch };
    this.producers = scene.shape.producers.filter(({ backend }) => backend === at.index)
      .map((producer) => new ProducerSteps(scene, region, producer, this));
  }

  // ---- where it is ----

  #control(world: World): ControlAt {
    return defined(this.#scene.shape.controls[world.get(this.#at.slot) - 1], "a conversation has its slot");
  }

  #conversation(world: World): Conversation | undefined {
    return this.#script[world.get(this.#at.turn)];
  }

  #machine(world: World): GeneratedMachine {
    return this.#conversation(world) === "planning" ? planningBackend : executionBackend;
  }

  #in(world: World, phase: number): boolean {
    return world.get(this.#at.phase) === phase && world.get(this.#at.rest) !== ASLEEP;
  }

  #executes(world: World): boolean {
    return this.#in(world, TALKING) && this.#conversation(world) === "execution";
  }

  #workerAlive(world: World): boolean {
    const { workerReady, generation } = this.#scene.shape;
    return world.get(workerReady) !== 0 && world.get(generation) === world.get(this.#at.generation);
  }

  canRun(world: World): boolean {
    return this.#executes(world);
  }

  moved(world: World): void {
    world.set(this.#at.rest, AWAKE);
    if (world.get(this.#at.slot) !== 0) world.set(this.#control(world).sleeping, 0);
  }

  wakes(world: World): void {
    if (world.get(this.#at.phase) === TALKING) this.moved(world);
  }

  hears(world: World): void {
    this.wakes(world);
    world.set(this.#at.interrupted, 1);
  }

  failed(world: World, violated: boolean): void {
    this.#send(world, violated ? "violated" : "abort");
  }

  // ---- the machine ----

  /** One event; closes when the machine says so. */
  #send(world: World, event: ExecutionEvent | PlanningEvent, argument = 0): void {
    const effects = this.#scene.take(world, this.#who, this.#machine(world), this.#at.state, event, argument);
    for (const effect of effects)
      if (effect === "releaseScans") this.#releaseScans(world);
      else if (effect.startsWith("closeSession")) this.#close(world);
      else if (effect === "sendStartExecution") this.#say(world, MessageType.StartExecution);
      else if (effect === "sendPlanRequest") this.#say(world, MessageType.PlanRequest);
      else if (effect in raises) world.set(this.#at.raised, raises[effect as keyof typeof raises]);
  }

  #say(world: World, type: MessageType): void {
    const control = this.#control(world);
    ringPush(world, control.toWorker, frame(type, world.get(this.#at.epoch)));
    this.#region.ringDoorbell(world, control);
  }

  #releasePage(world: World): void {
    const page = this.#scene.shape.pages[world.get(this.#at.page) - 1];
    world.set(this.#at.page, 0);
    if (page === undefined) return;
    this.#region.release(world, this.#who, page);
    this.#region.wakePageWaiters(world);
  }

  #releaseScans(world: World): void {
    this.#releasePage(world);
    for (const producer of this.producers) {
      if (!producer.at.parallel) {
        producer.close(world);
        world.set(producer.at.life, GONE);
        world.set(producer.at.reading, 0);
      } else if (world.get(producer.at.life) !== GONE) this.#stop(world, producer.at);
    }
  }

  /** Parallel workers hear of the end by the stop word. */
  #stop(world: World, producer: ProducerAt): void {
    const scan = this.#scene.shape.scans[world.get(producer.scan) - 1];
    if (scan === undefined || !this.#region.isCurrent(world, scan, world.get(producer.epoch))) return;
    world.set(scan.stop, 1);
    this.#region.wakeProducer(world, scan);
  }

  /** The first half of closing: what the worker can see before the slot is let go. */
  #close(world: World): void {
    const [control, epoch] = [this.#control(world), world.get(this.#at.epoch)];
    world.clear([control.sleeping, control.pageWait, this.#at.rest]);
    for (const { at } of this.producers) {
      const scan = this.#scene.shape.scans[world.get(at.scan) - 1];
      if (!at.parallel && scan !== undefined) world.set(scan.pageWait, 0);
    }
    const room = ringLength(world, control.toWorker) < control.toWorker.capacity;
    if (this.#workerAlive(world) && this.#region.isOpen(world, control, epoch) && room)
      ringPush(world, control.toWorker, frame(MessageType.CloseExecution, epoch));
    world.set(control.cancel, 1);
    world.set(this.#at.phase, LEAVING);
  }

  // ---- steps ----

  steps(): readonly Step[] {
    const moving = [...this.#beginning(), ...this.#turns()];
    return [...moving, ...this.#resting(moving), ...this.#endings()];
  }

  #step(name: string, can: Step["can"], go: Step["go"]): Step {
    return {
      name: `backend ${this.#at.index}: ${name}`, can,
      go: (world) => {
        this.moved(world);
        go(world);
      },
    };
  }

  #beginning(): readonly Step[] {
    const { controls, scans, workerReady } = this.#scene.shape;
    const unscanned = (world: World): ProducerAt | undefined => this.#conversation(world) === "execution"
      ? this.producers.find(({ at }) => world.get(at.scan) === 0)?.at : undefined;
    return [
      this.#step("leases a slot", (world) =>
        this.#in(world, IDLE) && this.#conversation(world) !== undefined && world.get(workerReady) !== 0 &&
        controls.some((control) => world.get(control.owners) === 0) &&
        this.#region.freePages(world) >= this.#permits(world), (world) => this.#open(world)),
      this.#step("leases a scan slot", (world) =>
        this.#in(world, OPENING) && this.#workerAlive(world) && unscanned(world) !== undefined &&
        scans.some((scan) => world.get(scan.owners) === 0),
      (world) => this.#openScan(world, defined(unscanned(world), "a producer without a slot"))),
      this.#step("says what it wants", (world) =>
        this.#in(world, OPENING) && this.#workerAlive(world) && unscanned(world) === undefined &&
        ringLength(world, this.#control(world).toWorker) < this.#control(world).toWorker.capacity,
      (world) => this.#begin(world)),
    ];
  }

  #permits(world: World): number {
    const { permitsScan, permitsResult } = this.#scene.configuration;
    return this.#conversation(world) === "execution" ? permitsScan + permitsResult : 0;
  }

  #open(world: World): void {
    const { configuration, shape } = this.#scene;
    const control = defined(shape.controls.find((each) => world.get(each.owners) === 0), "a free slot");
    world.set(this.#at.epoch, this.#region.lease(world, control));
    world.set(this.#at.slot, control.index + 1);
    world.set(control.holder, this.#at.index + 1);
    world.set(this.#at.generation, world.get(shape.generation));
    world.set(this.#at.state, this.#machine(world).initial);
    world.set(this.#at.phase, OPENING);
    if (this.#conversation(world) === "planning") return;
    this.#region.reserve(world, this.#who, control, SIDE_SCAN, configuration.permitsScan);
    this.#region.reserve(world, this.#who, control, SIDE_RESULT, configuration.permitsResult);
    world.set(this.#at.filter, this.#region.leaseFilter(world, this.#who, control));
    for (const [leaf, at] of this.#at.left.entries()) world.set(at, configuration.leafPages[leaf] ?? 0);
  }

  #openScan(world: World, producer: ProducerAt): void {
    const scan = defined(this.#scene.shape.scans.find((each) => world.get(each.owners) === 0), "a free scan slot");
    world.set(producer.epoch, this.#region.lease(world, scan));
    world.set(producer.scan, scan.index + 1);
    world.set(producer.state, 0);
    world.set(scan.control, world.get(this.#at.slot));
    world.set(scan.controlEpoch, world.get(this.#at.epoch));
    world.set(scan.producer, producer.index + 1);
  }

  #begin(world: World): void {
    world.set(this.#at.phase, TALKING);
    if (this.#conversation(world) === "planning") return this.#send(world, "request");
    for (const { at } of this.producers) world.set(at.life, at.parallel ? LAUNCHING : RUNNING);
    this.#send(world, "start");
  }

  #turns(): readonly Step[] {
    const results = (world: World): number =>
      this.#executes(world) ? ringLength(world, this.#control(world).pages) : -1;
    const stillborn = (world: World) => this.producers.find(({ at }) => world.get(at.life) === STILLBORN);
    const frames = (world: World): number =>
      this.#in(world, TALKING) ? ringLength(world, this.#control(world).toBackend) : -1;
    return [
      this.#step("takes a result", (world) => results(world) > 0, (world) => this.#takeResult(world)),
      this.#step("has read its page", (world) => results(world) === 0 && world.get(this.#at.page) !== 0,
        (world) => this.#releasePage(world)),
      this.#step("takes a message", (world) => frames(world) > 0, (world) => this.#takeFrame(world)),
      this.#step("finds the worker gone", (world) =>
        (frames(world) === 0 || this.#in(world, OPENING)) && !this.#workerAlive(world), (world) => {
        if (world.get(this.#at.phase) === TALKING) this.#send(world, "workerLost");
        else this.#close(world);
      }),
      this.#step("is interrupted", (world) => world.get(this.#at.interrupted) !== 0 &&
        (this.#in(world, TALKING) || this.#in(world, OPENING)), (world) => {
        if (world.get(this.#at.phase) === OPENING) this.#close(world);
        else this.#send(world, this.#conversation(world) === "planning" ? "abandon" : "cancel");
      }),
      this.#step("buries a worker that never came", (world) =>
        this.#executes(world) && stillborn(world) !== undefined, (world) => {
        const { at } = defined(stillborn(world), "a stillborn worker");
        world.set(at.life, GONE);
        const scan = defined(this.#scene.shape.scans[world.get(at.scan) - 1], "its scan slot");
        if (!this.#region.isOpen(world, scan, world.get(at.epoch))) return;
        this.#region.endStream(world, scan, DESCRIPTOR_END);
        this.#region.wakeExecutorOf(world, this.#control(world));
      }),
      ...this.producers.filter(({ at }) => !at.parallel).flatMap((producer) => producer.steps()),
    ];
  }

  #takeResult(world: World): void {
    const control = this.#control(world);
    this.#releasePage(world);
    const descriptor = this.#region.importNext(world, this.#who, control);
    if (world.get(control.roomWait) !== 0) {
      world.set(control.roomWait, 0);
      this.#region.wakeExecutorOf(world, control);
    }
    if (descriptor === DESCRIPTOR_END) this.#send(world, "resultEnded");
    else if (descriptor === DESCRIPTOR_FAILED) this.#send(world, "resultFailed");
    else {
      world.set(this.#at.page, descriptor);
      world.add(this.#at.taken, 1);
      this.#send(world, "resultPageImported", 1);
    }
    this.#checkWhole(world, control, descriptor === DESCRIPTOR_END);
  }

  #takeFrame(world: World): void {
    const control = this.#control(world);
    const message = ringPop(world, control.toBackend);
    if (isStale(message, world.get(this.#at.epoch))) return;
    const conversation = defined(this.#conversation(world), "a conversation goes on");
    const event = frameType(message) === GARBLED ? "violated" : received[conversation][frameType(message)];
    hold(event !== undefined, `message ${frameType(message)} has no place in ${conversation}`);
    if (frameType(message) in answers) world.set(this.#at.answer, frameType(message));
    if (event !== undefined) this.#send(world, event);
    this.#checkWhole(world, control, event === "finishedReceived");
  }

  /** A result that ends by itself is whole. */
  #checkWhole(world: World, control: ControlAt, endsNow: boolean): void {
    if (!endsNow || world.get(this.#at.state) !== finished) return;
    hold(world.get(this.#at.taken) === world.get(control.issued), "the result ended before all its pages were read");
  }

  /** Announce, look at everything once more, sleep; nothing wakes without a ring. */
  #resting(moving: readonly Step[]): readonly Step[] {
    const { rest, phase } = this.#at;
    const idle = (world: World): boolean =>
      world.get(phase) === TALKING && world.get(rest) !== ASLEEP && !moving.some((step) => step.can(world));
    const resting = (name: string, can: Step["can"], go: Step["go"]): Step =>
      ({ name: `backend ${this.#at.index}: ${name}`, can, go });
    return [
      resting("announces its sleep", (world) => idle(world) && world.get(rest) === AWAKE, (world) => {
        world.set(rest, ANNOUNCED);
        world.set(this.#control(world).sleeping, 1);
      }),
      resting("goes to sleep", (world) => idle(world) && world.get(rest) === ANNOUNCED, (world) => {
        hold(this.#region.isOpen(world, this.#control(world), world.get(this.#at.epoch)),
          "the worker closed the session before the end");
        world.set(rest, ASLEEP);
      }),
      resting("wakes", (world) => world.get(rest) === ASLEEP && world.get(this.#control(world).rung) !== 0,
        (world) => {
          world.set(this.#control(world).rung, 0);
          this.moved(world);
        }),
    ];
  }

  #endings(): readonly Step[] {
    const { phase } = this.#at;
    const present = ({ at }: ProducerSteps, world: World): boolean =>
      at.parallel && [LAUNCHING, RUNNING].includes(world.get(at.life));
    const step = (name: string, can: Step["can"], go: Step["go"]): Step =>
      ({ name: `backend ${this.#at.index}: ${name}`, can, go });
    return [
      step("lets its slot go", (world) => world.get(phase) === LEAVING, (world) => this.#detach(world)),
      step("is done", (world) =>
        world.get(phase) === SEEING_OFF && !this.producers.some((producer) => present(producer, world)),
      (world) => this.#conclude(world)),
    ];
  }

  #detach(world: World): void {
    const control = this.#control(world);
    const { state, epoch } = this.#at;
    const begun = world.get(state) !== this.#machine(world).initial;
    hold(!begun || this.#scene.isFinal(this.#machine(world), world.get(state)),
      "a conversation was closed in a state that is no end");
    if (begun) this.#checkOutcome(world);
    if (this.#region.isCurrent(world, control, world.get(epoch))) {
      this.#region.detachControl(world, control, OWNER_BACKEND);
      this.#region.wakeExecutorOf(world, control);
      this.#region.ringDoorbell(world, control);
      this.#region.wakePageWaiters(world);
    }
    world.set(this.#at.phase, SEEING_OFF);
  }

  /** The end is called what it is, and an error is raised exactly where there is one. */
  #checkOutcome(world: World): void {
    const state = this.#machine(world).states[world.get(this.#at.state)] ?? "";
    const [answer, raised] = [answers[world.get(this.#at.answer)], world.get(this.#at.raised)];
    const isRight = answer === undefined ? otherEnds[state]?.includes(raised) === true
      : answer.state === state && answer.raised === raised;
    hold(isRight, `a conversation ended as ${state} and ${raised === 0 ? "no error" : `error ${raised}`} was raised`);
  }

  #conclude(world: World): void {
    const at = this.#at;
    const conversation = defined(this.#conversation(world), "a conversation ends");
    const ends = naturalEnds[conversation];
    hold(world.get(this.#scene.shape.happened) !== 0 || ends.includes(world.get(at.state)),
      `${conversation} ended as ${this.#machine(world).states[world.get(at.state)]} though nothing had happened`);
    world.clear([
      at.state, at.slot, at.epoch, at.generation, at.filter, at.page, at.taken, at.answer, at.raised, at.rest,
      at.interrupted, ...at.left,
    ]);
    for (const { at: producer } of this.producers)
      world.clear([
        producer.life, producer.state, producer.scan, producer.epoch, producer.filled, producer.rowsEnded,
        producer.told, producer.rest, producer.reading,
      ]);
    world.add(at.turn, 1);
    world.set(at.phase, world.get(at.turn) === this.#script.length ? OVER : IDLE);
  }

  // ---- faults ----

  faults(): readonly Step[] {
    const { configuration, shape } = this.#scene;
    const at = this.#at;
    const happens = (bit: number, go: Step["go"]): Step["go"] => (world) => {
      world.set(shape.happened, world.get(shape.happened) | bit);
      go(world);
    };
    const talks = (world: World): boolean => this.#in(world, TALKING);
    const begun = (world: World): boolean => [OPENING, TALKING].includes(world.get(at.phase));
    const all: Readonly<Record<"cancel" | "enough" | "abort" | "backendDies", Step>> = {
      cancel: {
        name: `backend ${at.index}: receives an interrupt`, fault: true,
        can: (world) => begun(world) && world.get(at.interrupted) === 0,
        go: happens(HAPPENED_OTHER, (world) => {
          this.moved(world);
          world.set(at.interrupted, 1);
        }),
      },
      enough: {
        name: `backend ${at.index}: has enough`, fault: true, can: (world) => this.#executes(world),
        go: happens(HAPPENED_OTHER, (world) => this.#send(world, "enough")),
      },
      abort: {
        name: `backend ${at.index}: fails by itself`, fault: true, can: talks,
        go: happens(HAPPENED_OTHER, (world) =>
          this.#send(world, this.#conversation(world) === "planning" ? "abandon" : "abort")),
      },
      backendDies: {
        name: `backend ${at.index}: exits`, fault: true, can: begun,
        go: happens(HAPPENED_DEATH, (world) => this.#die(world)),
      },
    };
    const own = (["cancel", "enough", "abort", "backendDies"] as const)
      .filter((fault) => configuration.faults.includes(fault)).map((fault) => all[fault]);
    return [...own, ...this.producers.flatMap((producer) => producer.faults())];
  }

  /** Only the exit callback runs: slots are let go, pages are left as they are, and its workers are sent away. */
  #die(world: World): void {
    const control = this.#control(world);
    this.#region.detachControl(world, control, OWNER_BACKEND);
    this.#region.ringDoorbell(world, control);
    this.#region.wakePageWaiters(world);
    for (const { at } of this.producers) {
      world.set(at.page, at.parallel ? world.get(at.page) : 0);
      // PostgreSQL terminates the workers of a leader that is gone: they look again.
      world.clear(at.parallel ? [at.rest] : [at.reading]);
      if (!at.parallel || world.get(at.life) === STILLBORN) world.set(at.life, GONE);
    }
    world.clear([this.#at.page, this.#at.rest]);
    world.set(this.#at.phase, SEEING_OFF);
    world.set(this.#at.turn, this.#script.length - 1);
  }
}
