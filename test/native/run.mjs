// Builds and runs the native tests: every test/native/*/*_test.c with AddressSanitizer and
// UndefinedBehaviorSanitizer, and the threaded ones again with ThreadSanitizer; *_test.cpp with the
// extension's messages.cpp. One line a test, then `native: N passed, M failed`. No dependencies. `--soak
// SECONDS` gives each stress section that long instead of a few seconds; `--only NAME` runs one test.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const native = join(here, "../../native");
const option = (name) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
};
const soak = option("--soak");
const only = option("--only");

const flavours = {
  asan: ["-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"],
  tsan: ["-O1", "-fsanitize=thread"],
};
const flags = [
  "-std=gnu11", "-g", "-Wall", "-Wextra", "-Werror",
  `-I${join(native, "shm")}`, `-I${join(native, "generated")}`,
];
const compiler = process.env.CC ?? "cc";
/** The extension's C++ is one file that includes no PostgreSQL header, so it can be tested without a server. */
const messages = {
  compiler: process.env.CXX ?? "c++",
  flags: [
    "-std=c++17", "-g", "-Wall", "-Wextra", "-Werror",
    `-I${join(native, "extension")}`, `-I${join(native, "generated")}`,
    "-isystem", join(native, "../build/flatbuffers/include"),
  ],
  sources: [join(native, "extension/messages.cpp")],
};
/** The page code includes server headers, but calls so little of the server that test/native/heap stands in for it. */
const pgConfig = process.env.PG_CONFIG ?? "pg_config";
const serverHeaders = spawnSync(pgConfig, ["--includedir-server"], { encoding: "utf8" }).stdout;
const pages = {
  flags: [
    "-fno-strict-aliasing", "-fwrapv", "-Wno-unused-parameter", "-Wno-sign-compare", "-Wno-missing-field-initializers",
    "-D_GNU_SOURCE", `-I${join(native, "extension")}`, `-I${join(native, "extension/heap")}`,
    "-isystem", String(serverHeaders).trim(),
  ],
  sources: [
    ...["tuple_batch", "walk"].map((name) => `heap/${name}`),
    ...["fixed", "numeric", "view", "packed"].map((name) => `heap/decode_${name}`),
    "heap/filter_decimal",
    "numeric_codec", "page_writer", "page_range", "import",
  ].map((name) => join(native, `extension/${name}.c`)).concat(join(here, "heap/server_stubs.c")),
};
const work = mkdtempSync(join(tmpdir(), "fusion-native-"));
const timeoutMs = (soak ? Number(soak) * 8 : 0) * 1000 + 120_000;

function run(command, args, options = {}) {
  return spawnSync(command, args, { encoding: "utf8", maxBuffer: 64 << 20, ...options });
}

/** Compiles the code under test once for each flavour. */
function buildLibrary(flavour) {
  const folder = join(work, flavour);
  mkdirSync(folder);
  const sources = readdirSync(join(native, "shm"))
    .filter((name) => name.endsWith(".c"))
    .map((name) => join(native, "shm", name));
  const built = run(compiler, [...flags, ...flavours[flavour], "-c", ...sources], { cwd: folder });
  if (built.status !== 0) throw new Error(`${compiler} (${flavour}) failed:\n${built.stderr}`);
  return readdirSync(folder).map((name) => join(folder, name));
}

function runTest(program, flavour) {
  const environment = { ...process.env, ...(soak ? { PG_FUSION_SOAK: soak } : {}) };
  const options = { cwd: work, env: environment, timeout: timeoutMs, killSignal: "SIGKILL" };
  const ran = run(program, [], options);
  // ThreadSanitizer of older compilers cannot place its shadow under strong address randomisation.
  const refused = flavour === "tsan" && ran.stderr.includes("FATAL: ThreadSanitizer");
  return refused ? run("setarch", ["-R", program], options) : ran;
}

function compile(source, flavour, program, objects) {
  if (basename(dirname(source)) === "heap")
    return run(compiler, [...flags, ...pages.flags, ...flavours[flavour], "-o", program, source, ...pages.sources]);
  if (!source.endsWith(".cpp"))
    return run(compiler, [...flags, ...flavours[flavour], "-o", program, source, ...objects, "-lpthread", "-lm"]);
  return run(messages.compiler, [...messages.flags, ...flavours[flavour], "-o", program, source, ...messages.sources]);
}

const nameOf = (source) => basename(source).replace(/\.(c|cpp)$/, "");

function testOne(source, flavour, objects) {
  const name = nameOf(source);
  const label = `${name} (${flavour})`;
  const program = join(work, `${name}.${flavour}`);
  const built = compile(source, flavour, program, objects);
  const started = process.hrtime.bigint();
  const ran = built.status === 0 ? runTest(program, flavour) : built;
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  const passed = ran.status === 0;
  console.log(`${passed ? "ok  " : "FAIL"} ${label}  ${seconds.toFixed(1)} s`);
  // What a soak got through.
  if (passed && soak) process.stdout.write(ran.stderr);
  if (!passed) console.log(`${ran.stderr ?? ""}\n${ran.error?.message ?? `ended with ${ran.signal ?? ran.status}`}`);
  return passed;
}

let passed = 0;
let failed = 0;
try {
  const tests = readdirSync(here, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((folder) => readdirSync(join(here, folder.name)).map((name) => join(here, folder.name, name)))
    .filter((path) => /_test\.(c|cpp)$/.test(path))
    .filter((source) => !only || nameOf(source) === only)
    .sort();
  for (const flavour of Object.keys(flavours)) {
    const objects = buildLibrary(flavour);
    for (const source of tests) {
      // Only threads within one process mean anything to ThreadSanitizer.
      const text = readFileSync(source, "utf8");
      if (flavour === "tsan" && (!text.includes("pthread_create") || text.includes("fork()"))) continue;
      if (testOne(source, flavour, objects)) passed++;
      else failed++;
    }
  }
} catch (error) {
  console.log(String(error.message));
  failed++;
} finally {
  rmSync(work, { recursive: true, force: true });
}
console.log(`native: ${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
