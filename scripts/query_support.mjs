// Writes docs/query-support.md from the built registries and the planner's sources. Run it after `npm run build`;
// test/unit/optimizer/query_support.test.ts tells when it was forgotten.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { querySupport } from "../dist/optimizer/query_support.js";

const root = new URL("..", import.meta.url);

/** The TypeScript texts of a folder, in order of name. */
function textsOf(folder) {
  const at = new URL(`src/${folder}/`, root);
  return readdirSync(at, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts")).sort()
    .map((name) => readFileSync(new URL(name, at), "utf8"));
}

writeFileSync(new URL("docs/query-support.md", root), querySupport([...textsOf("frontend"), ...textsOf("optimizer")]));
