// The keyboard: one table that is both what keys do and what the help says. Every act of the page is here.
import { markNames, type MarkKind } from "../state_kinds.js";
import type { App } from "./app.js";
import { element } from "./element.js";

interface KeyAct {
  readonly keys: readonly string[];
  readonly says: string;
  readonly act: (app: App) => void;
}

/** A step that is felt in a long trace. */
const BIG_STEP = 100;

let tell: (text: string) => void = () => undefined;

const jump = (kind: MarkKind, direction: 1 | -1) => (app: App): void => {
  if (!app.jump(kind, direction)) tell(`no ${direction === 1 ? "further" : "earlier"} ${markNames[kind]}`);
};

/** Round the actors of the chosen session. */
function nextActor(app: App, direction: 1 | -1): void {
  const actors = app.store.sessions[app.session ?? -1]?.actors ?? [];
  if (actors.length === 0) return;
  const at = actors.indexOf(app.actor ?? -1);
  const next = actors[(at + direction + actors.length) % actors.length];
  if (next !== undefined) app.selectActor(next);
}

function toCause(app: App): void {
  const cause = app.store.causeOf(app.cursor.position - 1);
  if (cause === undefined) tell("no recorded cause");
  else app.goTo(cause + 1);
}

const acts: readonly KeyAct[] = [
  { keys: ["j", "ArrowRight"], says: "next record", act: (app) => app.step(1) },
  { keys: ["k", "ArrowLeft"], says: "record before", act: (app) => app.step(-1) },
  { keys: ["J"], says: `${BIG_STEP} records on`, act: (app) => app.step(BIG_STEP) },
  { keys: ["K"], says: `${BIG_STEP} records back`, act: (app) => app.step(-BIG_STEP) },
  { keys: ["]"], says: "next session", act: (app) => app.neighbour(1) },
  { keys: ["["], says: "session before", act: (app) => app.neighbour(-1) },
  { keys: ["c"], says: "next cancel", act: jump("cancel", 1) },
  { keys: ["C"], says: "cancel before", act: jump("cancel", -1) },
  { keys: ["f"], says: "next failure", act: jump("failure", 1) },
  { keys: ["F"], says: "failure before", act: jump("failure", -1) },
  { keys: ["v"], says: "next protocol violation", act: jump("violation", 1) },
  { keys: ["V"], says: "violation before", act: jump("violation", -1) },
  { keys: ["r"], says: "next full ring", act: jump("ringFull", 1) },
  { keys: ["R"], says: "full ring before", act: jump("ringFull", -1) },
  { keys: ["e"], says: "next empty pool", act: jump("poolEmpty", 1) },
  { keys: ["E"], says: "empty pool before", act: jump("poolEmpty", -1) },
  { keys: ["t"], says: "next stale frame dropped", act: jump("stale", 1) },
  { keys: ["T"], says: "stale frame before", act: jump("stale", -1) },
  { keys: ["b"], says: "back to the cause of this record", act: toCause },
  { keys: ["a"], says: "next actor of the session", act: (app) => nextActor(app, 1) },
  { keys: ["A"], says: "actor before", act: (app) => nextActor(app, -1) },
  { keys: [" "], says: "play, pause", act: (app) => app.togglePlay() },
  { keys: ["g", "Home"], says: "begin", act: (app) => app.goTo(0) },
  { keys: ["G", "End"], says: "end", act: (app) => app.goTo(app.store.count) },
  { keys: ["l"], says: "follow the live server", act: (app) => app.follow() },
  {
    keys: ["s"], says: "count states of everything, or of the chosen session",
    act: (app) => {
      app.scope = app.scope === "everything" ? "session" : "everything";
      app.changed();
    },
  },
  { keys: ["1"], says: "machines", act: (app) => app.show("machines") },
  { keys: ["2", "p"], says: "plan of the session", act: (app) => app.show("plan") },
  { keys: ["3", "d"], says: "compare two sessions", act: (app) => app.show("compare") },
  { keys: ["m"], says: "compare others with this session", act: (app) => app.markBase() },
  {
    keys: ["o"], says: "what was ever tried of each machine",
    act: (app) => {
      app.coverage = !app.coverage;
      app.show("machines");
    },
  },
  { keys: ["+", "="], says: "zoom in", act: (app) => app.zoom(0.6) },
  { keys: ["-"], says: "zoom out", act: (app) => app.zoom(1 / 0.6) },
  { keys: [","], says: "earlier", act: (app) => app.pan(-0.25) },
  { keys: ["."], says: "later", act: (app) => app.pan(0.25) },
  { keys: ["z"], says: "see the chosen session", act: (app) => app.seeSession() },
  { keys: ["0"], says: "see all", act: (app) => app.seeAll() },
];

const keyNames: Readonly<Record<string, string>> = {
  " ": "space", ArrowRight: "\u2192", ArrowLeft: "\u2190",
};

function helpDialog(): HTMLDialogElement {
  const rows = acts.map(({ keys, says }) => element("tr", {},
    element("td", {}, ...keys.map((key) => element("kbd", {}, keyNames[key] ?? key))), element("td", {}, says)));
  const own = [
    ["/", "filter sessions"], ["?", "these keys"], ["Tab", "next part; arrows move in the list and in the pool"],
    ["Ctrl + wheel", "zoom"], ["Shift + wheel", "earlier, later"],
  ].map(([key = "", says = ""]) =>
    element("tr", {}, element("td", {}, element("kbd", {}, key)), element("td", {}, says)));
  return element("dialog", { class: "help", "aria-label": "Keys" },
    element("h2", {}, "Keys"), element("table", {}, ...rows, ...own), element("p", {}, "Escape closes this."));
}

/** Listens to the whole page; returns the help, which the page holds. */
export function listenToKeys(app: App, notify: (text: string) => void): HTMLDialogElement {
  tell = notify;
  const help = helpDialog();
  const byKey = new Map(acts.flatMap(({ keys, act }) => keys.map((key) => [key, act] as const)));
  document.addEventListener("keydown", (pressed) => {
    const { key, target } = pressed;
    if (pressed.ctrlKey || pressed.metaKey || pressed.altKey || help.open) return;
    const typing = target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement ||
      (target instanceof HTMLInputElement && target.type === "search");
    if (typing) {
      if (key === "Escape") target.blur();
      return;
    }
    if (key === "?") help.showModal();
    else if (key === "/") document.querySelector<HTMLInputElement>(".sessions input")?.focus();
    else if (key === " " && target instanceof HTMLButtonElement) return;
    else {
      const act = byKey.get(key);
      if (act === undefined) return;
      act(app);
    }
    pressed.preventDefault();
  });
  return help;
}
