// Reads Trace Event Format by the rules of Perfetto's importer (trace_processor, importers/json): what it would refuse,
// drop or misplace is said. Written from its behaviour, for what src/trace/perfetto.ts uses; it draws nothing.
import type { TraceEvent } from "#trace/perfetto.js";

export interface ImportedSlice {
  readonly tid: number;
  readonly name: string;
  readonly startNs: number;
  readonly durNs: number;
}

export interface ImportedTrace {
  readonly processes: ReadonlyMap<number, string>;
  readonly threads: ReadonlyMap<number, string>;
  readonly slices: readonly ImportedSlice[];
  /** Names of counters: the event's and its argument's. */
  readonly counters: ReadonlySet<string>;
  readonly flows: number;
  readonly refused: readonly string[];
}

const isUint32 = (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 2 ** 32;

/** Microseconds as a binary number, made nanoseconds by cutting the rest off. */
const nanoseconds = (value: number): number => Math.trunc(value * 1000);

class Importer {
  readonly processes = new Map<number, string>();
  readonly threads = new Map<number, string>();
  readonly slices: ImportedSlice[] = [];
  readonly counters = new Set<string>();
  readonly refused: string[] = [];
  flows = 0;
  /** Slices that are open on a thread's track, outermost first. */
  readonly #open = new Map<number, ImportedSlice[]>();
  readonly #processOf = new Map<number, number>();
  readonly #flowsBegun = new Set<number>();

  take(event: TraceEvent): void {
    const { ph, pid, tid, name } = event;
    if (!isUint32(pid) || !isUint32(tid)) return this.#refuse(event, "process and thread are numbers of 32 bits");
    // Thread 0 is the idle thread of every processor.
    if (tid === 0 || pid === 0) return this.#refuse(event, "process and thread 0 are the kernel's");
    if (this.#processOf.has(tid) && this.#processOf.get(tid) !== pid)
      return this.#refuse(event, "a thread of two processes");
    this.#processOf.set(tid, pid);
    if (ph === "M") return this.#name(event);
    if (typeof event.ts !== "number" || event.ts < 0) return this.#refuse(event, "no time");
    if (typeof name !== "string" || name === "") return this.#refuse(event, "no name");
    if (ph === "X") this.#slice(event, event.dur);
    else if (ph === "i") this.#instant(event);
    else if (ph === "C") this.#counter(event);
    else if (ph === "s" || ph === "f") this.#flow(event);
    else this.#refuse(event, "a phase nobody knows");
  }

  #refuse(event: TraceEvent, why: string): void {
    this.refused.push(`${why}: ${JSON.stringify(event)}`);
  }

  #name(event: TraceEvent): void {
    const name = event.args?.["name"];
    if (typeof name !== "string" || name === "") this.#refuse(event, "a name that is none");
    else if (event.name === "process_name") this.processes.set(event.pid, name);
    else if (event.name === "thread_name") this.threads.set(event.tid, name);
    else this.#refuse(event, "metadata nobody knows");
  }

  #instant(event: TraceEvent): void {
    if (event.s === "t") this.#slice(event, 0);
    else this.#refuse(event, "an instant of another scope than its thread");
  }

  /** Slices of a track lie within each other or apart; what begins in one and ends behind it is dropped. */
  #slice(event: TraceEvent, dur: number | undefined): void {
    if (typeof dur !== "number" || dur < 0) return this.#refuse(event, "a slice without a length");
    const slice = {
      tid: event.tid, name: event.name, startNs: nanoseconds(event.ts ?? 0), durNs: nanoseconds(dur),
    };
    const open = (this.#open.get(event.tid) ?? []).filter(({ startNs, durNs }) => startNs + durNs > slice.startNs);
    const around = open.at(-1);
    if (around !== undefined && around.startNs + around.durNs < slice.startNs + slice.durNs)
      return this.#refuse(event, `it overlaps ${around.name}`);
    this.#open.set(event.tid, [...open, slice]);
    this.slices.push(slice);
  }

  #counter(event: TraceEvent): void {
    const values = Object.entries(event.args ?? {});
    if (values.length === 0 || values.some(([, value]) => typeof value !== "number"))
      return this.#refuse(event, "a counter without numbers");
    for (const [key] of values) this.counters.add(`${event.name} ${key}`);
  }

  /** Begins and ends at the topmost slice of its track, and begins first. */
  #flow(event: TraceEvent): void {
    if (typeof event.id !== "number") return this.#refuse(event, "a flow without a number");
    if ((this.#open.get(event.tid) ?? []).length === 0) return this.#refuse(event, "a flow from or to nothing");
    if (event.ph === "s") {
      if (this.#flowsBegun.has(event.id)) this.#refuse(event, "a flow that begins twice");
      this.#flowsBegun.add(event.id);
      return;
    }
    if (!this.#flowsBegun.has(event.id)) return this.#refuse(event, "a flow that ends before it begins");
    if (event.bp !== "e") return this.#refuse(event, "a flow that ends at the next slice");
    this.flows += 1;
  }
}

/** Events in the order of their times; those of the same time in that of the file. */
export function importTraceEvents(text: string): ImportedTrace {
  const { traceEvents, displayTimeUnit } = JSON.parse(text) as {
    readonly traceEvents: readonly TraceEvent[]; readonly displayTimeUnit: string;
  };
  const importer = new Importer();
  if (!["ms", "ns"].includes(displayTimeUnit)) importer.refused.push(`display unit ${displayTimeUnit}`);
  const nanosecondsOf = (event: TraceEvent): number => nanoseconds(event.ts ?? -1);
  for (const event of [...traceEvents].sort((one, other) => nanosecondsOf(one) - nanosecondsOf(other)))
    importer.take(event);
  return importer;
}
