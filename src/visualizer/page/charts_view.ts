// The statecharts: every machine as it was laid out at build time, its states lit by how many actors are in them,
// its arrows warm with use. It counts nothing itself; cursor.ts does.
import {
  cancellation, executionBackend, executionWorker, generatedMachines, pageLease, planningBackend, planningWorker, scan,
  scanProducer, type GeneratedMachine,
} from "#generated/machines.js";
import { machineLayouts } from "#generated/machine_layouts.js";
import { tallySession, type Tally } from "../cursor.js";
import { coverageKinds, coverageOf, coverageTold, coverageWords, type Coverage } from "../coverage.js";
import { STATE_HEIGHT, type PlacedEdge } from "../layered_layout.js";
import { standings } from "../page_standing.js";
import { eventName, kindOfState, stateName } from "../state_kinds.js";
import type { App } from "./app.js";
import { drawing, element } from "./element.js";

/** Names stay readable, and most machines are in sight. */
const SCALE = 0.84;

interface ShownState {
  readonly box: SVGElement;
  readonly count: SVGElement;
}

interface ShownEdge {
  readonly edge: PlacedEdge;
  readonly line: SVGElement;
  readonly title: SVGElement;
}

interface Chart {
  readonly machine: GeneratedMachine;
  readonly card: HTMLElement;
  readonly note: HTMLElement;
  readonly states: readonly ShownState[];
  readonly edges: readonly ShownEdge[];
}

function drawEdges(machine: GeneratedMachine): ShownEdge[] {
  return (machineLayouts[machine.name]?.edges ?? []).map((edge) => {
    const title = drawing("title");
    const line = drawing("path", { class: "edge", d: edge.path, "marker-end": "url(#tip)" }, title);
    return { edge, line, title };
  });
}

function drawStates(machine: GeneratedMachine): ShownState[] {
  return (machineLayouts[machine.name]?.states ?? []).map(({ x, y, width }, state) => {
    const kind = kindOfState(machine.code, state);
    const count = drawing("text", { class: "count", x: x + width / 2 - 2, y: y - STATE_HEIGHT / 2 + 2 });
    const box = drawing("g", { class: `state ${kind}` },
      drawing("rect", {
        x: x - width / 2, y: y - STATE_HEIGHT / 2, width, height: STATE_HEIGHT,
        rx: machine.finals.includes(state) ? 13 : 5,
      }),
      drawing("text", { class: "name", x, y: y + 4 }, machine.states[state] ?? ""), count);
    return { box, count };
  });
}

function drawChart(machine: GeneratedMachine): Chart {
  const { width, height } = machineLayouts[machine.name] ?? { width: 10, height: 10 };
  const edges = drawEdges(machine);
  const states = drawStates(machine);
  const picture = drawing("svg",
    {
      viewBox: `0 0 ${width} ${height}`, width: width * SCALE, height: height * SCALE, role: "img",
      "aria-label": `machine ${machine.name}`,
    },
    ...edges.map(({ line }) => line), ...states.map(({ box }) => box));
  const note = element("p", { class: "note" });
  const card = element("article", { class: "chart", "data-machine": machine.name },
    element("h3", {}, machine.name), note, picture);
  return { machine, card, note, states, edges };
}

/** Arrow heads are shared: one definition for all pictures. */
const tips = (): SVGElement => drawing("svg", { width: 0, height: 0, class: "tips", "aria-hidden": true },
  drawing("defs", {}, drawing("marker", {
    id: "tip", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7,
    markerUnits: "userSpaceOnUse", orient: "auto",
  }, drawing("path", { d: "M0 0L8 4L0 8z" }))));

/** Ten times as many uses, one step warmer. */
const warmth = (uses: number): number => (uses === 0 ? 0 : Math.min(5, 1 + Math.floor(Math.log10(uses))));

/** "here 12, on servers 3, in simulation 5, only walked 2". */
function coverageNote(machine: GeneratedMachine, tally: Tally): string {
  const counts = new Map<Coverage, number>();
  for (const { from, events } of machineLayouts[machine.name]?.edges ?? [])
    for (const event of events) {
      const kind = coverageOf(machine, from, event, tally.usesOf(machine.code, from, event));
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
  const words: Readonly<Record<Coverage, string>> = {
    here: "here", live: "on servers", simulated: "in simulation", explored: "explored", walked: "only walked",
    never: "never",
  };
  const known = coverageKinds.filter((kind) => counts.has(kind));
  return known.map((kind) => `${words[kind]} ${counts.get(kind)}`).join(", ");
}

function light(chart: Chart, tally: Tally, app: App): void {
  const { machine, states, edges, note, card } = chart;
  const { columns } = app.store;
  const record = app.cursor.position - 1;
  const mine = record >= 0 && columns.machine[record] === machine.code;
  const [event, from, to] = mine ? [columns.event[record], columns.from[record], columns.to[record]] : [];
  // The pool knows better than the last record of a page whose later ones are overwritten.
  const ofPool = machine.code === pageLease.code && tally === app.cursor.tally;
  const pages = ofPool ? standings(app.store, app.cursor) : undefined;
  states.forEach(({ box, count }, state) => {
    const actors = pages === undefined ? tally.inState(machine.code, state) : pages.get(state) ?? 0;
    box.classList.toggle("lit", actors > 0);
    box.classList.toggle("now", mine && to === state);
    count.textContent = actors > 0 ? String(actors) : "";
  });
  for (const { edge, line, title } of edges) {
    if (app.coverage) {
      const found = edge.events.map((code) =>
        coverageOf(machine, edge.from, code, tally.usesOf(machine.code, edge.from, code)));
      const worst = coverageKinds[Math.max(...found.map((kind) => coverageKinds.indexOf(kind)))] ?? "never";
      line.setAttribute("class", `edge cover ${worst}`);
      title.textContent = edge.events.map((code) => {
        const uses = tally.usesOf(machine.code, edge.from, code);
        return `${eventName(machine.code, code)}: ${coverageTold(machine, edge.from, code, uses)}`;
      }).join("\n");
      continue;
    }
    const uses = edge.events.map((code) => tally.usesOf(machine.code, edge.from, code));
    const now = mine && edge.from === from && edge.to === to && edge.events.includes(event as number);
    line.setAttribute("class", `edge warm${warmth(uses.reduce((sum, value) => sum + value, 0))}${now ? " now" : ""}`);
    title.textContent = edge.events.map((code, at) => `${eventName(machine.code, code)}: ${uses[at]}`).join("\n");
  }
  if (mine && !card.classList.contains("now")) card.scrollIntoView({ block: "nearest" });
  card.classList.toggle("now", mine);
  note.textContent = app.coverage ? coverageNote(machine, tally) : mine
    ? `${eventName(machine.code, event as number)}: ${stateName(machine.code, from as number)} \u2192 ` +
      stateName(machine.code, to as number)
    : "\u00a0";
}

/** As a statement meets them; a machine that is new here comes last. */
const order: readonly GeneratedMachine[] = [
  executionBackend, executionWorker, scanProducer, scan, pageLease, cancellation, planningBackend, planningWorker,
];
const ordered = [...order, ...generatedMachines.filter((machine) => !order.includes(machine))];

/** All machines; drawn anew when the cursor or the scope changes. */
export function chartsView(app: App): HTMLElement {
  const charts = ordered.map(drawChart);
  let drawn = "";
  app.onChange(() => {
    const { scope, session, cursor } = app;
    if (app.view !== "machines") return;
    const key = `${app.coverage}/${scope}/${scope === "session" ? session : ""}/${cursor.position}/${app.store.count}`;
    if (key === drawn) return;
    drawn = key;
    const tally = scope === "session" && session !== undefined
      ? tallySession(app.store, session, cursor.position)
      : cursor.tally;
    for (const chart of charts) light(chart, tally, app);
  });
  const legend = element("p", { class: "legend" }, ...coverageKinds.map((kind) =>
    element("span", { class: `cover ${kind}` }, coverageWords[kind])));
  app.onChange(() => (legend.hidden = !app.coverage));
  return element("section", { class: "charts", "aria-label": "State machines", tabindex: 0 },
    tips(), legend, ...charts.map(({ card }) => card));
}
