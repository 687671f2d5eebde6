// Every recorded statement over several tables against its printed plan in test/plans/joins; `npm run accept` rewrites
// the expected texts, and their diff is read like code.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { planText } from "../../support/plan_text.js";
import { fixtureRequest, queriesOf } from "../../support/planning_fixtures.js";

const folder = new URL("../../plans/joins/", import.meta.url);
const accept = process.env["PG_FUSION_ACCEPT"] === "1";

describe("plans of statements over several tables", () => {
  for (const [name, sql] of Object.entries(queriesOf("joins")))
    it(name, () => {
      const text = `${sql}\n\n${planText(fixtureRequest(name, "joins"))}`;
      const file = new URL(`${name}.txt`, folder);
      if (accept) {
        mkdirSync(folder, { recursive: true });
        writeFileSync(file, text);
      }
      expect(existsSync(file), "expected text exists; npm run accept writes it").toBe(true);
      expect(text).toBe(readFileSync(file, "utf8"));
    });
});
