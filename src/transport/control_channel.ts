// Control slots over the addon: frames, cancellation, and result pages on their way to the backend.
import {
  DESCRIPTOR_END, DESCRIPTOR_FAILED, EXECUTORS_MAX, PAGE_SIDE_RESULT,
} from "#generated/layout.js";
import { addon, type NativeRegion } from "./addon.js";
import { CONTROL, RegionFrameChannel } from "./frame_channel.js";
import { ResultPage, type PageName, type ResultPageOwner } from "./page_lease.js";
import type { PoolWindow } from "./pool_window.js";
import { pageOutcome, protocolViolation, statusOk } from "./status.js";
import type { ControlChannel, PageOutcome, ResultAcquisition, SlotLease } from "./transport.js";

const FULL = { kind: "full" } as const;
const STALE = { kind: "stale" } as const;

export class RegionControlChannel extends RegionFrameChannel implements ControlChannel, ResultPageOwner {
  readonly #window: PoolWindow;
  readonly #out = new Uint32Array(2);

  constructor(native: NativeRegion, window: PoolWindow) {
    super(native, CONTROL);
    this.#window = window;
  }

  cancelRequested(lease: SlotLease): boolean {
    return this.native.cancelRequested(lease.slot, lease.epoch);
  }

  recording(lease: SlotLease): number {
    return this.native.recording(lease.slot, lease.epoch);
  }

  assignExecutor(lease: SlotLease, executor: number | undefined): boolean {
    return this.native.assignExecutor(lease.slot, lease.epoch, executor ?? EXECUTORS_MAX);
  }

  showOnDisk(lease: SlotLease, bytes: number): void {
    this.native.showOnDisk(lease.slot, lease.epoch, bytes);
  }

  acquireResult(lease: SlotLease): ResultAcquisition {
    const status = this.native.acquireResult(lease.slot, lease.epoch, this.#out);
    const known = addon().status;
    if (status === known.full) return FULL;
    if (status === known.stale) return STALE;
    if (status !== known.ok) throw protocolViolation(`acquire of a result page: status ${status}.`);
    const [page = 0, generation = 0] = this.#out;
    const { slot, epoch } = lease;
    return {
      kind: "page",
      page: new ResultPage(this, { page, generation, side: PAGE_SIDE_RESULT, slot, epoch }),
    };
  }

  beginPageWait(lease: SlotLease): void {
    this.native.pageWait(lease.slot, true);
  }

  endPageWait(lease: SlotLease): void {
    this.native.pageWait(lease.slot, false);
  }

  endResult(lease: SlotLease, outcome: "end" | "failed"): PageOutcome {
    const kind = outcome === "end" ? DESCRIPTOR_END : DESCRIPTOR_FAILED;
    return pageOutcome(this.native.endResult(lease.slot, lease.epoch, kind), "end of results");
  }

  release(page: PageName): boolean {
    return this.#window.release(page);
  }

  write(page: PageName, source: Uint8Array, sourceOffset: number, length: number): void {
    const status = this.native.writeResult(
      page.page, page.generation, page.slot, page.epoch, source, sourceOffset, length);
    if (status === addon().status.tooLarge) throw new RangeError(`${length} bytes do not fit a page`);
    // A swept page belongs to somebody else by now: the caller learns of the end when it issues.
    if (!statusOk(status) && status !== addon().status.stale)
      throw protocolViolation(`write of a result page: status ${status}.`);
  }

  issue(page: PageName, rows: number, bytes: number, flags: number): PageOutcome {
    const status = this.native.issueResult(
      page.page, page.generation, page.slot, page.epoch, flags, rows, bytes);
    if (status === addon().status.tooLarge) throw new RangeError(`${bytes} bytes do not fit a page`);
    return pageOutcome(status, "issue of a result page");
  }
}
