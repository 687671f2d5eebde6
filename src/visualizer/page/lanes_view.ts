// The swimlanes on a canvas: a bar for each session, below the chosen one its actors' states and the density of its
// page traffic. Only rows and pixels in sight are worked out. What they are is decided in lanes.ts.
import { actorName, lanesOf, leaseDensity, sessionTitle, slicesOf, type Lane } from "../lanes.js";
import { kindOfState, stateName } from "../state_kinds.js";
import { outcomeOf } from "../trace_store.js";
import type { App } from "./app.js";
import { element, freshCanvas } from "./element.js";
import { palette } from "./palette.js";
import { duration } from "./wording.js";

const ROW = 20;
const GUTTER = 170;
const RULER = 22;
const BUCKET = 3;
const TEXT_LEAST = 44;
const FONT = "11px system-ui, sans-serif";
/** Pixels a click may be off a lane's bar and still be no drag. */
const DRAG_LEAST = 3;

class LanesDrawing {
  readonly app: App;
  readonly canvas: HTMLCanvasElement;
  lanes: readonly Lane[] = [];
  top = 0;
  #key = "";
  #revealed: number | undefined;
  /** Actors of the chosen operator. */
  #lit: ReadonlySet<number> = new Set();

  constructor(app: App, canvas: HTMLCanvasElement) {
    this.app = app;
    this.canvas = canvas;
  }

  get width(): number {
    return Math.max(1, this.canvas.clientWidth - GUTTER - 8);
  }

  x(timeNs: number): number {
    const { axis, from, to } = this.app;
    return GUTTER + ((axis.place(timeNs) - from) / (to - from)) * this.width;
  }

  place(x: number): number {
    const { from, to } = this.app;
    return from + ((x - GUTTER) / this.width) * (to - from);
  }

  time(x: number): number {
    return this.app.axis.time(this.place(x));
  }

  laneAt(y: number): Lane | undefined {
    return y < RULER ? undefined : this.lanes[Math.floor((y - RULER + this.top) / ROW)];
  }

  draw(): void {
    const fresh = freshCanvas(this.canvas);
    if (fresh === undefined) return;
    const { pen, height } = fresh;
    this.#arrange(height);
    pen.font = FONT;
    pen.textBaseline = "middle";
    this.#gaps(pen, height);
    this.#lit = this.app.litActors();
    const first = Math.floor(this.top / ROW);
    const last = Math.min(this.lanes.length, first + Math.ceil((height - RULER) / ROW) + 1);
    pen.save();
    pen.beginPath();
    pen.rect(0, RULER, fresh.width, height - RULER);
    pen.clip();
    for (let row = first; row < last; row++) this.#lane(pen, this.lanes[row] as Lane, this.#y(row));
    this.#cause(pen);
    pen.restore();
    this.#ruler(pen, fresh.width);
    this.#cursor(pen, height);
  }

  #y(row: number): number {
    return RULER + row * ROW - this.top;
  }

  #arrange(height: number): void {
    const { store, session } = this.app;
    const key = `${store.sessions.length}/${session}/${store.sessions[session ?? -1]?.actors.length}`;
    if (key !== this.#key) this.lanes = lanesOf(store, new Set(session === undefined ? [] : [session]));
    this.#key = key;
    const inSight = height - RULER;
    if (session !== this.#revealed) {
      this.#revealed = session;
      const row = this.lanes.findIndex((lane) => lane.session === session);
      const rows = this.lanes.filter((lane) => lane.session === session).length;
      const [above, below] = [row * ROW, (row + Math.min(rows, Math.floor(inSight / ROW))) * ROW];
      if (above < this.top || below > this.top + inSight) this.top = above - ROW * 2;
    }
    this.top = Math.max(0, Math.min(this.top, this.lanes.length * ROW - inSight + ROW));
  }

  #lane(pen: CanvasRenderingContext2D, lane: Lane, y: number): void {
    const colours = palette();
    const { store } = this.app;
    const chosen = lane.kind === "actor" && lane.actor === this.app.actor;
    if (chosen) {
      pen.fillStyle = colours.line;
      pen.fillRect(0, y, this.canvas.clientWidth, ROW);
    }
    if (lane.kind === "actor" && this.#lit.has(lane.actor)) {
      pen.fillStyle = colours.accent;
      pen.fillRect(2, y + 2, 4, ROW - 4);
    }
    const inside = lane.kind !== "session";
    const name = lane.kind === "actor" ? actorName(store, lane.actor)
      : lane.kind === "leases" ? "page leases" : sessionTitle(store, lane.session);
    pen.fillStyle = inside ? colours.faint : colours.text;
    if (chosen) pen.fillStyle = colours.text;
    pen.fillText(name, inside ? 22 : 8, y + ROW / 2, GUTTER - 28);
    pen.save();
    pen.beginPath();
    pen.rect(GUTTER, y, this.width + 8, ROW);
    pen.clip();
    if (lane.kind === "session") this.#session(pen, lane.session, y);
    else if (lane.kind === "actor") this.#actor(pen, lane.actor, y);
    else this.#leases(pen, lane.session, y);
    pen.restore();
  }

  #session(pen: CanvasRenderingContext2D, id: number, y: number): void {
    const { store } = this.app;
    const session = store.sessions[id];
    if (session === undefined) return;
    const [fromNs, toNs] = [store.timeOf(session.records[0] ?? 0), store.timeOf(session.records.at(-1) ?? 0)];
    const from = this.x(fromNs);
    const to = Math.max(from + 2, this.x(toNs));
    const outcome = outcomeOf(session);
    pen.fillStyle = palette()[outcome.kind];
    pen.globalAlpha = id === this.app.session ? 0.95 : 0.6;
    pen.fillRect(from, y + 4, to - from, ROW - 8);
    pen.globalAlpha = 1;
    const words = `${outcome.name || "unknown"}, ${duration(toNs - fromNs)}`;
    const room = to - from > 110;
    pen.fillStyle = room ? palette().surface : palette().faint;
    pen.fillText(words, room ? Math.max(from, GUTTER) + 5 : to + 5, y + ROW / 2);
  }

  #actor(pen: CanvasRenderingContext2D, id: number, y: number): void {
    const { store, from, to } = this.app;
    const actor = store.actors[id];
    const session = store.sessions[actor?.session ?? -1];
    if (actor === undefined || session === undefined) return;
    const grain = (to - from) / this.width;
    const end = store.timeOf(session.records.at(-1) ?? 0);
    for (const slice of slicesOf(store, id, this.time(GUTTER), this.time(GUTTER + this.width), grain, end)) {
      const [left, right] = [this.x(slice.fromNs), this.x(slice.toNs)];
      const kind = kindOfState(actor.machine, slice.state);
      const width = Math.max(1.5, right - left - 0.5);
      pen.fillStyle = palette()[kind];
      pen.globalAlpha = kind === "idle" || kind === "done" ? 0.45 : 0.85;
      pen.fillRect(left, y + 3, width, ROW - 6);
      pen.globalAlpha = 1;
      if (width < TEXT_LEAST) continue;
      const quiet = kind === "idle" || kind === "done";
      pen.fillStyle = quiet ? palette().text : palette().surface;
      const start = Math.max(left, GUTTER) + 4;
      const name = stateName(actor.machine, slice.state);
      if (pen.measureText(name).width < right - start - 3) pen.fillText(name, start, y + ROW / 2);
    }
  }

  #leases(pen: CanvasRenderingContext2D, session: number, y: number): void {
    const buckets = Math.ceil(this.width / BUCKET);
    const ends = Array.from({ length: buckets + 1 }, (_, at) => this.time(GUTTER + at * BUCKET));
    const density = leaseDensity(this.app.store, session, ends);
    const most = density.reduce((max, count) => Math.max(max, count), 1);
    pen.fillStyle = palette().ending;
    density.forEach((count, at) => {
      const height = count === 0 ? 0 : Math.max(2, (count / most) * (ROW - 4));
      pen.fillRect(GUTTER + at * BUCKET, y + ROW - 2 - height, BUCKET - 0.5, height);
    });
  }

  /** An arrow from the record that caused the one at the cursor. */
  #cause(pen: CanvasRenderingContext2D): void {
    const { store, cursor } = this.app;
    const record = cursor.position - 1;
    const cause = record < 0 ? undefined : store.causeOf(record);
    if (cause === undefined) return;
    const rowOf = (at: number) => this.lanes.findIndex((lane) =>
      lane.kind === "actor" && lane.actor === store.actorOf(at));
    const [above, below] = [rowOf(cause), rowOf(record)];
    if (above < 0 || below < 0) return;
    const [x1, y1] = [this.x(store.timeOf(cause)), this.#y(above) + ROW / 2];
    const [x2, y2] = [this.x(store.timeOf(record)), this.#y(below) + ROW / 2];
    pen.strokeStyle = palette().accent;
    pen.fillStyle = palette().accent;
    pen.lineWidth = 1.5;
    pen.beginPath();
    pen.moveTo(x1, y1);
    pen.lineTo(x2, y2);
    pen.stroke();
    pen.beginPath();
    pen.arc(x1, y1, 3, 0, 2 * Math.PI);
    pen.arc(x2, y2, 4, 0, 2 * Math.PI);
    pen.fill();
  }

  #gaps(pen: CanvasRenderingContext2D, height: number): void {
    const { axis, from, to } = this.app;
    for (const { fromNs, toNs } of axis.gaps) {
      const [left, right] = [this.x(fromNs), this.x(toNs)];
      if (right < GUTTER || left > GUTTER + this.width || axis.place(toNs) - from > (to - from) * 2) continue;
      pen.fillStyle = palette().line;
      pen.globalAlpha = 0.7;
      const start = Math.max(left, GUTTER);
      pen.fillRect(start, RULER, Math.max(1, right - start), height - RULER);
      pen.globalAlpha = 1;
      const words = `${duration(toNs - fromNs)} idle`;
      if (Math.min(right, GUTTER + this.width) - start < pen.measureText(words).width + 8) continue;
      pen.fillStyle = palette().faint;
      pen.fillText(words, start + 4, height - 8);
    }
  }

  #ruler(pen: CanvasRenderingContext2D, width: number): void {
    const colours = palette();
    pen.fillStyle = colours.surface;
    pen.fillRect(0, 0, width, RULER - 1);
    const { from, to, store, session } = this.app;
    // Times count from the chosen session's begin.
    const zeroNs = store.timeOf(store.sessions[session ?? -1]?.records[0] ?? 0);
    const zero = this.app.axis.place(zeroNs);
    const rough = ((to - from) / this.width) * 110;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
    pen.strokeStyle = colours.line;
    for (let tick = Math.ceil((from - zero) / step); zero + tick * step <= to; tick++) {
      const x = GUTTER + ((zero + tick * step - from) / (to - from)) * this.width;
      const ns = this.app.axis.time(zero + tick * step) - zeroNs;
      pen.fillStyle = colours.faint;
      pen.fillText(`${ns < 0 ? "\u2212" : ""}${duration(Math.abs(ns))}`, x + 3, RULER / 2);
      pen.fillRect(x, RULER - 7, 1, 6);
    }
    pen.fillStyle = colours.line;
    pen.fillRect(0, RULER - 1, width, 1);
  }

  #cursor(pen: CanvasRenderingContext2D, height: number): void {
    const x = this.x(this.app.cursor.timeNs);
    if (x < GUTTER || x > this.canvas.clientWidth) return;
    pen.fillStyle = palette().accent;
    pen.fillRect(x - 0.5, 0, 1.5, height);
  }
}

function press(app: App, lanes: LanesDrawing, x: number, y: number): void {
  const lane = lanes.laneAt(y);
  if (x < GUTTER) {
    if (lane?.kind === "actor") app.selectActor(lane.actor);
    else if (lane !== undefined) app.selectSession(lane.session);
    return;
  }
  app.goTo(app.store.positionAt(lanes.time(x)));
  if (lane?.kind === "actor") app.selectActor(lane.actor);
  else if (lane !== undefined) app.lookAtSession(lane.session);
}

function listen(app: App, lanes: LanesDrawing): void {
  const { canvas } = lanes;
  let held: { readonly x: number; readonly y: number; lastX: number; lastY: number; moved: boolean } | undefined;
  canvas.addEventListener("wheel", (turned) => {
    turned.preventDefault();
    if (turned.ctrlKey || turned.metaKey) app.zoom(turned.deltaY > 0 ? 1.25 : 0.8, lanes.place(turned.offsetX));
    else if (turned.shiftKey || turned.deltaX !== 0) app.pan((turned.deltaX || turned.deltaY) / lanes.width);
    else {
      lanes.top += turned.deltaY;
      app.changed();
    }
  }, { passive: false });
  canvas.addEventListener("pointerdown", ({ offsetX: x, offsetY: y, pointerId }) => {
    canvas.setPointerCapture(pointerId);
    held = { x, y, lastX: x, lastY: y, moved: false };
  });
  canvas.addEventListener("pointermove", ({ offsetX, offsetY }) => {
    if (held === undefined) return;
    held.moved ||= Math.hypot(offsetX - held.x, offsetY - held.y) > DRAG_LEAST;
    if (!held.moved) return;
    lanes.top -= offsetY - held.lastY;
    app.pan((held.lastX - offsetX) / lanes.width);
    [held.lastX, held.lastY] = [offsetX, offsetY];
  });
  canvas.addEventListener("pointerup", ({ offsetX, offsetY }) => {
    if (held !== undefined && !held.moved) press(app, lanes, offsetX, offsetY);
    held = undefined;
  });
}

export function lanesView(app: App): HTMLElement {
  const canvas = element("canvas",
    { class: "lanes", tabindex: 0, role: "img", "aria-label": "Swimlanes of sessions and their actors" });
  const lanes = new LanesDrawing(app, canvas);
  listen(app, lanes);
  app.onChange(() => lanes.draw());
  new ResizeObserver(() => app.changed()).observe(canvas);
  return element("section", { class: "timeline", "aria-label": "Timeline" }, canvas);
}
