// What the worker needs from the shared region, as an interface: leases, frames, pages, sleeping. Two implementations:
// region.ts over the addon, memory_transport.ts in plain JavaScript for tests. It knows messages only by their
// numbers and pages only as bytes. Read next: control_channel.ts, scan_channel.ts,
// page_lease.ts, filter_channel.ts.
import type { FilterRows } from "#base/filter_rows.js";
import type { MessageType } from "#generated/layout.js";
import type { Metric } from "#generated/metrics.js";
import type { PageLease, ResultPage } from "./page_lease.js";

/** One lease of a control or scan slot. */
export interface SlotLease {
  readonly slot: number;
  readonly epoch: number;
}

/** A slot the worker owns a bit of; not open: the peer has begun to close. */
export interface LeaseState {
  readonly epoch: number;
  readonly open: boolean;
}

/** A whole, verified message in memory of its own. */
export interface ReceivedFrame {
  readonly type: MessageType;
  readonly epoch: number;
  /** The sender's flight sequence: the cause of what follows. */
  readonly sequence: number;
  readonly payload: Uint8Array;
}

/**
 * ok: taken whole. full: refused whole. stale: the peer has left, the message is dropped. Only control messages of
 * the thread that listens (onWake) may be queued when the ring has no room; elsewhere they fit or are refused.
 */
export type SendOutcome = "ok" | "full" | "stale";

/** full: try again after a wake-up. stale: the lease is over. */
export type PageOutcome = "ok" | "full" | "stale";

export type ScanImport =
  | { readonly kind: "page"; readonly page: PageLease }
  | { readonly kind: "end" }
  | { readonly kind: "failed" }
  | { readonly kind: "empty" }
  | { readonly kind: "stale" };

export type ResultAcquisition =
  | { readonly kind: "page"; readonly page: ResultPage }
  | { readonly kind: "full" }
  | { readonly kind: "stale" };

/** Frames of earlier leases that were found in a slot's ring and dropped; of several, the last. */
export interface StaleFrames {
  /** The session that read them: a control slot's present lease, or for whom a scan slot was read. */
  readonly lease: SlotLease;
  readonly count: number;
  readonly type: number;
  readonly sequence: number;
}

/** Frames of one kind of slot. Protocol violations are thrown as FusionErrors. */
export interface FrameChannel {
  /** The worker's lease of a slot, if it has one. */
  lease(slot: number): LeaseState | undefined;
  /**
   * The next message of the slot's present lease. Also pushes on what an earlier send had to queue. `session`: whose
   * business dropped frames are, where it is not the slot's lease itself.
   */
  receive(slot: number, session?: SlotLease): ReceivedFrame | undefined;
  send(lease: SlotLease, type: MessageType, payload: Uint8Array, sequence: number): SendOutcome;
  /** Tells of dropped frames, as receive() comes by them. */
  onStale(listener: (dropped: StaleFrames) => void): void;
  /** Takes the worker's owner bit off; returns the pages a final sweep found. Idempotent. */
  detach(lease: SlotLease): number;
}

/** Control slots: one execution or planning conversation each. */
export interface ControlChannel extends FrameChannel {
  /** The backend wants no more: its cancel word is set, or it closes. */
  cancelRequested(lease: SlotLease): boolean;
  /** RECORDING_*: what is written down of this lease. */
  recording(lease: SlotLease): number;
  /** Names the thread that signals about this lease go to; undefined: none. False when the lease is gone. */
  assignExecutor(lease: SlotLease, executor: number | undefined): boolean;
  /** For views: bytes of rows that this lease's execution has in files now. */
  showOnDisk(lease: SlotLease, bytes: number): void;
  acquireResult(lease: SlotLease): ResultAcquisition;
  /** Announces that the executor of this lease waits for a page; acquire once more before sleeping. */
  beginPageWait(lease: SlotLease): void;
  endPageWait(lease: SlotLease): void;
  endResult(lease: SlotLease, outcome: "end" | "failed"): PageOutcome;
}

/** Scan slots: one producer of one leaf each. Detaching the control lease detaches its scans too. */
export interface ScanChannel extends FrameChannel {
  /** The next page of a producer, or what ended it. */
  importPage(lease: SlotLease): ScanImport;
  /** Sets the side word: the producer ends at its next block. */
  stop(lease: SlotLease): boolean;
}

/**
 * Runtime filter slots of executions this worker runs. False: the filter will not come, because the slot is another
 * execution's by now, or because so many keys do not fit; it is to be declined.
 */
export interface FilterChannel {
  begin(filter: SlotLease): boolean;
  /** All rows, before size(): only for filters of one key that is a word. */
  measure(filter: SlotLease, memory: Uint8Array, rows: FilterRows): boolean;
  size(filter: SlotLease, rows: number, isOneWord: boolean): boolean;
  enter(filter: SlotLease, memory: Uint8Array, rows: FilterRows): boolean;
  publish(filter: SlotLease): boolean;
  decline(filter: SlotLease): void;
}

export interface RegionNumbers {
  readonly pageBytes: number;
  readonly pageCount: number;
  readonly controlSlotCount: number;
  readonly scanSlotCount: number;
  readonly controlRingBytes: number;
  readonly incarnation: bigint;
}

/** Everything but freePages is 0 when nothing runs; the last three only grow. */
export interface RegionAudit {
  readonly controlSlotsHeld: number;
  readonly scanSlotsHeld: number;
  readonly pagesHeld: number;
  readonly permitsMissing: number;
  readonly freePages: number;
  readonly filtersHeld: number;
  readonly protocolViolations: number;
  readonly staleDrops: number;
  readonly sweptPages: number;
}

/** One thread's access to the region. */
export interface Transport {
  readonly numbers: RegionNumbers;
  readonly control: ControlChannel;
  readonly scan: ScanChannel;
  readonly filter: FilterChannel;

  /** Main thread: STARTING -> READY of the given generation; false when it was superseded. */
  ready(generation: number, executors: number): boolean;
  workerState(): { readonly state: number; readonly generation: number };
  /** Main thread: calls back with the control slots whose doorbells rang, until stopWake. */
  onWake(callback: (slots: readonly number[]) => void): void;
  stopWake(): void;

  /** Executor threads: the wake counter, read before looking for work. */
  executorSeen(executor: number): number;
  /** Sleeps until the counter moves from `seen`, at most timeoutMs (1000 or less); returns the counter. */
  executorWait(executor: number, seen: number, timeoutMs: number): number;
  wakeExecutor(executor: number): void;

  /** Adds to a counter (schemas/tables/metrics.json); once a page or statement, never once a row. */
  addMetric(metric: Metric, amount: number): void;
  /** A gauge keeps the highest value. */
  raiseMetric(metric: Metric, value: number): void;
  countViolation(): void;
  audit(): RegionAudit;
  close(): void;
}
