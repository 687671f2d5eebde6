// Feeds pages from a flight recorder's file: a given one, or always the newest of a cluster. Each page has its own
// place in the file, so pages do not take records from each other.
import { FlightFollower, type FlightNews } from "#trace/flight_follower.js";
import { readFlight } from "#trace/flight_reader.js";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { chunkOfEntries, headingOf } from "./flight_chunk.js";
import type { PageSource, TraceFeed } from "./page_server.js";
import { emptyChunk, packTrace } from "./trace_chunk.js";

/** Writers publish a record within this time of reading the clock, unless the machine stalls. */
const SETTLE_NS = 50_000_000n;

/** All records of a file at this moment, packed. */
export function packFlightFile(path: string, live: boolean): Uint8Array {
  const flight = readFlight(readFileSync(path));
  const heading = headingOf(flight, basename(path), live, flight.torn + flight.overwritten);
  return packTrace(heading, chunkOfEntries(flight.entries, flight.monotonicNs));
}

class FlightFeed implements TraceFeed {
  readonly #path: string;
  readonly #newest: () => string | undefined;
  readonly #follower: FlightFollower;
  #told = false;

  constructor(path: string, newest: () => string | undefined) {
    this.#path = path;
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
    const { origin } = this.#follower;
    return packTrace(
      headingOf(origin, basename(this.#path), true, lost), chunkOfEntries(entries, origin.monotonicNs));
  }
}

/** A file as it is now; nothing follows. */
export function recordedSource(path: string): PageSource {
  return {
    live: false,
    open: () => ({ whole: () => packFlightFile(path, false), more: () => undefined, close: () => undefined }),
  };
}

/** The newest recording of a cluster, and what it gains. */
export function liveSource(newest: () => string | undefined): PageSource {
  return {
    live: true,
    open(): TraceFeed {
      const path = newest();
      if (path === undefined) {
        const heading = {
          title: "no recording", live: true, wallMs: 0, machinesFingerprint: "", sameMachines: true, missing: 0,
        };
        return {
          whole: () => packTrace(heading, emptyChunk(0)),
          more: () => (newest() === undefined ? undefined : "restarted"),
          close: () => undefined,
        };
      }
      return new FlightFeed(path, newest);
    },
  };
}
