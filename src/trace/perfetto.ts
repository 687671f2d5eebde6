// A recording in the Trace Event Format, which ui.perfetto.dev and chrome://tracing open: sessions as processes,
// actors as threads, states as slices, causes as flows. Only names and numbers are exported, never data.
import { generatedMachines } from "#generated/machines.js";
import type { Flight, FlightEntry } from "./flight_reader.js";
import { writerName } from "./story.js";

/** The phases we use: complete, metadata, instant, counter, flow start and flow finish. */
export interface TraceEvent {
  readonly ph: "X" | "M" | "i" | "C" | "s" | "f";
  readonly name: string;
  readonly cat?: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds. */
  readonly ts?: number;
  readonly dur?: number;
  readonly id?: number;
  readonly bp?: "e";
  readonly s?: "t";
  readonly args?: Readonly<Record<string, string | number>>;
}

const microseconds = (ns: bigint): number => Number(ns) / 1000;
const isPostgres = ({ writer }: FlightEntry): boolean => writer.kind === "backend" || writer.kind === "producer";

/** Numbers for sessions and actors, given out as they appear. */
class Numbers {
  readonly #numbers = new Map<string, number>();

  of(key: string, onNew: (number: number) => void): number {
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#numbers.size + 1;
    this.#numbers.set(key, number);
    onNew(number);
    return number;
  }
}

interface Track {
  readonly pid: number;
  readonly tid: number;
}

class Exporter {
  readonly events: TraceEvent[] = [];
  readonly #startNs: bigint;
  readonly #endNs: bigint;
  /** Of both: a thread that has its process's number is taken for its first. */
  readonly #numbers = new Numbers();
  /** The slice that is open on each track. */
  readonly #open = new Map<number, { readonly entry: FlightEntry; readonly track: Track }>();
  readonly #causes = new Map<string, { readonly track: Track; readonly ts: number }>();
  readonly #held = new Map<number, number>();
  #flows = 0;

  constructor(flight: Flight) {
    this.#startNs = flight.entries[0]?.timeNs ?? 0n;
    this.#endNs = flight.entries.at(-1)?.timeNs ?? 0n;
    for (const entry of flight.entries) this.#add(entry);
    for (const { entry, track } of this.#open.values()) this.#close(entry, track, this.#endNs);
  }

  #track(entry: FlightEntry): Track {
    const session = `slot ${entry.slot}, epoch ${entry.session}`;
    const pid = this.#numbers.of(session, (number) =>
      this.events.push({ ph: "M", name: "process_name", pid: number, tid: number, args: { name: session } }));
    const machine = generatedMachines[entry.machine - 1]?.name ?? `machine ${entry.machine}`;
    const label = `${writerName(entry.writer)} ${machine} ${entry.actor}`;
    const tid = this.#numbers.of(`${session} ${entry.writerIndex} ${label}`, (number) =>
      this.events.push({ ph: "M", name: "thread_name", pid, tid: number, args: { name: label } }));
    return { pid, tid };
  }

  #add(entry: FlightEntry): void {
    const machine = generatedMachines[entry.machine - 1];
    const track = this.#track(entry);
    const ts = microseconds(entry.timeNs - this.#startNs);
    const event = machine?.events[entry.event] ?? `event ${entry.event}`;
    this.events.push({
      ...track, ph: "i", s: "t", cat: "event", name: event, ts,
      args: { argument: entry.argument, sequence: entry.sequence },
    });
    if (machine?.name === "page_lease") this.#count(entry, event, track.pid, ts);
    else {
      const before = this.#open.get(track.tid);
      if (before !== undefined) this.#close(before.entry, track, entry.timeNs);
      if (machine?.finals.includes(entry.to) === true) this.#open.delete(track.tid);
      else this.#open.set(track.tid, { entry, track });
    }
    this.#flow(entry, track, ts);
  }

  /**
   * The state an entry led to, until another step of the same actor, less a nanosecond: a reader that cuts fractions
   * of nanoseconds off may see the next step that much earlier, and drops what overlaps.
   */
  #close(entry: FlightEntry, track: Track, untilNs: bigint): void {
    const ts = microseconds(entry.timeNs - this.#startNs);
    const name = generatedMachines[entry.machine - 1]?.states[entry.to] ?? `state ${entry.to}`;
    const dur = Math.max(0, microseconds(untilNs - entry.timeNs - 1n));
    this.events.push({ ...track, ph: "X", cat: "state", name, ts, dur });
  }

  #flow(entry: FlightEntry, track: Track, ts: number): void {
    const key = (postgres: boolean, sequence: number): string =>
      `${postgres ? "p" : "w"} ${entry.slot} ${entry.session} ${sequence}`;
    const cause = entry.cause === 0 ? undefined : this.#causes.get(key(!isPostgres(entry), entry.cause));
    if (cause !== undefined) {
      const id = (this.#flows += 1);
      this.events.push({ ...cause.track, ph: "s", cat: "cause", name: "cause", id, ts: cause.ts });
      this.events.push({ ...track, ph: "f", bp: "e", cat: "cause", name: "cause", id, ts });
    }
    this.#causes.set(key(isPostgres(entry), entry.sequence), { track, ts });
  }

  #count(entry: FlightEntry, event: string, pid: number, ts: number): void {
    const change = event === "leased" ? 1 : event === "released" || event === "swept" ? -1 : 0;
    if (change === 0) return;
    const pages = Math.max(0, (this.#held.get(pid) ?? 0) + change);
    this.#held.set(pid, pages);
    this.events.push({ ph: "C", name: "pages held", pid, tid: pid, ts, args: { pages } });
  }
}

/** The whole file as JSON text. */
export function perfettoJson(flight: Flight): string {
  const { events } = new Exporter(flight);
  return JSON.stringify({ displayTimeUnit: "ns", traceEvents: events });
}
