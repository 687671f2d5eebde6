// A region in plain JavaScript, shared by memory_transport.ts (the worker's side) and memory_backend.ts
// (PostgreSQL's side). It keeps the rules that matter to actors — leases and epochs, owners, bounded rings,
// one owner per page, reservations — and none of the memory order: one thread, no bytes to verify. Never used
// by the worker itself.
import { assert, defined } from "#base/assert.js";
import {
  EXECUTORS_MAX, RESULT_RING_DESCRIPTORS, SCAN_RING_DESCRIPTORS, WORKER_OFFLINE,
} from "#generated/layout.js";
import type { PageName } from "./page_lease.js";
import type { PageOutcome, ReceivedFrame, RegionAudit, RegionNumbers, SlotLease } from "./transport.js";

export type Side = "backend" | "worker";
export type SlotKind = "control" | "scan";

export type Descriptor =
  | { readonly kind: "page"; readonly name: PageName; readonly rows: number; readonly bytes: number }
  | { readonly kind: "end" }
  | { readonly kind: "failed" };

export interface MemorySlot {
  readonly kind: SlotKind;
  readonly index: number;
  epoch: number;
  readonly owners: Set<Side>;
  closing: boolean;
  /** The execution: of a scan slot its control lease, of a control slot itself. */
  control: SlotLease;
  leaf: number;
  producer: number;
  toWorker: ReceivedFrame[];
  toPeer: ReceivedFrame[];
  descriptors: Descriptor[];
  /** cancel_requested of a control slot, stop_requested of a scan slot. */
  sideWord: boolean;
  executor: number;
  /** RECORDING_*; set by tests. */
  recording: number;
}

type PageState = "free" | "reserved" | "leased" | "issued" | "imported";

interface MemoryPage {
  state: PageState;
  generation: number;
  home: boolean;
  side: number;
  control: SlotLease;
  readonly bytes: Uint8Array;
}

const NOBODY: SlotLease = { slot: -1, epoch: 0 };

export const same = (one: SlotLease, other: SlotLease): boolean =>
  one.slot === other.slot && one.epoch === other.epoch;

export class MemoryRegion {
  readonly numbers: RegionNumbers;
  readonly control: readonly MemorySlot[];
  readonly scan: readonly MemorySlot[];
  readonly pages: readonly MemoryPage[];
  readonly doorbells = new Set<number>();
  readonly executorWakes = new Uint32Array(EXECUTORS_MAX);
  workerState: number = WORKER_OFFLINE;
  generation = 0;
  protocolViolations = 0;
  /** Counters that were added to, by number. */
  readonly metrics = new Map<number, number>();
  sweptPages = 0;
  /** Called when a doorbell rings; the transport listens. */
  onDoorbell: () => void = () => undefined;

  constructor(numbers: Partial<RegionNumbers> = {}) {
    this.numbers = {
      pageBytes: 65_536, pageCount: 16, controlSlotCount: 4, scanSlotCount: 8,
      controlRingBytes: 4096, incarnation: 1n, ...numbers,
    };
    const slots = (kind: SlotKind, count: number): readonly MemorySlot[] =>
      Array.from({ length: count }, (_, index) => emptySlot(kind, index));
    this.control = slots("control", this.numbers.controlSlotCount);
    this.scan = slots("scan", this.numbers.scanSlotCount);
    this.pages = Array.from({ length: this.numbers.pageCount }, () => ({
      state: "free" as const, generation: 0, home: false, side: 0, control: NOBODY,
      bytes: new Uint8Array(this.numbers.pageBytes),
    }));
  }

  slot(kind: SlotKind, index: number): MemorySlot | undefined {
    return (kind === "control" ? this.control : this.scan)[index];
  }

  /** The slot of a lease that is still current. */
  current(kind: SlotKind, lease: SlotLease): MemorySlot | undefined {
    const slot = this.slot(kind, lease.slot);
    return slot !== undefined && slot.epoch === lease.epoch && slot.owners.size > 0 ? slot : undefined;
  }

  open(kind: SlotKind, lease: SlotLease): MemorySlot | undefined {
    const slot = this.current(kind, lease);
    return slot?.closing === false ? slot : undefined;
  }

  lease(kind: SlotKind): MemorySlot | undefined {
    const slot = (kind === "control" ? this.control : this.scan).find(({ owners }) => owners.size === 0);
    if (slot === undefined) return undefined;
    Object.assign(slot, emptySlot(kind, slot.index), { epoch: slot.epoch + 1, owners: slot.owners });
    slot.owners.add("backend").add("worker");
    slot.control = { slot: slot.index, epoch: slot.epoch };
    return slot;
  }

  detach(kind: SlotKind, lease: SlotLease, side: Side): number {
    const slot = this.current(kind, lease);
    if (slot === undefined || !slot.owners.delete(side)) return 0;
    slot.closing = true;
    if (kind === "control")
      for (const scan of this.scan)
        if (same(scan.control, lease)) this.detach("scan", { slot: scan.index, epoch: scan.epoch }, side);
    const swept = slot.owners.size > 0 ? 0 : this.#finish(slot, lease);
    this.ring(side, slot);
    this.wakeExecutors();
    return swept;
  }

  #finish(slot: MemorySlot, lease: SlotLease): number {
    for (const descriptor of slot.descriptors.splice(0))
      if (descriptor.kind === "page") this.#sendHome(descriptor.name.page);
    if (slot.kind === "scan") return 0;
    let swept = 0;
    for (const page of this.pages) {
      if (page.state === "free" || !same(page.control, lease)) continue;
      if (page.state !== "reserved") swept += 1;
      Object.assign(page, { state: "free", home: false, control: NOBODY, generation: page.generation + 1 });
    }
    this.sweptPages += swept;
    return swept;
  }

  /** Signals the other side of a slot. */
  ring(from: Side, slot: MemorySlot): void {
    if (from === "worker") return;
    this.doorbells.add(slot.control.slot);
    this.wakeExecutors();
    this.onDoorbell();
  }

  wakeExecutors(): void {
    for (let executor = 0; executor < EXECUTORS_MAX; executor++) this.wakeExecutor(executor);
  }

  wakeExecutor(executor: number): void {
    this.executorWakes[executor] = (this.executorWakes[executor] ?? 0) + 1;
  }

  // ---- pages ----

  reserve(control: SlotLease, side: number, count: number): boolean {
    const free = this.pages.filter(({ state }) => state === "free");
    if (free.length < count) return false;
    for (const page of free.slice(0, count)) Object.assign(page, { state: "reserved", home: true, side, control });
    return true;
  }

  /** A page of the reservation, or while more than `left` are free one of those. */
  acquire(control: SlotLease, side: number, left = 0): PageName | "full" | "stale" {
    if (this.open("control", control) === undefined) return "stale";
    const reserved = this.pages.findIndex((page) =>
      page.state === "reserved" && page.side === side && same(page.control, control));
    const free = this.pages.flatMap(({ state }, index) => (state === "free" ? [index] : []));
    const index = reserved >= 0 ? reserved : free.length > left ? free[0] ?? -1 : -1;
    const page = this.pages[index];
    if (page === undefined) return "full";
    Object.assign(page, { state: "leased", side, control });
    return { page: index, generation: page.generation, side, ...control };
  }

  held(name: PageName): MemoryPage | undefined {
    const page = defined(this.pages[name.page], "a page of this region");
    const mine = page.generation === name.generation && same(page.control, name);
    return mine && (page.state === "leased" || page.state === "imported") ? page : undefined;
  }

  release(name: PageName): boolean {
    if (this.held(name) === undefined) return false;
    this.#sendHome(name.page);
    this.wakeExecutors();
    return true;
  }

  #sendHome(index: number): void {
    const page = defined(this.pages[index], "a page of this region");
    page.generation += 1;
    page.state = page.home ? "reserved" : "free";
    if (!page.home) page.control = NOBODY;
  }

  /** LEASED -> ISSUED, into the ring of `slot`. */
  issue(slot: MemorySlot, name: PageName, rows: number, bytes: number): PageOutcome {
    const page = this.held(name);
    if (page?.state !== "leased") return "stale";
    if (slot.descriptors.length >= ringCapacity(slot.kind) - 1) return "full";
    page.state = "issued";
    page.generation += 1;
    slot.descriptors.push({ kind: "page", name: { ...name, generation: page.generation }, rows, bytes });
    return "ok";
  }

  end(slot: MemorySlot, kind: "end" | "failed"): PageOutcome {
    if (slot.descriptors.length >= ringCapacity(slot.kind)) return "full";
    slot.descriptors.push({ kind });
    return "ok";
  }

  import(slot: MemorySlot): Descriptor | undefined {
    const descriptor = slot.descriptors.shift();
    if (descriptor?.kind !== "page") return descriptor;
    const page = defined(this.pages[descriptor.name.page], "a page of this region");
    assert(page.state === "issued" && page.generation === descriptor.name.generation, "an issued page");
    page.state = "imported";
    return descriptor;
  }

  audit(): RegionAudit {
    const held = (slots: readonly MemorySlot[]): number => slots.filter(({ owners }) => owners.size > 0).length;
    const count = (test: (page: MemoryPage) => boolean): number => this.pages.filter(test).length;
    return {
      controlSlotsHeld: held(this.control),
      scanSlotsHeld: held(this.scan),
      pagesHeld: count(({ state }) => state !== "free" && state !== "reserved"),
      permitsMissing: count(({ home }) => home),
      freePages: count(({ state }) => state === "free"),
      filtersHeld: 0,
      protocolViolations: this.protocolViolations,
      staleDrops: 0,
      sweptPages: this.sweptPages,
    };
  }
}

function emptySlot(kind: SlotKind, index: number): MemorySlot {
  return {
    kind, index, epoch: 0, owners: new Set(), closing: false, control: NOBODY, leaf: 0, producer: 0,
    toWorker: [], toPeer: [], descriptors: [], sideWord: false, executor: EXECUTORS_MAX, recording: 0,
  };
}

const ringCapacity = (kind: SlotKind): number =>
  kind === "control" ? RESULT_RING_DESCRIPTORS : SCAN_RING_DESCRIPTORS;
