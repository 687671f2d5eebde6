// A world as bytes: where each slot, page, actor and ring of a configuration keeps its state. Equal bytes are equal
// worlds, so that an exploration can tell what it has seen. What the bytes mean to whom is region.ts's and the steps'.
import { defined } from "#base/assert.js";
import type { Configuration } from "./configuration.js";

/** A place in a world's bytes. */
export type Place = number;

export class World {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get(at: Place): number {
    return this.bytes[at] as number;
  }

  set(at: Place, value: number): void {
    this.bytes[at] = value;
  }

  add(at: Place, more: number): void {
    this.bytes[at] = (this.bytes[at] as number) + more;
  }

  clear(places: readonly Place[]): void {
    for (const at of places) this.bytes[at] = 0;
  }
}

/** A bounded queue of bytes: its length stands before its entries. Unused entries are 0. */
export interface RingAt {
  readonly length: Place;
  readonly capacity: number;
}

export const ringLength = (world: World, ring: RingAt): number => world.get(ring.length);

export function ringPush(world: World, ring: RingAt, value: number): void {
  const length = world.get(ring.length);
  world.set(ring.length + 1 + length, value);
  world.set(ring.length, length + 1);
}

export const ringEntry = (world: World, ring: RingAt, index: number): number => world.get(ring.length + 1 + index);

export function ringPop(world: World, ring: RingAt): number {
  const [first, length] = [ring.length + 1, world.get(ring.length)];
  const value = world.get(first);
  world.bytes.copyWithin(first, first + 1, first + length);
  world.set(first + length - 1, 0);
  world.set(ring.length, length - 1);
  return value;
}

export function ringClear(world: World, ring: RingAt): void {
  world.bytes.fill(0, ring.length, ring.length + 1 + ring.capacity);
}

/** What both kinds of slot have, as native/shm/slot.h. */
export interface SlotAt {
  readonly epoch: Place;
  /** OWNER_BACKEND, OWNER_WORKER, and OWNER_PRODUCER for each. */
  readonly owners: Place;
  readonly closing: Place;
  /** Waits for a page, for room in the descriptor ring, for a ring; and whether it has been rung. */
  readonly pageWait: Place;
  readonly roomWait: Place;
  readonly sleeping: Place;
  readonly rung: Place;
  readonly pages: RingAt;
}

export interface ControlAt extends SlotAt {
  readonly index: number;
  /** Backend plus 1. */
  readonly holder: Place;
  readonly cancel: Place;
  readonly assigned: Place;
  readonly doorbell: Place;
  /** Result pages that were issued. */
  readonly issued: Place;
  readonly toWorker: RingAt;
  readonly toBackend: RingAt;
}

export interface ScanAt extends SlotAt {
  readonly index: number;
  /** Its control lease, the slot plus 1, and its producer plus 1. */
  readonly control: Place;
  readonly controlEpoch: Place;
  readonly producer: Place;
  readonly stop: Place;
  readonly toProducer: RingAt;
}

/** A page: its state is that of page_lease. */
export interface PageAt {
  readonly index: number;
  readonly state: Place;
  readonly home: Place;
  readonly side: Place;
  /** Slot plus 1. */
  readonly slot: Place;
  readonly epoch: Place;
}

export interface FilterAt {
  readonly index: number;
  /** Of runtime_filter. */
  readonly state: Place;
  /** How far its making really came: FILTER_* of region.ts. */
  readonly made: Place;
  readonly slot: Place;
  readonly epoch: Place;
}

export interface BackendAt {
  readonly index: number;
  /** Which of its conversations. */
  readonly turn: Place;
  readonly phase: Place;
  readonly state: Place;
  /** Slot plus 1. */
  readonly slot: Place;
  readonly epoch: Place;
  readonly generation: Place;
  readonly filter: Place;
  /** Page plus 1. */
  readonly page: Place;
  /** Result pages it has taken. */
  readonly taken: Place;
  readonly rest: Place;
  /** The last message that answers it, and the error it has raised: RAISED_*. */
  readonly answer: Place;
  readonly raised: Place;
  /** An interrupt is pending. */
  readonly interrupted: Place;
  /** Pages of rows left, by leaf. */
  readonly left: readonly Place[];
}

export interface ProducerAt {
  readonly index: number;
  readonly backend: number;
  readonly leaf: number;
  readonly parallel: boolean;
  readonly life: Place;
  /** Of scan_producer. */
  readonly state: Place;
  /** Scan slot plus 1. */
  readonly scan: Place;
  readonly epoch: Place;
  readonly page: Place;
  /** Its page: 1, to be filled; 2, full. */
  readonly filled: Place;
  readonly rowsEnded: Place;
  /** The descriptor that ended its stream. */
  readonly told: Place;
  readonly rest: Place;
  /** It reads the execution's filter. */
  readonly reading: Place;
}

/** The worker's session on a control slot. */
export interface SessionAt {
  readonly kind: Place;
  readonly epoch: Place;
  readonly state: Place;
  /** Epoch of the job that the pool of executors knows of. */
  readonly job: Place;
  /** SAID_* of session_steps.ts: what has been heard and said. */
  readonly said: Place;
}

export interface LeafAt {
  /** Of scan. */
  readonly state: Place;
  /** Page plus 1 that the engine has not taken to its end. */
  readonly held: Place;
  /** Bit for each producer of the leaf that has ended. */
  readonly ended: Place;
  /** The engine knows that there is no more. */
  readonly finished: Place;
}

/** A job on the executor thread, by its control slot. */
export interface JobAt {
  readonly epoch: Place;
  /** Backend plus 1. */
  readonly backend: Place;
  /** Of cancellation. */
  readonly cancellation: Place;
  readonly image: Place;
  readonly page: Place;
  readonly waiting: Place;
  readonly numbersSent: Place;
  readonly inputsEnded: Place;
  readonly enough: Place;
  /** Rows the engine keeps for the end. */
  readonly kept: Place;
  readonly leaves: readonly LeafAt[];
}

export interface Shape {
  readonly bytes: number;
  readonly controls: readonly ControlAt[];
  readonly scans: readonly ScanAt[];
  readonly pages: readonly PageAt[];
  readonly filters: readonly FilterAt[];
  readonly backends: readonly BackendAt[];
  readonly producers: readonly ProducerAt[];
  readonly sessions: readonly SessionAt[];
  readonly jobs: readonly JobAt[];
  /** To the executor thread, and back. */
  readonly orders: RingAt;
  readonly reports: RingAt;
  readonly executorAwake: Place;
  readonly workerReady: Place;
  readonly generation: Place;
  /** The worker died and the supervisor has not come yet. */
  readonly unburied: Place;
  readonly budget: Place;
  /** HAPPENED_* of the run so far. */
  readonly happened: Place;
}

class Plot {
  bytes = 0;

  place(): Place {
    return this.bytes++;
  }

  ring(capacity: number): RingAt {
    const length = this.place();
    this.bytes += capacity;
    return { length, capacity };
  }

  /** A place for each name. */
  places<Name extends string>(...names: Name[]): Record<Name, Place> {
    return Object.fromEntries(names.map((name) => [name, this.place()])) as Record<Name, Place>;
  }
}

const slotPlaces = ["epoch", "owners", "closing", "pageWait", "roomWait", "sleeping", "rung"] as const;

/** Frames of a scan slot or to a backend: two of its own, and two that have no business there. */
const FRAMES = 4;
/** Disposal of a job that had ended already, start and disposal of the next one; the three reports of a job. */
const ORDERS_PER_SLOT = 3;
const REPORTS_PER_SLOT = 3;

const times = <T>(count: number, make: (index: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, at) => make(at));

function actors(plot: Plot, { backends, producers, leafPages }: Configuration) {
  const leaves = leafPages.length;
  return {
    backends: times(backends.length, (index): BackendAt => ({
      index, left: times(leaves, () => plot.place()),
      ...plot.places(
        "turn", "phase", "state", "slot", "epoch", "generation", "filter", "page", "taken", "answer", "raised", "rest",
        "interrupted"),
    })),
    producers: times(backends.length * producers.length, (index): ProducerAt => ({
      index, backend: Math.floor(index / producers.length),
      ...defined(producers[index % producers.length], "a producer's plan"),
      ...plot.places("life", "state", "scan", "epoch", "page", "filled", "rowsEnded", "told", "rest", "reading"),
    })),
  };
}

function workerParts(plot: Plot, { controlSlots, leafPages }: Configuration) {
  return {
    sessions: times(controlSlots, (): SessionAt => plot.places("kind", "epoch", "state", "job", "said")),
    jobs: times(controlSlots, (): JobAt => ({
      ...plot.places(
        "epoch", "backend", "cancellation", "image", "page", "waiting", "numbersSent", "inputsEnded", "enough", "kept"),
      leaves: times(leafPages.length, (): LeafAt => plot.places("state", "held", "ended", "finished")),
    })),
    orders: plot.ring(ORDERS_PER_SLOT * controlSlots),
    reports: plot.ring(REPORTS_PER_SLOT * controlSlots),
    ...plot.places("executorAwake", "workerReady", "generation", "unburied"),
  };
}

export function shapeOf(configuration: Configuration): Shape {
  const plot = new Plot();
  const { controlSlots, scanSlots, pages, filters, ringEntries, ringMessages } = configuration;
  const made = {
    controls: times(controlSlots, (index): ControlAt => ({
      index, ...plot.places(...slotPlaces, "holder", "cancel", "assigned", "doorbell", "issued"),
      pages: plot.ring(ringEntries), toWorker: plot.ring(ringMessages), toBackend: plot.ring(FRAMES),
    })),
    scans: times(scanSlots, (index): ScanAt => ({
      index, ...plot.places(...slotPlaces, "control", "controlEpoch", "producer", "stop"),
      pages: plot.ring(ringEntries), toProducer: plot.ring(FRAMES),
    })),
    pages: times(pages, (index): PageAt => ({ index, ...plot.places("state", "home", "side", "slot", "epoch") })),
    filters: times(filters, (index): FilterAt => ({ index, ...plot.places("state", "made", "slot", "epoch") })),
    ...actors(plot, configuration),
    ...workerParts(plot, configuration),
    ...plot.places("budget", "happened"),
  };
  return { bytes: plot.bytes, ...made };
}
