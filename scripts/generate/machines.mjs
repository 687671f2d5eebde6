// State machines (src/actors) -> C tables, TypeScript tables, layouts and docs/machines.md. The definitions are
// TypeScript: they are compiled into build/generate first, then loaded and exhausted (src/actors/tables/compile.ts).
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { machineDiagrams } from "./machine_diagrams.mjs";
import { machineHeader } from "./machine_header.mjs";
import { machineLayouts } from "./machine_layouts.mjs";
import { machineTables } from "./machine_tables.mjs";

/** What is loaded below, and what that imports. */
const sources = [
  "src/actors/catalogue.ts", "src/actors/effect.ts", "src/actors/tables/compile.ts", "src/base/errors.ts",
  "src/visualizer/layered_layout.ts",
];
const options = [
  "--target", "ES2023", "--module", "nodenext", "--types", "node", "--rootDir", "src",
  // Types are checked by the build; here they are only taken off.
  "--noCheck", "--skipLibCheck", "--ignoreConfig",
];

async function loadMachines(root) {
  const out = join(root, "build/generate");
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, "package.json"), '{ "type": "module", "imports": { "#*": "./*" } }\n');
  execFileSync(join(root, "node_modules/.bin/tsc"), [...options, "--outDir", out, ...sources], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  });
  const load = (path) => import(pathToFileURL(join(out, path)).href);
  const { machineCatalogue } = await load("actors/catalogue.js");
  const { compileMachine } = await load("actors/tables/compile.js");
  const { layOutMachine } = await load("visualizer/layered_layout.js");
  const machines = machineCatalogue.map((row) => ({ ...row, table: compileMachine(row.machine) }));
  return { machines, layOutMachine };
}

export async function machineFiles(root) {
  const { machines, layOutMachine } = await loadMachines(root);
  const canonical = JSON.stringify(machines.map(({ code, name, table }) => [code, name, table]));
  const hash = createHash("sha256").update(canonical).digest("hex").slice(0, 16);
  const fingerprint = BigInt(`0x${hash}`).toString(16);
  return [
    ["native/generated/fusion_machines.h", machineHeader(machines, fingerprint)],
    ["src/generated/machines.ts", machineTables(machines, fingerprint)],
    ["src/generated/machine_layouts.ts", machineLayouts(machines, fingerprint, layOutMachine)],
    ["docs/machines.md", machineDiagrams(machines)],
  ];
}
