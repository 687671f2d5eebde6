// PostgreSQL's side of a real shared region, played by the native test peer (test/native/peer): the
// BackendSide interface, and the pokes of a hostile peer. Needs `npm run build` to have built the addon.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { MessageType } from "#generated/layout.js";
import { DESCRIPTOR_END, DESCRIPTOR_FAILED, DESCRIPTOR_PAGE, WORKER_STARTING } from "#generated/layout.js";
import type { BackendSide, ResultTaken } from "#transport/memory_backend.js";
import type { SlotKind } from "#transport/memory_region.js";
import type { PageOutcome, ReceivedFrame, RegionAudit, SendOutcome, SlotLease } from "#transport/transport.js";

interface NativePeer {
  fd(): number;
  wakeFds(): Int32Array;
  enterWorker(state: number): number;
  buryWorker(): number;
  audit(): RegionAudit;
  acquireControl(permitsScan: number, permitsResult: number, out: Uint32Array): number;
  acquireScan(slot: number, epoch: number, leaf: number, producer: number, out: Uint32Array): number;
  lease(kind: number, slot: number, out: Uint32Array): number;
  detach(kind: number, slot: number, epoch: number): number;
  send(kind: number, slot: number, epoch: number, type: number, sequence: number, payload: Uint8Array): number;
  receive(kind: number, slot: number): ReceivedFrame | undefined;
  produce(
    slot: number, epoch: number, scan: number, scanEpoch: number, bytes: Uint8Array, rows: number,
  ): number;
  endScan(slot: number, epoch: number, kind: number): number;
  takeResult(slot: number, epoch: number): number | { kind: number; rows: number; bytes: Uint8Array };
  cancel(slot: number): void;
  stopped(scan: number): boolean;
  createFlight(path: string): number;
  sleep(kind: number, slot: number, timeoutMs: number): boolean;
  scribble(offset: number, bytes: Uint8Array): void;
  ringOffset(kind: number, slot: number): number;
  close(): void;
}

const path = fileURLToPath(
  new URL("../../native/addon/build/Release/pg_fusion_peer.node", import.meta.url));

function loadPeer(): new (...numbers: number[]) => NativePeer {
  if (!existsSync(path)) throw new Error(`${path} is missing: run npm run build`);
  return (createRequire(import.meta.url)(path) as { Peer: new (...numbers: number[]) => NativePeer }).Peer;
}

const outcomes = ["ok", "full", "empty", "stale"] as const;

/** The addon's status numbers, as port.h orders them. */
function outcome(status: number): (typeof outcomes)[number] {
  const name = outcomes[status];
  if (name === undefined) throw new Error(`the peer got status ${status}`);
  return name;
}

const kindNumber = (kind: SlotKind): number => (kind === "control" ? 0 : 1);

/** Of the epoch in a frame's header (schemas/control/frame.json). */
const EPOCH_OFFSET = 8;

export interface PeerOptions {
  readonly pageBytes: number;
  readonly pageCount: number;
  readonly controlSlots: number;
  readonly scanSlots: number;
  readonly controlRingBytes: number;
}

export const smallRegion: PeerOptions = {
  pageBytes: 65_536, pageCount: 16, controlSlots: 4, scanSlots: 8, controlRingBytes: 4096,
};

export class RegionPeer implements BackendSide {
  readonly native: NativePeer;
  readonly #out = new Uint32Array(2);

  constructor(options: Partial<PeerOptions> = {}) {
    const all = { ...smallRegion, ...options };
    this.native = new (loadPeer())(
      all.pageBytes, all.pageCount, all.controlSlots, all.scanSlots, all.controlRingBytes);
  }

  startWorker(): number {
    return this.native.enterWorker(WORKER_STARTING);
  }

  buryWorker(): number {
    return this.native.buryWorker();
  }

  acquireControl(permitsScan: number, permitsResult: number): SlotLease | "full" | "stale" {
    return this.#acquired(this.native.acquireControl(permitsScan, permitsResult, this.#out));
  }

  acquireScan(control: SlotLease, leaf: number, producer: number): SlotLease | "full" | "stale" {
    return this.#acquired(this.native.acquireScan(control.slot, control.epoch, leaf, producer, this.#out));
  }

  send(kind: SlotKind, lease: SlotLease, type: MessageType, payload: Uint8Array, sequence = 0): SendOutcome {
    return outcome(
      this.native.send(kindNumber(kind), lease.slot, lease.epoch, type, sequence, payload)) as SendOutcome;
  }

  receive(kind: SlotKind, lease: SlotLease): ReceivedFrame | undefined {
    return this.native.receive(kindNumber(kind), lease.slot);
  }

  produce(control: SlotLease, scan: SlotLease, bytes: Uint8Array, rows: number): PageOutcome {
    return outcome(
      this.native.produce(control.slot, control.epoch, scan.slot, scan.epoch, bytes, rows)) as PageOutcome;
  }

  endScan(scan: SlotLease, end: "end" | "failed"): PageOutcome {
    const kind = end === "end" ? DESCRIPTOR_END : DESCRIPTOR_FAILED;
    return outcome(this.native.endScan(scan.slot, scan.epoch, kind)) as PageOutcome;
  }

  /** Makes the oldest frame on its way to the worker look like one of another lease. */
  ageFrame(kind: SlotKind, lease: SlotLease): void {
    const epoch = new DataView(new ArrayBuffer(4));
    epoch.setUint32(0, lease.epoch + 1, true);
    const ring = this.native.ringOffset(kindNumber(kind), lease.slot);
    this.native.scribble(ring + EPOCH_OFFSET, new Uint8Array(epoch.buffer));
  }

  takeResult(control: SlotLease): ResultTaken {
    const taken = this.native.takeResult(control.slot, control.epoch);
    if (typeof taken === "number") return { kind: outcome(taken) as "empty" | "stale" };
    if (taken.kind === DESCRIPTOR_PAGE) return { kind: "page", rows: taken.rows, bytes: taken.bytes };
    return { kind: taken.kind === DESCRIPTOR_END ? "end" : "failed" };
  }

  cancel(control: SlotLease): void {
    this.native.cancel(control.slot);
  }

  stopped(scan: SlotLease): boolean {
    return this.native.stopped(scan.slot);
  }

  detach(kind: SlotKind, lease: SlotLease): number {
    return this.native.detach(kindNumber(kind), lease.slot, lease.epoch);
  }

  audit(): RegionAudit {
    return this.native.audit();
  }

  /** Sleeps like a backend or a producer; true when it was signalled. */
  sleep(kind: SlotKind, lease: SlotLease, timeoutMs: number): boolean {
    return this.native.sleep(kindNumber(kind), lease.slot, timeoutMs);
  }

  #acquired(status: number): SlotLease | "full" | "stale" {
    const result = outcome(status);
    const [slot = 0, epoch = 0] = this.#out;
    return result === "ok" ? { slot, epoch } : (result as "full" | "stale");
  }
}
