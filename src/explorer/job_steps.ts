// Jobs on the executor thread by the machines cancellation, scan and runtime_filter, as src/worker/job.ts, job_scan.ts,
// job_result.ts and job_filters.ts run them, one small step at a time. What the engine makes of a page is any of what
// the configuration allows.
import { defined } from "#base/assert.js";
import { MessageType } from "#generated/layout.js";
import { cancellation, runtimeFilter, scan as scanMachine } from "#generated/machines.js";
import type { Configuration } from "./configuration.js";
import {
  DESCRIPTOR_END, DESCRIPTOR_FAILED, FILTER_BEGUN, FILTER_DECLINED, FILTER_PUBLISHED, HAPPENED_OTHER, SIDE_RESULT,
  type Region,
} from "./region.js";
import { hold, stateOf, type Scene, type Step, type Who } from "./scene.js";
import { entry, entryOf, reports, type Report } from "./session_steps.js";
import {
  ringEntry, ringLength, ringPop, ringPush,
  type ControlAt, type FilterAt, type JobAt, type LeafAt, type ScanAt, type World,
} from "./world_shape.js";

type ScanEvent = (typeof scanMachine.events)[number];
type Outcome = Configuration["engine"][number];

const scanState = {
  opening: stateOf(scanMachine, "opening"), streaming: stateOf(scanMachine, "streaming"),
  ended: stateOf(scanMachine, "ended"),
};
const filterState = { leased: stateOf(runtimeFilter, "leased"), building: stateOf(runtimeFilter, "building") };
const watching = stateOf(cancellation, "watching");

/** The engine threw, or a scan told that it failed. */
class JobError extends Error {}

export class JobSteps {
  readonly #scene: Scene;
  readonly #region: Region;
  readonly #control: ControlAt;
  readonly #at: JobAt;
  readonly #who: Who;

  constructor(scene: Scene, region: Region, control: ControlAt, at: JobAt) {
    this.#scene = scene;
    this.#region = region;
    this.#control = control;
    this.#at = at;
    this.#who = { writer: { kind: "executor", number: 0 }, actor: 0, slot: { known: control.index }, epoch: at.epoch };
  }

  // ---- where it is ----

  #runs(world: World): boolean {
    return world.get(this.#scene.shape.executorAwake) !== 0 && world.get(this.#at.epoch) !== 0;
  }

  #leafFinal(world: World, leaf: LeafAt): boolean {
    return this.#scene.isFinal(scanMachine, world.get(leaf.state));
  }

  #allEnded(world: World): boolean {
    return this.#at.leaves.every((leaf) => this.#leafFinal(world, leaf));
  }

  /** The engine has been told of every leaf's end. */
  #allFinished(world: World): boolean {
    return this.#at.leaves.every(({ finished }) => world.get(finished) !== 0);
  }

  /** Streams of a leaf: its producers' scan slots, as StartExecution named them. */
  #streams(world: World, leaf: number): readonly ScanAt[] {
    const { scans, producers } = this.#scene.shape;
    return scans.filter((scan) => world.get(scan.control) === this.#control.index + 1 &&
      world.get(scan.controlEpoch) === world.get(this.#at.epoch) &&
      producers[world.get(scan.producer) - 1]?.leaf === leaf);
  }

  #bit(world: World, scan: ScanAt): number {
    return 1 << ((world.get(scan.producer) - 1) % this.#scene.configuration.producers.length);
  }

  /** Bits of all producers of a leaf. */
  #allBits(leaf: number): number {
    const { producers } = this.#scene.configuration;
    return producers.reduce((bits, each, at) => each.leaf === leaf ? bits | (1 << at) : bits, 0);
  }

  /** The filter that the probed leaf waits for. */
  #filter(world: World): FilterAt | undefined {
    return this.#scene.shape.filters.find((filter) => world.get(filter.slot) === this.#control.index + 1 &&
      world.get(filter.epoch) === world.get(this.#at.epoch));
  }

  #wanted(world: World, number: number): boolean {
    if (world.get(this.#at.enough) !== 0) return false;
    if (!this.#scene.configuration.inTurn || number === 0) return true;
    const filter = this.#filter(world);
    const filtered = filter === undefined ||
      ![filterState.leased, filterState.building].includes(world.get(filter.state));
    return filtered && this.#at.leaves.slice(0, number).every(({ finished }) => world.get(finished) !== 0);
  }

  #blocked(world: World): boolean {
    return world.get(this.#at.image) !== 0;
  }

  #done(world: World): boolean {
    return world.get(this.#at.kept) === 0 && !this.#blocked(world) &&
      (world.get(this.#at.enough) !== 0 || this.#allFinished(world));
  }

  // ---- machines ----

  /** What a scan's effects throw fails the job; all others are done first. */
  #scan(world: World, number: number, event: ScanEvent): void {
    const leaf = defined(this.#at.leaves[number], "a leaf of the plan");
    for (const effect of this.#scene.take(world, { ...this.#who, actor: number }, scanMachine, leaf.state, event))
      switch (effect as (typeof scanMachine.effects)[number]) {
        case "sendOpenScans":
          for (const stream of this.#streams(world, number))
            this.#region.sendToProducer(world, stream, world.get(stream.epoch), MessageType.OpenScan);
          break;
        case "sendStopScans":
          this.#sendStops(world, number, leaf);
          break;
        case "failJob":
          throw new JobError();
        case "finishLeaf":
          world.set(leaf.finished, 1);
          break;
        case "countViolation":
      }
  }

  #sendStops(world: World, number: number, leaf: LeafAt): void {
    for (const stream of this.#streams(world, number)) {
      if ((world.get(leaf.ended) & this.#bit(world, stream)) !== 0) continue;
      world.set(stream.stop, 1);
      this.#region.sendToProducer(world, stream, world.get(stream.epoch), MessageType.StopScan);
      this.#region.wakeProducer(world, stream);
    }
  }

  #cancel(world: World, event: (typeof cancellation.events)[number]): void {
    for (const effect of this.#scene.take(world, this.#who, cancellation, this.#at.cancellation, event))
      if (effect === "disposeJob") {
        this.#letGo(world);
        this.#cancel(world, "disposed");
      } else if (effect === "reportDisposed") this.#report(world, "disposed");
    this.#forgetWhenEnded(world);
  }

  #forgetWhenEnded(world: World): void {
    if (!this.#scene.isFinal(cancellation, world.get(this.#at.cancellation))) return;
    for (const leaf of this.#at.leaves) {
      hold(world.get(leaf.held) === 0, "a job ended with a page in its hands");
      world.clear([leaf.state, leaf.held, leaf.ended, leaf.finished]);
    }
    hold(world.get(this.#at.page) === 0, "a job ended with a result page in its hands");
    const { leaves: _, ...places } = this.#at;
    world.clear(Object.values(places));
  }

  #report(world: World, report: Report): void {
    const ring = this.#scene.shape.reports;
    hold(ringLength(world, ring) < ring.capacity, "more reports than a job ever makes");
    ringPush(world, ring, entry(reports.indexOf(report), this.#control.index, world.get(this.#at.epoch)));
  }

  /** Whatever is thrown ends this job and no other. */
  #guarded(world: World, work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof JobError)) throw error;
      this.#letGo(world);
      // Reported before it forgets its own name.
      this.#report(world, "failed");
      this.#cancel(world, "jobEnded");
    }
  }

  #letGo(world: World): void {
    const { image, page, waiting } = this.#at;
    if (world.get(waiting) !== 0) world.set(this.#control.pageWait, 0);
    world.clear([image, waiting]);
    this.#releasePlace(world, page);
    for (const [number, leaf] of this.#at.leaves.entries()) {
      this.#releasePlace(world, leaf.held);
      if (!this.#leafFinal(world, leaf)) this.#scan(world, number, "close");
    }
  }

  #releasePlace(world: World, at: number): void {
    const page = this.#scene.shape.pages[world.get(at) - 1];
    world.set(at, 0);
    if (page === undefined) return;
    this.#region.release(world, this.#who, page);
    this.#region.wakePageWaiters(world);
  }

  // ---- orders ----

  /** The executor was given a job of the slot's lease `epoch`. */
  start(world: World, epoch: number, fails: boolean): void {
    hold(world.get(this.#at.epoch) === 0, "a slot had two jobs");
    world.set(this.#at.epoch, epoch);
    world.set(this.#at.backend, world.get(this.#control.holder));
    world.set(this.#at.cancellation, cancellation.initial);
    for (const leaf of this.#at.leaves) world.set(leaf.state, scanMachine.initial);
    this.#guarded(world, () => {
      if (fails) throw new JobError();
      for (const number of this.#at.leaves.keys())
        if (this.#wanted(world, number)) this.#scan(world, number, "open");
      this.#region.sendToBackend(world, this.#control, epoch, MessageType.ExecutionStarted);
      this.#report(world, "started");
    });
  }

  dispose(world: World, epoch: number): void {
    if (world.get(this.#at.epoch) === epoch && epoch !== 0) this.#cancel(world, "disposeOrdered");
  }

  // ---- steps ----

  steps(): readonly Step[] {
    const step = (name: string, can: Step["can"], go: Step["go"]): Step => ({
      name: `job of slot ${this.#control.index}: ${name}`,
      can: (world) => this.#runs(world) && can(world),
      go: (world) => this.#guarded(world, () => go(world)),
    });
    return [
      step("sees the cancel word", (world) => world.get(this.#control.cancel) !== 0 ||
        !this.#region.isOpen(world, this.#control, world.get(this.#at.epoch)),
      (world) => this.#cancel(world, "requested")),
      ...this.#deliverySteps(step),
      ...this.#at.leaves.flatMap((leaf, number) => this.#leafSteps(step, leaf, number)),
      ...this.#filterSteps(step),
      step("gives what it kept", (world) =>
        world.get(this.#at.kept) !== 0 && !this.#blocked(world) && this.#allFinished(world), (world) => {
        world.set(this.#at.kept, 0);
        world.set(this.#at.image, 1);
      }),
      step("notes the end of its inputs", (world) =>
        world.get(this.#at.inputsEnded) === 0 && this.#blocked(world) && this.#allEnded(world), (world) => {
        world.set(this.#at.inputsEnded, 1);
        this.#report(world, "inputsEnded");
      }),
      step("concludes", (world) => this.#done(world), (world) => this.#conclude(world)),
    ];
  }

  #deliverySteps(step: (name: string, can: Step["can"], go: Step["go"]) => Step): readonly Step[] {
    const { image, page, waiting } = this.#at;
    const isOpen = (world: World): boolean =>
      this.#region.isOpen(world, this.#control, world.get(this.#at.epoch));
    const pageless = (world: World): boolean =>
      world.get(image) !== 0 && world.get(page) === 0 && isOpen(world);
    const found = (world: World) => this.#region.available(world, this.#control, SIDE_RESULT);
    const room = (world: World): boolean => this.#region.hasRoom(world, this.#control);
    return [
      step("leases a result page", (world) => pageless(world) && found(world) !== undefined, (world) => {
        const next = defined(found(world), "a page is there");
        this.#region.acquire(world, this.#who, this.#control, SIDE_RESULT, next);
        world.set(page, next.index + 1);
        if (world.get(waiting) !== 0) world.set(this.#control.pageWait, 0);
        world.set(waiting, 0);
      }),
      step("finds no result page", (world) => pageless(world) && found(world) === undefined &&
        (world.get(waiting) === 0 || world.get(this.#control.pageWait) === 0), (world) => {
        world.set(waiting, 1);
        world.set(this.#control.pageWait, 1);
      }),
      step("issues a result page", (world) => world.get(page) !== 0 && room(world) && isOpen(world), (world) => {
        const next = defined(this.#scene.shape.pages[world.get(page) - 1], "a page is held");
        world.set(this.#control.roomWait, 0);
        this.#region.issue(world, this.#who, this.#control, next);
        world.add(this.#control.issued, 1);
        world.clear([page, image]);
        this.#region.wakeBackend(world, this.#control);
      }),
      step("finds the result ring full", (world) => world.get(page) !== 0 && !room(world) && isOpen(world) &&
        world.get(this.#control.roomWait) === 0, (world) => world.set(this.#control.roomWait, 1)),
    ];
  }

  #leafSteps(
    step: (name: string, can: Step["can"], go: Step["go"]) => Step, leaf: LeafAt, number: number,
  ): readonly Step[] {
    const inState = (world: World, state: number): boolean => world.get(leaf.state) === state;
    const waiting = (world: World, outcome: Outcome) => !this.#blocked(world) && world.get(leaf.held) === 0 &&
      inState(world, scanState.streaming) && this.#wanted(world, number)
      ? this.#streams(world, number).find((stream) => this.#offers(world, leaf, stream, outcome)) : undefined;
    const { engine } = this.#scene.configuration;
    return [
      step(`opens leaf ${number}`, (world) =>
        inState(world, scanState.opening) && this.#wanted(world, number),
      (world) => this.#scan(world, number, "open")),
      step(`stops leaf ${number}`, (world) => world.get(this.#at.enough) !== 0 && !this.#leafFinal(world, leaf),
        (world) => {
          this.#releasePlace(world, leaf.held);
          this.#scan(world, number, "stop");
        }),
      step(`goes on with a page of leaf ${number}`, (world) =>
        !this.#blocked(world) && world.get(leaf.held) !== 0 && world.get(this.#at.enough) === 0,
      (world) => {
        world.set(this.#at.kept, 1);
        this.#releasePlace(world, leaf.held);
      }),
      ...engine.map((outcome, at) => step(`reads leaf ${number} (${outcome})`,
        (world) => {
          const stream = waiting(world, outcome);
          // An end has one outcome only.
          return stream !== undefined && (at === 0 || ringEntry(world, stream.pages, 0) < DESCRIPTOR_END);
        },
        (world) => this.#read(world, number, leaf, defined(waiting(world, outcome), "a stream has news"), outcome))),
    ];
  }

  #offers(world: World, leaf: LeafAt, stream: ScanAt, _outcome: Outcome): boolean {
    return (world.get(leaf.ended) & this.#bit(world, stream)) === 0 && ringLength(world, stream.pages) > 0;
  }

  #read(world: World, number: number, leaf: LeafAt, stream: ScanAt, outcome: Outcome): void {
    const descriptor = this.#region.importNext(world, this.#who, stream);
    if (world.get(stream.roomWait) !== 0) {
      world.set(stream.roomWait, 0);
      this.#region.wakeProducer(world, stream);
    }
    if (descriptor < DESCRIPTOR_END) {
      this.#push(world, leaf, descriptor, outcome);
      return;
    }
    world.set(leaf.ended, world.get(leaf.ended) | this.#bit(world, stream));
    if (descriptor === DESCRIPTOR_FAILED) this.#scan(world, number, "producerFailed");
    else this.#scan(world, number,
      world.get(leaf.ended) === this.#allBits(number) ? "lastProducerEnded" : "producerEnded");
  }

  #push(world: World, leaf: LeafAt, page: number, outcome: Outcome): void {
    world.set(leaf.held, page);
    if (outcome === "refuse") {
      world.set(this.#at.image, 1);
      return;
    }
    if (outcome === "emit") world.set(this.#at.image, 1);
    else world.set(this.#at.kept, 1);
    this.#releasePlace(world, leaf.held);
  }

  /** Once the first leaf, the build side, has ended. */
  #filterSteps(step: (name: string, can: Step["can"], go: Step["go"]) => Step): readonly Step[] {
    const built = (world: World, state: number): FilterAt | undefined => {
      const [first, filter] = [this.#at.leaves[0], this.#filter(world)];
      if (first === undefined || filter === undefined || !this.#leafFinal(world, first)) return undefined;
      return world.get(filter.state) === state ? filter : undefined;
    };
    const makes = (
      name: string, state: number, event: (typeof runtimeFilter.events)[number], made: number,
    ): Step =>
      step(name, (world) => built(world, state) !== undefined, (world) => {
        const filter = defined(built(world, state), "a filter to make");
        this.#scene.take(world, { ...this.#who, actor: filter.index }, runtimeFilter, filter.state, event);
        world.set(filter.made, made);
      });
    if (this.#scene.configuration.filters === 0) return [];
    return [
      makes("begins its filter", filterState.leased, "begun", FILTER_BEGUN),
      makes("declines its filter", filterState.leased, "declined", FILTER_DECLINED),
      makes("publishes its filter", filterState.building, "published", FILTER_PUBLISHED),
      makes("gives its filter up", filterState.building, "declined", FILTER_DECLINED),
    ];
  }

  #conclude(world: World): void {
    const epoch = world.get(this.#at.epoch);
    for (const [number, leaf] of this.#at.leaves.entries()) {
      if (this.#leafFinal(world, leaf)) continue;
      this.#releasePlace(world, leaf.held);
      this.#scan(world, number, "stop");
    }
    this.#checkWhole(world);
    this.#region.sendToBackend(world, this.#control, epoch, MessageType.ExecutionFinished);
    if (this.#region.isOpen(world, this.#control, epoch)) {
      this.#region.endStream(world, this.#control, DESCRIPTOR_END);
      this.#region.wakeBackend(world, this.#control);
    }
    this.#letGo(world);
    this.#report(world, "finished");
    this.#cancel(world, "jobEnded");
  }

  /** What has not been stopped early has been read to its end. */
  #checkWhole(world: World): void {
    const backend = this.#scene.shape.backends[world.get(this.#at.backend) - 1];
    const current = this.#region.isOpen(world, this.#control, world.get(this.#at.epoch));
    if (world.get(this.#at.enough) !== 0 || !current || backend === undefined) return;
    hold(backend.left.every((left) => world.get(left) === 0) && this.#at.leaves.every((leaf, number) =>
      world.get(leaf.state) === scanState.ended && world.get(leaf.ended) === this.#allBits(number)),
    "an execution finished before its scans");
  }

  faults(): readonly Step[] {
    const { configuration, shape } = this.#scene;
    const runs = (world: World): boolean => this.#runs(world) && world.get(this.#at.cancellation) === watching;
    const happens = (world: World): void => world.set(shape.happened, world.get(shape.happened) | HAPPENED_OTHER);
    const name = (what: string): string => `job of slot ${this.#control.index}: ${what}`;
    const steps: Step[] = [];
    if (configuration.faults.includes("engineFails"))
      steps.push({
        name: name("the engine fails"), fault: true, can: runs,
        go: (world) => {
          happens(world);
          this.#guarded(world, () => {
            throw new JobError();
          });
        },
      });
    if (configuration.faults.includes("enough"))
      steps.push({
        name: name("the engine has enough"), fault: true,
        can: (world) => runs(world) && world.get(this.#at.enough) === 0,
        go: (world) => {
          world.set(this.#at.enough, 1);
          world.set(this.#at.kept, 0);
        },
      });
    return steps;
  }
}

/** The executor thread: orders, every job's steps, and sleep when none of them is left. */
export function executorSteps(scene: Scene, region: Region): { steps: readonly Step[]; faults: readonly Step[] } {
  const { shape, configuration } = scene;
  const jobs = shape.controls.map((control, index) =>
    new JobSteps(scene, region, control, shape.jobs[index] as JobAt));
  const ready = (world: World): boolean => world.get(shape.executorAwake) !== 0 && world.get(shape.workerReady) !== 0;
  const next = (world: World): number => ringLength(world, shape.orders) > 0 ? ringEntry(world, shape.orders, 0) : -1;
  const obey = (world: World, fails: boolean): void => {
    const { kind, slot, epoch } = entryOf(ringPop(world, shape.orders));
    if (kind === 0) jobs[slot]?.start(world, epoch, fails);
    else jobs[slot]?.dispose(world, epoch);
  };
  const working: readonly Step[] = [
    {
      name: "executor: takes an order", can: (world) => ready(world) && next(world) >= 0,
      go: (world) => obey(world, false),
    },
    ...jobs.flatMap((job) => job.steps()),
  ];
  const idle = (world: World): boolean => ready(world) && !working.some((step) => step.can(world));
  const steps: Step[] = [
    ...working, { name: "executor: goes to sleep", can: idle, go: (world) => world.set(shape.executorAwake, 0) },
  ];
  const faults: Step[] = jobs.flatMap((job) => [...job.faults()]);
  if (configuration.faults.includes("engineFails"))
    faults.push({
      name: "executor: takes an order that fails", fault: true,
      can: (world) => ready(world) && next(world) >= 0 && entryOf(next(world)).kind === 0,
      go: (world) => {
        world.set(shape.happened, world.get(shape.happened) | HAPPENED_OTHER);
        obey(world, true);
      },
    });
  if (configuration.faults.includes("lostWake")) {
    // The wait of an executor is bounded, so a wake that is lost costs time and nothing else.
    steps.push({
      name: "executor: its wait ends by itself", go: (world) => world.set(shape.executorAwake, 1),
      can: (world) => world.get(shape.workerReady) !== 0 && world.get(shape.executorAwake) === 0 &&
        (next(world) >= 0 || shape.jobs.some(({ epoch }) => world.get(epoch) !== 0)),
    });
    faults.push({
      name: "executor: sleeps through a wake", fault: true, can: ready,
      go: (world) => world.set(shape.executorAwake, 0),
    });
  }
  return { steps, faults };
}
