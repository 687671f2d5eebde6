// PostgreSQL's side of a MemoryRegion, for tests: supervisor, backend and producers in one object. The
// interface is also what tests of the real region drive (test/support/region_peer.ts), so that one suite runs
// over both.
import { PAGE_SIDE_RESULT, PAGE_SIDE_SCAN, WORKER_OFFLINE, WORKER_READY, WORKER_STARTING, type MessageType }
  from "#generated/layout.js";
import type { MemoryRegion, SlotKind } from "./memory_region.js";
import type { PageOutcome, ReceivedFrame, RegionAudit, SendOutcome, SlotLease } from "./transport.js";

export type ResultTaken =
  | { readonly kind: "page"; readonly rows: number; readonly bytes: Uint8Array }
  | { readonly kind: "end" | "failed" | "empty" | "stale" };

export interface BackendSide {
  /** Supervisor: a new worker starts; returns its generation. */
  startWorker(): number;
  /** Supervisor: the worker died; returns the slots it was taken off. */
  buryWorker(): number;

  acquireControl(permitsScan: number, permitsResult: number): SlotLease | "full" | "stale";
  acquireScan(control: SlotLease, leaf: number, producer: number): SlotLease | "full" | "stale";
  send(kind: SlotKind, lease: SlotLease, type: MessageType, payload: Uint8Array, sequence?: number): SendOutcome;
  receive(kind: SlotKind, lease: SlotLease): ReceivedFrame | undefined;
  /** One page: acquired, filled, issued. */
  produce(control: SlotLease, scan: SlotLease, bytes: Uint8Array, rows: number): PageOutcome;
  endScan(scan: SlotLease, outcome: "end" | "failed"): PageOutcome;
  /** The next result page, copied and released. */
  takeResult(control: SlotLease): ResultTaken;
  cancel(control: SlotLease): void;
  /** The scan's stop word. */
  stopped(scan: SlotLease): boolean;
  detach(kind: SlotKind, lease: SlotLease): number;
  audit(): RegionAudit;
}

export class MemoryBackend implements BackendSide {
  readonly #region: MemoryRegion;

  constructor(region: MemoryRegion) {
    this.#region = region;
  }

  startWorker(): number {
    this.#region.workerState = WORKER_STARTING;
    return ++this.#region.generation;
  }

  buryWorker(): number {
    const region = this.#region;
    region.workerState = WORKER_OFFLINE;
    const owned = [...region.scan, ...region.control].filter(({ owners }) => owners.has("worker"));
    for (const slot of owned) region.detach(slot.kind, { slot: slot.index, epoch: slot.epoch }, "worker");
    return owned.length;
  }

  acquireControl(permitsScan: number, permitsResult: number): SlotLease | "full" | "stale" {
    if (this.#region.workerState !== WORKER_READY) return "stale";
    const slot = this.#region.lease("control");
    if (slot === undefined) return "full";
    const lease = { slot: slot.index, epoch: slot.epoch };
    if (
      this.#region.reserve(lease, PAGE_SIDE_SCAN, permitsScan) &&
      this.#region.reserve(lease, PAGE_SIDE_RESULT, permitsResult)
    )
      return lease;
    this.#region.detach("control", lease, "worker");
    this.#region.detach("control", lease, "backend");
    return "full";
  }

  acquireScan(control: SlotLease, leaf: number, producer: number): SlotLease | "full" | "stale" {
    if (this.#region.open("control", control) === undefined) return "stale";
    const slot = this.#region.lease("scan");
    if (slot === undefined) return "full";
    Object.assign(slot, { control, leaf, producer });
    return { slot: slot.index, epoch: slot.epoch };
  }

  send(kind: SlotKind, lease: SlotLease, type: MessageType, payload: Uint8Array, sequence = 0): SendOutcome {
    const slot = this.#region.open(kind, lease);
    if (slot === undefined) return "stale";
    slot.toWorker.push({ type, epoch: lease.epoch, sequence, payload: payload.slice() });
    this.#region.ring("backend", slot);
    return "ok";
  }

  receive(kind: SlotKind, lease: SlotLease): ReceivedFrame | undefined {
    return this.#region.current(kind, lease)?.toPeer.shift();
  }

  produce(control: SlotLease, scan: SlotLease, bytes: Uint8Array, rows: number): PageOutcome {
    const slot = this.#region.open("scan", scan);
    if (slot === undefined) return "stale";
    const name = this.#region.acquire(control, PAGE_SIDE_SCAN);
    if (typeof name === "string") return name;
    this.#region.held(name)?.bytes.set(bytes);
    const outcome = this.#region.issue(slot, name, rows, bytes.length);
    if (outcome !== "ok") this.#region.release(name);
    this.#region.wakeExecutors();
    return outcome;
  }

  endScan(scan: SlotLease, outcome: "end" | "failed"): PageOutcome {
    const slot = this.#region.open("scan", scan);
    if (slot === undefined) return "stale";
    const ended = this.#region.end(slot, outcome);
    this.#region.wakeExecutors();
    return ended;
  }

  takeResult(control: SlotLease): ResultTaken {
    const slot = this.#region.current("control", control);
    if (slot === undefined) return { kind: "stale" };
    const descriptor = this.#region.import(slot);
    this.#region.wakeExecutors();
    if (descriptor === undefined) return { kind: "empty" };
    if (descriptor.kind !== "page") return descriptor;
    const bytes = this.#region.held(descriptor.name)?.bytes.slice(0, descriptor.bytes) ?? new Uint8Array();
    this.#region.release(descriptor.name);
    return { kind: "page", rows: descriptor.rows, bytes };
  }

  cancel(control: SlotLease): void {
    const slot = this.#region.open("control", control);
    if (slot === undefined) return;
    slot.sideWord = true;
    this.#region.ring("backend", slot);
  }

  stopped(scan: SlotLease): boolean {
    return this.#region.slot("scan", scan.slot)?.sideWord ?? false;
  }

  detach(kind: SlotKind, lease: SlotLease): number {
    return this.#region.detach(kind, lease, "backend");
  }

  audit(): RegionAudit {
    return this.#region.audit();
  }
}
