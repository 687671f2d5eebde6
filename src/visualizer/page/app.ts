// What the page is about at this moment: the trace, the cursor, what is selected, what stretch of time is seen.
// Views read it and are told to draw; keys and buttons change it. It touches no element.
import { Cursor } from "../cursor.js";
import { findGaps, SqueezedAxis } from "../idle_squeeze.js";
import type { MarkKind } from "../state_kinds.js";
import type { TraceChunk, TraceHeading } from "../trace_chunk.js";
import { sessionsByWorth, TraceStore } from "../trace_store.js";

export type Scope = "everything" | "session";

const START_RECORD = 0;
/** Less than this is less than a record apart. */
const SPAN_LEAST_NS = 2_000;

export class App {
  readonly store = new TraceStore();
  readonly cursor = new Cursor(this.store);
  heading: TraceHeading;
  axis = new SqueezedAxis([], 0);
  session: number | undefined;
  actor: number | undefined;
  page: number | undefined;
  scope: Scope = "everything";
  /** Stays at the end while records arrive. */
  following: boolean;
  playing = false;
  missing: number;
  /** Stretch of the axis that is seen. */
  from = 0;
  to = 1;
  readonly #draws: (() => void)[] = [];
  #asked = false;
  #playPlace = 0;
  #ranked: { readonly count: number; readonly ids: readonly number[] } = { count: -1, ids: [] };

  constructor(heading: TraceHeading) {
    this.heading = heading;
    this.following = heading.live;
    this.missing = heading.missing;
  }

  /** `draw` runs before the next frame whenever anything has changed. */
  onChange(draw: () => void): void {
    this.#draws.push(draw);
  }

  changed(): void {
    if (this.#asked) return;
    this.#asked = true;
    requestAnimationFrame(() => {
      this.#asked = false;
      for (const draw of this.#draws) draw();
    });
  }

  take(chunk: TraceChunk): void {
    this.store.append(chunk);
  }

  /** After records have come: time is laid out again, and a page that follows goes to the end. */
  settle(): void {
    const wasWhole = this.from <= 0 && this.to >= this.#end() - 1;
    this.axis = new SqueezedAxis(findGaps(this.store), this.store.timeOf(START_RECORD));
    if (this.following) {
      this.cursor.moveTo(this.store.count);
      this.#selectAt(this.cursor.position);
    }
    if (wasWhole || this.to <= 1) this.seeAll();
    else if (this.following) this.#keepInView();
    this.changed();
  }

  #end(): number {
    return this.#axisEnd;
  }

  get #axisEnd(): number {
    return Math.max(SPAN_LEAST_NS, this.axis.place(this.store.endNs));
  }

  /** Worst first; worked out again only when there are more records. */
  ranked(): readonly number[] {
    if (this.#ranked.count !== this.store.count) {
      const ids = sessionsByWorth(this.store.sessions).map(({ id }) => id);
      this.#ranked = { count: this.store.count, ids };
    }
    return this.#ranked.ids;
  }

  /** Moves the cursor by hand: a person who steps does not follow any more. */
  goTo(position: number): void {
    this.following = false;
    this.cursor.moveTo(position);
    this.#selectAt(this.cursor.position);
    this.#playPlace = this.axis.place(this.cursor.timeNs);
    this.#keepInView();
    this.changed();
  }

  step(records: number): void {
    this.goTo(this.cursor.position + records);
  }

  jump(kind: MarkKind, direction: 1 | -1): boolean {
    const record = this.store.marked(kind, this.cursor.position, direction);
    if (record === undefined) return false;
    this.goTo(record + 1);
    this.seeSession();
    return true;
  }

  #selectAt(position: number): void {
    if (position === 0) return;
    this.session = this.store.sessionOf(position - 1);
    this.actor = this.store.actorOf(position - 1);
  }

  selectSession(id: number): void {
    const session = this.store.sessions[id];
    if (session === undefined) return;
    const { records, outcomeKind } = session;
    const { violation, failure, cancel } = this.store.marks;
    // It opens where it failed, or was cancelled: a cancel makes producers fail, too. Any other opens at its last word.
    const lists = outcomeKind === "failed" ? [violation, failure, cancel] : [violation, cancel, failure];
    const mark = lists.map((list) => list.find((at) => this.store.sessionOf(at) === id)).find((at) => at !== undefined);
    this.goTo((mark ?? records.at(-1) ?? 0) + 1);
    this.seeSession();
  }

  /** Chooses a session where the cursor is. */
  lookAtSession(id: number): void {
    this.session = id;
    this.changed();
  }

  selectActor(actor: number): void {
    this.actor = actor;
    const { session } = this.store.actors[actor] ?? { session: -1 };
    if (session >= 0) this.session = session;
    this.changed();
  }

  /** The next session in the order of time. */
  neighbour(direction: 1 | -1): void {
    const id = (this.session ?? -1) + direction;
    if (id < 0 || id >= this.store.sessions.length) return;
    this.selectSession(id);
  }

  see(from: number, to: number): void {
    const end = this.#axisEnd;
    const span = Math.min(Math.max(to - from, SPAN_LEAST_NS), end * 1.04);
    this.from = Math.max(-0.02 * end, Math.min(from, end * 1.02 - span));
    this.to = this.from + span;
    this.changed();
  }

  seeAll(): void {
    this.see(-0.01 * this.#axisEnd, this.#axisEnd * 1.01);
  }

  seeSession(): void {
    const { records } = this.store.sessions[this.session ?? -1] ?? { records: [] };
    if (records.length === 0) return;
    const from = this.axis.place(this.store.timeOf(records[0] as number));
    const to = this.axis.place(this.store.timeOf(records.at(-1) as number));
    const margin = Math.max((to - from) * 0.05, SPAN_LEAST_NS);
    this.see(from - margin, to + margin);
  }

  /** Zooms around a place; over 1 shows more. */
  zoom(factor: number, around = this.axis.place(this.cursor.timeNs)): void {
    const centre = Math.max(this.from, Math.min(around, this.to));
    this.see(centre - (centre - this.from) * factor, centre + (this.to - centre) * factor);
  }

  pan(share: number): void {
    const by = (this.to - this.from) * share;
    this.see(this.from + by, this.to + by);
  }

  #keepInView(): void {
    const place = this.axis.place(this.cursor.timeNs);
    if (place >= this.from && place <= this.to) return;
    const half = (this.to - this.from) / 2;
    this.see(place - half, place + half);
  }

  follow(): void {
    this.following = this.heading.live;
    this.playing = false;
    this.settle();
  }

  togglePlay(): void {
    this.playing = !this.playing;
    this.following = false;
    if (this.playing && this.cursor.position >= this.store.count) this.cursor.moveTo(0);
    this.#playPlace = this.axis.place(this.cursor.timeNs);
    this.changed();
  }

  /** One step of a film that shows the visible stretch in `steps` steps; silence is not waited for long. */
  playOn(steps: number): void {
    if (!this.playing) return;
    this.#playPlace += (this.to - this.from) / steps;
    const wanted = this.store.positionAt(this.axis.time(this.#playPlace));
    if (wanted > this.cursor.position) {
      const place = this.#playPlace;
      this.goTo(wanted);
      this.#playPlace = place;
    }
    if (this.cursor.position >= this.store.count) this.playing = false;
  }
}
