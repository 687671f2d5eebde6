// The record at the cursor in words, its cause, and the answer to "why is it waiting?" for the chosen actor. What
// waits for what is decided in why_chain.ts.
import { writerKinds } from "#trace/writer.js";
import { argumentWords } from "../argument_words.js";
import { actorName, sessionTitle } from "../lanes.js";
import { eventName, machineName, stateName } from "../state_kinds.js";
import { whyChain, type WhyLink } from "../why_chain.js";
import type { App } from "./app.js";
import { button, element } from "./element.js";
import { duration, timeOfDay } from "./wording.js";

/** "executor 1, its record 57": the writer and its own count, which causes name. */
function writtenBy({ store }: App, record: number): string {
  const { writer, writerKind, sequence } = store.columns;
  const kind = writerKinds[writerKind[record] as number] ?? "writer";
  return `${kind}${kind === "worker" ? "" : ` ${writer[record]}`}, its record ${sequence[record]}`;
}

function argumentRow(machine: number, event: number, argument: number): readonly (readonly [string, string])[] {
  const words = argumentWords(machine, event, argument);
  return words === undefined ? [] : [words];
}

function facts(app: App, record: number): HTMLElement {
  const { store } = app;
  const at = store.columns;
  const [machine, event] = [at.machine[record] as number, at.event[record] as number];
  const cause = store.causeOf(record);
  const rows: (readonly [string, string])[] = [
    ["event", eventName(machine, event)],
    ["state", `${stateName(machine, at.from[record] as number)} \u2192 ${stateName(machine, at.to[record] as number)}`],
    ["actor", `${actorName(store, store.actorOf(record))}, ${sessionTitle(store, store.sessionOf(record))}`],
    ["written by", writtenBy(app, record)],
    ["time", `${timeOfDay(app.heading.wallMs, store.timeOf(record))} UTC`],
    ...argumentRow(machine, event, at.argument[record] as number),
  ];
  const list = element("dl", { class: "facts" },
    ...rows.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
  if (cause !== undefined) {
    const code = at.machine[cause] as number;
    const text = `${machineName(code)}: ${eventName(code, at.event[cause] as number)}`;
    list.append(element("dt", {}, "caused by"),
      element("dd", {}, button(text, "Go to the cause (b)", () => app.goTo(cause + 1)),
        element("div", { class: "by" }, `by ${writtenBy(app, cause)}`)));
  }
  return list;
}

function linkRow(app: App, { actor, state, forNs, says }: WhyLink): HTMLElement {
  return element("li", {},
    button(actorName(app.store, actor), "Choose this actor", () => app.selectActor(actor)),
    element("span", { class: "where" }, ` ${state}, for ${duration(forNs)}`),
    element("p", {}, says));
}

export function detailView(app: App): HTMLElement {
  const record = element("div", { class: "record" });
  const why = element("div", { class: "why", "aria-live": "polite" });
  let drawn = "";
  app.onChange(() => {
    const { cursor, actor, store } = app;
    const key = `${cursor.position}/${actor}/${store.count}`;
    if (key === drawn) return;
    drawn = key;
    record.replaceChildren(cursor.position === 0
      ? element("p", {}, "Nothing has happened yet.")
      : facts(app, cursor.position - 1));
    const links = actor === undefined ? [] : whyChain(store, cursor, actor);
    why.replaceChildren(links.length === 0
      ? element("p", {}, "This actor has not begun at this instant.")
      : element("ol", {}, ...links.map((link) => linkRow(app, link))));
  });
  return element("section", { class: "detail", "aria-label": "The record at the cursor" },
    element("h2", {}, "This record"), record, element("h2", {}, "Why is it waiting?"), why);
}
