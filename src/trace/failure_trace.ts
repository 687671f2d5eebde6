// What a simulation or an exploration did, as a trace file: when one fails, it is told again with this recorder, and
// the visualizer, `trace show` and `trace replay` open what it did like any other trace. Who fails so: src/explorer,
// and simulations of test/support.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { stepTable, type TransitionRecorder } from "#actors/table_actor.js";
import { LAYOUT_FINGERPRINT } from "#generated/layout.js";
import { generatedMachines, MACHINES_FINGERPRINT } from "#generated/machines.js";
import { TraceNote } from "./format/trace_call.js";
import type { TraceSource } from "./format/trace_record.js";
import { traceHeader, TraceWriter } from "./format/trace_writer.js";
import type { TraceWriterName } from "./writer.js";

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
