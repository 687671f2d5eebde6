// The files the server's user executes or reads: library, node, worker, addon. Read in place when
// it can reach the checkout, else copied into the cluster's home. Read server_settings.ts next.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { CommandError } from "./command_error.js";
import { buildFolder, nodeExecutable } from "./places.js";
import type { ClusterPlaces } from "./places.js";
import { makeServerFolder } from "./server_user.js";

export interface RuntimeFiles {
  /** Absolute path of the library without its suffix, as shared_preload_libraries takes it. */
  readonly library: string;
  readonly node: string;
  readonly workerScript: string;
}

/** PostgreSQL before 17 keeps this much of a background worker's library path (BGW_MAXLEN). */
const libraryPathBytesMax = 95;
export const libraryName = join(buildFolder(), "extension/pg_fusion");
export const workerName = "dist/worker/main.js";
const addonName = "native/addon/build/Release/pg_fusion.node";

/**
 * Tells one build from another: what a running server has loaded. The binaries are told by size and time,
 * because make may have been called directly; the modules by their build step's stamp.
 */
export function runtimeFingerprint(places: ClusterPlaces): string {
  const hash = createHash("sha256");
  for (const name of [`${libraryName}.so`, addonName]) {
    const found = statSync(join(places.root, name), { throwIfNoEntry: false });
    hash.update(found ? `${found.size} ${found.mtimeMs};` : "absent;");
  }
  const stamp = join(places.root, "build", "stamps", "typescript.json");
  hash.update(existsSync(stamp) ? readFileSync(stamp) : "absent");
  return hash.digest("hex");
}

/** Throws a CommandError that names what no build has made yet. */
export function checkBuilt(root: string): void {
  const absent = [`${libraryName}.so`, workerName, addonName].filter(
    (name) => !existsSync(join(root, name)),
  );
  if (absent.length === 0) return;
  throw new CommandError(
    `not built: ${absent.join(", ")}.`,
    "Run: npm run build   (or add --plain for a server without the extension)",
  );
}

/** Folders of node_modules the worker needs: the lock's packages that are not for development. */
function productionPackages(root: string): readonly string[] {
  const text = readFileSync(join(root, "package-lock.json"), "utf8");
  const lock = JSON.parse(text) as { packages: Record<string, { dev?: boolean }> };
  return Object.entries(lock.packages)
    .filter(([path, entry]) => path !== "" && entry.dev !== true)
    .map(([path]) => path)
    .filter((path) => existsSync(join(root, path)));
}

/** Copies the library, the worker and all it needs to a folder all can read; only a complete copy replaces the old. */
export function copyRuntime(root: string, target: string): void {
  const fresh = `${target}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true, mode: 0o755 });
  const names = ["package.json", "dist", "sql", addonName, `${libraryName}.so`];
  for (const name of [...names, ...productionPackages(root)]) {
    cpSync(join(root, name), join(fresh, name), { recursive: true, dereference: true });
  }
  cpSync(nodeExecutable(), join(fresh, "node"));
  // Root's files may be closed to others; the server's user must read the copies.
  spawnSync("chmod", ["-R", "a+rX", fresh]);
  rmSync(target, { recursive: true, force: true });
  renameSync(fresh, target);
}

function runtimeBase(places: ClusterPlaces): string {
  return places.staged ? join(places.home, "runtime") : places.root;
}

/** The library's own path, or that of a link to it when its own would be cut. */
function libraryPath(places: ClusterPlaces): string {
  const own = join(runtimeBase(places), libraryName);
  return Buffer.byteLength(own) <= libraryPathBytesMax ? own : join(places.short, "pg_fusion");
}

/** Where the runtime's files are for the server; `stageRuntime` puts them there. */
export function runtimeFiles(places: ClusterPlaces): RuntimeFiles {
  checkBuilt(places.root);
  const base = runtimeBase(places);
  return {
    library: libraryPath(places),
    node: places.staged ? join(base, "node") : nodeExecutable(),
    workerScript: join(base, workerName),
  };
}

function linkLibrary(places: ClusterPlaces): void {
  const library = libraryPath(places);
  if (!library.startsWith(places.short)) return;
  makeServerFolder(places.user, places.short, 0o700);
  rmSync(`${library}.so`, { force: true });
  symlinkSync(join(runtimeBase(places), `${libraryName}.so`), `${library}.so`);
}

/** Copies the build when the server's user cannot read it in place; call it while nothing runs. */
export function stageRuntime(places: ClusterPlaces): void {
  linkLibrary(places);
  if (!places.staged) return;
  const mark = join(places.home, "runtime", "fingerprint");
  const wanted = runtimeFingerprint(places);
  if (existsSync(mark) && readFileSync(mark, "utf8") === wanted) return;
  copyRuntime(places.root, join(places.home, "runtime"));
  writeFileSync(mark, wanted);
}
