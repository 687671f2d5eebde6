// What must hold in every world, and in every world where nothing is left to do. Both throw Broken with the sentence
// that does not hold. What must hold at one event (no place for it, nothing to sweep) is said where the event is.
import { executionWorker, pageLease, runtimeFilter, scan as scanMachine, scanProducer } from "#generated/machines.js";
import { OVER } from "./backend_steps.js";
import { DESCRIPTOR_END, DESCRIPTOR_FAILED, HAPPENED_DEATH, HAPPENED_GARBLE } from "./region.js";
import { hold, stateOf, type Scene } from "./scene.js";
import { EXECUTION, SAID_FAILURE, SAID_START, SAID_VIOLATION } from "./session_steps.js";
import { ringEntry, ringLength, type ControlAt, type Place, type RingAt, type World } from "./world_shape.js";

const page = {
  free: stateOf(pageLease, "free"), leased: stateOf(pageLease, "leased"), issued: stateOf(pageLease, "issued"),
  imported: stateOf(pageLease, "imported"),
};
const filterReady = stateOf(runtimeFilter, "ready");
const filterStates = { free: stateOf(runtimeFilter, "free") };
/** By FilterAt.made. */
const makings = (["leased", "building", "ready", "declined"] as const).map((state) => stateOf(runtimeFilter, state));
const producer = {
  failed: stateOf(scanProducer, "failed"), waitingForPage: stateOf(scanProducer, "waitingForPage"),
  finals: scanProducer.finals as readonly number[],
};
const scanFailed = stateOf(scanMachine, "failed");
const execution = {
  opening: stateOf(executionWorker, "opening"), failing: stateOf(executionWorker, "failing"),
  cancelling: stateOf(executionWorker, "cancelling"), cancelled: stateOf(executionWorker, "cancelled"),
  finished: stateOf(executionWorker, "finished"), failed: stateOf(executionWorker, "failed"),
};

export class Invariants {
  readonly #scene: Scene;
  /** Places of pages in hands, by what their state is to be. */
  readonly #leasedHands: readonly Place[];
  readonly #importedHands: readonly Place[];
  readonly #rings: readonly RingAt[];
  readonly #hands: Uint8Array;
  readonly #named: Uint8Array;

  constructor(scene: Scene) {
    const { producers, jobs, backends, scans, controls, pages } = scene.shape;
    this.#scene = scene;
    this.#leasedHands = [...producers.map((each) => each.page), ...jobs.map((each) => each.page)];
    this.#importedHands = [
      ...backends.map((each) => each.page), ...jobs.flatMap(({ leaves }) => leaves.map(({ held }) => held)),
    ];
    this.#rings = [...scans, ...controls].map((slot) => slot.pages);
    this.#hands = new Uint8Array(pages.length);
    this.#named = new Uint8Array(pages.length);
  }

  /** In every world. */
  check(world: World): void {
    this.#hands.fill(0);
    this.#named.fill(0);
    for (const hand of this.#leasedHands) this.#count(world, world.get(hand), page.leased);
    for (const hand of this.#importedHands) this.#count(world, world.get(hand), page.imported);
    for (const ring of this.#rings) this.#countRing(world, ring);
    this.#checkPages(world);
    this.#checkReaders(world);
    this.#checkProducers(world);
    this.#checkJobs(world);
    this.#checkSessions(world);
    this.#checkFilters(world);
  }

  #count(world: World, name: number, state: number): void {
    const held = this.#scene.shape.pages[name - 1];
    if (held === undefined) return;
    hold(world.get(held.state) === state,
      `page ${held.index} is in somebody's hands and ${pageLease.states[world.get(held.state)]}`);
    this.#hands[held.index] = (this.#hands[held.index] ?? 0) + 1;
  }

  #countRing(world: World, ring: RingAt): void {
    for (let at = 0; at < ringLength(world, ring); at++) {
      const name = ringEntry(world, ring, at);
      if (name < DESCRIPTOR_END) this.#named[name - 1] = (this.#named[name - 1] ?? 0) + 1;
    }
  }

  /** Exactly one owner each, and a lease that is current. */
  #checkPages(world: World): void {
    const { shape } = this.#scene;
    const orphans = (world.get(shape.happened) & HAPPENED_DEATH) !== 0;
    for (const { index, state, slot, epoch } of shape.pages) {
      const [hands, named, now] = [this.#hands[index] ?? 0, this.#named[index] ?? 0, world.get(state)];
      hold(hands <= 1 && named <= 1, `page ${index} has two owners`);
      hold(named === (now === page.issued ? 1 : 0), `page ${index} is ${pageLease.states[now]}, in ${named} rings`);
      if (now === page.leased || now === page.imported)
        hold(hands === 1 || orphans, `page ${index} is ${pageLease.states[now]} and nobody's`);
      if (now === page.free) continue;
      const control = shape.controls[world.get(slot) - 1];
      hold(control !== undefined && world.get(control.owners) !== 0 && world.get(control.epoch) === world.get(epoch),
        `page ${index} is ${pageLease.states[now]} for a lease that is over`);
    }
  }

  /** What a producer reads stays as it is. */
  #checkReaders(world: World): void {
    const { producers, backends, filters } = this.#scene.shape;
    if (filters.length === 0) return;
    for (const { index, backend, reading } of producers) {
      if (world.get(reading) === 0) continue;
      const filter = filters[world.get(backends[backend]?.filter ?? 0) - 1];
      hold(filter === undefined || world.get(filter.state) === filterReady,
        `producer ${index} reads a filter that is not ready any more`);
    }
  }

  /** A producer's state is what it has told, and it waits for pages only in the state for that. */
  #checkProducers(world: World): void {
    const { producers, scans, happened } = this.#scene.shape;
    for (const { index, state, told } of producers) {
      const end = world.get(told);
      const [isFailed, isFinal] = [world.get(state) === producer.failed, producer.finals.includes(world.get(state))];
      hold(!isFailed || end === DESCRIPTOR_FAILED || (world.get(happened) & HAPPENED_GARBLE) !== 0,
        `producer ${index} failed and nobody was told`);
      if (end === 0) continue;
      hold(isFinal && isFailed === (end === DESCRIPTOR_FAILED),
        `producer ${index} ended its stream and is ${scanProducer.states[world.get(state)]}`);
    }
    for (const scan of scans) {
      const waits = world.get(scan.pageWait) !== 0;
      const owner = producers[world.get(scan.producer) - 1];
      hold(!waits || owner === undefined || world.get(owner.state) === producer.waitingForPage,
        `scan slot ${scan.index} announces a wait for a page that nobody waits for`);
    }
  }

  /** A scan that failed ends its job at once. */
  #checkJobs(world: World): void {
    for (const { epoch, leaves } of this.#scene.shape.jobs)
      hold(world.get(epoch) === 0 || leaves.every(({ state }) => world.get(state) !== scanFailed),
        "a job goes on though one of its scans has failed");
  }

  /** What a session's state says has happened. */
  #checkSessions(world: World): void {
    const { sessions, controls, happened } = this.#scene.shape;
    for (const [at, session] of sessions.entries()) {
      if (world.get(session.kind) !== EXECUTION) continue;
      const [state, said, control] = [world.get(session.state), world.get(session.said), controls[at] as ControlAt];
      const ends = world.get(control.cancel) !== 0 || world.get(control.closing) !== 0;
      const holds: Readonly<Record<number, boolean>> = {
        [execution.opening]: said === 0,
        [execution.failing]: (world.get(happened) & HAPPENED_GARBLE) !== 0 && said === SAID_VIOLATION,
        [execution.cancelling]: ends,
        [execution.cancelled]: ends && said !== SAID_FAILURE,
        [execution.finished]: said === SAID_START,
        [execution.failed]: said === SAID_FAILURE,
      };
      hold(holds[state] !== false, `a session is ${executionWorker.states[state]} for no reason`);
    }
  }

  /** A filter's word says how far its making came. */
  #checkFilters(world: World): void {
    for (const { index, state, slot, made } of this.#scene.shape.filters) {
      const meant = world.get(slot) === 0 ? filterStates.free : makings[world.get(made)];
      const is = world.get(state);
      hold(is === meant, `filter ${index} is ${runtimeFilter.states[is]}, against its making`);
    }
  }

  /** In every world without another step. */
  checkEnd(world: World): void {
    const { shape } = this.#scene;
    for (const { index, phase } of shape.backends)
      hold(world.get(phase) === OVER, `backend ${index} waits for ever`);
    for (const slot of [...shape.controls, ...shape.scans])
      hold(world.get(slot.owners) === 0, `slot ${slot.index} is held at the end`);
    for (const { index, state } of shape.pages)
      hold(world.get(state) === page.free, `page ${index} is held at the end`);
    for (const { index, state } of shape.filters) hold(world.get(state) === 0, `filter ${index} is held at the end`);
    for (const { kind, job } of shape.sessions)
      hold(world.get(kind) === 0 && world.get(job) === 0, "a session of the worker is left at the end");
    for (const { epoch } of shape.jobs) hold(world.get(epoch) === 0, "a job is left at the end");
    hold(ringLength(world, shape.orders) + ringLength(world, shape.reports) === 0, "orders or reports are left over");
  }
}
