// The engine as a captured job sees it: every call and its answer goes to the tape. Pages and results are captured
// where they pass the region (job_capture.ts), so that nothing is written twice.
import type { JobOrder } from "#actors/ports.js";
import type { TransitionRecorder } from "#actors/table_actor.js";
import type { FilterPort } from "#runtime/filter_build.js";
import { TraceCall } from "#trace/format/trace_call.js";
import type { Engine, EngineJob, InputPage, ResultImage } from "../executor_ports.js";
import type { TapeWriter } from "./tape_writer.js";

/** It lends no pages: a replay is to find the same rows in the same order. */
class CapturedEngineJob implements EngineJob {
  readonly #inner: EngineJob;
  readonly #tape: TapeWriter;

  constructor(inner: EngineJob, tape: TapeWriter) {
    this.#inner = inner;
    this.#tape = tape;
  }

  get leafCount(): number {
    return this.#inner.leafCount;
  }

  get compileNs(): number {
    return this.#inner.compileNs;
  }

  get peakBytes(): number {
    return this.#inner.peakBytes;
  }

  get code(): EngineJob["code"] {
    return this.#inner.code;
  }

  get done(): boolean {
    return this.#tape.call(TraceCall.engineDone, () => this.#inner.done, (done) => ({ argument: done ? 1 : 0 }));
  }

  get paused(): boolean {
    return this.#tape.call(TraceCall.enginePaused, () => this.#inner.paused,
      (paused) => ({ argument: paused ? 1 : 0 }));
  }

  wantedLeaves(): readonly number[] {
    return this.#tape.call(TraceCall.engineWanted, () => this.#inner.wantedLeaves(), (leaves) =>
      ({ argument: leaves.length, data: new Uint8Array(Uint16Array.from(leaves).buffer) }));
  }

  pushPage(leaf: number, page: InputPage): boolean {
    return this.#tape.call(TraceCall.enginePush, () => this.#inner.pushPage(leaf, page),
      (taken) => ({ actor: leaf, argument: taken ? 1 : 0, numbers: [page.page, 0, 0] }));
  }

  finishLeaf(leaf: number): void {
    this.#tape.call(TraceCall.engineFinishLeaf, () => this.#inner.finishLeaf(leaf), () => ({ actor: leaf }));
  }

  offerPart(): boolean {
    return this.#tape.call(TraceCall.engineOffer, () => this.#inner.offerPart(),
      (offered) => ({ argument: offered ? 1 : 0 }));
  }

  takeResult(): ResultImage | undefined {
    return this.#tape.call(TraceCall.engineTake, () => this.#inner.takeResult(), (image) =>
      ({ argument: image === undefined ? 0 : 1, numbers: [image?.bytes ?? 0, image?.rows ?? 0, 0] }));
  }

  stats(): ReturnType<EngineJob["stats"]> {
    return this.#tape.call(TraceCall.engineStats, () => this.#inner.stats(), ({ length }) => ({ argument: length }));
  }

  dispose(): void {
    this.#tape.call(TraceCall.engineDispose, () => this.#inner.dispose());
  }
}

export class CapturedEngine implements Engine {
  readonly #inner: Engine;
  readonly #tape: TapeWriter;

  constructor(inner: Engine, tape: TapeWriter) {
    this.#inner = inner;
    this.#tape = tape;
  }

  start(order: JobOrder, filters: FilterPort, spilled: TransitionRecorder): EngineJob {
    const job = this.#tape.call(TraceCall.engineStart, () => this.#inner.start(order, filters, spilled),
      ({ leafCount }) => ({ argument: leafCount }));
    return new CapturedEngineJob(job, this.#tape);
  }

  warmUp(plan: Uint8Array): void {
    this.#inner.warmUp(plan);
  }
}
