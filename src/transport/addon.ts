// Loads the native addon and gives its exports types. Only region.ts and flight_writer.ts import this; their
// methods are what the rest of the worker uses. The classes themselves are native/addon/region_handle.h and
// flight_handle.h.
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { FusionError } from "#base/errors.js";

export interface NativeFrame {
  readonly type: number;
  readonly epoch: number;
  readonly sequence: number;
  readonly payload: Uint8Array;
}

/** Kinds are 0 control, 1 scan; numbers returned are statuses unless said otherwise. */
export interface NativeRegion {
  numbers(): {
    pageBytes: number; pageCount: number; controlSlotCount: number; scanSlotCount: number;
    controlRingBytes: number; incarnation: bigint;
  };
  workerState(out: Uint32Array): number;
  ready(generation: number, executors: number): boolean;
  lease(kind: number, slot: number, out: Uint32Array): number;
  detach(kind: number, slot: number, epoch: number): number;
  /** `stale` takes how many frames of earlier leases were dropped, type and sequence of the last. */
  receive(kind: number, slot: number, stale: Uint32Array): NativeFrame | undefined;
  send(kind: number, slot: number, epoch: number, type: number, sequence: number, payload: Uint8Array): number;
  onWake(callback: (slots: number[]) => void): void;
  stopWake(): void;
  cancelRequested(slot: number, epoch: number): boolean;
  recording(slot: number, epoch: number): number;
  assignExecutor(slot: number, epoch: number, executor: number): boolean;
  showOnDisk(slot: number, epoch: number, bytes: number): void;
  stopScan(slot: number, epoch: number): boolean;
  executorSeen(executor: number): number;
  executorWait(executor: number, seen: number, timeoutMs: number): number;
  wakeExecutor(executor: number): void;
  audit(): {
    controlSlotsHeld: number; scanSlotsHeld: number; pagesHeld: number; permitsMissing: number;
    freePages: number; filtersHeld: number; protocolViolations: number; staleDrops: number; sweptPages: number;
  };
  addMetric(metric: number, amount: number): void;
  raiseMetric(metric: number, value: number): void;
  countViolation(): void;
  close(): void;
  importScan(slot: number, epoch: number, out: Uint32Array): number;
  acquireResult(slot: number, epoch: number, out: Uint32Array): number;
  releasePage(page: number, generation: number, slot: number, epoch: number, side: number): number;
  writeResult(
    page: number, generation: number, slot: number, epoch: number,
    source: Uint8Array, sourceOffset: number, length: number,
  ): number;
  issueResult(
    page: number, generation: number, slot: number, epoch: number,
    flags: number, rows: number, bytes: number,
  ): number;
  endResult(slot: number, epoch: number, kind: number): number;
  pageWait(slot: number, begin: boolean): void;
  mapPoolReadOnly(view: Uint8Array, byteOffset: number): void;
  unmapPool(): void;
  filterBegin(slot: number, epoch: number): number;
  filterMeasure(slot: number, epoch: number, memory: Uint8Array, layout: Uint32Array): number;
  filterSize(slot: number, epoch: number, rows: number, oneWord: number): number;
  filterEnter(slot: number, epoch: number, memory: Uint8Array, layout: Uint32Array): number;
  filterPublish(slot: number, epoch: number): number;
  filterDecline(slot: number, epoch: number): number;
}

export interface NativeFlight {
  record(
    writer: number, machine: number, event: number, from: number, to: number, slot: number,
    session: number, actor: number, argument: number, cause: number,
  ): number;
  writer(kind: number, index: number): number;
  close(): void;
}

export interface Addon {
  readonly status: {
    readonly ok: number; readonly full: number; readonly empty: number; readonly stale: number;
    readonly corrupt: number; readonly tooLarge: number;
  };
  readonly Region: new (fd: number, wakeFds?: number | Int32Array) => NativeRegion;
  readonly Flight: new (fd: number) => NativeFlight;
}

/** Relative to dist/transport and src/transport alike. */
const builtAddon = "../../native/addon/build/Release/pg_fusion.node";

let loaded: Addon | undefined;

/** The addon of this thread; PG_FUSION_ADDON names another file. */
export function addon(): Addon {
  if (loaded !== undefined) return loaded;
  const path = process.env["PG_FUSION_ADDON"] ?? fileURLToPath(new URL(builtAddon, import.meta.url));
  try {
    loaded = createRequire(import.meta.url)(path) as Addon;
  } catch (cause) {
    throw new FusionError({
      code: "internal",
      sqlstate: "58P01",
      message: `pg_fusion: cannot load the native addon ${path}`,
      hint: "Run npm run build.",
      cause,
    });
  }
  return loaded;
}
