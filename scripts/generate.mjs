// Writes native/generated and src/generated from schemas/. `--check` compares instead of writing
// and fails when a committed file is stale. Each writer returns [path, text] pairs.
import { mkdirSync, readFileSync, writeFileSync, existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { layoutFiles } from "./generate/layout.mjs";
import { tableFiles } from "./generate/tables.mjs";
import { metricFiles } from "./generate/metrics.mjs";
import { machineFiles } from "./generate/machines.mjs";
import { messageFiles } from "./generate/messages.mjs";
import { coverageFiles } from "./generate/transition_coverage.mjs";
import { planFiles } from "./generate/plan.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const checkOnly = process.argv.includes("--check");
const files = [
  ...layoutFiles(root),
  ...tableFiles(root),
  ...metricFiles(root),
  ...(await machineFiles(root)),
  ...(await messageFiles(root)),
  ...planFiles(root),
  ...coverageFiles(root),
];

const stale = [];
for (const [path, text] of files) {
  const full = join(root, path);
  const current = existsSync(full) ? readFileSync(full, "utf8") : undefined;
  if (current === text) continue;
  stale.push(path);
  if (checkOnly) continue;
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, text);
}
if (checkOnly && stale.length > 0) {
  console.error(`stale generated files: ${stale.join(", ")}\nrun: npm run generate`);
  process.exit(1);
}
console.log(`${files.length} generated files, ${stale.length} ${checkOnly ? "stale" : "written"}`);
