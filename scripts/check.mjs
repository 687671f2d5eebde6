// `npm run check`: types, lint, generated files and unit tests, the tidy rules among them, without
// PostgreSQL and under a minute. test.mjs counts its steps. Read test/unit/tidy.test.ts for the rules.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { main, say } from "./bootstrap/console.mjs";
import { bringNodeModules } from "./bootstrap/node_modules.mjs";

const projectRoot = fileURLToPath(new URL("..", import.meta.url));

/** Runs one step; its output is shown only when it fails. */
function quietStep(root, name, words) {
  const start = performance.now();
  const done = spawnSync(words[0], words.slice(1), { cwd: root, encoding: "utf8" });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const passed = done.status === 0;
  say(`${passed ? "ok    " : "FAILED"} ${name} (${seconds} s)`);
  if (!passed) process.stderr.write(`${done.stdout ?? ""}${done.stderr ?? ""}\n`);
  return { passed: passed ? 1 : 0, failed: passed ? 0 : 1 };
}

/**
 * Runs vitest with one configuration and counts its tests from the JSON report. It does not block,
 * so that the caller's signal handlers can clean up.
 */
export async function runVitest(root, name, config, env = {}, files = []) {
  const report = join(root, "build", "reports", `${name}.json`);
  mkdirSync(join(root, "build", "reports"), { recursive: true });
  rmSync(report, { force: true });
  const words = ["run", ...files, "--config", config, "--reporter=default", "--reporter=json"];
  const child = spawn(
    join(root, "node_modules/.bin/vitest"),
    [...words, `--outputFile.json=${report}`],
    { cwd: root, stdio: ["ignore", process.stderr, process.stderr], env: { ...process.env, ...env } },
  );
  const status = await new Promise((resolve) => child.on("close", resolve));
  const counts = existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) : undefined;
  const passed = counts?.numPassedTests ?? 0;
  // A file that does not even load has no tests to count, and vitest still fails.
  const failed = Math.max(counts?.numFailedTests ?? 0, status === 0 ? 0 : 1);
  return { passed, failed };
}

/** Sums counts. */
export function addCounts(all) {
  return all.reduce(
    (sum, one) => ({ passed: sum.passed + one.passed, failed: sum.failed + one.failed }),
    { passed: 0, failed: 0 },
  );
}

/** Every check that needs no server. */
export async function check(root = projectRoot) {
  const local = (name) => join(root, "node_modules/.bin", name);
  return addCounts([
    quietStep(root, "types", [local("tsc"), "-p", ".", "--noEmit"]),
    quietStep(root, "test types", [local("tsc"), "-p", "test", "--noEmit"]),
    quietStep(root, "page types", [local("tsc"), "-p", "src/visualizer/page", "--noEmit"]),
    quietStep(root, "lint", [local("oxlint")]),
    quietStep(root, "generated files", [process.execPath, "scripts/generate.mjs", "--check"]),
    await runVitest(root, "unit", "vitest.config.ts"),
  ]);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(async () => {
    bringNodeModules(projectRoot);
    const { passed, failed } = await check();
    console.log(`${passed} passed, ${failed} failed`);
    process.exitCode = failed === 0 ? 0 : 1;
  });
}
