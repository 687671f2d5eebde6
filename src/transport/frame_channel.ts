// Frames over the addon, alike for control and scan slots. Joining, splitting, verifying and queueing happen below
// (native/addon/frame_channel.cc); here the outcomes get names and violations become errors.
import type { MessageType } from "#generated/layout.js";
import type { NativeRegion } from "./addon.js";
import { pageOutcome, protocolViolation } from "./status.js";
import type { FrameChannel, LeaseState, ReceivedFrame, SendOutcome, SlotLease, StaleFrames } from "./transport.js";

/** Slot kinds of the addon. */
export const CONTROL = 0;
export const SCAN = 1;

const NO_LEASE = 0;
const OPEN_LEASE = 1;

export class RegionFrameChannel implements FrameChannel {
  protected readonly native: NativeRegion;
  readonly #kind: number;
  readonly #out = new Uint32Array(1);
  readonly #stale = new Uint32Array(3);
  #onStale: (dropped: StaleFrames) => void = () => undefined;

  constructor(native: NativeRegion, kind: typeof CONTROL | typeof SCAN) {
    this.native = native;
    this.#kind = kind;
  }

  lease(slot: number): LeaseState | undefined {
    const state = this.native.lease(this.#kind, slot, this.#out);
    return state === NO_LEASE ? undefined : { epoch: this.#out[0] ?? 0, open: state === OPEN_LEASE };
  }

  receive(slot: number, session?: SlotLease): ReceivedFrame | undefined {
    try {
      // The addon lets only types of the closed list through.
      const frame = this.native.receive(this.#kind, slot, this.#stale) as ReceivedFrame | undefined;
      if (this.#stale[0] !== 0) this.#tellStale(session ?? { slot, epoch: this.lease(slot)?.epoch ?? 0 });
      return frame;
    } catch (cause) {
      if (cause instanceof Error && "code" in cause && cause.code === "PROTOCOL_VIOLATION")
        throw protocolViolation(`${cause.message}.`, cause);
      throw cause;
    }
  }

  onStale(listener: (dropped: StaleFrames) => void): void {
    this.#onStale = listener;
  }

  #tellStale(lease: SlotLease): void {
    const [count = 0, type = 0, sequence = 0] = this.#stale;
    this.#onStale({ lease, count, type, sequence });
  }

  send(lease: SlotLease, type: MessageType, payload: Uint8Array, sequence: number): SendOutcome {
    const status = this.native.send(this.#kind, lease.slot, lease.epoch, type, sequence, payload);
    return pageOutcome(status, "send");
  }

  detach(lease: SlotLease): number {
    return this.native.detach(this.#kind, lease.slot, lease.epoch);
  }
}
