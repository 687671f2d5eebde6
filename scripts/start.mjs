// `npm start`: brings what the machine lacks, builds, and hands over to the command line's `start`,
// which brings up the private cluster, loads TPC-H and opens psql or runs the tour (src/cli/main.ts).
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { main } from "./bootstrap/console.mjs";
import { checkNode } from "./bootstrap/toolchain.mjs";
import { build } from "./build.mjs";

await main(async () => {
  checkNode();
  await build();
  const root = fileURLToPath(new URL("..", import.meta.url));
  const words = [join(root, "scripts/pg-fusion.mjs"), "start", ...process.argv.slice(2)];
  const done = spawnSync(process.execPath, words, { stdio: "inherit" });
  process.exitCode = done.status ?? 1;
});
