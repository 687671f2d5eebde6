// One writer's records as a tape that is played back: the code under replay asks, the tape answers what was answered
// then, and whatever the code does is held against what it did. The first difference ends the replay. Read next:
// replay_job.ts, replay_session.ts.
import { FusionError } from "#base/errors.js";
import { crc32c } from "#trace/format/crc32c.js";
import { callName, inputName } from "#trace/format/trace_call.js";
import type { RecordKind, TraceLevel, TraceRecord } from "#trace/format/trace_record.js";
import type { TransitionRecorder } from "#actors/table_actor.js";
import { generatedMachines, type GeneratedMachine } from "#generated/machines.js";
import { messageName } from "#actors/session_error.js";
import { stepTable } from "#actors/table_actor.js";
import type { TraceWriterName } from "#trace/writer.js";

/** Where replay and recording part. */
export interface Divergence {
  readonly writer: TraceWriterName;
  /** Sequence of the record among those of its writer. */
  readonly record: number;
  readonly timeNs: bigint;
  /** Machine, message or call. */
  readonly actor: string;
  readonly field: string;
  readonly recorded: string;
  readonly replayed: string;
}

/** Ends a replay; what the code under replay makes of it does not matter any more. */
export class DivergenceError extends Error {
  readonly divergence: Divergence;

  constructor(divergence: Divergence) {
    super(`record ${divergence.record} of ${divergence.writer.kind} ${divergence.writer.number}`);
    this.divergence = divergence;
  }
}

/** The recording ends here: a truncated file, or a worker that was killed. */
export class TapeEnded extends Error {}

/** What a record is, in words. */
function recordName(record: TraceRecord, machines: readonly GeneratedMachine[]): string {
  switch (record.kind) {
    case "transition":
      return machines[record.machine - 1]?.name ?? `machine ${record.machine}`;
    case "received":
    case "sent":
      return messageName(record.code);
    case "call":
      return callName(record.code);
    case "input":
      return inputName(record.code);
    case "note":
      return "note";
  }
}

const effectWords = (machine: GeneratedMachine | undefined, mask: number): string =>
  machine?.effects.filter((_, bit) => (mask & (1 << bit)) !== 0).join(", ") ?? String(mask);

export class Tape {
  readonly writer: TraceWriterName;
  readonly level: TraceLevel;
  readonly #records: readonly TraceRecord[];
  readonly #machines: readonly GeneratedMachine[];
  #at = 0;
  #ended: Error | undefined;

  constructor(
    writer: TraceWriterName, records: readonly TraceRecord[], level: TraceLevel,
    machines: readonly GeneratedMachine[],
  ) {
    this.writer = { kind: writer.kind, number: writer.number };
    this.level = level;
    this.#records = records;
    this.#machines = machines;
  }

  get full(): boolean {
    return this.level === "full";
  }

  /** Records played so far. */
  get played(): number {
    return this.#at;
  }

  /** Why the replay ended, however much of the code in between has swallowed it. */
  get ended(): Error | undefined {
    return this.#ended;
  }

  /** The next record without playing it; undefined at the end. */
  peek(): TraceRecord | undefined {
    return this.#records[this.#at];
  }

  /** Takes the next record, whatever it is. Throws TapeEnded. */
  take(): TraceRecord {
    if (this.#ended !== undefined) throw this.#ended;
    const record = this.#records[this.#at];
    if (record === undefined) throw (this.#ended = new TapeEnded());
    this.#at += 1;
    return record;
  }

  /** Takes the next record, which must be of this kind and code. */
  expect(kind: RecordKind, code: number, replayed: string): TraceRecord {
    const record = this.take();
    if (record.kind !== kind || record.code !== code)
      this.diverge(record, "kind", `${record.kind} ${recordName(record, this.#machines)}`, `${kind} ${replayed}`);
    return record;
  }

  /** Compares one field of a record with what the replay made of it. */
  same(record: TraceRecord, field: string, recorded: number | string, replayed: number | string): void {
    if (recorded !== replayed) this.diverge(record, field, String(recorded), String(replayed));
  }

  /** Compares data byte by byte; in control recordings there is none. */
  sameData(record: TraceRecord, field: string, replayed: Uint8Array): void {
    if (!this.full) return;
    this.checkData(record);
    const { data } = record;
    this.same(record, `length of ${field}`, data.length, replayed.length);
    for (let at = 0; at < data.length; at++)
      if (data[at] !== replayed[at]) this.same(record, `byte ${at} of ${field}`, data[at] ?? -1, replayed[at] ?? -1);
  }

  /** Data that is an answer must be what was written: its sum stands beside it. */
  checkData(record: TraceRecord): void {
    if (this.full && record.data.length > 0) this.same(record, "checksum of data", record.effects, crc32c(record.data));
  }

  diverge(record: TraceRecord, field: string, recorded: string, replayed: string): never {
    const actor = recordName(record, this.#machines);
    throw (this.#ended = new DivergenceError({
      writer: this.writer, record: record.sequence, timeNs: record.timeNs, actor, field, recorded, replayed,
    }));
  }

  /** A call: gives back its record, or throws what it threw then. */
  call(code: number): TraceRecord {
    const record = this.expect("call", code, callName(code));
    if (record.failed) throw recordedError(record);
    return record;
  }

  /**
   * A call that is answered by running the real thing now: the answers are compared by `same`, errors by their code
   * and, in full recordings, their text.
   */
  compared<T>(code: number, work: () => T, same: (record: TraceRecord, answer: T) => void): T {
    let answer: T;
    try {
      answer = work();
    } catch (error) {
      if (this.#ended !== undefined) throw this.#ended;
      const record = this.expect("call", code, `${callName(code)} that fails: ${String(error)}`);
      const before = recordedError(record);
      const now = error instanceof FusionError ? error : undefined;
      this.same(record, "failed", String(record.failed), "true");
      this.same(record, "SQLSTATE", before.sqlstate, now?.sqlstate ?? "XX000");
      if (this.full && now !== undefined) this.same(record, "message", before.message, now.message);
      throw error;
    }
    const record = this.expect("call", code, callName(code));
    this.same(record, "failed", String(record.failed), "false");
    same(record, answer);
    return answer;
  }

  /** Holds transitions against the recorded ones, by name, so that renumbered machines are no difference. */
  recorder(actor: number): TransitionRecorder {
    return {
      transition: (machine, event, from, to, argument, cause) => {
        const now = generatedMachines[machine - 1];
        const record = this.take();
        if (record.kind !== "transition")
          this.diverge(record, "kind", record.kind, `transition ${now?.events[event] ?? event} of ${now?.name ?? ""}`);
        const then = this.#machines[record.machine - 1];
        this.same(record, "machine", then?.name ?? record.machine, now?.name ?? machine);
        this.same(record, "event", then?.events[record.code] ?? record.code, now?.events[event] ?? event);
        this.same(record, "from state", then?.states[record.from] ?? record.from, now?.states[from] ?? from);
        this.same(record, "to state", then?.states[record.to] ?? record.to, now?.states[to] ?? to);
        const mask = now === undefined ? 0 : stepTable(now, from, event)?.mask ?? 0;
        this.same(record, "effects", effectWords(then, record.effects), effectWords(now, mask));
        this.same(record, "actor", record.actor, actor);
        this.same(record, "argument", record.argument, argument);
        this.same(record, "cause", record.cause, cause);
      },
    };
  }

  /** A message that is sent now. */
  sent(
    type: number, payload: Uint8Array, actor: number, same: (record: TraceRecord, payload: Uint8Array) => void,
  ): void {
    const record = this.expect("sent", type, messageName(type));
    this.same(record, "scan slot", record.actor, actor);
    if (this.full) same(record, payload);
  }
}

/** The error a record keeps; its texts are there in full recordings. */
export function recordedError(record: TraceRecord): FusionError {
  let told: { sqlstate?: string; message?: string; detail?: string; hint?: string } = {};
  try {
    told = JSON.parse(new TextDecoder().decode(record.data)) as typeof told;
  } catch {
    // No error was kept: the call did not fail.
  }
  return new FusionError({
    code: "internal", sqlstate: told.sqlstate ?? "", message: told.message ?? "", detail: told.detail,
    hint: told.hint,
  });
}
