// What an executor thread does all day: take orders, give every job a step, sleep when none of them moved. Jobs of
// one thread share it fairly and never block each other. The thread around it is executor_thread.ts.
import type { JobReport, SessionLease } from "#actors/ports.js";
import type { Engine, ExecutorOrder, ExecutorReport, HelpPort, HelpTask, JobTransport } from "./executor_ports.js";
import type { RunningJob } from "./capture/job_capture.js";
import { Job } from "./job.js";

/** Sleeping and orders of one thread. */
export interface ExecutorPort {
  /** The wake counter: read before looking for work. */
  seen(): number;
  /** Sleeps until the counter moves from `seen`, bounded. */
  wait(seen: number): void;
  /** The next order, if there is one. */
  takeOrder(): ExecutorOrder | undefined;
  report(report: ExecutorReport): void;
}

export type MakeCapturedJob = (lease: SessionLease, report: (report: JobReport) => void) => RunningJob | undefined;

/** Code that ran more than once is compiled better. */
const PRACTICE_ROUNDS = 3;

export class ExecutorLoop {
  readonly #executor: number;
  readonly #port: ExecutorPort;
  readonly #engine: Engine;
  readonly #transport: JobTransport;
  readonly #makeCaptured: MakeCapturedJob;
  readonly #help: HelpPort | undefined;
  readonly #tasks = new Set<HelpTask>();
  readonly #jobs = new Map<number, RunningJob>();
  #practice: Uint8Array | undefined;
  #roundsLeft = 0;

  /**
   * `makeCaptured` makes the jobs whose steps are written to a trace, and nothing for all others; without `help` the
   * thread is on its own.
   */
  constructor(
    executor: number, port: ExecutorPort, engine: Engine, transport: JobTransport,
    makeCaptured: MakeCapturedJob = () => undefined, help?: HelpPort,
  ) {
    this.#makeCaptured = makeCaptured;
    this.#help = help;
    this.#executor = executor;
    this.#port = port;
    this.#engine = engine;
    this.#transport = transport;
  }

  get jobCount(): number {
    return this.#jobs.size;
  }

  /** Gives every job a step, and what it does for other threads; sleeps when none of them moved. */
  turn(): void {
    const seen = this.#port.seen();
    let moved = this.#takeOrders();
    for (const task of this.#tasks) {
      moved = task.step() || moved;
      if (task.ended) this.#tasks.delete(task);
    }
    for (const job of this.#jobs.values()) {
      moved = job.step() || moved;
      if (job.ended) this.#jobs.delete(job.lease.slot);
    }
    this.#help?.noteLoad(this.#jobs.size + this.#tasks.size);
    if (!moved && !this.#practise()) this.#port.wait(seen);
  }

  /** A round of practice when there is nothing else to do at all: statements go first. */
  #practise(): boolean {
    const practice = this.#practice;
    if (practice === undefined || this.#jobs.size + this.#tasks.size > 0) return false;
    this.#roundsLeft -= 1;
    if (this.#roundsLeft === 0) this.#practice = undefined;
    try {
      this.#engine.warmUp(practice);
    } catch (error) {
      this.#practice = undefined;
      this.#transport.complain(`warm-up failed: ${String(error)}`);
    }
    return true;
  }

  #takeOrders(): boolean {
    let taken = false;
    for (let order = this.#port.takeOrder(); order !== undefined; order = this.#port.takeOrder()) {
      taken = true;
      this.#obey(order);
    }
    for (let task = this.#help?.take(); task !== undefined; task = this.#help?.take()) {
      taken = true;
      this.#tasks.add(task);
    }
    return taken;
  }

  #obey(order: ExecutorOrder): void {
    switch (order.kind) {
      case "start": {
        const { lease } = order.order;
        const report = (told: JobReport): void => this.#port.report({ kind: "job", lease, report: told });
        const job = this.#makeCaptured(lease, report) ??
          new Job(lease, this.#executor, this.#transport, report);
        job.start(order.order, this.#engine);
        if (!job.ended) this.#jobs.set(lease.slot, job);
        return;
      }
      case "dispose": {
        // A job that is not here any more has made its last report already.
        const job = this.#jobs.get(order.lease.slot);
        if (job?.lease.epoch !== order.lease.epoch) return;
        job.dispose();
        this.#jobs.delete(order.lease.slot);
        return;
      }
      case "warmUp":
        this.#practice = order.plan;
        this.#roundsLeft = PRACTICE_ROUNDS;
        return;
      case "peer":
        this.#help?.addPeer(order.executor, order.port);
    }
  }
}
