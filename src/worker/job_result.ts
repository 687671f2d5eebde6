// The way out of a job: finished page images of the engine become result pages of the region, in order. A page is
// taken before the image is copied; a full pool or ring suspends only this job. Read next: job.ts.
import type { SessionLease } from "#actors/ports.js";
import type { TransitionRecorder } from "#actors/table_actor.js";
import { defined } from "#base/assert.js";
import { pageLease } from "#generated/machines.js";
import type { EngineJob, OutputPage, JobTransport, ResultImage } from "./executor_ports.js";

export class JobResult {
  readonly #lease: SessionLease;
  readonly #engine: EngineJob;
  readonly #transport: JobTransport;
  readonly #recorder: TransitionRecorder;
  /** The image whose page is not issued yet: until `#page` is there it still stands in engine memory. */
  #image: ResultImage | undefined;
  #page: OutputPage | undefined;
  #waiting = false;
  rows = 0;
  pages = 0;

  constructor(
    lease: SessionLease, engine: EngineJob, transport: JobTransport, recorder: TransitionRecorder,
  ) {
    this.#lease = lease;
    this.#engine = engine;
    this.#transport = transport;
    this.#recorder = recorder;
  }

  /** True while an image waits for a page or for room: the engine is not to be called meanwhile. */
  get blocked(): boolean {
    return this.#image !== undefined;
  }

  /** Issues what the engine has finished; tells whether anything moved. */
  deliver(): boolean {
    let moved = false;
    for (;;) {
      this.#image ??= this.#engine.takeResult();
      if (this.#image === undefined) return moved;
      if (this.#page === undefined) {
        if (!this.#acquire(this.#image)) return moved;
        moved = true;
      }
      if (!this.#issue(this.#image)) return moved;
      moved = true;
    }
  }

  /** Gives back what is held. Part of every way out. */
  close(): void {
    this.#endWait();
    this.#image = undefined;
    if (this.#page === undefined) return;
    const page = this.#page;
    this.#page = undefined;
    this.#record("released", "leased", "free", page);
    page.release();
  }

  #acquire(image: ResultImage): boolean {
    let page = this.#transport.acquireResult(this.#lease);
    if (page === undefined) {
      // Announced (again: a wake-up takes the announcement away) and then tried once more, so that a page
      // freed in between is not missed.
      this.#waiting = true;
      this.#transport.beginPageWait(this.#lease);
      page = this.#transport.acquireResult(this.#lease);
    }
    if (page === undefined) return false;
    this.#endWait();
    this.#page = page;
    this.#record("leased", "free", "leased", page);
    page.write(image.address, image.bytes);
    return true;
  }

  #issue(image: ResultImage): boolean {
    const page = defined(this.#page, "an image is issued in its page");
    if (!page.issue(image.rows, image.bytes)) return false;
    this.#record("issued", "leased", "issued", page);
    this.#page = undefined;
    this.#image = undefined;
    this.rows += image.rows;
    this.pages += 1;
    return true;
  }

  #endWait(): void {
    if (!this.#waiting) return;
    this.#waiting = false;
    this.#transport.endPageWait(this.#lease);
  }

  #record(
    event: (typeof pageLease.events)[number], from: (typeof pageLease.states)[number],
    to: (typeof pageLease.states)[number], page: OutputPage,
  ): void {
    this.#recorder.transition(
      pageLease.code, pageLease.events.indexOf(event), pageLease.states.indexOf(from),
      pageLease.states.indexOf(to), page.page, 0);
  }
}
