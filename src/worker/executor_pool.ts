// The executor threads as the main thread sees them: deals jobs out, passes orders and reports. A session stays on the
// thread it was given. The threads themselves are executor_thread.ts.
import type { JobOrder, JobPort, JobReport, SessionLease } from "#actors/ports.js";
import { assert } from "#base/assert.js";
import type { ExecutorOrder, ExecutorReport } from "./executor_ports.js";

/** One thread that is up: where orders go. */
export interface ExecutorLink {
  readonly executor: number;
  post(order: ExecutorOrder): void;
  /** Ends its sleep. */
  wake(): void;
}

export interface PoolRegion {
  /** Notes in the slot which thread to wake for it; false when the lease is gone. */
  assignExecutor(lease: SessionLease, executor: number): boolean;
}

function post({ link }: Thread, order: ExecutorOrder): void {
  link.post(order);
  link.wake();
}

const LAST_REPORTS: readonly JobReport["kind"][] = ["finished", "failed", "disposed"];

/** A thread and its jobs under way. */
interface Thread {
  readonly link: ExecutorLink;
  jobs: number;
}

export class ExecutorPool implements JobPort {
  readonly #region: PoolRegion;
  readonly #threads: Thread[] = [];
  #practice: Uint8Array | undefined;
  /** The thread of each job, by slot. */
  readonly #jobs = new Map<number, { readonly epoch: number; readonly thread: Thread }>();

  constructor(region: PoolRegion) {
    this.#region = region;
  }

  /** A thread came up and takes jobs from now on. */
  add(link: ExecutorLink): void {
    const thread = { link, jobs: 0 };
    this.#threads.push(thread);
    if (this.#practice !== undefined) post(thread, { kind: "warmUp", plan: this.#practice });
  }

  /** Lets every thread run a plan for practice, those that come later too. */
  warmUp(plan: Uint8Array): void {
    this.#practice = plan;
    for (const thread of this.#threads) post(thread, { kind: "warmUp", plan });
  }

  get jobCount(): number {
    return this.#jobs.size;
  }

  assign(order: JobOrder): number {
    const thread = this.#threads.reduce<Thread | undefined>(
      (least, each) => (least === undefined || each.jobs < least.jobs ? each : least), undefined);
    assert(thread !== undefined, "the worker is ready only with an executor thread");
    thread.jobs += 1;
    this.#jobs.set(order.lease.slot, { epoch: order.lease.epoch, thread });
    // A lease that is gone already makes a job that finds itself cancelled at its first step.
    this.#region.assignExecutor(order.lease, thread.link.executor);
    post(thread, { kind: "start", order });
    return thread.link.executor;
  }

  dispose(lease: SessionLease): void {
    const job = this.#jobs.get(lease.slot);
    // The job may have made its last report while this order was on its way.
    if (job?.epoch === lease.epoch) post(job.thread, { kind: "dispose", lease });
  }

  /** To be called with every report of a thread, before its session hears of it. */
  note(report: ExecutorReport): void {
    if (report.kind !== "job" || !LAST_REPORTS.includes(report.report.kind)) return;
    const job = this.#jobs.get(report.lease.slot);
    if (job?.epoch !== report.lease.epoch) return;
    this.#jobs.delete(report.lease.slot);
    job.thread.jobs -= 1;
  }
}
