// What an executor thread needs from the region and from the engine, narrowed to what a job does with them. The real
// ones are transport (executor_thread.ts connects them) and runtime/execution.ts; tests bring small fakes.
import type { MessagePort } from "node:worker_threads";
import type { JobOrder, JobReport, SessionLease } from "#actors/ports.js";
import type { TransitionRecorder } from "#actors/table_actor.js";
import type { FilterSlot, OperatorStats } from "#codec/execution_message.js";
import type { MessageType } from "#generated/layout.js";
import type { Metric } from "#generated/metrics.js";
import type { FilterPort } from "#runtime/filter_build.js";

/** Adds to a counter of the region. */
export type CountMetric = (metric: Metric, amount: number) => void;

/** One producer's scan slot. */
export interface ScanLease {
  readonly slot: number;
  readonly epoch: number;
}

/** An imported scan page: read in place, released once. */
export interface InputPage {
  readonly page: number;
  /** Whose it is: one leaf's are told apart by it. */
  readonly producer: number;
  /** 0: a part of a page that goes on in the producer's next. */
  readonly rows: number;
  readonly bytes: number;
  /** Where generated code finds it. */
  readonly address: number;
  /** The whole page; read only, not to be kept. */
  content(): Uint8Array;
  /** Gives it back and wakes whoever waits for one. */
  release(): void;
}

/** A leased result page: written, then issued or released. */
export interface OutputPage {
  readonly page: number;
  /** Copies a finished page image out of engine memory. */
  write(address: number, bytes: number): void;
  /** False while the result ring is full: the page is still held, and the thread is woken when there is room. */
  issue(rows: number, bytes: number): boolean;
  release(): void;
}

export type ScanImport =
  | { readonly kind: "page"; readonly page: InputPage }
  | { readonly kind: "end" }
  | { readonly kind: "failed" }
  | { readonly kind: "empty" };

/** A message of a producer, verified. */
export interface ScanFrame {
  readonly type: MessageType;
  /** The sender's flight sequence. */
  readonly sequence: number;
  readonly payload: Uint8Array;
}

/** The region, seen by one executor thread. Errors thrown here fail the job that called. */
export interface JobTransport {
  /** True when the backend wants no more: its cancel word is set or the lease is closing. */
  cancelRequested(lease: SessionLease): boolean;
  /** A message to the backend. The job is the only writer of its session's ring until its last report. */
  sendControl(lease: SessionLease, type: MessageType, payload: Uint8Array): void;
  /** StopScan also sets the producer's side word, which is seen while its ring is not read. */
  sendScan(scan: ScanLease, type: MessageType, payload: Uint8Array): void;
  receiveScan(lease: SessionLease, scan: ScanLease): ScanFrame | undefined;
  importScan(scan: ScanLease): ScanImport;
  /** Undefined while no page is free; the thread is woken when one is (until endPageWait). */
  acquireResult(lease: SessionLease): OutputPage | undefined;
  beginPageWait(lease: SessionLease): void;
  endPageWait(lease: SessionLease): void;
  /** False while the result ring is full. */
  endResult(lease: SessionLease): boolean;
  /** The slots in which the session's runtime filters are published; each filter's steps go to a recorder. */
  filters(
    lease: SessionLease, slots: readonly FilterSlot[], recorder: (filter: number) => TransitionRecorder,
  ): FilterPort;
  recorder(lease: SessionLease, actor: number): TransitionRecorder;
  /** The monotonic clock: jobs read no other, so that a captured job can be played back. */
  nowNs(): number;
  count(metric: Metric, amount: number): void;
  /** A gauge: the highest value is kept. */
  raise(metric: Metric, value: number): void;
  /** One line to the server log. */
  complain(text: string): void;
}

/** A finished page in engine memory, or a part of one, without rows but for the last; valid until the next call. */
export interface ResultImage {
  readonly address: number;
  readonly bytes: number;
  readonly rows: number;
}

/** Pages that other threads read for a job. */
export interface PageLending {
  /** Most threads that worked on the job at once. */
  readonly threads: number;
  /**
   * Offers a page of a wanted leaf that has just come; `behind` pages came before it without a wait. True: it is not
   * pushed, and stays where it is until takeBack() names its address.
   */
  lend(leaf: number, page: InputPage, behind: number): boolean;
  /** Addresses of lent pages that are done with. Throws what failed there. */
  takeBack(): readonly number[];
  /** Takes every lent page back at once, for a job that ends; only numbers and dispose() are asked for afterwards. */
  recall(): void;
}

/** A compiled plan at work: synchronous and without I/O, one page a call. */
export interface EngineJob {
  readonly leafCount: number;
  readonly compileNs: number;
  /** Most state memory it has held at any time. */
  readonly peakBytes: number;
  /** Modules that ran, and their length as WebAssembly. */
  readonly code: { readonly modules: number; readonly bytes: number };
  /** Without it, one thread reads all pages. */
  readonly lending?: PageLending;
  /** All results are taken and nothing more is wanted. */
  readonly done: boolean;
  /** Work was left for the next call: there is something to do although no page came and none left. */
  readonly paused: boolean;
  /** Leaves whose pages are taken now: build sides come before what probes them. */
  wantedLeaves(): readonly number[];
  /**
   * Of a wanted leaf. False: results are to be taken first, or others to get their turn; then the same page comes
   * again, before any other, because a part of it may be consumed.
   */
  pushPage(leaf: number, page: InputPage): boolean;
  finishLeaf(leaf: number): void;
  /** Makes the rows that wait for more to fill a page a result of their own; false when there are none. */
  offerPart(): boolean;
  takeResult(): ResultImage | undefined;
  stats(): readonly OperatorStats[];
  dispose(): void;
}

export interface Engine {
  /** Decodes, checks and compiles (or finds in its cache); throws FusionErrors. `spilled` hears what goes to disk. */
  start(order: JobOrder, filters: FilterPort, spilled: TransitionRecorder): EngineJob;
  /** Runs a plan for practice. */
  warmUp(plan: Uint8Array): void;
}

/** Help for a job of another thread. */
export interface HelpTask {
  /** It is not needed any more, and holds nothing. */
  readonly ended: boolean;
  /** One turn; tells whether anything moved. */
  step(): boolean;
}

/** What a thread does for others, and says about itself. */
export interface HelpPort {
  addPeer(executor: number, port: MessagePort): void;
  /** What another thread asks for next, if there is anything. */
  take(): HelpTask | undefined;
  noteLoad(load: number): void;
}

/** Orders of the main thread. */
export type ExecutorOrder =
  /** Another thread came up: the way to it. */
  | { readonly kind: "peer"; readonly executor: number; readonly port: MessagePort }
  | { readonly kind: "start"; readonly order: JobOrder }
  | { readonly kind: "dispose"; readonly lease: SessionLease }
  | { readonly kind: "warmUp"; readonly plan: Uint8Array };

/** What an executor thread tells the main thread. */
export type ExecutorReport =
  | { readonly kind: "ready" }
  | { readonly kind: "job"; readonly lease: SessionLease; readonly report: JobReport };
