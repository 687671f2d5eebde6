// `npm run test:sanitized [-- test/cluster/FILE.test.ts ...]`: the suites that meet most of the C code, against a
// server whose extension was built with AddressSanitizer and UndefinedBehaviorSanitizer. The server itself and the
// worker are as ever. What a sanitizer finds ends its process, fails the suite and is shown. Not part of `npm test`: it
// takes long.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { main, outputOf, run, say, ScriptError } from "./bootstrap/console.mjs";
import { recordToolchain } from "./bootstrap/toolchain.mjs";
import { build } from "./build.mjs";
import { runVitest } from "./check.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = "build/sanitized";
const usualSuites = [
  "awkward_heap", "large_rows", "cold_heap", "live_heap", "parallel", "producers_inside", "early_stop", "differential",
  "runtime_filters", "joins", "captures",
].map((name) => `test/cluster/${name}.test.ts`);

/** vptr wants the C++ type information that messages.cpp does without. */
const sanitizers = "-fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=all";

function buildExtension(postgres) {
  say("building the extension with sanitizers");
  const words = [
    "-s", "-j2", "-C", "native/extension", `PG_CONFIG=${postgres.pgConfig}`,
    `OUT=${join(root, folder, "extension")}`, `CC=cc ${sanitizers}`, `CXX=c++ ${sanitizers}`,
  ];
  run("make", words, { cwd: root, stdio: ["ignore", process.stderr, process.stderr] });
}

/**
 * The server's programs, its start with the sanitizer's library before all others, which must be there first. Memory
 * contexts free what nobody points to, so leaks are none; and stack depth is measured between addresses of locals.
 */
function wrapPrograms(bindir, wrapped, reports) {
  const library = outputOf("cc", ["-print-file-name=libasan.so"]);
  if (!library?.startsWith("/")) throw new ScriptError("the compiler has no AddressSanitizer library (libasan.so).");
  const english = join(wrapped, "untranslated_server.so");
  run("cc", ["-shared", "-fPIC", "-o", english, join(root, "test/support/untranslated_server.c")]);
  const log = join(reports, "report");
  const options = `print_stacktrace=1:detect_leaks=0:detect_stack_use_after_return=0:log_path=${log}`;
  const environment = `LD_PRELOAD='${library} ${english}' ASAN_OPTIONS=${options} UBSAN_OPTIONS=${options}`;
  for (const program of readdirSync(bindir)) {
    const how = program === "pg_ctl" ? `env ${environment} ` : "";
    writeFileSync(join(wrapped, program), `#!/bin/sh\nexec ${how}'${join(bindir, program)}' "$@"\n`, { mode: 0o755 });
  }
}

/** What the sanitizers wrote, a process a file. */
const findings = (reports) => readdirSync(reports).map((name) => readFileSync(join(reports, name), "utf8"));

async function testSanitized(suites, wrapped) {
  const postgres = JSON.parse(readFileSync(join(root, "build/toolchain.json"), "utf8"));
  const reports = join(wrapped, "reports");
  mkdirSync(reports);
  // The server's user finds the programs here and leaves its reports.
  chmodSync(wrapped, 0o755);
  chmodSync(reports, 0o777);
  buildExtension(postgres);
  wrapPrograms(postgres.bindir, wrapped, reports);
  recordToolchain(root, { ...postgres, bindir: wrapped }, folder);
  const environment = { PG_FUSION_BUILD: folder };
  const { passed, failed } = await runVitest(root, "sanitized", "vitest.cluster.config.ts", environment, suites);
  const found = findings(reports);
  for (const report of found) process.stderr.write(report);
  console.log(`sanitized: ${passed} passed, ${failed} failed, ${found.length} sanitizer reports`);
  process.exitCode = failed + found.length === 0 ? 0 : 1;
}

await main(async () => {
  await build(root);
  const wrapped = mkdtempSync(join(tmpdir(), "pg_fusion_sanitized_"));
  const suites = process.argv.slice(2);
  try {
    await testSanitized(suites.length > 0 ? suites : usualSuites, wrapped);
  } finally {
    rmSync(wrapped, { recursive: true, force: true });
  }
});
