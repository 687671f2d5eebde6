// The executor threads as the main thread sees them: deals jobs out, passes orders and reports. A session stays on the
// thread it was given. The threads themselves are executor_thread.ts.
import type { JobOrder, JobPort, JobReport, SessionLease } from "#actors/ports.js";
import { assert, defined } from "#base/assert.js";
import type { ExecutorOrder, ExecutorReport } from "./executor_ports.js";

/** One thread: where orders go. */
export interface ExecutorLink {
  post(order: ExecutorOrder): void;
  /** Ends its sleep. */
  wake(): void;
}

export interface PoolRegion {
  /** Notes in the slot which thread to wake for it; false when the lease is gone. */
  assignExecutor(lease: SessionLease, executor: number): boolean;
}

const LAST_REPORTS: readonly JobReport["kind"][] = ["finished", "failed", "disposed"];

export class ExecutorPool implements JobPort {
  readonly #links: readonly ExecutorLink[];
  readonly #region: PoolRegion;
  /** Jobs under way by thread. */
  readonly #loads: number[];
  /** The thread of each job, by slot. */
  readonly #executors = new Map<number, { readonly epoch: number; readonly executor: number }>();

  constructor(links: readonly ExecutorLink[], region: PoolRegion) {
    assert(links.length > 0, "there is an executor thread");
    this.#links = links;
    this.#region = region;
    this.#loads = links.map(() => 0);
  }

  get jobCount(): number {
    return this.#executors.size;
  }

  assign(order: JobOrder): number {
    const executor = this.#loads.indexOf(Math.min(...this.#loads));
    this.#loads[executor] = (this.#loads[executor] ?? 0) + 1;
    this.#executors.set(order.lease.slot, { epoch: order.lease.epoch, executor });
    // A lease that is gone already makes a job that finds itself cancelled at its first step.
    this.#region.assignExecutor(order.lease, executor);
    this.#post(executor, { kind: "start", order });
    return executor;
  }

  dispose(lease: SessionLease): void {
    const job = this.#executors.get(lease.slot);
    // The job may have made its last report while this order was on its way.
    if (job?.epoch === lease.epoch) this.#post(job.executor, { kind: "dispose", lease });
  }

  /** To be called with every report of a thread, before its session hears of it. */
  note(report: ExecutorReport): void {
    if (report.kind !== "job" || !LAST_REPORTS.includes(report.report.kind)) return;
    const job = this.#executors.get(report.lease.slot);
    if (job?.epoch !== report.lease.epoch) return;
    this.#executors.delete(report.lease.slot);
    this.#loads[job.executor] = (this.#loads[job.executor] ?? 1) - 1;
  }

  shutdown(): void {
    for (const executor of this.#links.keys()) this.#post(executor, { kind: "shutdown" });
  }

  #post(executor: number, order: ExecutorOrder): void {
    const link = defined(this.#links[executor], "an executor thread of the pool");
    link.post(order);
    link.wake();
  }
}
