// Two sessions beside each other: the chosen one on the left, and on the right one of a second recording, or the one
// that was marked in this recording. What differs is compare_sessions.ts's.
import { compareSessions, counterpart, type Comparison, type Divergence, type Side } from "../compare_sessions.js";
import { sessionTitle } from "../lanes.js";
import { outcomeOf, type TraceStore } from "../trace_store.js";
import type { App } from "./app.js";
import { button, element } from "./element.js";
import { duration } from "./wording.js";

/** Sessions offered around the counterpart. */
const OFFERED = 200;
const STATES_SHOWN = 14;

function optionsOf(store: TraceStore, around: number | undefined): readonly HTMLOptionElement[] {
  const first = Math.max(0, (around ?? 0) - OFFERED / 2);
  return store.sessions.slice(first, first + OFFERED).map((session) => {
    const option = element("option", { value: session.id },
      `${sessionTitle(store, session.id)} ${outcomeOf(session).name}`);
    option.selected = session.id === around;
    return option;
  });
}

function divergenceRow(app: App, { actor, alike, left, right }: Divergence): HTMLElement {
  const go = left === undefined
    ? element("span", {}, "has no further record")
    : button(left.says, "Go to this record", () => app.goTo(left.record + 1));
  return element("li", { class: "divergence" },
    element("strong", {}, actor), ` after ${alike} alike: `, go,
    element("div", { class: "theirs" }, `on the right: ${right?.says ?? "has no further record"}`));
}

function stateTable({ states }: Comparison): HTMLElement {
  const cells = (tag: "td" | "th", words: readonly string[]): HTMLElement =>
    element("tr", {}, ...words.map((word) => element(tag, {}, word)));
  const rows = states.slice(0, STATES_SHOWN).map(({ machine, state, visits, ns }) => {
    const more = ns[1] - ns[0];
    const delta = `${more < 0 ? "\u2212" : "+"}${duration(Math.abs(more))}`;
    return cells("td", [
      machine, state, String(visits[0]), String(visits[1]), duration(ns[0]), duration(ns[1]), delta,
    ]);
  });
  return element("table", { class: "states" },
    cells("th", ["machine", "state", "entered", "right", "held", "right", "longer by"]), ...rows);
}

function resultOf(app: App, left: Side, right: Side): readonly HTMLElement[] {
  const found = compareSessions(left, right);
  const { divergences, alike, leases, ns } = found;
  return [
    element("p", { class: "summary" },
      `${alike} actors behave alike, ${divergences.length} differ; ${leases[0]} and ${leases[1]} pages leased; ` +
      `${duration(ns[0])} and ${duration(ns[1])}.`),
    element("h3", {}, divergences.length === 0 ? "Nothing differs but times" : "First difference of each actor"),
    element("ol", { class: "divergences" }, ...divergences.map((each) => divergenceRow(app, each))),
    element("h3", {}, "Time in states"), stateTable(found),
  ];
}

export function compareView(app: App): HTMLElement {
  const pick = element("select", { "aria-label": "Session to compare with" });
  const mark = button("mark this session (m)", "Compare others with this session (m)", () => app.markBase());
  const title = element("p", { class: "against" });
  const result = element("div", { class: "result" });
  let offered = "";
  let drawn = "";
  pick.addEventListener("change", () => app.changed());
  app.onChange(() => {
    if (app.view !== "compare") return;
    const { session, other, base, store } = app;
    const rightStore = other?.store ?? store;
    const key = `${session}/${base}`;
    if (key !== offered) {
      offered = key;
      const around = other === undefined ? base : session === undefined ? 0 : counterpart(store, session, other.store);
      pick.replaceChildren(...optionsOf(rightStore, around));
    }
    const chosen = Number(pick.value);
    const known = session !== undefined && (other !== undefined || base !== undefined);
    const source = other === undefined ? "this recording" : other.heading.title;
    title.textContent = !known
      ? "Mark a session with m and choose another one; or start with --compare FILE."
      : `left: ${sessionTitle(store, session)}; right, of ${source}: `;
    pick.hidden = !known;
    const want = `${key}/${chosen}/${store.count}`;
    if (want === drawn) return;
    drawn = want;
    result.replaceChildren(...(known
      ? resultOf(app, { store, session }, { store: rightStore, session: chosen }) : []));
  });
  return element("section", { class: "compare", "aria-label": "Compare two sessions", tabindex: 0 },
    title, pick, mark, result);
}
