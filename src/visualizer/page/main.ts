// The page: puts the views together, brings the trace, and plays. One page serves a live server, a served file and
// a document with its trace inside. Read next: app.ts.
import { LAYOUTS_FINGERPRINT } from "#generated/machine_layouts.js";
import { sessionTitle } from "../lanes.js";
import { markNames } from "../state_kinds.js";
import { TraceStore } from "../trace_store.js";
import { App } from "./app.js";
import { chartsView } from "./charts_view.js";
import { detailView } from "./detail_view.js";
import { button, element } from "./element.js";
import { listenToKeys } from "./keys.js";
import { lanesView } from "./lanes_view.js";
import { compareView } from "./compare_view.js";
import { followTrace, indexInSlices, openOther, openTrace } from "./loading.js";
import { middleView } from "./middle_view.js";
import { planView } from "./plan_view.js";
import { watchPalette } from "./palette.js";
import { poolView } from "./pool_view.js";
import { sessionsView } from "./sessions_view.js";
import { timeOfDay } from "./wording.js";

/** Twenty steps a second; what is in sight passes in twenty seconds. */
const PLAY_STEP_MS = 50;
const PLAY_STEPS = 400;
const NOTE_MS = 2500;

function headerOf(app: App, status: HTMLElement, note: HTMLElement, help: HTMLDialogElement): HTMLElement {
  const numbers = element("span", { class: "numbers" });
  const scope = button("", "What the counts count (s)", () => {
    app.scope = app.scope === "everything" ? "session" : "everything";
    app.changed();
  });
  scope.className = "scope";
  app.onChange(() => {
    const { marks, count } = app.store;
    const lost = app.missing > 0 ? `, ${app.missing} overwritten earlier` : "";
    const rare = (["ringFull", "poolEmpty", "stale"] as const).filter((kind) => marks[kind].length > 0)
      .map((kind) => `, ${marks[kind].length} \u00d7 ${markNames[kind]}`).join("");
    numbers.textContent = `${count} records${lost}, ${marks.cancel.length} cancels, ` +
      `${marks.failure.length} failures, ${marks.violation.length} violations${rare}`;
    scope.textContent = app.scope === "everything" || app.session === undefined
      ? "counts: everything" : `counts: ${sessionTitle(app.store, app.session)}`;
  });
  const other = app.heading.sameMachines && LAYOUTS_FINGERPRINT.toString(16) === app.heading.machinesFingerprint
    ? [] : [element("strong", { class: "warning" }, "another build recorded this: names may not fit")];
  return element("header", {},
    element("h1", {}, "pg_fusion"), element("span", { class: "source" }, app.heading.title), status, numbers, ...other,
    note, scope, button("? keys", "Keys (?)", () => help.showModal()));
}

function footerOf(app: App): HTMLElement {
  const place = element("output", { class: "place" });
  const scrub = element("input", { type: "range", min: 0, max: 1, step: 1, "aria-label": "Position in the trace" });
  const play = button("\u25b6", "Play, pause (space)", () => app.togglePlay());
  scrub.addEventListener("input", () => app.goTo(Number(scrub.value)));
  app.onChange(() => {
    scrub.max = String(app.store.count);
    scrub.value = String(app.cursor.position);
    play.textContent = app.playing ? "\u2016" : "\u25b6";
    place.textContent = `${app.cursor.position} / ${app.store.count}  ` +
      (app.cursor.position === 0 ? "" : `${timeOfDay(app.heading.wallMs, app.cursor.timeNs)} UTC`);
  });
  return element("footer", {},
    button("|\u25c0", "Begin (g)", () => app.goTo(0)), button("\u25c0", "Record before (k)", () => app.step(-1)),
    play, button("\u25b7", "Next record (j)", () => app.step(1)),
    button("\u25b6|", "End (G)", () => app.goTo(app.store.count)), scrub, place,
    button("cancel \u2192", "Next cancel (c)", () => void app.jump("cancel", 1)),
    button("failure \u2192", "Next failure (f)", () => void app.jump("failure", 1)),
    button("violation \u2192", "Next violation (v)", () => void app.jump("violation", 1)),
    button("full ring \u2192", "Next full ring (r)", () => void app.jump("ringFull", 1)),
    button("empty pool \u2192", "Next empty pool (e)", () => void app.jump("poolEmpty", 1)),
    button("stale \u2192", "Next stale frame dropped (t)", () => void app.jump("stale", 1)));
}

function follow(app: App, feed: string, status: HTMLElement): void {
  let connected = false;
  app.onChange(() => {
    const following = app.following ? "live" : "live, paused (l)";
    status.textContent = connected ? following : "not connected; reload to try again";
    status.classList.toggle("on", connected && app.following);
  });
  followTrace(feed, {
    connected(yes) {
      connected = yes;
      app.changed();
    },
    records(heading, chunk) {
      app.missing += heading.missing;
      app.take(chunk);
      app.settle();
    },
  });
}

function assemble(app: App, root: HTMLElement, status: HTMLElement): void {
  const note = element("span", { class: "said", role: "status" });
  let clear: number | undefined;
  const tell = (text: string): void => {
    note.textContent = text;
    window.clearTimeout(clear);
    clear = window.setTimeout(() => (note.textContent = ""), NOTE_MS);
  };
  const help = listenToKeys(app, tell);
  const upper = middleView(app, { machines: chartsView(app), plan: planView(app, tell), compare: compareView(app) });
  root.replaceChildren(
    headerOf(app, status, note, help), sessionsView(app),
    element("div", { class: "middle" }, upper, lanesView(app)),
    element("aside", {}, detailView(app), poolView(app)), footerOf(app), help);
  root.className = "ready";
}

/** The second recording, after the first one is there to be looked at. */
async function bringOther(app: App): Promise<void> {
  const opened = await openOther();
  if (opened === undefined) return;
  const store = new TraceStore(opened.heading.controlSlots);
  await indexInSlices(store, opened.chunk, () => undefined);
  app.other = { heading: opened.heading, store };
  app.changed();
}

async function start(root: HTMLElement): Promise<void> {
  const { heading, chunk, feed } = await openTrace();
  const app = new App(heading);
  const progress = (share: number) => {
    const text = root.querySelector(".loading");
    if (text !== null) text.textContent = `Reading ${chunk.count} records: ${Math.round(share * 100)} %`;
  };
  await indexInSlices(app.store, chunk, progress);
  const status = element("span", { class: "status" }, heading.live ? "" : "recorded");
  assemble(app, root, status);
  app.settle();
  // A recording opens where it hurts.
  const worst = app.ranked()[0];
  if (!heading.live && worst !== undefined) app.selectSession(worst);
  watchPalette(() => app.changed());
  window.setInterval(() => app.playOn(PLAY_STEPS), PLAY_STEP_MS);
  if (feed !== undefined && heading.live) follow(app, feed, status);
  await bringOther(app);
}

const root = document.getElementById("page");
if (root !== null) start(root).catch((error: unknown) => {
  root.replaceChildren(element("p", { class: "loading" }, `The trace cannot be shown: ${String(error)}`));
});
