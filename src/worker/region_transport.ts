// Jobs' view of the region: outcomes of src/transport in the words of executor_ports.ts. A lease that is gone under a
// job looks like "nothing now": its next look at the cancel word ends it.
import type { SessionLease } from "#actors/ports.js";
import type { TransitionRecorder } from "#actors/table_actor.js";
import { monotonicNs } from "#base/clock.js";
import { FusionError } from "#base/errors.js";
import type { FilterSlot } from "#codec/execution_message.js";
import { MessageType, RECORDING_SILENT } from "#generated/layout.js";
import type { Metric } from "#generated/metrics.js";
import type { FilterPort } from "#runtime/filter_build.js";
import type { ResultPage } from "#transport/page_lease.js";
import type { Transport } from "#transport/transport.js";
import type { JobTransport, OutputPage, ScanFrame, ScanImport, ScanLease } from "./executor_ports.js";
import { noteStaleFrames, type FlightPen } from "./flight_pen.js";
import { JobFilters } from "./job_filters.js";

const EMPTY = { kind: "empty" } as const;

/** A leased result page, filled from engine memory. */
class EngineResultPage implements OutputPage {
  readonly page: number;
  readonly #lease: ResultPage;
  readonly #memory: Uint8Array;

  constructor(lease: ResultPage, memory: Uint8Array) {
    this.page = lease.page;
    this.#lease = lease;
    this.#memory = memory;
  }

  write(address: number, bytes: number): void {
    this.#lease.write(this.#memory, address, bytes);
  }

  issue(rows: number, bytes: number): boolean {
    return this.#lease.issue(rows, bytes) !== "full";
  }

  release(): void {
    this.#lease.release();
  }
}

export class RegionJobTransport implements JobTransport {
  readonly #transport: Transport;
  readonly #pen: FlightPen;
  readonly #memory: Uint8Array;
  readonly #complain: (text: string) => void;

  constructor(
    transport: Transport, pen: FlightPen, memory: Uint8Array, complain: (text: string) => void,
  ) {
    this.#transport = transport;
    this.#pen = pen;
    this.#memory = memory;
    this.#complain = complain;
    noteStaleFrames(transport.scan, transport.control, pen);
  }

  cancelRequested(lease: SessionLease): boolean {
    return this.#transport.control.cancelRequested(lease);
  }

  sendControl(lease: SessionLease, type: MessageType, payload: Uint8Array): void {
    // Two short messages an execution: they always fit a ring that nothing else is written to.
    if (this.#transport.control.send(lease, type, payload, this.#pen.lastSequence) === "full")
      throw new FusionError({
        code: "limitReached", sqlstate: "54000", message: `pg_fusion: slot ${lease.slot} takes no more messages`,
      });
  }

  sendScan(scan: ScanLease, type: MessageType, payload: Uint8Array): void {
    if (type === MessageType.StopScan) this.#transport.scan.stop(scan);
    const outcome = this.#transport.scan.send(scan, type, payload, this.#pen.lastSequence);
    // A scan ring has room for a dozen frames and carries two; stale: the session is ending.
    if (outcome === "full")
      throw new FusionError({
        code: "limitReached", sqlstate: "54000", message: `pg_fusion: scan slot ${scan.slot} takes no more messages`,
      });
  }

  receiveScan(lease: SessionLease, scan: ScanLease): ScanFrame | undefined {
    return this.#transport.scan.receive(scan.slot, lease);
  }

  importScan(scan: ScanLease): ScanImport {
    const found = this.#transport.scan.importPage(scan);
    return found.kind === "stale" ? EMPTY : found;
  }

  acquireResult(lease: SessionLease): OutputPage | undefined {
    const found = this.#transport.control.acquireResult(lease);
    return found.kind === "page" ? new EngineResultPage(found.page, this.#memory) : undefined;
  }

  beginPageWait(lease: SessionLease): void {
    this.#transport.control.beginPageWait(lease);
  }

  endPageWait(lease: SessionLease): void {
    this.#transport.control.endPageWait(lease);
  }

  endResult(lease: SessionLease): boolean {
    return this.#transport.control.endResult(lease, "end") !== "full";
  }

  filters(
    _: SessionLease, slots: readonly FilterSlot[], recorder: (filter: number) => TransitionRecorder,
  ): FilterPort {
    return new JobFilters(
      slots, this.#transport.filter, this.#memory, (metric, amount) => this.count(metric, amount), recorder);
  }

  recorder(lease: SessionLease, actor: number): TransitionRecorder {
    const silent = (this.#transport.control.recording(lease) & RECORDING_SILENT) !== 0;
    return this.#pen.recorder(lease, actor, silent);
  }

  nowNs(): number {
    return monotonicNs();
  }

  count(metric: Metric, amount: number): void {
    if (amount > 0) this.#transport.addMetric(metric, amount);
  }

  raise(metric: Metric, value: number): void {
    this.#transport.raiseMetric(metric, value);
  }

  complain(text: string): void {
    this.#complain(text);
  }
}
