// The upper middle of the page: machines, plan or comparison, as tabs. Each is there all the time and draws only while
// it is seen.
import type { App, View } from "./app.js";
import { views } from "./app.js";
import { element } from "./element.js";

const titles: Readonly<Record<View, string>> = {
  machines: "Machines (1)", plan: "Plan (2)", compare: "Compare (3)",
};

export function middleView(app: App, parts: Readonly<Record<View, HTMLElement>>): HTMLElement {
  const tabs = views.map((view) => {
    const tab = element("button", { type: "button", role: "tab", "data-view": view }, titles[view]);
    tab.addEventListener("click", () => app.show(view));
    return tab;
  });
  const coverage = element("button", { type: "button", class: "coverage", title: "What was ever tried (o)" },
    "coverage (o)");
  coverage.addEventListener("click", () => {
    app.coverage = !app.coverage;
    app.show("machines");
  });
  app.onChange(() => {
    views.forEach((view, at) => {
      tabs[at]?.setAttribute("aria-selected", String(app.view === view));
      parts[view].hidden = app.view !== view;
    });
    coverage.setAttribute("aria-pressed", String(app.coverage));
  });
  return element("div", { class: "upper" },
    element("div", { class: "tabs", role: "tablist", "aria-label": "What is shown" }, ...tabs, coverage),
    ...views.map((view) => parts[view]));
}
