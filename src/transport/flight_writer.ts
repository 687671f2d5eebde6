// The worker's pen in the flight recorder: one writer per thread, every transition a record that survives
// kill -9. Machines, events and states are numbers of the generated tables; reading them back is src/trace.
import { FusionError } from "#base/errors.js";
import { addon, type NativeFlight } from "./addon.js";
import type { SlotLease } from "./transport.js";

const WORKER_WRITER = 0;
const EXECUTOR_WRITER = 1;

export interface FlightTransition {
  readonly machine: number;
  readonly event: number;
  readonly from: number;
  readonly to: number;
  /** Scan slot, leaf or producer, by machine. */
  readonly actor: number;
  readonly argument: number;
  /** Sequence of the peer's record that caused this one; 0: local. */
  readonly cause: number;
}

/** Fields are 16 bits and less in the record: what is larger is cut, never refused. */
const uint16 = (value: number): number => value & 0xffff;

export class FlightWriter {
  readonly #native: NativeFlight;
  readonly #writer: number;

  private constructor(native: NativeFlight, writer: number) {
    this.#native = native;
    this.#writer = writer;
  }

  /** The writer of the main thread. */
  static forWorker(fd: number): FlightWriter {
    return FlightWriter.#attach(fd, WORKER_WRITER, 0);
  }

  static forExecutor(fd: number, executor: number): FlightWriter {
    return FlightWriter.#attach(fd, EXECUTOR_WRITER, executor);
  }

  static #attach(fd: number, kind: number, index: number): FlightWriter {
    const { Flight } = addon();
    try {
      const native = new Flight(fd);
      return new FlightWriter(native, native.writer(kind, index));
    } catch (cause) {
      throw new FusionError({
        code: "internal",
        sqlstate: "58000",
        message: "pg_fusion: cannot attach to the flight recorder",
        detail: cause instanceof Error ? cause.message : undefined,
        cause,
      });
    }
  }

  /** Writes one record; returns its sequence, the cause of what it leads to. */
  record(lease: SlotLease, transition: FlightTransition): number {
    const { machine, event, from, to, actor, argument, cause } = transition;
    return this.#native.record(
      this.#writer, machine, event, from, to, uint16(lease.slot), lease.epoch >>> 0, uint16(actor),
      argument >>> 0, cause >>> 0);
  }

  close(): void {
    this.#native.close();
  }
}
