// Feeds pages: from a recording that is whole (recording.ts), or from the newest flight recorder's file of a cluster.
// Each page has its own place in that file, so pages do not take records from each other.
import { FlightFollower, type FlightNews } from "#trace/flight_follower.js";
import { basename } from "node:path";
import { chunkOfEntries, headingOf } from "./flight_chunk.js";
import type { PageSource, TraceFeed } from "./page_server.js";
import type { ShownPlan } from "./shown_plan.js";
import { emptyChunk, packTrace } from "./trace_chunk.js";

/** Writers publish a record within this time of reading the clock, unless the machine stalls. */
const SETTLE_NS = 50_000_000n;

class FlightFeed implements TraceFeed {
  readonly #path: string;
  readonly #newest: () => string | undefined;
  readonly #plans: readonly ShownPlan[];
  readonly #follower: FlightFollower;
  #told = false;

  constructor(path: string, newest: () => string | undefined, plans: readonly ShownPlan[]) {
    this.#path = path;
    this.#plans = plans;
    this.#newest = newest;
    this.#follower = new FlightFollower(path);
  }

  whole(): Uint8Array {
    return this.#pack(this.#news());
  }

  more(): Uint8Array | "restarted" | undefined {
    const news = this.#news();
    if (news.entries.length > 0 || news.lost > 0) return this.#pack(news);
    // What the old recording still had is told before the new one.
    if (this.#told || this.#newest() === this.#path) return undefined;
    this.#told = true;
    return "restarted";
  }

  close(): void {
    this.#follower.close();
  }

  #news(): FlightNews {
    return this.#follower.news(process.hrtime.bigint() - SETTLE_NS);
  }

  #pack({ entries, lost }: FlightNews): Uint8Array {
    const { origin, controlSlots } = this.#follower;
    const heading = headingOf(origin, {
      title: basename(this.#path), live: true, missing: lost, controlSlots, plans: this.#plans,
    });
    return packTrace(heading, chunkOfEntries(entries, origin.monotonicNs));
  }
}

/** A recording that is whole; nothing follows. */
export function recordedSource(packed: Uint8Array, other: Uint8Array | undefined): PageSource {
  return {
    live: false,
    other,
    open: () => ({ whole: () => packed, more: () => undefined, close: () => undefined }),
  };
}

/** The newest recording of a cluster, and what it gains. */
export function liveSource(
  newest: () => string | undefined, plans: readonly ShownPlan[], other: Uint8Array | undefined,
): PageSource {
  return {
    live: true,
    other,
    open(): TraceFeed {
      const path = newest();
      if (path === undefined) {
        const heading = {
          title: "no recording", live: true, wallMs: 0, machinesFingerprint: "", sameMachines: true, missing: 0,
          controlSlots: 0, plans,
        };
        return {
          whole: () => packTrace(heading, emptyChunk(0)),
          more: () => (newest() === undefined ? undefined : "restarted"),
          close: () => undefined,
        };
      }
      return new FlightFeed(path, newest, plans);
    },
  };
}
