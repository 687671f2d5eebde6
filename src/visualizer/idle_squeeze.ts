// An axis of time on which nothing happens nowhere: gaps without a record shrink to a fixed share, so that a second
// of thought between two statements does not hide them. It maps time to axis and back; drawing is
// page/lanes_view.ts's.
import { firstAfter, type TraceStore } from "./trace_store.js";

export interface Gap {
  readonly fromNs: number;
  readonly toNs: number;
}

/** With no session open, a person is thinking. */
export const IDLE_GAP_NS = 5e6;
/** Inside a statement silence is work or waiting: only a long one is squeezed. */
const OPEN_GAP_NS = 1e9;
/** What is left of a squeezed gap. */
export const SQUEEZED_NS = 1e6;

/** Gaps of the whole trace, rising: where nobody wrote for long. */
export function findGaps(store: TraceStore): Gap[] {
  const gaps: Gap[] = [];
  const { timeNs } = store.columns;
  // A session is open from its first record to its last one.
  const last = new Float64Array(store.sessions.length);
  for (const { id, records } of store.sessions) last[id] = records[records.length - 1] ?? -1;
  let openUntil = -1;
  const end = store.count - 1;
  for (let at = 0; at < end; at++) {
    const lastOfSession = last[store.sessionOf(at)] as number;
    if (lastOfSession > openUntil) openUntil = lastOfSession;
    const [from, to] = [timeNs[at] as number, timeNs[at + 1] as number];
    if (to - from > (openUntil > at ? OPEN_GAP_NS : IDLE_GAP_NS)) gaps.push({ fromNs: from, toNs: to });
  }
  return gaps;
}

/** Time without its gaps. */
export class SqueezedAxis {
  readonly gaps: readonly Gap[];
  readonly startNs: number;
  readonly #from: Float64Array;
  /** Axis length taken out up to and with each gap. */
  readonly #removed: Float64Array;

  constructor(gaps: readonly Gap[], startNs: number) {
    this.gaps = gaps;
    this.startNs = startNs;
    this.#from = Float64Array.from(gaps, ({ fromNs }) => fromNs);
    let removed = 0;
    this.#removed = Float64Array.from(gaps, ({ fromNs, toNs }) => (removed += toNs - fromNs - SQUEEZED_NS));
  }

  /** Position of a time on the axis, in squeezed nanoseconds from the start. */
  place(timeNs: number): number {
    const before = firstAfter(this.#from, timeNs) - 1;
    const gap = this.gaps[before];
    if (gap === undefined) return timeNs - this.startNs;
    const removedBefore = this.#removed[before - 1] ?? 0;
    if (timeNs >= gap.toNs) return timeNs - this.startNs - (this.#removed[before] as number);
    const share = (timeNs - gap.fromNs) / (gap.toNs - gap.fromNs);
    return gap.fromNs - this.startNs - removedBefore + share * SQUEEZED_NS;
  }

  /** The time at a position: place() backwards. */
  time(place: number): number {
    let low = 0;
    let high = this.gaps.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.place(this.#from[middle] as number) <= place) low = middle + 1;
      else high = middle;
    }
    const gap = this.gaps[low - 1];
    if (gap === undefined) return place + this.startNs;
    const into = place - this.place(gap.fromNs);
    if (into >= SQUEEZED_NS) return gap.toNs + into - SQUEEZED_NS;
    return gap.fromNs + (into / SQUEEZED_NS) * (gap.toNs - gap.fromNs);
  }
}
