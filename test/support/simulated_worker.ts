// The worker's real wiring and executor loops over a MemoryRegion, without threads: a scheduler decides who runs
// next. Orders and reports travel through queues, as they do between threads.
import type { TransitionRecorder } from "#actors/table_actor.js";
import type { FailureTrace } from "#trace/failure_trace.js";
import { FlightPen } from "#worker/flight_pen.js";
import { ExecutorLoop } from "#worker/executor_loop.js";
import type { Engine, ExecutorOrder, ExecutorReport } from "#worker/executor_ports.js";
import { RegionJobTransport } from "#worker/region_transport.js";
import { wireWorker, type WiredWorker } from "#worker/wiring.js";
import type { MemoryRegion } from "#transport/memory_region.js";
import { MemoryTransport } from "#transport/memory_transport.js";
import { workerKindOf } from "./traced_failures.js";

interface Executor {
  readonly loop: ExecutorLoop;
  readonly orders: ExecutorOrder[];
  sleeping: boolean;
}

export class SimulatedWorker {
  readonly complaints: string[] = [];
  readonly #region: MemoryRegion;
  readonly #wired: WiredWorker;
  readonly #executors: readonly Executor[];
  readonly #reports: ExecutorReport[] = [];
  readonly #records: { count: number } = { count: 0 };

  constructor(
    region: MemoryRegion, engine: Engine, executors: number, recorder?: TransitionRecorder, trace?: FailureTrace,
  ) {
    this.#region = region;
    const transport = new MemoryTransport(region);
    const pen = new FlightPen({
      record: (lease, transition) => {
        const { machine, event, from, to, argument, cause } = transition;
        recorder?.transition(machine, event, from, to, argument, cause);
        trace?.add({ kind: workerKindOf(machine), number: 0 }, lease, transition);
        return (this.#records.count += 1);
      },
    });
    const complain = (text: string): void => void this.complaints.push(text);
    this.#wired = wireWorker({
      transport, pen, complain, captureFolder: "",
      planner: { plan: () => ({ kind: "planned", payload: new Uint8Array(8) }) },
    });
    this.#executors = Array.from({ length: executors }, (_, executor): Executor => {
      const orders: ExecutorOrder[] = [];
      const jobs = new RegionJobTransport(transport, pen, new Uint8Array(65_536), complain);
      const port = {
        seen: () => transport.executorSeen(executor),
        wait: () => {
          made.sleeping = true;
        },
        takeOrder: () => orders.shift(),
        report: (report: ExecutorReport) => void this.#reports.push(report),
      };
      const made: Executor = { loop: new ExecutorLoop(executor, port, engine, jobs), orders, sleeping: false };
      this.#wired.addExecutor({ executor, post: (order) => void orders.push(order), wake: () => undefined });
      return made;
    });
    transport.ready(region.generation);
  }

  get sessions(): number {
    return this.#wired.sessions.size;
  }

  get jobs(): number {
    return this.#wired.pool.jobCount + this.#executors.reduce((sum, { loop }) => sum + loop.jobCount, 0);
  }

  /** The main loop handles its doorbells, or one report. */
  stepMain(preferReports: boolean): boolean {
    const slots = [...this.#region.doorbells];
    if (slots.length > 0 && !(preferReports && this.#reports.length > 0)) {
      this.#region.doorbells.clear();
      this.#wired.ring(slots);
      return true;
    }
    const report = this.#reports.shift();
    if (report !== undefined) this.#wired.report(report);
    return report !== undefined;
  }

  /** One turn of an executor; false when it went to sleep. */
  stepExecutor(index: number): boolean {
    const executor = this.#executors[index % this.#executors.length];
    if (executor === undefined) return false;
    executor.sleeping = false;
    executor.loop.turn();
    return !executor.sleeping;
  }
}
