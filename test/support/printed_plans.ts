// Printed plans compared with their expected texts in test/plans; `npm run accept` rewrites those, and their diff is
// read like code.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect } from "vitest";

const accept = process.env["PG_FUSION_ACCEPT"] === "1";

/** The text of one statement's plan in a folder of test/plans. */
export function expectPlan(folder: string, name: string, text: string): void {
  const place = new URL(`../plans/${folder}/`, import.meta.url);
  const file = new URL(`${name}.txt`, place);
  if (accept) {
    mkdirSync(place, { recursive: true });
    writeFileSync(file, text);
  }
  expect(existsSync(file), "expected text exists; npm run accept writes it").toBe(true);
  expect(text).toBe(readFileSync(file, "utf8"));
}
