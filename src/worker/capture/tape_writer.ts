// Writes what one actor of the worker is asked, answers and does, in order, to a trace: the tape that src/replay plays
// back. It looks at data only in full captures. Read next: session_capture.ts, job_capture.ts.
import type { SessionLease } from "#actors/ports.js";
import { stepTable, type TransitionRecorder } from "#actors/table_actor.js";
import { asFusionError } from "#base/errors.js";
import { generatedMachines } from "#generated/machines.js";
import { crc32c } from "#trace/format/crc32c.js";
import { TraceCall } from "#trace/format/trace_call.js";
import type { TraceRecordFields } from "#trace/format/trace_record.js";
import type { TraceWriter } from "#trace/format/trace_writer.js";

/** The last number given out by the flight recorder. */
export interface LastSequence {
  readonly lastSequence: number;
}

/** An error as a record's data: all of it, or only its code. */
export function errorData(thrown: unknown, full: boolean): Uint8Array {
  const { sqlstate, message, detail, hint } = asFusionError(thrown);
  return new TextEncoder().encode(JSON.stringify(full ? { sqlstate, message, detail, hint } : { sqlstate }));
}

export class TapeWriter {
  readonly full: boolean;
  readonly #writer: TraceWriter;
  readonly #lease: SessionLease;
  readonly #pen: LastSequence;
  /** Records of the present turn, kept back until it is known whether it did anything. */
  #turn: TraceRecordFields[] | undefined;
  /** What the last idle turn consisted of. */
  #idle = "";

  constructor(writer: TraceWriter, full: boolean, lease: SessionLease, pen: LastSequence) {
    this.#writer = writer;
    this.full = full;
    this.#lease = lease;
    this.#pen = pen;
  }

  add(record: TraceRecordFields): void {
    const { slot, epoch } = this.#lease;
    const whole = { slot, session: epoch, ...record };
    if (this.#turn !== undefined && !doesSomething(whole)) {
      this.#turn.push(whole);
      return;
    }
    // The turn came to something: data is written while it is there, as pages go back before the turn ends.
    this.#keepTurn();
    this.#writer.add(whole);
  }

  /** Data of a record with its sum, in full captures only. */
  data(content: () => Uint8Array): Pick<TraceRecordFields, "data" | "effects"> {
    if (!this.full) return {};
    const data = content();
    return { data, effects: crc32c(data) };
  }

  /** A call and its answer, or how it failed. */
  call<T>(code: number, work: () => T, told: (answer: T) => Partial<TraceRecordFields> = () => ({})): T {
    let answer: T;
    try {
      answer = work();
    } catch (error) {
      this.add({ kind: "call", code, failed: true, data: errorData(error, this.full) });
      throw error;
    }
    this.add({ kind: "call", code, ...told(answer) });
    return answer;
  }

  sent(type: number, payload: Uint8Array, actor = 0): void {
    this.add({
      kind: "sent", code: type, actor, argument: payload.length, cause: this.#pen.lastSequence,
      ...this.data(() => payload),
    });
  }

  received(type: number, payload: Uint8Array, cause: number, actor = 0): void {
    this.add({
      kind: "received", code: type, actor, argument: payload.length, cause, ...this.data(() => payload),
    });
  }

  /** Passes transitions on and keeps them, with the number the flight recorder gave them. */
  recorder(inner: TransitionRecorder, actor: number): TransitionRecorder {
    return {
      transition: (machine, event, from, to, argument, cause) => {
        inner.transition(machine, event, from, to, argument, cause);
        const table = generatedMachines[machine - 1];
        this.add({
          kind: "transition", machine, code: event, from, to, argument, cause, actor, flight: this.#pen.lastSequence,
          effects: table === undefined ? 0 : stepTable(table, from, event)?.mask ?? 0,
        });
      },
    };
  }

  /**
   * A turn that may come to nothing: of idle turns in a row that ask the same and get the same, the first is kept.
   * Nothing an actor remembers changes in the others.
   */
  turn(code: number, work: () => boolean): boolean {
    this.#turn = [];
    this.add({ kind: "input", code });
    let moved = true;
    try {
      moved = work();
    } finally {
      if (moved) this.#keepTurn();
      else if (this.#turn !== undefined) this.#endIdleTurn(this.#turn);
    }
    return moved;
  }

  #keepTurn(): void {
    for (const record of this.#turn ?? []) this.#writer.add(record);
    this.#turn = undefined;
    this.#idle = "";
  }

  #endIdleTurn(records: readonly TraceRecordFields[]): void {
    const shape = shapeOf(records);
    if (shape !== this.#idle) for (const record of records) this.#writer.add(record);
    this.#turn = undefined;
    this.#idle = shape;
  }

  flush(): void {
    this.#writer.flush();
  }

  get open(): boolean {
    return this.#writer.open;
  }
}

/** Shows that a turn is no idle one. */
function doesSomething({ kind, code, failed, data }: TraceRecordFields): boolean {
  if (kind === "transition" || kind === "sent" || kind === "received" || failed === true) return true;
  return data !== undefined && code !== TraceCall.engineWanted;
}

/** What was asked and answered, the clock aside. */
function shapeOf(records: readonly TraceRecordFields[]): string {
  return records.map(({ kind, code, actor, argument, numbers, data }) => {
    const answer = numbers !== undefined && code !== TraceCall.now ? numbers.join() : "";
    return `${kind} ${code} ${actor ?? 0} ${argument ?? 0} ${answer} ${data?.join() ?? ""}`;
  }).join(";");
}
