// Scan producers by the machine scan_producer, as native/extension/leaf_run.c runs them: the leader's within its
// backend, parallel ones in processes of their own that own their slots (parallel_worker.c). Pages come from a leaf's
// shared cursor: whoever comes last gets none.
import { defined } from "#base/assert.js";
import { MessageType } from "#generated/layout.js";
import { scanProducer } from "#generated/machines.js";
import {
  DESCRIPTOR_END, DESCRIPTOR_FAILED, frameType, HAPPENED_GARBLE, HAPPENED_OTHER, isStale, SIDE_SCAN, type Region,
} from "./region.js";
import { hold, stateOf, type Scene, type Step, type Who } from "./scene.js";
import {
  ringLength, ringPop, type BackendAt, type ControlAt, type ProducerAt, type ScanAt, type World,
} from "./world_shape.js";

/** ProducerAt.life. */
export const LAUNCHING = 1;
export const RUNNING = 2;
export const GONE = 3;
export const STILLBORN = 4;

/** ProducerAt.filled. */
const TO_BE_FILLED = 1;
const FULL = 2;

/** ProducerAt.rest and BackendAt.rest. */
export const AWAKE = 0;
export const ANNOUNCED = 1;
export const ASLEEP = 2;

const state = {
  producing: stateOf(scanProducer, "producing"),
  filling: stateOf(scanProducer, "filling"),
  waitingForPage: stateOf(scanProducer, "waitingForPage"),
  waitingForRing: stateOf(scanProducer, "waitingForRing"),
};

/** What a producer's end means to the statement around it. */
export interface ProducerOwner {
  /** The leader's own producer failed, or met what has no place. */
  failed(world: World, violated: boolean): void;
  /** Whether the leader runs: it produces only while its conversation goes on and it is awake. */
  canRun(world: World): boolean;
  /** It has moved: no sleep is announced any more. */
  moved(world: World): void;
  /** PostgreSQL interrupts it with the error of a parallel worker. */
  hears(world: World): void;
  /** PostgreSQL sets its latch. */
  wakes(world: World): void;
}

export class ProducerSteps {
  readonly at: ProducerAt;
  readonly #scene: Scene;
  readonly #region: Region;
  readonly #backend: BackendAt;
  readonly #owner: ProducerOwner;
  readonly #who: Who;

  constructor(scene: Scene, region: Region, at: ProducerAt, owner: ProducerOwner) {
    this.at = at;
    this.#scene = scene;
    this.#region = region;
    this.#owner = owner;
    this.#backend = defined(scene.shape.backends[at.backend], "a producer has its backend");
    this.#who = {
      writer: { kind: "producer", number: at.index }, actor: at.leaf,
      slot: { at: this.#backend.slot }, epoch: this.#backend.epoch,
    };
  }

  // ---- where it is ----

  #scan(world: World): ScanAt {
    return defined(this.#scene.shape.scans[world.get(this.at.scan) - 1], "a producer has its scan slot");
  }

  #control(world: World): ControlAt {
    return defined(this.#scene.shape.controls[world.get(this.#scan(world).control) - 1], "a scan slot has its lease");
  }

  #isFinal(world: World): boolean {
    return this.#scene.isFinal(scanProducer, world.get(this.at.state));
  }

  #isOpen(world: World): boolean {
    const scan = this.#scan(world);
    if (!this.#region.isOpen(world, scan, world.get(this.at.epoch))) return false;
    return this.#region.isOpen(world, this.#control(world), world.get(scan.controlEpoch));
  }

  /** Runs, and has not ended. */
  #lives(world: World): boolean {
    if (world.get(this.at.life) !== RUNNING || this.#isFinal(world)) return false;
    return this.at.parallel ? world.get(this.at.rest) !== ASLEEP : this.#owner.canRun(world);
  }

  #in(world: World, code: number): boolean {
    return this.#lives(world) && world.get(this.at.state) === code && this.#isOpen(world);
  }

  #moved(world: World): void {
    if (!this.at.parallel) this.#owner.moved(world);
    else {
      world.set(this.at.rest, AWAKE);
      world.set(this.#scan(world).sleeping, 0);
    }
  }

  // ---- machine and effects ----

  #take(world: World, event: (typeof scanProducer.events)[number], argument = 0): void {
    const effects = this.#scene.take(world, this.#who, scanProducer, this.at.state, event, argument);
    for (const effect of effects) this.#perform(world, effect as (typeof scanProducer.effects)[number]);
  }

  #perform(world: World, effect: (typeof scanProducer.effects)[number]): void {
    const scan = this.#scan(world);
    switch (effect) {
      case "beginPageWait":
        world.set(scan.pageWait, 1);
        break;
      case "endPageWait":
        world.set(scan.pageWait, 0);
        break;
      case "releasePage":
        this.#releasePage(world);
        break;
      case "endStream":
        this.#endStream(world, DESCRIPTOR_END);
        break;
      case "failStream":
        this.#endStream(world, DESCRIPTOR_FAILED);
        break;
      case "sendScanFinished":
      case "sendScanFailed":
        this.#region.ringDoorbell(world, this.#control(world));
        break;
      case "raiseViolation":
        this.#raise(world, true);
        break;
      case "fillPage":
        world.set(this.at.filled, TO_BE_FILLED);
        break;
      case "countViolation":
    }
  }

  #releasePage(world: World): void {
    const page = this.#scene.shape.pages[world.get(this.at.page) - 1];
    world.clear([this.at.page, this.at.filled]);
    if (page === undefined) return;
    this.#region.release(world, this.#who, page);
    this.#region.wakePageWaiters(world);
  }

  #endStream(world: World, descriptor: number): void {
    world.set(this.at.told, descriptor);
    if (!this.#isOpen(world)) return;
    this.#region.endStream(world, this.#scan(world), descriptor);
    this.#region.wakeExecutorOf(world, this.#control(world));
  }

  /** An error leaves a parallel worker at once; the leader hears of it as an interrupt. */
  #raise(world: World, violated: boolean): void {
    if (!this.at.parallel) this.#owner.failed(world, violated);
    else {
      this.#leave(world);
      this.#owner.hears(world);
    }
  }

  /** The farewell of a parallel worker, in an error as well. */
  #leave(world: World): void {
    if (!this.#isFinal(world)) this.#take(world, "close");
    const scan = this.#scan(world);
    world.clear([scan.sleeping, scan.pageWait]);
    this.#region.leave(world, this.#control(world), scan);
    this.#region.wakePageWaiters(world);
    world.clear([this.at.rest, this.at.reading]);
    world.set(this.at.life, GONE);
  }

  /** Effect releaseScans, for the leader's own. */
  close(world: World): void {
    if (world.get(this.at.life) === RUNNING && !this.#isFinal(world)) this.#take(world, "close");
  }

  // ---- steps ----

  steps(): readonly Step[] {
    const named = (name: string, can: Step["can"], go: Step["go"]): Step => ({
      name: `producer ${this.at.index}: ${name}`, can,
      go: (world) => {
        this.#moved(world);
        go(world);
      },
    });
    return [...this.#productionSteps(named), ...(this.at.parallel ? this.#processSteps(named) : [])];
  }

  #productionSteps(named: (name: string, can: Step["can"], go: Step["go"]) => Step): readonly Step[] {
    const left = defined(this.#backend.left[this.at.leaf], "a leaf has its pages");
    const region = this.#region;
    const page = (world: World) => region.available(world, this.#control(world), SIDE_SCAN);
    const room = (world: World): boolean => region.hasRoom(world, this.#scan(world));
    const rowsLeft = (world: World): boolean => world.get(this.at.rowsEnded) === 0;
    const issue = (world: World): void => this.#issue(world);
    return [
      named("takes an order", (world) => this.#lives(world) && ringLength(world, this.#scan(world).toProducer) > 0,
        (world) => this.#takeOrder(world)),
      named("sees the stop word", (world) => this.#lives(world) && world.get(this.#scan(world).stop) !== 0,
        (world) => this.#take(world, "stop")),
      named("is out of rows", (world) => this.#in(world, state.producing) && !rowsLeft(world),
        (world) => this.#take(world, "rowsEnded")),
      named("leases a page", (world) =>
        (this.#in(world, state.producing) && rowsLeft(world) || this.#in(world, state.waitingForPage)) &&
        page(world) !== undefined, (world) => this.#lease(world)),
      named("finds no page", (world) =>
        this.#in(world, state.producing) && rowsLeft(world) && page(world) === undefined,
      (world) => this.#take(world, "poolExhausted")),
      named("announces itself again", (world) => this.#in(world, state.waitingForPage) &&
        page(world) === undefined && world.get(this.#scan(world).pageWait) === 0,
      (world) => world.set(this.#scan(world).pageWait, 1)),
      named("has no rows for its page", (world) => this.#in(world, state.filling) && world.get(left) === 0,
        (world) => {
          world.set(this.at.rowsEnded, 1);
          hold(world.get(this.at.filled) === TO_BE_FILLED, "a producer looked for rows without being told to");
          this.#take(world, "pageReturned");
        }),
      named("issues its page", (world) => this.#in(world, state.filling) && world.get(left) > 0 && room(world),
        (world) => {
          this.#fill(world, left);
          issue(world);
        }),
      named("finds its ring full", (world) =>
        this.#in(world, state.filling) && world.get(left) > 0 && !room(world), (world) => {
        this.#fill(world, left);
        this.#take(world, "ringFilled");
        world.set(this.#scan(world).roomWait, 1);
      }),
      named("issues the page that waited", (world) => this.#in(world, state.waitingForRing) && room(world), issue),
      named("waits for its ring again", (world) => this.#in(world, state.waitingForRing) && !room(world) &&
        world.get(this.#scan(world).roomWait) === 0, (world) => world.set(this.#scan(world).roomWait, 1)),
    ];
  }

  #lease(world: World): void {
    const control = this.#control(world);
    const page = defined(this.#region.available(world, control, SIDE_SCAN), "a page is there");
    this.#region.acquire(world, this.#who, control, SIDE_SCAN, page);
    world.set(this.at.page, page.index + 1);
    this.#take(world, "pageAcquired", page.index);
    // A filter is looked for at every block; once it is there, its words are read until the scan ends.
    const filter = this.#scene.shape.filters[world.get(this.#backend.filter) - 1];
    if (filter !== undefined && this.at.leaf > 0 && this.#region.filterReady(world, filter))
      world.set(this.at.reading, 1);
  }

  #fill(world: World, left: number): void {
    hold(world.get(this.at.filled) === TO_BE_FILLED, "a page was filled without being told to");
    world.set(this.at.filled, FULL);
    world.add(left, -1);
    if (world.get(left) === 0) world.set(this.at.rowsEnded, 1);
  }

  #issue(world: World): void {
    const page = defined(this.#scene.shape.pages[world.get(this.at.page) - 1], "a filled page");
    const scan = this.#scan(world);
    world.set(scan.roomWait, 0);
    hold(world.get(this.at.filled) === FULL, "a page was issued that is not filled");
    this.#region.issue(world, this.#who, scan, page);
    world.clear([this.at.page, this.at.filled]);
    this.#take(world, "pageIssued", 1);
    this.#region.wakeExecutorOf(world, this.#control(world));
  }

  #takeOrder(world: World): void {
    const order = ringPop(world, this.#scan(world).toProducer);
    if (isStale(order, world.get(this.at.epoch))) return;
    if (frameType(order) === MessageType.OpenScan) this.#take(world, "opened");
    else if (frameType(order) === MessageType.StopScan) this.#take(world, "stop");
  }

  /** What only a process of its own does. */
  #processSteps(named: (name: string, can: Step["can"], go: Step["go"]) => Step): readonly Step[] {
    const { at } = this;
    const steps = this.#productionSteps(named);
    const runs = (world: World): boolean => world.get(at.life) === RUNNING && world.get(at.rest) !== ASLEEP;
    const idle = (world: World): boolean =>
      runs(world) && !this.#isFinal(world) && this.#isOpen(world) && !steps.some((step) => step.can(world));
    const life = (name: string, can: Step["can"], go: Step["go"]): Step =>
      ({ name: `producer ${at.index}: ${name}`, can, go });
    return [
      life("comes to life", (world) => world.get(at.life) === LAUNCHING, (world) => this.#begin(world)),
      named("is not wanted any more", (world) => this.#lives(world) && !this.#isOpen(world),
        (world) => this.#take(world, "close")),
      named("leaves", (world) => runs(world) && this.#isFinal(world), (world) => this.#leave(world)),
      life("announces its sleep", (world) => idle(world) && world.get(at.rest) === AWAKE, (world) => {
        world.set(at.rest, ANNOUNCED);
        world.set(this.#scan(world).sleeping, 1);
      }),
      life("goes to sleep", (world) => idle(world) && world.get(at.rest) === ANNOUNCED,
        (world) => world.set(at.rest, ASLEEP)),
      life("wakes", (world) => world.get(at.life) === RUNNING && world.get(at.rest) === ASLEEP &&
        world.get(this.#scan(world).rung) !== 0, (world) => {
        world.set(this.#scan(world).rung, 0);
        this.#moved(world);
      }),
    ];
  }

  /** A parallel worker joins the execution, or finds that it has closed meanwhile. */
  #begin(world: World): void {
    const scan = this.#scene.shape.scans[world.get(this.at.scan) - 1];
    const control = scan && this.#scene.shape.controls[world.get(scan.control) - 1];
    const epoch = world.get(this.at.epoch);
    const joined = scan !== undefined && control !== undefined && world.get(scan.epoch) === epoch &&
      this.#region.attach(world, control, world.get(scan.controlEpoch), scan, epoch);
    world.set(this.at.life, joined ? RUNNING : GONE);
    world.set(this.at.rest, AWAKE);
  }

  #happens(world: World, bit: number): void {
    const { happened } = this.#scene.shape;
    world.set(happened, world.get(happened) | bit);
  }

  faults(): readonly Step[] {
    const { faults } = this.#scene.configuration;
    const steps: Step[] = [];
    if (faults.includes("scanFails"))
      steps.push({
        name: `producer ${this.at.index}: fails on a row`, fault: true,
        can: (world) => this.#in(world, state.filling),
        go: (world) => {
          this.#happens(world, HAPPENED_OTHER);
          this.#take(world, "fail");
          this.#raise(world, false);
        },
      });
    if (faults.includes("producerStillborn") && this.at.parallel)
      steps.push({
        name: `producer ${this.at.index}: never comes to life`, fault: true,
        can: (world) => world.get(this.at.life) === LAUNCHING,
        go: (world) => {
          world.set(this.at.life, STILLBORN);
          this.#owner.wakes(world);
        },
      });
    if (faults.includes("garbledFrame"))
      steps.push({
        name: `producer ${this.at.index}: finds a garbled order`, fault: true,
        can: (world) => this.#lives(world) && this.#isOpen(world),
        go: (world) => {
          this.#happens(world, HAPPENED_GARBLE);
          this.#moved(world);
          this.#take(world, "violated");
        },
      });
    return steps;
  }
}
