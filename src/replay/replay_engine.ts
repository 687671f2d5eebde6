// The engine under a job that is played back. In full recordings it is the real engine, and every answer is compared
// with the recorded one; in control recordings, which have no data, the tape answers for it.
import type { JobOrder } from "#actors/ports.js";
import type { TransitionRecorder } from "#actors/table_actor.js";
import type { FilterPort } from "#runtime/filter_build.js";
import { TraceCall } from "#trace/format/trace_call.js";
import type { TraceRecord } from "#trace/format/trace_record.js";
import type { Engine, EngineJob, InputPage, ResultImage } from "#worker/executor_ports.js";
import type { Tape } from "./tape.js";

const bit = (value: boolean): number => (value ? 1 : 0);

function leavesOf({ data }: TraceRecord): readonly number[] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Array.from({ length: data.length / 2 }, (_, at) => view.getUint16(at * 2, true));
}

class ComparedJob implements EngineJob {
  readonly #tape: Tape;
  readonly #real: EngineJob;

  constructor(tape: Tape, real: EngineJob) {
    this.#tape = tape;
    this.#real = real;
  }

  get leafCount(): number {
    return this.#real.leafCount;
  }

  get compileNs(): number {
    return this.#real.compileNs;
  }

  get peakBytes(): number {
    return this.#real.peakBytes;
  }

  get code(): EngineJob["code"] {
    return this.#real.code;
  }

  get done(): boolean {
    return this.#answer(TraceCall.engineDone, () => this.#real.done);
  }

  get paused(): boolean {
    return this.#answer(TraceCall.enginePaused, () => this.#real.paused);
  }

  wantedLeaves(): readonly number[] {
    return this.#tape.compared(TraceCall.engineWanted, () => this.#real.wantedLeaves(), (record, leaves) =>
      this.#tape.same(record, "wanted leaves", leavesOf(record).join(", "), leaves.join(", ")));
  }

  pushPage(leaf: number, page: InputPage): boolean {
    return this.#answer(TraceCall.enginePush, () => this.#real.pushPage(leaf, page));
  }

  finishLeaf(leaf: number): void {
    this.#tape.compared(TraceCall.engineFinishLeaf, () => this.#real.finishLeaf(leaf), (record) =>
      this.#tape.same(record, "leaf", record.actor, leaf));
  }

  offerPart(): boolean {
    return this.#answer(TraceCall.engineOffer, () => this.#real.offerPart());
  }

  takeResult(): ResultImage | undefined {
    return this.#tape.compared(TraceCall.engineTake, () => this.#real.takeResult(), (record, image) => {
      const [bytes, rows] = record.numbers;
      this.#tape.same(record, "result", record.argument, bit(image !== undefined));
      this.#tape.same(record, "rows", rows, image?.rows ?? 0);
      this.#tape.same(record, "bytes", bytes, image?.bytes ?? 0);
    });
  }

  stats(): ReturnType<EngineJob["stats"]> {
    return this.#tape.compared(TraceCall.engineStats, () => this.#real.stats(), (record, { length }) =>
      this.#tape.same(record, "operators", record.argument, length));
  }

  dispose(): void {
    this.#tape.compared(TraceCall.engineDispose, () => this.#real.dispose(), () => undefined);
  }

  #answer(code: TraceCall, work: () => boolean): boolean {
    return this.#tape.compared(code, work, (record, answer) =>
      this.#tape.same(record, "answer", record.argument, bit(answer)));
  }
}

/** An engine without data: it answers as it did. */
function tapedJob(tape: Tape, leafCount: number): EngineJob {
  const answer = (code: TraceCall): boolean => tape.call(code).argument === 1;
  return {
    leafCount,
    compileNs: 0,
    peakBytes: 0,
    code: { modules: 0, bytes: 0 },
    get done() {
      return answer(TraceCall.engineDone);
    },
    get paused() {
      return answer(TraceCall.enginePaused);
    },
    wantedLeaves: () => leavesOf(tape.call(TraceCall.engineWanted)),
    pushPage: (leaf) => {
      const record = tape.call(TraceCall.enginePush);
      tape.same(record, "leaf", record.actor, leaf);
      return record.argument === 1;
    },
    finishLeaf: (leaf) => {
      const record = tape.call(TraceCall.engineFinishLeaf);
      tape.same(record, "leaf", record.actor, leaf);
    },
    offerPart: () => answer(TraceCall.engineOffer),
    takeResult: () => {
      const { argument, numbers } = tape.call(TraceCall.engineTake);
      const [bytes, rows] = numbers;
      return argument === 1 ? { address: 0, bytes, rows } : undefined;
    },
    stats: () => (tape.call(TraceCall.engineStats), []),
    dispose: () => void tape.call(TraceCall.engineDispose),
  };
}

const unheard: TransitionRecorder = { transition: () => undefined };

/** The engine of a replay; without a real one the tape answers. */
export function replayEngine(tape: Tape, real: Engine | undefined): Engine {
  return {
    start: (order: JobOrder, filters: FilterPort) => {
      if (real === undefined) return tapedJob(tape, tape.call(TraceCall.engineStart).argument);
      // When rows go to disk depends on what others hold: those steps are played by their table alone.
      const job = tape.compared(TraceCall.engineStart, () => real.start(order, filters, unheard),
        (record, { leafCount }) => tape.same(record, "leaves", record.argument, leafCount));
      return new ComparedJob(tape, job);
    },
    warmUp: () => undefined,
  };
}
