// The plan of the chosen session as a tree of operators, linked both ways with the actors that do their work: choosing
// an operator marks its actors in the timeline, and a chosen actor lights its operators here. Plans come with a full
// trace or with --explain, or a person opens or pastes EXPLAIN's output. Links are plan_actors.ts's.
import { actorName } from "../lanes.js";
import { actorsOfOperator } from "../plan_actors.js";
import { ExplainReadError, plansOfExplain, type ShownOperator, type ShownPlan } from "../shown_plan.js";
import type { App } from "./app.js";
import { button, element } from "./element.js";

type Tell = (text: string) => void;

/** Rows that PostgreSQL or the planner expected wrongly by this factor are marked. */
const WRONG_BY = 10;

function misjudged({ rows, actualRows }: ShownOperator): boolean {
  if (rows === undefined || actualRows === undefined) return false;
  const [more, less] = [Math.max(rows, actualRows), Math.max(1, Math.min(rows, actualRows))];
  return more / less >= WRONG_BY;
}

/** "expected 15000, had 15000 rows, 3.1 ms, 97 kB". */
function numbersOf(operator: ShownOperator): string {
  const { rows, actualRows, timeMs, pages, memoryKb } = operator;
  return [
    rows === undefined ? "" : `expected ${Math.round(rows)}`,
    actualRows === undefined ? "" : `had ${actualRows} rows${misjudged(operator) ? " (!)" : ""}`,
    timeMs === undefined || timeMs === 0 ? "" : `${timeMs.toFixed(timeMs < 10 ? 2 : 0)} ms`,
    pages === undefined || pages === 0 ? "" : `${pages} pages`,
    memoryKb === undefined || memoryKb === 0 ? "" : `${memoryKb} kB`,
  ].filter((part) => part !== "").join(", ");
}

function operatorRow(app: App, plan: ShownPlan, operator: ShownOperator, most: number): HTMLElement {
  const head = button(operator.name, `Choose operator ${operator.number}: ${operator.name}`, () =>
    app.selectOperator(operator.number));
  head.dataset["operator"] = String(operator.number);
  const bar = element("span", { class: "rows-bar", "aria-hidden": true });
  bar.style.width = `${(100 * (operator.actualRows ?? operator.rows ?? 0)) / most}%`;
  const ofScan = operator.leaf === undefined ? [] : plan.scans[operator.leaf] ?? [];
  const facts = [...operator.details, ...ofScan];
  const row = element("li", { class: "operator" },
    element("div", { class: "head" }, head, element("span", { class: "numbers" }, numbersOf(operator))), bar,
    element("dl", { class: "facts" },
      ...facts.flatMap(({ label, text }) => [element("dt", {}, label), element("dd", {}, text)])));
  row.style.marginLeft = `${operator.depth * 22}px`;
  return row;
}

function rowsOf(app: App, plan: ShownPlan): readonly HTMLElement[] {
  const most = plan.operators.reduce((max, { rows, actualRows }) => Math.max(max, actualRows ?? rows ?? 0), 1);
  return plan.operators.map((operator) => operatorRow(app, plan, operator, most));
}

/** Arrow keys go from operator to operator. */
function listenToArrows(list: HTMLElement): void {
  list.addEventListener("keydown", (pressed) => {
    if (pressed.key !== "ArrowDown" && pressed.key !== "ArrowUp") return;
    const heads = [...list.querySelectorAll<HTMLButtonElement>("button[data-operator]")];
    const at = heads.indexOf(document.activeElement as HTMLButtonElement);
    const next = heads[at + (pressed.key === "ArrowDown" ? 1 : -1)];
    next?.focus();
    next?.click();
    pressed.preventDefault();
  });
}

function bringText(app: App, text: string, tell: Tell): void {
  try {
    for (const plan of plansOfExplain(text))
      if (app.bring(plan) === undefined) tell("the session this plan names is not in the recording");
  } catch (error) {
    if (!(error instanceof ExplainReadError)) throw error;
    tell(error.message);
  }
}

function openers(app: App, tell: Tell): HTMLElement {
  const file = element("input",
    { type: "file", accept: ".json,.txt,application/json", "aria-label": "Open EXPLAIN output" });
  file.addEventListener("change", () => {
    const [chosen] = file.files ?? [];
    if (chosen !== undefined) void chosen.text().then((text) => bringText(app, text, tell));
  });
  const area = element("textarea", { rows: 3, "aria-label": "EXPLAIN (ANALYZE, FORMAT JSON) output",
    placeholder: "paste the output of EXPLAIN (ANALYZE, FORMAT JSON)" });
  area.addEventListener("input", () => {
    if (area.value.trim().endsWith("]") || area.value.includes("row)")) bringText(app, area.value, tell);
  });
  return element("details", { class: "openers" },
    element("summary", {}, "Bring a plan"), file, area);
}

/** Actors of the chosen operator, as buttons. */
function actorsOf(app: App): HTMLElement {
  const { plan, session, operator } = app;
  const ids = plan === undefined || session === undefined || operator === undefined
    ? [] : actorsOfOperator(app.store, session, plan, operator);
  return element("p", { class: "actors" }, ids.length === 0 ? "" : "its actors: ",
    ...ids.map((id) => button(actorName(app.store, id), "Choose this actor", () => app.selectActor(id))));
}

export function planView(app: App, tell: Tell): HTMLElement {
  const list = element("ol", { class: "operators", "aria-label": "Operators of the plan" });
  const actors = element("div");
  const empty = element("p", { class: "empty" });
  const opener = openers(app, tell);
  listenToArrows(list);
  let drawn: ShownPlan | undefined;
  app.onChange(() => {
    if (app.view !== "plan") return;
    const { plan } = app;
    if (plan !== drawn) {
      drawn = plan;
      list.replaceChildren(...(plan === undefined ? [] : rowsOf(app, plan)));
    }
    opener.toggleAttribute("open", opener.hasAttribute("open") || plan === undefined);
    empty.textContent = plan === undefined
      ? "No plan is known for this session. A full trace brings its own; " +
        "EXPLAIN (ANALYZE, FORMAT JSON) names its session."
      : "";
    const lit = app.litOperators();
    for (const [at, row] of [...list.children].entries()) {
      row.classList.toggle("lit", lit.has(at));
      row.querySelector("button")?.setAttribute("aria-pressed", String(app.operator === at));
    }
    actors.replaceChildren(actorsOf(app));
  });
  return element("section", { class: "plan", "aria-label": "Plan", tabindex: 0 }, empty, actors, list, opener);
}
