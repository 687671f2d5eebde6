// What a simulation or an exploration did, as a trace file: when one fails, it is told again with this recorder, and
// the visualizer, `trace show` and `trace replay` open what it did like any other trace.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { stepTable, type TransitionRecorder } from "#actors/table_actor.js";
import { LAYOUT_FINGERPRINT } from "#generated/layout.js";
import { cancellation, generatedMachines, MACHINES_FINGERPRINT, pageLease, scan } from "#generated/machines.js";
import { TraceNote } from "#trace/format/trace_call.js";
import type { TraceSource, TraceWriterName, WriterKind } from "#trace/format/trace_record.js";
import { traceHeader, TraceWriter } from "#trace/format/trace_writer.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Where traces of failures go; not committed. */
export const failurePlace = (name: string): string => join(root, "build", "traces", `${name}.fxtrace`);

/** A session's name in a simulated region. */
export interface TracedLease {
  readonly slot: number;
  readonly epoch: number;
}

export class FailureTrace {
  readonly #source: TraceSource;
  readonly #chunks: Uint8Array[] = [];
  readonly #writers = new Map<string, TraceWriter>();
  #clock = 0n;

  constructor(source: TraceSource) {
    this.#source = source;
  }

  /** A recorder of one writer; the lease is asked at each step, since it may come late. */
  recorder(writer: TraceWriterName, lease: () => TracedLease): TransitionRecorder {
    return {
      transition: (machine, event, from, to, argument, cause) =>
        this.add(writer, lease(), { machine, event, from, to, actor: 0, argument, cause }),
    };
  }

  /** One step; every step is a microsecond after the last, whoever took it. */
  add(writer: TraceWriterName, { slot, epoch }: TracedLease, step: {
    readonly machine: number; readonly event: number; readonly from: number; readonly to: number;
    readonly actor: number; readonly argument: number; readonly cause: number;
  }): void {
    const { machine, event, from, to, actor, argument, cause } = step;
    const table = generatedMachines[machine - 1];
    this.#writer(writer).add({
      kind: "transition", machine, code: event, from, to, actor, argument, cause, slot, session: epoch,
      effects: table === undefined ? 0 : stepTable(table, from, event)?.mask ?? 0,
    });
  }

  remark(text: string): void {
    this.#writer({ kind: "worker", number: 0 })
      .add({ kind: "note", code: TraceNote.remark, data: new TextEncoder().encode(text) });
  }

  bytes(): Uint8Array {
    for (const writer of this.#writers.values()) writer.flush();
    const header = traceHeader({
      level: "control", source: this.#source, redacted: false, pageBytes: 0, pageCount: 0, workerMemoryMb: 0,
      controlSlots: 64, layoutFingerprint: LAYOUT_FINGERPRINT, machinesFingerprint: MACHINES_FINGERPRINT,
      incarnation: 0n, wallNs: 0n, monotonicNs: 0n, limitBytes: 0, slot: 0, session: 0, backendPid: 0, role: 0,
    });
    return Buffer.concat([header, ...this.#chunks]);
  }

  /** Writes the file over an earlier one of the same name. */
  write(name: string): string {
    const path = failurePlace(name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, this.bytes());
    return path;
  }

  #writer(name: TraceWriterName): TraceWriter {
    const key = `${name.kind} ${name.number}`;
    let writer = this.#writers.get(key);
    if (writer === undefined) {
      const sink = { append: (chunk: Uint8Array) => this.#chunks.push(chunk.slice()) > 0 };
      this.#writers.set(key, (writer = new TraceWriter(name, sink, 0, () => (this.#clock += 1000n))));
      if (this.#writers.size === 1) writer.machines();
    }
    return writer;
  }
}

/** Who runs a machine in the worker: jobs' machines run on executor threads. */
export function workerKindOf(machine: number): WriterKind {
  return [scan.code, cancellation.code, pageLease.code].some((code) => code === machine) ? "executor" : "worker";
}

/**
 * Runs a check; when it throws, what led there is told again by `retell`, written as a trace, and the error says where.
 * With a shrinking generator the last file is of the smallest failure.
 */
export function tracingFailures(
  name: string, source: TraceSource, check: () => void, retell: (trace: FailureTrace) => void,
): void {
  try {
    check();
  } catch (error) {
    const trace = new FailureTrace(source);
    try {
      retell(trace);
    } catch {
      // It fails again, as it should: what it did until then is the story.
    }
    trace.remark(error instanceof Error ? error.message : String(error));
    const path = trace.write(name);
    if (error instanceof Error) error.message += `\n(trace: ${path})`;
    throw error;
  }
}
