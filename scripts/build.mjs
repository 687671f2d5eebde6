// Builds everything: FlatBuffers headers, the node addon, the extension, the TypeScript, the visualizer's page. Each
// step is skipped while its inputs are unchanged (bootstrap/stamps.mjs). `npm run build` calls it.
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { main, run, say } from "./bootstrap/console.mjs";
import { bringNodeModules } from "./bootstrap/node_modules.mjs";
import { bringToolchain } from "./bootstrap/packages.mjs";
import { filesUnder, hashOf, stampedStep } from "./bootstrap/stamps.mjs";

const projectRoot = fileURLToPath(new URL("..", import.meta.url));
const toTerminal = { stdio: ["ignore", process.stderr, process.stderr] };

/** C and C++ sources only: object files lie beside them. */
const isNativeSource = (path) =>
  /(\.(c|cc|cpp|h|hpp|inc|gyp|gypi|sql|control|in)|Makefile)$/.test(path) &&
  !path.includes("/build/");

async function buildHeaders(root) {
  const script = "scripts/flatbuffers_headers.mjs";
  await stampedStep(root, {
    name: "flatbuffers_headers",
    hash: hashOf(root, [script, "package-lock.json"]),
    outputs: ["build/flatbuffers/include"],
    action: () => {
      say("extracting the FlatBuffers headers");
      run(process.execPath, [script], { cwd: root, ...toTerminal });
    },
  });
}

async function buildAddon(root) {
  const script = "scripts/build_addon.mjs";
  // The binding file builds the tests' peer too.
  const folders = ["native/addon", "native/shm", "native/generated", "test/native/peer"];
  const inputs = filesUnder(root, folders, isNativeSource);
  await stampedStep(root, {
    name: "addon",
    hash: hashOf(root, [...inputs, script, "package-lock.json"], process.version),
    outputs: ["native/addon/build/Release/pg_fusion.node"],
    action: () => {
      say("building the node addon");
      run(process.execPath, [script], {
        cwd: root,
        ...toTerminal,
        hint: "The compiler's message is above. A C++17 compiler, make and python3 are needed.",
      });
    },
  });
}

async function buildExtension(root, postgres) {
  const folders = ["native/extension", "native/shm", "native/generated"];
  const inputs = filesUnder(root, folders, isNativeSource);
  await stampedStep(root, {
    name: "extension",
    hash: hashOf(root, [...inputs, "package-lock.json"], postgres.version, postgres.pgConfig),
    outputs: ["build/extension/pg_fusion.so"],
    action: () => {
      say(`building the extension for PostgreSQL ${postgres.version}`);
      const args = ["-s", "-j2", "-C", "native/extension", `PG_CONFIG=${postgres.pgConfig}`];
      run("make", args, {
        cwd: root,
        ...toTerminal,
        hint: "The compiler's message is above; see the compiler versions in README.md.",
      });
    },
  });
}

/** Removes compiled modules whose source is gone, so that nothing imports a ghost. */
function pruneCompiled(root) {
  const visit = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) visit(path);
      else if (/\.js(\.map)?$/.test(entry.name)) {
        const source = relative(join(root, "dist"), path).replace(/\.js(\.map)?$/, ".ts");
        if (!existsSync(join(root, "src", source))) rmSync(path);
      }
    }
  };
  if (existsSync(join(root, "dist"))) visit(join(root, "dist"));
}

async function buildTypeScript(root) {
  const inputs = filesUnder(root, ["src", "tsconfig.json", "package-lock.json"]);
  await stampedStep(root, {
    name: "typescript",
    hash: hashOf(root, inputs),
    outputs: ["dist/cli/main.js"],
    action: () => {
      say("compiling the TypeScript");
      run(join(root, "node_modules/.bin/tsc"), ["-p", "."], { cwd: root, ...toTerminal });
      pruneCompiled(root);
    },
  });
}

async function buildVisualizerPage(root) {
  const script = "scripts/build_page.mjs";
  const inputs = filesUnder(root, ["src/visualizer", "src/generated", script, "package-lock.json"]);
  await stampedStep(root, {
    name: "page",
    hash: hashOf(root, inputs),
    outputs: ["dist/visualizer/page/main.js", "dist/visualizer/page/page.css"],
    action: () => {
      say("bundling the visualizer's page");
      run(process.execPath, [script], { cwd: root, ...toTerminal });
    },
  });
}

/** Brings the toolchain and the node packages, then runs every stale build step. */
export async function build(root = projectRoot) {
  const postgres = bringToolchain(root);
  bringNodeModules(root);
  await buildHeaders(root);
  await buildAddon(root);
  await buildExtension(root, postgres);
  await buildTypeScript(root);
  await buildVisualizerPage(root);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(() => build());
}
