// The page's colours as the style sheet gives them, for canvases. Kinds are told apart by more than colour: every
// state has its name beside it. The colours themselves, after Okabe and Ito (2008), stand in page.css.
import type { StateKind } from "../state_kinds.js";

const kinds: readonly StateKind[] = ["idle", "working", "waiting", "ending", "done", "stopped", "failed"];
const names = [...kinds, "text", "faint", "line", "surface", "accent"] as const;
type ColourName = (typeof names)[number];

export type Palette = Readonly<Record<ColourName, string>>;

let known: Palette | undefined;

/** Read once for each of light and dark. */
export function palette(): Palette {
  if (known !== undefined) return known;
  const style = getComputedStyle(document.documentElement);
  const colours = Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  known = colours as Record<ColourName, string>;
  return known;
}

/** Calls back when the person's preference changes. */
export function watchPalette(changed: () => void): void {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    known = undefined;
    changed();
  });
}

/** Beside the colour, for those who do not see it. */
export const kindSigns: Readonly<Record<StateKind, string>> = {
  idle: "\u25cb", working: "\u25b6", waiting: "\u2026", ending: "\u25d0", done: "\u2713", stopped: "\u2298",
  failed: "\u2717",
};
