// The list of sessions, worst first, each with how it ended and how long it took. Only the rows in sight exist, so
// a hundred thousand sessions scroll like ten.
import { sessionTitle } from "../lanes.js";
import { outcomeOf } from "../trace_store.js";
import type { App } from "./app.js";
import { element } from "./element.js";
import { kindSigns } from "./palette.js";
import { duration } from "./wording.js";

const ROW_HEIGHT = 26;

function rowOf(app: App, id: number, at: number): HTMLElement {
  const session = app.store.sessions[id];
  if (session === undefined) return element("div");
  const { records, marks } = session;
  const { name: outcome, kind: outcomeKind } = outcomeOf(session);
  const took = app.store.timeOf(records.at(-1) ?? 0) - app.store.timeOf(records[0] ?? 0);
  const violated = marks.violation > 0 ? " !" : "";
  const row = element("div", {
    class: `session ${outcomeKind}`, role: "option", "aria-selected": String(id === app.session), "data-session": id,
  },
    element("span", { class: "sign", "aria-hidden": true }, kindSigns[outcomeKind]),
    element("span", { class: "title" }, sessionTitle(app.store, id)),
    element("span", { class: "outcome" }, (outcome || "unknown") + violated),
    element("span", { class: "took" }, duration(took)));
  row.style.top = `${at * ROW_HEIGHT}px`;
  row.addEventListener("click", () => app.selectSession(id));
  return row;
}

export function sessionsView(app: App): HTMLElement {
  const rows = element("div", { class: "rows" });
  const list = element("div",
    { class: "scroll", role: "listbox", tabindex: 0, "aria-label": "Sessions, failed first" }, rows);
  const search = element("input",
    { type: "search", placeholder: "filter: failed, 12/3, planning", "aria-label": "Filter sessions" });
  const count = element("span", { class: "count" });
  let shown: readonly number[] = [];
  let key = "";
  let revealed: number | undefined;
  const matching = (): readonly number[] => {
    const words = search.value.trim().toLowerCase().split(/\s+/).filter((word) => word !== "");
    return words.length === 0 ? app.ranked() : app.ranked().filter((id) => {
      const session = app.store.sessions[id];
      const outcome = session === undefined ? "" : outcomeOf(session).name;
      const text = `${sessionTitle(app.store, id)} ${outcome}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
  };
  const draw = (): void => {
    const want = `${app.store.count}/${search.value}`;
    if (want !== key) shown = matching();
    key = want;
    rows.style.height = `${shown.length * ROW_HEIGHT}px`;
    count.textContent = `${shown.length} of ${app.store.sessions.length}`;
    if (app.session !== undefined && app.session !== revealed) {
      revealed = app.session;
      const top = shown.indexOf(app.session) * ROW_HEIGHT;
      const seen = top >= list.scrollTop && top + ROW_HEIGHT <= list.scrollTop + list.clientHeight;
      if (top >= 0 && !seen) list.scrollTop = top - list.clientHeight / 2;
    }
    const first = Math.max(0, Math.floor(list.scrollTop / ROW_HEIGHT) - 2);
    const last = Math.min(shown.length, first + Math.ceil(list.clientHeight / ROW_HEIGHT) + 4);
    rows.replaceChildren(...shown.slice(first, last).map((id, at) => rowOf(app, id, first + at)));
  };
  list.addEventListener("scroll", () => requestAnimationFrame(draw));
  list.addEventListener("keydown", (pressed) => {
    if (pressed.key !== "ArrowDown" && pressed.key !== "ArrowUp") return;
    const next = shown[shown.indexOf(app.session ?? -1) + (pressed.key === "ArrowDown" ? 1 : -1)];
    if (next !== undefined) app.selectSession(next);
    pressed.preventDefault();
  });
  search.addEventListener("input", draw);
  app.onChange(draw);
  return element("nav", { class: "sessions", "aria-label": "Sessions" },
    element("h2", {}, "Sessions ", count), search, list);
}
