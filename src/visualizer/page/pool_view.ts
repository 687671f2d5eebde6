// The page pool as a map: one square a page, coloured by its lease's state at the cursor's instant, fuller the more
// often it was used. A chosen page tells its lease history. Pages nobody recorded are not known here.
import { pageLease } from "#generated/machines.js";
import { UNBORN } from "../cursor.js";
import { sessionTitle } from "../lanes.js";
import { LOST, standingOf, standings } from "../page_standing.js";
import { eventName, kindOfState, stateName } from "../state_kinds.js";
import { firstAfter } from "../trace_store.js";
import type { App } from "./app.js";
import { element, freshCanvas } from "./element.js";
import { palette } from "./palette.js";
import { duration } from "./wording.js";

const CELL_MAX = 16;
const CELL_LEAST = 4;
const HISTORY_LINES = 8;

interface Grid {
  readonly across: number;
  readonly cell: number;
}

function gridOf(pages: number, width: number, height: number): Grid {
  for (let cell = CELL_MAX; cell > CELL_LEAST; cell--) {
    const across = Math.max(1, Math.floor(width / cell));
    if (Math.ceil(pages / across) * cell <= height) return { across, cell };
  }
  return { across: Math.max(1, Math.floor(width / CELL_LEAST)), cell: CELL_LEAST };
}

function drawPages(app: App, canvas: HTMLCanvasElement): Grid {
  const fresh = freshCanvas(canvas);
  const { pages } = app.store;
  if (fresh === undefined) return { across: 1, cell: CELL_MAX };
  const grid = gridOf(pages.length, fresh.width, fresh.height);
  const { pen } = fresh;
  const colours = palette();
  const most = pages.reduce((max, actor) => Math.max(max, app.store.actors[actor]?.records.length ?? 0), 1);
  for (let page = 0; page < pages.length; page++) {
    const [x, y] = [(page % grid.across) * grid.cell, Math.floor(page / grid.across) * grid.cell];
    const actor = pages[page];
    const state = standingOf(app.store, app.cursor, page);
    const size = grid.cell - 1;
    if (actor === undefined || state === UNBORN || state === LOST) {
      pen.strokeStyle = state === LOST ? colours.idle : colours.line;
      pen.strokeRect(x + 0.5, y + 0.5, size - 1, size - 1);
    } else {
      const uses = firstAfter(app.store.actors[actor]?.records ?? [], app.cursor.position - 1);
      const free = state === pageLease.initial;
      pen.globalAlpha = free ? 0.2 + 0.5 * (uses / most) : 1;
      pen.fillStyle = colours[free ? "idle" : kindOfState(pageLease.code, state)];
      pen.fillRect(x, y, size, size);
      pen.globalAlpha = 1;
    }
    if (page !== app.page) continue;
    pen.strokeStyle = colours.accent;
    pen.lineWidth = 2;
    pen.strokeRect(x, y, size, size);
    pen.lineWidth = 1;
  }
  return grid;
}

function history(app: App, page: number): readonly HTMLElement[] {
  const actor = app.store.pages[page];
  const records = actor === undefined ? [] : app.store.actors[actor]?.records ?? [];
  const until = firstAfter(records, app.cursor.position - 1);
  const { event, to } = app.store.columns;
  return records.slice(Math.max(0, until - HISTORY_LINES), until).reverse().map((at) => {
    const ago = duration(app.cursor.timeNs - app.store.timeOf(at));
    const row = element("li", {},
      `${eventName(pageLease.code, event[at] as number)}, ${stateName(pageLease.code, to[at] as number)}: ` +
      `${sessionTitle(app.store, app.store.sessionOf(at))}, ${ago} before`);
    return row;
  });
}

/** "3 filled, 2 on their way, 1 read" */
function summary(app: App): string {
  const counts = standings(app.store, app.cursor);
  const states = [
    ...pageLease.states.map((name, state) => [name, counts.get(state) ?? 0] as const),
    ["unknown, records overwritten", counts.get(LOST) ?? 0] as const,
  ];
  const words = states.filter(([, count]) => count > 0).map(([name, count]) => `${count} ${name}`);
  return words.join(", ") || "no page used";
}

export function poolView(app: App): HTMLElement {
  const canvas = element("canvas", { class: "pool", tabindex: 0, role: "img", "aria-label": "Page pool" });
  const words = element("p", { class: "note" });
  const about = element("ol", { class: "history" });
  const title = element("h3", {});
  let grid: Grid = { across: 1, cell: CELL_MAX };
  const choose = (page: number): void => {
    if (page < 0 || page >= app.store.pages.length) return;
    app.page = page;
    const actor = app.store.pages[page];
    if (actor !== undefined) app.actor = actor;
    app.changed();
  };
  canvas.addEventListener("click", ({ offsetX, offsetY }) => {
    const across = Math.floor(offsetX / grid.cell);
    if (across < grid.across) choose(Math.floor(offsetY / grid.cell) * grid.across + across);
  });
  canvas.addEventListener("keydown", (pressed) => {
    const moves: Readonly<Record<string, number>> =
      { ArrowRight: 1, ArrowLeft: -1, ArrowDown: grid.across, ArrowUp: -grid.across };
    const move = moves[pressed.key];
    if (move === undefined) return;
    choose((app.page ?? -1) + move);
    pressed.preventDefault();
    pressed.stopPropagation();
  });
  app.onChange(() => {
    grid = drawPages(app, canvas);
    words.textContent = summary(app);
    title.textContent = app.page === undefined ? "" : `Page ${app.page}`;
    about.replaceChildren(...(app.page === undefined ? [] : history(app, app.page)));
  });
  return element("section", { class: "pages", "aria-label": "Page pool" },
    element("h2", {}, "Page pool"), words, canvas, title, about);
}
