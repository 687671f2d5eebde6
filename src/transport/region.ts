// The shared region through the addon: the Transport the worker runs on. Every thread attaches its own Region
// to the same descriptors; the pool window is mapped into the shared WebAssembly memory once, by the main
// thread.
import { FusionError } from "#base/errors.js";
import { EXECUTORS_MAX } from "#generated/layout.js";
import type { Metric } from "#generated/metrics.js";
import { addon, type NativeRegion } from "./addon.js";
import { RegionControlChannel } from "./control_channel.js";
import { RegionFilterChannel } from "./filter_channel.js";
import { PoolWindow } from "./pool_window.js";
import { RegionScanChannel } from "./scan_channel.js";
import type { ControlChannel, FilterChannel, RegionAudit, RegionNumbers, ScanChannel, Transport } from "./transport.js";

export class Region implements Transport {
  readonly numbers: RegionNumbers;
  readonly control: ControlChannel;
  readonly scan: ScanChannel;
  readonly filter: FilterChannel;
  readonly #native: NativeRegion;
  readonly #window: PoolWindow;
  readonly #out = new Uint32Array(2);

  private constructor(native: NativeRegion) {
    this.#native = native;
    this.numbers = native.numbers();
    this.#window = new PoolWindow(native, this.numbers.pageBytes);
    this.control = new RegionControlChannel(native, this.#window);
    this.scan = new RegionScanChannel(native, this.#window);
    this.filter = new RegionFilterChannel(native);
  }

  /**
   * Maps the region behind an inherited descriptor. `wakeFds` are the eventfds in region order (worker, control
   * slots, scan slots), or the first of so many consecutive ones.
   */
  static attach(fd: number, wakeFds: number | Int32Array): Region {
    const { Region: Native } = addon();
    try {
      return new Region(new Native(fd, wakeFds));
    } catch (cause) {
      if (!(cause instanceof Error) || !("code" in cause)) throw cause;
      throw new FusionError({
        code: "internal",
        sqlstate: "58000",
        message: `pg_fusion: cannot attach to the shared region: ${cause.message}`,
        hint:
          cause.code === "LAYOUT_MISMATCH"
            ? "The worker and the extension are of different builds: build both, restart the server."
            : undefined,
        cause,
      });
    }
  }

  /** Maps the page pool read-only over memory[byteOffset ..]; once per process. */
  mapPool(memory: WebAssembly.Memory, byteOffset: number): void {
    this.#native.mapPoolReadOnly(new Uint8Array(memory.buffer), byteOffset);
    this.usePool(memory, byteOffset);
  }

  /** Reads pages through a window another thread of this process has mapped. */
  usePool(memory: WebAssembly.Memory, byteOffset: number): void {
    this.#window.use(memory, byteOffset, this.numbers.pageCount);
  }

  /** Puts ordinary memory back where the window was. */
  unmapPool(): void {
    this.#window.forget();
    this.#native.unmapPool();
  }

  ready(generation: number, executors: number): boolean {
    if (executors < 1 || executors > EXECUTORS_MAX) throw new RangeError(`executors: 1 to ${EXECUTORS_MAX}`);
    return this.#native.ready(generation, executors);
  }

  workerState(): { readonly state: number; readonly generation: number } {
    const state = this.#native.workerState(this.#out);
    return { state, generation: this.#out[1] ?? 0 };
  }

  onWake(callback: (slots: readonly number[]) => void): void {
    this.#native.onWake(callback);
  }

  stopWake(): void {
    this.#native.stopWake();
  }

  executorSeen(executor: number): number {
    return this.#native.executorSeen(executor);
  }

  executorWait(executor: number, seen: number, timeoutMs: number): number {
    return this.#native.executorWait(executor, seen, timeoutMs);
  }

  wakeExecutor(executor: number): void {
    this.#native.wakeExecutor(executor);
  }

  addMetric(metric: Metric, amount: number): void {
    this.#native.addMetric(metric, amount);
  }

  raiseMetric(metric: Metric, value: number): void {
    this.#native.raiseMetric(metric, value);
  }

  countViolation(): void {
    this.#native.countViolation();
  }

  audit(): RegionAudit {
    return this.#native.audit();
  }

  close(): void {
    this.#window.forget();
    this.#native.close();
  }
}
