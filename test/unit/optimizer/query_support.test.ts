// docs/query-support.md says what the registries and the planner's sources say.
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { querySupport } from "#optimizer/query_support.js";

const root = new URL("../../../", import.meta.url);

function textsOf(folder: string): readonly string[] {
  const at = new URL(`src/${folder}/`, root);
  return readdirSync(at, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts")).sort()
    .map((name) => readFileSync(new URL(name, at), "utf8"));
}

describe("docs/query-support.md", () => {
  it("is up to date: node scripts/query_support.mjs", () => {
    const text = querySupport([...textsOf("frontend"), ...textsOf("optimizer")]);
    expect(readFileSync(new URL("docs/query-support.md", root), "utf8")).toBe(text);
  });
});
