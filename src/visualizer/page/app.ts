// What the page is about at this moment: the trace, the cursor, what is selected, what stretch of time is seen.
// Views read it and are told to draw; keys and buttons change it. It touches no element.
import { Cursor } from "../cursor.js";
import { findGaps, SqueezedAxis } from "../idle_squeeze.js";
import type { MarkKind } from "../state_kinds.js";
import type { TraceChunk, TraceHeading } from "../trace_chunk.js";
import { actorsOfOperator, operatorsOfActor } from "../plan_actors.js";
import type { ShownPlan } from "../shown_plan.js";
import { outcomeOf, sessionsByWorth, TraceStore } from "../trace_store.js";

export type Scope = "everything" | "session";

/** What the middle of the page shows. */
export const views = ["machines", "plan", "compare"] as const;
export type View = (typeof views)[number];

export interface OtherTrace {
  readonly heading: TraceHeading;
  readonly store: TraceStore;
}

const START_RECORD = 0;
/** Less than this is less than a record apart. */
const SPAN_LEAST_NS = 2_000;

export class App {
  readonly store: TraceStore;
  readonly cursor: Cursor;
  heading: TraceHeading;
  /** A second recording to compare with. */
  other: OtherTrace | undefined;
  /** Session of this recording that another one is compared with. */
  base: number | undefined;
  view: View = "machines";
  /** Whether the machines show what was ever tried, rather than what this recording holds. */
  coverage = false;
  /** Chosen in the plan, by number; it follows the chosen actor. */
  operator: number | undefined;
  /** Plans a person has brought, by session. */
  readonly #brought = new Map<number, ShownPlan>();
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
    this.store = new TraceStore(heading.controlSlots);
    this.cursor = new Cursor(this.store);
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
    this.operator = undefined;
  }

  selectSession(id: number): void {
    const session = this.store.sessions[id];
    if (session === undefined) return;
    const { records } = session;
    const { kind: outcomeKind } = outcomeOf(session);
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
    this.operator = undefined;
    const { session } = this.store.actors[actor] ?? { session: -1 };
    if (session >= 0) this.session = session;
    this.changed();
  }

  show(view: View): void {
    this.view = view;
    this.changed();
  }

  /** The plan of the chosen session: brought for it, or named for it by its source. */
  get plan(): ShownPlan | undefined {
    const { slot, epoch } = this.store.sessions[this.session ?? -1] ?? { slot: -1, epoch: -1 };
    return this.#brought.get(this.session ?? -1) ??
      this.heading.plans.find(({ session }) => session?.slot === slot && session.epoch === epoch);
  }

  /** Takes a plan for the session it names, or for the chosen one; tells which. */
  bring(plan: ShownPlan): number | undefined {
    const { session: named } = plan;
    const id = named === undefined ? this.session : this.store.sessions.find(({ slot, epoch }) =>
      slot === named.slot && epoch === named.epoch)?.id;
    if (id === undefined) return undefined;
    this.#brought.set(id, plan);
    if (id !== this.session) this.selectSession(id);
    this.changed();
    return id;
  }

  /** Chooses an operator, and the first of the actors that work for it. */
  selectOperator(number: number): void {
    const { plan, session } = this;
    if (plan === undefined || session === undefined) return;
    const [first] = actorsOfOperator(this.store, session, plan, number);
    if (first !== undefined) this.actor = first;
    this.operator = number;
    this.changed();
  }

  /** Operators that are lit: the chosen one, or those of the chosen actor. */
  litOperators(): ReadonlySet<number> {
    if (this.operator !== undefined) return new Set([this.operator]);
    if (this.plan === undefined || this.actor === undefined) return new Set();
    return new Set(operatorsOfActor(this.store, this.plan, this.actor));
  }

  /** Actors that work for the chosen operator. */
  litActors(): ReadonlySet<number> {
    const { plan, session, operator } = this;
    if (plan === undefined || session === undefined || operator === undefined) return new Set();
    return new Set(actorsOfOperator(this.store, session, plan, operator));
  }

  /** The chosen session is what others are compared with. */
  markBase(): void {
    this.base = this.session;
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
