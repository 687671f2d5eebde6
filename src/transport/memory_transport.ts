// The worker's side of a MemoryRegion: the same interface as region.ts, without addon, threads or shared
// memory, for tests of actors and wiring. Wake-ups arrive on a microtask; nothing here sleeps. The other side
// is memory_backend.ts.
import { defined } from "#base/assert.js";
import {
  EXECUTORS_MAX, PAGE_SIDE_RESULT, PAGE_SIDE_SCAN, RESULT_POOL_SHARE, WORKER_READY, WORKER_STARTING, type MessageType,
} from "#generated/layout.js";
import type { Metric } from "#generated/metrics.js";
import type { MemoryRegion, MemorySlot, SlotKind } from "./memory_region.js";
import { PageLease, ResultPage, type PageName, type PageOwner, type ResultPageOwner } from "./page_lease.js";
import type {
  ControlChannel, FilterChannel, FrameChannel, LeaseState, PageOutcome, ReceivedFrame, RegionAudit, RegionNumbers,
  ResultAcquisition, ScanChannel, ScanImport, SendOutcome, SlotLease, Transport,
} from "./transport.js";

class MemoryFrameChannel implements FrameChannel {
  protected readonly region: MemoryRegion;
  readonly #kind: SlotKind;

  constructor(region: MemoryRegion, kind: SlotKind) {
    this.region = region;
    this.#kind = kind;
  }

  lease(slot: number): LeaseState | undefined {
    const found = this.region.slot(this.#kind, slot);
    return found?.owners.has("worker") ? { epoch: found.epoch, open: !found.closing } : undefined;
  }

  receive(slot: number): ReceivedFrame | undefined {
    const found = this.region.slot(this.#kind, slot);
    return found?.owners.has("worker") ? found.toWorker.shift() : undefined;
  }

  send(lease: SlotLease, type: MessageType, payload: Uint8Array, sequence: number): SendOutcome {
    const slot = this.region.open(this.#kind, lease);
    if (slot === undefined) return "stale";
    slot.toPeer.push({ type, epoch: lease.epoch, sequence, payload: payload.slice() });
    return "ok";
  }

  /** Rings are emptied when a slot is leased, and nobody writes late: there is nothing to tell. */
  onStale(): void {}

  detach(lease: SlotLease): number {
    return this.region.detach(this.#kind, lease, "worker");
  }
}

class MemoryControlChannel extends MemoryFrameChannel
  implements ControlChannel, PageOwner, ResultPageOwner {
  constructor(region: MemoryRegion) {
    super(region, "control");
  }

  cancelRequested(lease: SlotLease): boolean {
    return this.region.open("control", lease)?.sideWord ?? true;
  }

  recording(lease: SlotLease): number {
    return this.region.current("control", lease)?.recording ?? 0;
  }

  assignExecutor(lease: SlotLease, executor: number | undefined): boolean {
    const slot = this.region.current("control", lease);
    if (slot === undefined) return false;
    slot.executor = executor ?? EXECUTORS_MAX;
    return true;
  }

  /** There are no views here. */
  showOnDisk(): void {}

  acquireResult(lease: SlotLease): ResultAcquisition {
    const pageCount = this.region.pages.length;
    const left = pageCount - Math.floor(pageCount / RESULT_POOL_SHARE);
    const name = this.region.acquire(lease, PAGE_SIDE_RESULT, left);
    return typeof name === "string" ? { kind: name } : { kind: "page", page: new ResultPage(this, name) };
  }

  // Every return of a page wakes every executor here, so there is nothing to announce.
  beginPageWait(): void {}

  endPageWait(): void {}

  endResult(lease: SlotLease, outcome: "end" | "failed"): PageOutcome {
    const slot = this.region.open("control", lease);
    return slot === undefined ? "stale" : this.region.end(slot, outcome);
  }

  release(page: PageName): boolean {
    return this.region.release(page);
  }

  bytes(page: PageName): Uint8Array {
    return defined(this.region.pages[page.page], "a page of this region").bytes;
  }

  address(page: PageName): number {
    return page.page * this.region.numbers.pageBytes;
  }

  write(page: PageName, source: Uint8Array, sourceOffset: number, length: number): void {
    const target = this.region.held(page);
    if (length > this.region.numbers.pageBytes) throw new RangeError(`${length} bytes do not fit a page`);
    if (sourceOffset + length > source.length) throw new RangeError("the source is shorter");
    target?.bytes.set(source.subarray(sourceOffset, sourceOffset + length));
  }

  issue(page: PageName, rows: number, bytes: number): PageOutcome {
    const slot = this.region.open("control", page);
    return slot === undefined ? "stale" : this.region.issue(slot, page, rows, bytes);
  }
}

class MemoryScanChannel extends MemoryFrameChannel implements ScanChannel {
  readonly #pages: MemoryControlChannel;

  constructor(region: MemoryRegion, pages: MemoryControlChannel) {
    super(region, "scan");
    this.#pages = pages;
  }

  importPage(lease: SlotLease): ScanImport {
    const slot = this.region.current("scan", lease);
    if (slot === undefined) return { kind: "stale" };
    const descriptor = this.region.import(slot);
    if (descriptor === undefined) return { kind: "empty" };
    return descriptor.kind === "page" ? { kind: "page", page: this.#leaseOf(slot, descriptor) } : descriptor;
  }

  stop(lease: SlotLease): boolean {
    const slot = this.region.current("scan", lease);
    if (slot !== undefined) slot.sideWord = true;
    return slot !== undefined;
  }

  #leaseOf(slot: MemorySlot, descriptor: { name: PageName; rows: number; bytes: number }): PageLease {
    const { rows, bytes } = descriptor;
    const name = { ...descriptor.name, side: PAGE_SIDE_SCAN };
    return new PageLease(this.#pages, name, { rows, bytes, flags: 0, leaf: slot.leaf, producer: slot.producer });
  }
}

/** No slot means no filter: that is always allowed, and all that this region has. */
const noFilters: FilterChannel = {
  begin: () => false,
  measure: () => false,
  size: () => false,
  enter: () => false,
  publish: () => false,
  decline: () => undefined,
};

export class MemoryTransport implements Transport {
  readonly numbers: RegionNumbers;
  readonly control: ControlChannel;
  readonly scan: ScanChannel;
  readonly filter = noFilters;
  readonly #region: MemoryRegion;
  #listener: ((slots: readonly number[]) => void) | undefined;
  #scheduled = false;

  constructor(region: MemoryRegion) {
    this.#region = region;
    this.numbers = region.numbers;
    const control = new MemoryControlChannel(region);
    this.control = control;
    this.scan = new MemoryScanChannel(region, control);
  }

  ready(generation: number): boolean {
    const { workerState, generation: present } = this.#region;
    if (workerState !== WORKER_STARTING || present !== generation) return false;
    this.#region.workerState = WORKER_READY;
    return true;
  }

  workerState(): { readonly state: number; readonly generation: number } {
    return { state: this.#region.workerState, generation: this.#region.generation };
  }

  onWake(callback: (slots: readonly number[]) => void): void {
    this.#listener = callback;
    this.#region.onDoorbell = () => this.#schedule();
    this.#schedule();
  }

  stopWake(): void {
    this.#listener = undefined;
    this.#region.onDoorbell = () => undefined;
  }

  executorSeen(executor: number): number {
    return this.#region.executorWakes[executor] ?? 0;
  }

  /** Returns at once: the thread that would wake us is this one. */
  executorWait(executor: number): number {
    return this.executorSeen(executor);
  }

  wakeExecutor(executor: number): void {
    this.#region.wakeExecutor(executor);
  }

  addMetric(metric: Metric, amount: number): void {
    const { metrics } = this.#region;
    metrics.set(metric, (metrics.get(metric) ?? 0) + amount);
  }

  raiseMetric(metric: Metric, value: number): void {
    const { metrics } = this.#region;
    metrics.set(metric, Math.max(metrics.get(metric) ?? 0, value));
  }

  countViolation(): void {
    this.#region.protocolViolations += 1;
  }

  audit(): RegionAudit {
    return this.#region.audit();
  }

  close(): void {
    this.stopWake();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      const slots = [...this.#region.doorbells];
      this.#region.doorbells.clear();
      if (slots.length > 0) this.#listener?.(slots);
    });
  }
}
