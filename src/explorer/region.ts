// The shared region as a model: leases of slots, ownership of pages, bounded rings, who is woken. It follows
// native/shm/slot.c, page_pool.c, page_ring.c and wake.c step by step, without their memory order, which
// test/native/shm checks. Actors are in the *_steps.ts files beside it.
import type { MessageType } from "#generated/layout.js";
import { pageLease, runtimeFilter } from "#generated/machines.js";
import { hold, stateOf, type Scene, type Who } from "./scene.js";
import {
  ringClear, ringEntry, ringLength, ringPop, ringPush,
  type ControlAt, type FilterAt, type PageAt, type ScanAt, type SlotAt, type World,
} from "./world_shape.js";

export const OWNER_BACKEND = 1;
export const OWNER_WORKER = 2;
const OWNER_PRODUCER = 4;

export const SIDE_SCAN = 1;
export const SIDE_RESULT = 2;

/** FilterAt.made. */
export const FILTER_BEGUN = 1;
export const FILTER_PUBLISHED = 2;
export const FILTER_DECLINED = 3;

/** Bits of what has gone wrong in a run: what then may be otherwise. */
export const HAPPENED_DEATH = 1;
export const HAPPENED_GARBLE = 2;
export const HAPPENED_OTHER = 4;

/** A frame that does not verify: no message's code. */
export const GARBLED = 15;
/** Descriptors: a page is its number plus 1, these end a stream. */
export const DESCRIPTOR_END = 254;
export const DESCRIPTOR_FAILED = 255;

const free = stateOf(pageLease, "free");
const reserved = stateOf(pageLease, "reserved");
const issued = stateOf(pageLease, "issued");
const filterReady = stateOf(runtimeFilter, "ready");
const filterFree = stateOf(runtimeFilter, "free");

/** A frame: its message's code and the low bits of its lease's epoch. */
export const frame = (type: number, epoch: number): number => (type << 4) | (epoch & 15);
export const frameType = (value: number): number => value >> 4;
export const isStale = (value: number, epoch: number): boolean => (value & 15) !== (epoch & 15);

export class Region {
  readonly #scene: Scene;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  // ---- leases ----

  /** LEASED or CLOSING under this epoch. */
  isCurrent(world: World, slot: SlotAt, epoch: number): boolean {
    return world.get(slot.owners) !== 0 && world.get(slot.epoch) === epoch;
  }

  isOpen(world: World, slot: SlotAt, epoch: number): boolean {
    return this.isCurrent(world, slot, epoch) && world.get(slot.closing) === 0;
  }

  has(world: World, slot: SlotAt, owner: number): boolean {
    return (world.get(slot.owners) & owner) !== 0;
  }

  lease(world: World, slot: SlotAt): number {
    world.add(slot.epoch, 1);
    world.set(slot.owners, OWNER_BACKEND | OWNER_WORKER);
    return world.get(slot.epoch);
  }

  /** A parallel worker becomes one more owner of both slots; false when either is closing. */
  attach(world: World, control: ControlAt, epoch: number, scan: ScanAt, scanEpoch: number): boolean {
    if (!this.isOpen(world, control, epoch) || !this.isOpen(world, scan, scanEpoch)) return false;
    world.add(control.owners, OWNER_PRODUCER);
    world.add(scan.owners, OWNER_PRODUCER);
    return true;
  }

  leave(world: World, control: ControlAt, scan: ScanAt): void {
    world.add(scan.owners, -OWNER_PRODUCER);
    if (world.get(scan.owners) === 0) this.#finishScan(world, scan);
    world.add(control.owners, -OWNER_PRODUCER);
    if (world.get(control.owners) === 0) this.#finishControl(world, control);
  }

  detachScan(world: World, scan: ScanAt, owner: number): void {
    if (!this.has(world, scan, owner)) return;
    world.set(scan.owners, world.get(scan.owners) & ~owner);
    world.set(scan.closing, 1);
    if (world.get(scan.owners) === 0) this.#finishScan(world, scan);
  }

  detachControl(world: World, control: ControlAt, owner: number): void {
    if (!this.has(world, control, owner)) return;
    for (const scan of this.scansOf(world, control)) this.detachScan(world, scan, owner);
    world.set(control.owners, world.get(control.owners) & ~owner);
    world.set(control.closing, 1);
    if (world.get(control.owners) === 0) this.#finishControl(world, control);
  }

  /** Scan slots of the slot's present lease. */
  scansOf(world: World, control: ControlAt): readonly ScanAt[] {
    const epoch = world.get(control.epoch);
    return this.#scene.shape.scans.filter((scan) => world.get(scan.owners) !== 0 &&
      world.get(scan.control) === control.index + 1 && world.get(scan.controlEpoch) === epoch);
  }

  #finishScan(world: World, scan: ScanAt): void {
    this.#drain(world, scan);
    ringClear(world, scan.toProducer);
    world.clear([
      scan.closing, scan.control, scan.controlEpoch, scan.producer, scan.stop, scan.pageWait, scan.roomWait,
      scan.sleeping,
    ]);
  }

  #finishControl(world: World, control: ControlAt): void {
    for (const scan of this.scansOf(world, control))
      this.detachScan(world, scan, OWNER_BACKEND | OWNER_WORKER);
    const who = this.#ownerOf(control);
    for (const filter of this.#scene.shape.filters)
      if (world.get(filter.slot) === control.index + 1) this.#releaseFilter(world, who, filter);
    this.#drain(world, control);
    this.#sweep(world, who, control);
    ringClear(world, control.toWorker);
    ringClear(world, control.toBackend);
    world.clear([
      control.closing, control.holder, control.cancel, control.assigned, control.issued, control.pageWait,
      control.roomWait, control.sleeping,
    ]);
  }

  /** Whoever is last cleans up: traces show it as the worker's doing. */
  #ownerOf(control: ControlAt): Who {
    const writer = { kind: "worker", number: 0 } as const;
    return { writer, actor: 0, slot: { known: control.index }, epoch: control.epoch };
  }

  #releaseFilter(world: World, who: Who, filter: FilterAt): void {
    if (world.get(filter.state) !== filterFree)
      this.#scene.take(world, { ...who, actor: filter.index }, runtimeFilter, filter.state, "released");
    world.clear([filter.slot, filter.epoch, filter.made]);
  }

  #drain(world: World, slot: SlotAt): void {
    const { shape } = this.#scene;
    for (let at = 0; at < ringLength(world, slot.pages); at++) {
      const page = shape.pages[ringEntry(world, slot.pages, at) - 1];
      const control = page && shape.controls[world.get(page.slot) - 1];
      if (page !== undefined && control !== undefined) this.release(world, this.#ownerOf(control), page);
    }
    ringClear(world, slot.pages);
  }

  #sweep(world: World, who: Who, control: ControlAt): void {
    for (const page of this.#scene.shape.pages) {
      if (world.get(page.slot) !== control.index + 1) continue;
      const spare = world.get(page.state) === reserved;
      hold(spare || (world.get(this.#scene.shape.happened) & HAPPENED_DEATH) !== 0,
        `page ${page.index} had to be swept, and nobody has died`);
      this.#scene.take(world, who, pageLease, page.state, spare ? "unreserved" : "swept", page.index);
      world.clear([page.home, page.side, page.slot, page.epoch]);
    }
  }

  /** A free filter slot for the lease; 0 when there is none, else its number plus 1. */
  leaseFilter(world: World, who: Who, control: ControlAt): number {
    const filter = this.#scene.shape.filters.find((each) => world.get(each.state) === filterFree);
    if (filter === undefined) return 0;
    this.#scene.take(world, { ...who, actor: filter.index }, runtimeFilter, filter.state, "leased");
    world.set(filter.slot, control.index + 1);
    world.set(filter.epoch, world.get(control.epoch));
    return filter.index + 1;
  }

  filterReady(world: World, filter: FilterAt): boolean {
    return world.get(filter.state) === filterReady;
  }

  // ---- pages ----

  freePages(world: World): number {
    return this.#scene.shape.pages.filter((page) => world.get(page.state) === free).length;
  }

  reserve(world: World, who: Who, control: ControlAt, side: number, count: number): void {
    const unused = this.#scene.shape.pages.filter((page) => world.get(page.state) === free);
    for (const page of unused.slice(0, count)) {
      this.#scene.take(world, who, pageLease, page.state, "reserved", page.index);
      world.set(page.home, 1);
      this.#own(world, page, control, side);
    }
  }

  #own(world: World, page: PageAt, control: ControlAt, side: number): void {
    world.set(page.side, side);
    world.set(page.slot, control.index + 1);
    world.set(page.epoch, world.get(control.epoch));
  }

  /** The page that a lease would get now: of its reserve, or a free one. */
  available(world: World, control: ControlAt, side: number): PageAt | undefined {
    const { pages } = this.#scene.shape;
    const own = pages.find((page) => world.get(page.state) === reserved && world.get(page.side) === side &&
      world.get(page.slot) === control.index + 1 && world.get(page.epoch) === world.get(control.epoch));
    return own ?? pages.find((page) => world.get(page.state) === free);
  }

  acquire(world: World, who: Who, control: ControlAt, side: number, page: PageAt): void {
    this.#scene.take(world, who, pageLease, page.state, "leased", page.index);
    this.#own(world, page, control, side);
  }

  /** Home to the pool, or to the reserve it came from. */
  release(world: World, who: Who, page: PageAt): void {
    const home = world.get(page.home) !== 0;
    this.#scene.take(world, who, pageLease, page.state, home ? "returned" : "released", page.index);
    if (!home) world.clear([page.side, page.slot, page.epoch]);
  }

  /** Room for a page while the entry of the end stays in reserve. */
  hasRoom(world: World, slot: SlotAt): boolean {
    return ringLength(world, slot.pages) < slot.pages.capacity - 1;
  }

  issue(world: World, who: Who, slot: SlotAt, page: PageAt): void {
    this.#scene.take(world, who, pageLease, page.state, "issued", page.index);
    ringPush(world, slot.pages, page.index + 1);
  }

  endStream(world: World, slot: SlotAt, descriptor: number): void {
    hold(ringLength(world, slot.pages) < slot.pages.capacity, "a stream's end found no room in its ring");
    ringPush(world, slot.pages, descriptor);
  }

  /** The next descriptor; a page becomes imported. */
  importNext(world: World, who: Who, slot: SlotAt): number {
    const descriptor = ringPop(world, slot.pages);
    const page = this.#scene.shape.pages[descriptor - 1];
    if (page !== undefined) {
      hold(world.get(page.state) === issued, `a ring named page ${page.index}, which was not issued`);
      this.#scene.take(world, who, pageLease, page.state, "imported", page.index);
    }
    return descriptor;
  }

  // ---- frames ----

  sendToBackend(world: World, control: ControlAt, epoch: number, type: MessageType): void {
    if (!this.isOpen(world, control, epoch)) return;
    hold(ringLength(world, control.toBackend) < control.toBackend.capacity, "a worker's message found no room");
    ringPush(world, control.toBackend, frame(type, epoch));
    this.wakeBackend(world, control);
  }

  sendToProducer(world: World, scan: ScanAt, epoch: number, type: MessageType): void {
    if (!this.isOpen(world, scan, epoch)) return;
    hold(ringLength(world, scan.toProducer) < scan.toProducer.capacity, "an order to a scan found no room");
    ringPush(world, scan.toProducer, frame(type, epoch));
    this.wakeProducer(world, scan);
  }

  // ---- wakes ----

  ringDoorbell(world: World, control: ControlAt): void {
    world.set(control.doorbell, 1);
  }

  wakeBackend(world: World, control: ControlAt): void {
    if (world.get(control.sleeping) === 0) return;
    world.set(control.sleeping, 0);
    world.set(control.rung, 1);
  }

  /** The leader sleeps on all its slots at once, under its control slot's flag here. */
  wakeProducer(world: World, scan: ScanAt): void {
    const producer = this.#scene.shape.producers[world.get(scan.producer) - 1];
    if (producer?.parallel !== true) {
      const control = this.#scene.shape.controls[world.get(scan.control) - 1];
      if (control !== undefined) this.wakeBackend(world, control);
    } else if (world.get(scan.sleeping) !== 0) {
      world.set(scan.sleeping, 0);
      world.set(scan.rung, 1);
    }
  }

  wakeExecutorOf(world: World, control: ControlAt): void {
    if (world.get(control.assigned) !== 0) world.set(this.#scene.shape.executorAwake, 1);
  }

  wakePageWaiters(world: World): void {
    for (const control of this.#scene.shape.controls) {
      if (world.get(control.pageWait) === 0) continue;
      world.set(control.pageWait, 0);
      this.wakeExecutorOf(world, control);
      this.wakeBackend(world, control);
    }
    for (const scan of this.#scene.shape.scans) {
      if (world.get(scan.pageWait) === 0) continue;
      world.set(scan.pageWait, 0);
      this.wakeProducer(world, scan);
    }
  }
}
