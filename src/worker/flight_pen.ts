// Recorders for the actors of one thread. It keeps the number of the last record, which travels with the next message
// as its cause. Writing itself is transport's.
import type { SessionLease } from "#actors/ports.js";
import type { TransitionRecorder } from "#actors/table_actor.js";
import { FLIGHT_NOTE_STALE_FRAME, RECORDING_SILENT } from "#generated/layout.js";
import type { FlightWriter } from "#transport/flight_writer.js";
import type { ControlChannel, FrameChannel, StaleFrames } from "#transport/transport.js";

/** Writing is all that is asked of a writer. */
export type FlightRecords = Pick<FlightWriter, "record">;

export class FlightPen {
  readonly #writer: FlightRecords;
  #last = 0;

  constructor(writer: FlightRecords) {
    this.#writer = writer;
  }

  /** A message sent now was caused by this record. */
  get lastSequence(): number {
    return this.#last;
  }

  /** Notes that a frame of an earlier lease was dropped; causes nothing. */
  noteStale({ lease, type, sequence }: StaleFrames): void {
    this.#writer.record(lease, {
      machine: 0, event: FLIGHT_NOTE_STALE_FRAME, from: 0, to: 0, actor: 0, argument: type, cause: sequence,
    });
  }

  /**
   * Records the transitions of one session's actors; `actor` is the leaf, where there is one. A silent session leaves
   * no records, and what it causes names none.
   */
  recorder(lease: SessionLease, actor: number, silent = false): TransitionRecorder {
    if (silent) return { transition: () => void (this.#last = 0) };
    return {
      transition: (machine, event, from, to, argument, cause) => {
        this.#last = this.#writer.record(lease, { machine, event, from, to, actor, argument, cause });
      },
    };
  }
}

/** Lets a thread's pen note what `frames` drops, unless the session it was dropped for is silent. */
export function noteStaleFrames(frames: FrameChannel, control: ControlChannel, pen: FlightPen): void {
  frames.onStale((dropped) => {
    if ((control.recording(dropped.lease) & RECORDING_SILENT) === 0) pen.noteStale(dropped);
  });
}
