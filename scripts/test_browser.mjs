// `npm run test:browser`: the visualizer in real chromium. Brings the browser through apt when it may, builds, and runs
// test/browser against a throw-away cluster. Not part of `npm test`: the browser is larger than all else together.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { main, outputOf, run, say, ScriptError } from "./bootstrap/console.mjs";
import { build } from "./build.mjs";
import { runVitest } from "./check.mjs";
import { bringPev2 } from "./pev2_packages.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const hint = "Install it (Debian: apt-get install chromium), or set CHROMIUM to its program.";

function browser() {
  const wanted = process.env.CHROMIUM;
  return [...(wanted === undefined ? [] : [wanted]), ...places].find((path) => existsSync(path));
}

function bringBrowser() {
  const found = browser();
  if (found !== undefined) return found;
  if (!existsSync("/usr/bin/apt-get") || process.getuid() !== 0) throw new ScriptError("there is no chromium.", hint);
  say("installing chromium through apt");
  const terminal = { stdio: ["ignore", process.stderr, process.stderr], hint };
  const apt = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"];
  run(apt[0], [...apt.slice(1), "update", "-q"], terminal);
  run(apt[0], [...apt.slice(1), "install", "-q", "-y", "--no-install-recommends", "chromium", "fonts-dejavu-core"],
    terminal);
  const installed = browser();
  if (installed === undefined) throw new ScriptError("chromium is installed, but not where it is looked for.", hint);
  return installed;
}

await main(async () => {
  const chromium = bringBrowser();
  bringPev2(root);
  await build(root);
  const folder = mkdtempSync(join(tmpdir(), "pg_fusion_browser_"));
  const env = { ...process.env, PG_FUSION_HOME: folder };
  const removeLeftovers = () => {
    if (existsSync(join(folder, "data")))
      outputOf(process.execPath, [join(root, "scripts/pg-fusion.mjs"), "reset"], { env });
    rmSync(folder, { recursive: true, force: true });
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => {
    removeLeftovers();
    process.exit(130);
  });
  try {
    const { passed, failed } = await runVitest(root, "browser", "vitest.browser.config.ts",
      { PG_FUSION_TEST_HOME: folder, CHROMIUM: chromium });
    console.log(`${passed} passed, ${failed} failed`);
    process.exitCode = failed === 0 ? 0 : 1;
  } finally {
    removeLeftovers();
  }
});
