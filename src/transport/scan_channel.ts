// Scan slots over the addon: frames of a producer, and its pages as leases.
import { DESCRIPTOR_END, DESCRIPTOR_PAGE, PAGE_SIDE_SCAN } from "#generated/layout.js";
import { addon, type NativeRegion } from "./addon.js";
import { RegionFrameChannel, SCAN } from "./frame_channel.js";
import { PageLease } from "./page_lease.js";
import type { PoolWindow } from "./pool_window.js";
import { protocolViolation } from "./status.js";
import type { ScanChannel, ScanImport, SlotLease } from "./transport.js";

const EMPTY = { kind: "empty" } as const;
const STALE = { kind: "stale" } as const;
const END = { kind: "end" } as const;
const FAILED = { kind: "failed" } as const;

export class RegionScanChannel extends RegionFrameChannel implements ScanChannel {
  readonly #window: PoolWindow;
  readonly #out = new Uint32Array(10);

  constructor(native: NativeRegion, window: PoolWindow) {
    super(native, SCAN);
    this.#window = window;
  }

  importPage(lease: SlotLease): ScanImport {
    const status = this.native.importScan(lease.slot, lease.epoch, this.#out);
    const known = addon().status;
    if (status === known.empty) return EMPTY;
    if (status === known.stale) return STALE;
    if (status !== known.ok) throw protocolViolation("A scan page's descriptor disagrees with its owner word.");
    const [page = 0, generation = 0, slot = 0, epoch = 0, kind = 0] = this.#out;
    if (kind !== DESCRIPTOR_PAGE) return kind === DESCRIPTOR_END ? END : FAILED;
    const [, , , , , rows = 0, bytes = 0, flags = 0, leaf = 0, producer = 0] = this.#out;
    const name = { page, generation, side: PAGE_SIDE_SCAN, slot, epoch };
    return { kind: "page", page: new PageLease(this.#window, name, { rows, bytes, flags, leaf, producer }) };
  }

  stop(lease: SlotLease): boolean {
    return this.native.stopScan(lease.slot, lease.epoch);
  }
}
