// `npm test`: brings what the machine lacks, builds, and runs everything: the checks, the native tests,
// and the suites against a throw-away cluster. The last line sums it up; nothing is left behind.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { main, outputOf, say } from "./bootstrap/console.mjs";
import { checkNode } from "./bootstrap/toolchain.mjs";
import { build } from "./build.mjs";
import { addCounts, check, runVitest } from "./check.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The native runner prints its own lines and ends with "native: N passed, M failed". */
async function runNative() {
  const runner = "test/native/run.mjs";
  say("native tests");
  const child = spawn(process.execPath, [runner], {
    cwd: root,
    stdio: ["ignore", "pipe", process.stderr],
  });
  let output = "";
  child.stdout.on("data", (data) => {
    output += data;
    process.stderr.write(data);
  });
  const status = await new Promise((resolve) => child.on("close", resolve));
  const summary = /native: (\d+) passed, (\d+) failed/.exec(output);
  const passed = Number(summary?.[1] ?? 0);
  const failed = Number(summary?.[2] ?? 0);
  return { passed, failed: Math.max(failed, status === 0 ? 0 : 1) };
}

/** Stops and deletes what a killed suite may have left; the suite itself cleans up when it can. */
function removeLeftovers(folder) {
  if (existsSync(join(folder, "data"))) {
    outputOf(process.execPath, [join(root, "scripts/pg-fusion.mjs"), "reset"], {
      env: { ...process.env, PG_FUSION_HOME: folder },
    });
  }
  rmSync(folder, { recursive: true, force: true });
}

async function runClusterSuites() {
  say("suites against a server of their own");
  const folder = mkdtempSync(join(tmpdir(), "pg_fusion_test_"));
  const stop = () => {
    removeLeftovers(folder);
    process.exit(130);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, stop);
  try {
    return await runVitest(root, "cluster", "vitest.cluster.config.ts", { PG_FUSION_TEST_HOME: folder });
  } finally {
    removeLeftovers(folder);
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.removeListener(signal, stop);
  }
}

await main(async () => {
  checkNode();
  await build(root);
  say("checks");
  const counts = [await check(root), await runNative(), await runClusterSuites()];
  const { passed, failed } = addCounts(counts);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
});
