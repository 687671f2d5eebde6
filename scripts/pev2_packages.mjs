// Brings pev2, the plan viewer that EXPLAIN's JSON is to be readable for, into build/pev2: for `npm run test:browser`
// alone, as the browser is. Its dependencies are larger than all of ours, so they are none of the project's.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run, say } from "./bootstrap/console.mjs";

const PACKAGES = { pev2: "1.21.0", vue: "3.5.28" };

/** The folder in which both are installed. */
export function bringPev2(root) {
  const folder = join(root, "build", "pev2");
  if (existsSync(join(folder, "node_modules/pev2/dist/pev2.umd.js")) &&
    existsSync(join(folder, "node_modules/vue/dist/vue.global.prod.js"))) return folder;
  say("installing pev2 for the browser tests");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, dependencies: PACKAGES }));
  run("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: folder, stdio: ["ignore", process.stderr, process.stderr], hint: "npm could not install pev2.",
  });
  return folder;
}
