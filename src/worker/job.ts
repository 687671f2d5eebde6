// One execution on an executor thread: pages in, engine, pages out, in small steps that never block. Whatever happens
// to it - end, error, cancel, disposal - it lets go of everything once and reports once. Read next: executor_loop.ts.
import type { JobOrder, JobReport, SessionLease } from "#actors/ports.js";
import { failureOf } from "#actors/session_error.js";
import { TableActor, type EffectOf, type EventOf } from "#actors/table_actor.js";
import { defined } from "#base/assert.js";
import { malformedMessage } from "#base/errors.js";
import {
  encodeExecutionFinished, encodeExecutionStarted, type ProducerSlot,
} from "#codec/execution_message.js";
import { MessageType } from "#generated/layout.js";
import { cancellation } from "#generated/machines.js";
import { Metric } from "#generated/metrics.js";
import type { Engine, EngineJob, JobTransport } from "./executor_ports.js";
import { JobResult } from "./job_result.js";
import { JobScan } from "./job_scan.js";

type Cancellation = typeof cancellation;

/** Pages a job may take from each producer before others get their turn: about a millisecond of work. */
const PULLS_PER_STEP = 4;

/** Producers by leaf; every leaf needs one, and there are no others. */
function byLeaf(leafCount: number, producers: readonly ProducerSlot[]): ProducerSlot[][] {
  const leaves = Array.from({ length: leafCount }, (): ProducerSlot[] => []);
  for (const slot of producers) {
    const leaf = leaves[slot.leaf];
    if (leaf === undefined) throw malformedMessage(`pg_fusion: a producer for leaf ${slot.leaf} of ${leafCount}`);
    leaf.push(slot);
  }
  const missing = leaves.findIndex((slots) => slots.length === 0);
  if (missing >= 0) throw malformedMessage(`pg_fusion: leaf ${missing} has no producer`);
  return leaves;
}

export class Job {
  readonly lease: SessionLease;
  readonly #executor: number;
  readonly #transport: JobTransport;
  readonly #report: (report: JobReport) => void;
  readonly #cancellation: TableActor<Cancellation>;
  #engine: EngineJob | undefined;
  #scans: readonly JobScan[] = [];
  #result: JobResult | undefined;
  #inputsEnded = false;
  #numbersSent = false;
  /** The engine had work left when it was last asked. */
  #paused = false;
  #executeNs = 0;
  #waitNs = 0;
  #idleSinceNs = 0;
  /** When the present step began. */
  #stepNs = 0;
  readonly #effects: Readonly<Record<EffectOf<Cancellation>, () => void>> = {
    disposeJob: () => {
      this.#letGo();
      this.#cancel("disposed");
    },
    reportDisposed: () => this.#report({ kind: "disposed" }),
  };

  constructor(
    lease: SessionLease, executor: number, transport: JobTransport, report: (report: JobReport) => void,
  ) {
    this.lease = lease;
    this.#executor = executor;
    this.#transport = transport;
    this.#report = report;
    this.#cancellation = new TableActor(cancellation, transport.recorder(lease, 0));
  }

  /** True when the last report is made and nothing is held. */
  get ended(): boolean {
    return this.#cancellation.final;
  }

  /** Compiles the plan and opens the scans it wants first. */
  start(order: JobOrder, engine: Engine): void {
    this.#guarded(() => {
      this.#transport.count(Metric.workerExecutions, 1);
      const filters = this.#transport.filters(
        this.lease, order.start.filters, (filter) => this.#transport.recorder(this.lease, filter));
      const job = engine.start(order, filters, this.#transport.recorder(this.lease, 0));
      this.#engine = job;
      const leaves = byLeaf(job.leafCount, order.start.producers);
      this.#result = new JobResult(this.lease, job, this.#transport, this.#transport.recorder(this.lease, 0));
      this.#scans = leaves.map((slots, leaf) =>
        new JobScan(this.lease, leaf, slots, job, this.#transport, this.#transport.recorder(this.lease, leaf)));
      this.#openWanted(job);
      const started = encodeExecutionStarted({ executor: this.#executor });
      this.#transport.sendControl(this.lease, MessageType.ExecutionStarted, started);
      this.#report({ kind: "started" });
      return true;
    });
  }

  /** One turn; tells whether anything moved. */
  step(): boolean {
    if (this.ended) return false;
    return this.#guarded(() => {
      if (this.#transport.cancelRequested(this.lease)) {
        this.#cancel("requested");
        return true;
      }
      this.#stepNs = this.#transport.nowNs();
      const moved = this.#work();
      this.#account(moved);
      return moved;
    });
  }

  /** The main thread wants it gone. */
  dispose(): void {
    if (!this.ended) this.#guarded(() => {
      this.#cancel("disposeOrdered");
      return true;
    });
  }

  #work(): boolean {
    const engine = defined(this.#engine, "a started job has its engine");
    const result = defined(this.#result, "a started job has its result");
    let moved = result.deliver();
    for (let pull = 0; pull < PULLS_PER_STEP && !result.blocked; pull++) {
      let pulled = this.#openWanted(engine);
      for (const scan of this.#scans)
        if (scan.opened && !scan.ended && !result.blocked) pulled = scan.pull() || pulled;
      const delivered = result.deliver();
      // A page the engine has refused counts as movement, or the job would sleep on it: nothing comes that wakes it.
      // So does work left before this look: what the look has finished may make another leaf wanted.
      const hadWork = this.#paused;
      this.#paused = engine.paused;
      const goesOn = hadWork || this.#paused || this.#scans.some(({ holding }) => holding);
      if (!pulled && !delivered && !goesOn) break;
      moved = true;
    }
    if (engine.done && !result.blocked) return this.#conclude(engine, result);
    // Before it sleeps: a LIMIT above may be waiting for just these rows, and the scans go on until it has them.
    if (!moved && !result.blocked && engine.offerPart()) moved = result.deliver();
    this.#noteInputsEnded();
    return moved;
  }

  /**
   * Opens the scans whose turn has come and stops those the engine has enough of; tells whether there were any. A scan
   * that waits for its turn produces nothing: its pages would take the room of those that are wanted first.
   */
  #openWanted(engine: EngineJob): boolean {
    const wanted = engine.wantedLeaves();
    let moved = false;
    for (const scan of this.#scans) {
      const isWanted = wanted.includes(scan.leaf);
      if (isWanted && !scan.opened) scan.open();
      else if (!isWanted && scan.opened && !scan.ended) scan.stop();
      else continue;
      moved = true;
    }
    return moved;
  }

  #noteInputsEnded(): void {
    if (this.#inputsEnded || !this.#scans.every((scan) => scan.ended)) return;
    this.#inputsEnded = true;
    this.#report({ kind: "inputsEnded" });
  }

  /**
   * The engine is done: stop what still produces, say the numbers, end the stream. The numbers go first, so that a
   * backend woken by the end finds them.
   */
  #conclude(engine: EngineJob, result: JobResult): boolean {
    for (const scan of this.#scans) scan.stop();
    if (!this.#numbersSent) {
      this.#numbersSent = true;
      this.#sendFinished(engine, result);
    }
    if (!this.#transport.endResult(this.lease)) return false;
    this.#letGo();
    this.#cancel("jobEnded");
    this.#report({ kind: "finished" });
    return true;
  }

  #sendFinished(engine: EngineJob, result: JobResult): void {
    const payload = encodeExecutionFinished({
      rows: result.rows,
      resultPages: result.pages,
      compileNs: engine.compileNs,
      // This step belongs to both as well: it is not accounted for yet.
      executeNs: this.#executeNs + (this.#transport.nowNs() - this.#stepNs),
      waitNs: this.#waitNs + this.#idleNs(),
      operators: engine.stats(),
      memoryBytes: engine.peakBytes,
      codeBytes: engine.code.bytes,
      codeModules: engine.code.modules,
      threads: engine.lending?.threads ?? 1,
    });
    this.#transport.sendControl(this.lease, MessageType.ExecutionFinished, payload);
  }

  /** Adds the step to the time of work, and what came before it to the time of waiting. */
  #account(moved: boolean): void {
    if (moved) {
      this.#executeNs += this.#transport.nowNs() - this.#stepNs;
      this.#waitNs += this.#idleNs();
      this.#idleSinceNs = 0;
    } else if (this.#idleSinceNs === 0) this.#idleSinceNs = this.#stepNs;
  }

  /** From the first step in a row that moved nothing to this one. */
  #idleNs(): number {
    return this.#idleSinceNs === 0 ? 0 : this.#stepNs - this.#idleSinceNs;
  }

  #cancel(event: EventOf<Cancellation>): void {
    const effects = defined(
      this.#cancellation.send(event), `cancellation takes ${event} in ${this.#cancellation.state}`);
    for (const effect of effects) this.#effects[effect]();
  }

  /** Every entry point runs here: whatever is thrown ends this job and no other. */
  #guarded(work: () => boolean): boolean {
    try {
      return work();
    } catch (error) {
      if (this.ended) throw error;
      this.#letGo();
      this.#transport.count(Metric.workerExecutionsFailed, 1);
      this.#cancel("jobEnded");
      this.#report({ kind: "failed", failed: failureOf(error) });
      return true;
    }
  }

  /**
   * Pages, page waits, scans, engine memory: each at most once, whatever was reached. It never throws: what fails here
   * is said on stderr, and the slot's last owner sweeps what is left.
   */
  #letGo(): void {
    const [engine, result, scans] = [this.#engine, this.#result, this.#scans];
    this.#engine = undefined;
    this.#result = undefined;
    this.#scans = [];
    const attempt = (close: () => void): void => {
      try {
        close();
      } catch (error) {
        this.#transport.complain(`session ${this.lease.slot}: clean-up failed: ${String(error)}`);
      }
    };
    if (result !== undefined) attempt(() => result.close());
    for (const scan of scans) attempt(() => scan.close());
    if (engine !== undefined) {
      attempt(() => this.#countWork(engine));
      attempt(() => engine.dispose());
    }
  }

  /** Once for each execution, however it ended. */
  #countWork(engine: EngineJob): void {
    this.#transport.count(Metric.workerCompileTime, engine.compileNs);
    this.#transport.count(Metric.workerExecuteTime, this.#executeNs);
    this.#transport.count(Metric.workerWaitTime, this.#waitNs);
    this.#transport.raise(Metric.workerExecutionMemory, engine.peakBytes);
  }
}
