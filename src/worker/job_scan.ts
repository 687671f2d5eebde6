// One leaf's input to a job: its producers' scan slots, and the scan machine over them. It hands pages to the
// engine one at a time and gives each back as soon as the engine has read it; a page the engine took in part comes
// again before any other, whoever produced it. Read next: job.ts.
import type { SessionLease } from "#actors/ports.js";
import { violation } from "#actors/session_error.js";
import { TableActor, type EffectOf, type EventOf, type TransitionRecorder } from "#actors/table_actor.js";
import { assert, defined } from "#base/assert.js";
import { FusionError } from "#base/errors.js";
import type { ProducerSlot } from "#codec/execution_message.js";
import { decodeScanFailed, encodeOpenScan, encodeStopScan } from "#codec/scan_message.js";
import { MessageType } from "#generated/layout.js";
import { pageLease, scan } from "#generated/machines.js";
import { Metric } from "#generated/metrics.js";
import type { EngineJob, InputPage, JobTransport, ScanLease } from "./executor_ports.js";

type Machine = typeof scan;

/** StopScan.reason: the engine has enough, or the job ends. */
const STOP_ENOUGH = 0;
const STOP_JOB_ENDS = 1;

interface Producer {
  readonly number: number;
  readonly lease: ScanLease;
  ended: boolean;
}

export class JobScan {
  readonly leaf: number;
  readonly #session: SessionLease;
  readonly #transport: JobTransport;
  readonly #engine: EngineJob;
  readonly #recorder: TransitionRecorder;
  readonly #actor: TableActor<Machine>;
  readonly #producers: readonly Producer[];
  /** The page the engine could not take to its end. */
  #held: InputPage | undefined;
  /** Pages other threads are reading, by address. */
  readonly #lent = new Map<number, InputPage>();
  /** Pages that came without a wait between them. */
  #behind = 0;
  /** Whose turn comes first at the next pull. */
  #next = 0;
  #stopReason = STOP_ENOUGH;
  #error: unknown;
  readonly #effects: Readonly<Record<EffectOf<Machine>, () => void>> = {
    countViolation: () => undefined,
    sendOpenScans: () => this.#sendOpenScans(),
    sendStopScans: () => this.#sendStopScans(),
    finishLeaf: () => this.#engine.finishLeaf(this.leaf),
    // The error goes up to the job, which is the one place that ends it.
    failJob: () => {
      throw this.#error;
    },
  };

  constructor(
    session: SessionLease, leaf: number, slots: readonly ProducerSlot[], engine: EngineJob, transport: JobTransport,
    recorder: TransitionRecorder,
  ) {
    this.#session = session;
    this.leaf = leaf;
    this.#transport = transport;
    this.#engine = engine;
    this.#recorder = recorder;
    this.#actor = new TableActor(scan, recorder);
    this.#producers = slots.map((slot) => ({
      number: slot.producer,
      lease: { slot: slot.scanSlot, epoch: slot.scanEpoch },
      ended: false,
    }));
  }

  get ended(): boolean {
    return this.#actor.final;
  }

  get opened(): boolean {
    return this.#actor.state !== "opening";
  }

  /** A page waits for the engine to go on with it: there is something to do, whatever comes or does not come. */
  get holding(): boolean {
    return this.#held !== undefined;
  }

  open(): void {
    this.#send("open");
  }

  /**
   * Moves at most one page per producer while the engine wants the leaf; tells whether anything moved. Throws what
   * fails the job.
   */
  pull(): boolean {
    let moved = this.#takeBack();
    for (let turn = 0; turn < this.#producers.length; turn++) {
      if (this.#error !== undefined) break;
      if (this.#actor.final || !this.#engine.wantedLeaves().includes(this.leaf)) break;
      if (this.#held !== undefined) moved = this.#push(this.#held) || moved;
      else moved = this.#pullFromNext() || moved;
      if (this.#held !== undefined) break;
    }
    return moved;
  }

  /** The engine has enough of this leaf. */
  stop(): void {
    if (this.#actor.final) return;
    assert(this.#lent.size === 0, "the engine has what it lent");
    this.#releaseHeld();
    this.#send("stop");
  }

  /** The job ends first. Never throws: it is part of every way out. */
  close(): void {
    this.#releaseHeld();
    this.#recall();
    if (this.#actor.final) return;
    this.#stopReason = STOP_JOB_ENDS;
    this.#send("close");
  }

  #send(event: EventOf<Machine>): void {
    const effects = defined(this.#actor.send(event), `scan takes ${event} in ${this.#actor.state}`);
    for (const effect of effects) this.#effects[effect]();
  }

  #pullFromNext(): boolean {
    const producer = defined(this.#producers[this.#next], "a producer");
    this.#next = (this.#next + 1) % this.#producers.length;
    return !producer.ended && this.#pullFrom(producer);
  }

  #pullFrom(producer: Producer): boolean {
    const found = this.#transport.importScan(producer.lease);
    switch (found.kind) {
      case "empty":
        this.#behind = 0;
        return false;
      case "page":
        this.#recordPage("imported", found.page.page);
        this.#take(found.page);
        return true;
      case "end":
        producer.ended = true;
        if (!this.#producers.every(({ ended }) => ended)) this.#send("producerEnded");
        else this.#settle();
        return true;
      case "failed":
        producer.ended = true;
        this.#error = this.#failureOf(producer);
        this.#settle();
        return true;
    }
  }

  /** The end of the leaf, of either kind, comes behind all of its pages. */
  #settle(): void {
    if (this.#lent.size > 0) return;
    if (this.#error !== undefined) this.#send("producerFailed");
    else if (this.#producers.every(({ ended }) => ended)) this.#send("lastProducerEnded");
  }

  #take(page: InputPage): void {
    if (this.#engine.lending?.lend(this.leaf, page, this.#behind++) !== true) {
      this.#push(page);
      return;
    }
    this.#lent.set(page.address, page);
    this.#transport.count(Metric.workerPagesLent, 1);
  }

  /** Gives back what other threads have read; tells whether there was any. */
  #takeBack(): boolean {
    if (this.#lent.size === 0) return false;
    const addresses = this.#engine.lending?.takeBack() ?? [];
    for (const address of addresses) {
      this.#release(defined(this.#lent.get(address), "a lent page"));
      this.#lent.delete(address);
    }
    if (addresses.length > 0) this.#settle();
    return addresses.length > 0;
  }

  /** Every lent page comes home before another is given back: none is read any more when it is. */
  #recall(): void {
    if (this.#lent.size === 0) return;
    this.#engine.lending?.recall();
    for (const page of this.#lent.values()) this.#release(page);
    this.#lent.clear();
  }

  #push(page: InputPage): boolean {
    this.#held = page;
    if (!this.#engine.pushPage(this.leaf, page)) return false;
    this.#releaseHeld();
    return true;
  }

  #release(page: InputPage): void {
    this.#recordPage("released", page.page);
    page.release();
  }

  #releaseHeld(): void {
    if (this.#held === undefined) return;
    const page = this.#held;
    this.#held = undefined;
    this.#release(page);
  }

  /** The producer's own words when its message is there, else that a scan failed. */
  #failureOf(producer: Producer): FusionError {
    for (;;) {
      const frame = this.#transport.receiveScan(this.#session, producer.lease);
      if (frame === undefined) break;
      if (frame.type === MessageType.ScanFailed) {
        const failed = decodeScanFailed(frame.payload);
        return new FusionError({ code: "sqlError", sqlstate: failed.sqlstate, message: failed.message });
      }
      if (frame.type !== MessageType.ScanFinished)
        return violation(`scan message ${frame.type}`, this.#actor.state);
    }
    return new FusionError({
      code: "internal", sqlstate: "XX000", message: `pg_fusion: the scan of leaf ${this.leaf} failed`,
    });
  }

  #sendOpenScans(): void {
    for (const { number, lease } of this.#producers)
      this.#transport.sendScan(
        lease, MessageType.OpenScan, encodeOpenScan({ leaf: this.leaf, producer: number }));
  }

  #sendStopScans(): void {
    const payload = encodeStopScan({ reason: this.#stopReason });
    for (const { ended, lease } of this.#producers)
      if (!ended) this.#transport.sendScan(lease, MessageType.StopScan, payload);
  }

  #recordPage(event: "imported" | "released", page: number): void {
    const [from, to] = event === "imported" ? (["issued", "imported"] as const) : (["imported", "free"] as const);
    this.#recorder.transition(
      pageLease.code, pageLease.events.indexOf(event), pageLease.states.indexOf(from),
      pageLease.states.indexOf(to), page, 0);
  }
}
