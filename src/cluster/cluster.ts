// Makes, starts, stops and removes the private server. Every step can be killed and run again:
// initdb works in data.new, renamed when complete. It loads no data; src/tpch/load.ts does.
import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  lstatSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  rmdirSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { CommandError } from "./command_error.js";
import type { ClusterPlaces } from "./places.js";
import { serverState, socketState } from "./server_process.js";
import { extraSettingsFile, serverSettings } from "./server_settings.js";
import { makeServerFolder, spawnAs } from "./server_user.js";
import { runtimeFiles, runtimeFingerprint, stageRuntime } from "./staging.js";
import type { Toolchain } from "./toolchain.js";

export interface UpOptions {
  readonly toolchain: Toolchain;
  /** A server without the extension. */
  readonly plain: boolean;
  /** Tells the reader about a step that takes a while. */
  readonly say: (text: string) => void;
}

/** Room initdb and an empty cluster's write-ahead log need. */
const emptyClusterBytes = 200 * 1024 * 1024;
/** Lines of the server's log shown when it does not start. */
const logLinesShown = 15;
/** Seconds pg_ctl waits: crash recovery of a scale-10 load takes most of it. */
const startSecondsMax = 120;

/** A clean shutdown writes one checkpoint: 2 GB of dirty buffers take seconds, not half a minute. */
const fastStopSecondsMax = 30;

interface ToolResult {
  readonly ok: boolean;
  readonly output: string;
}

function runTool(
  places: ClusterPlaces,
  toolchain: Toolchain,
  name: string,
  words: readonly string[],
): ToolResult {
  const done = spawnSync(join(toolchain.bindir, name), words, {
    ...spawnAs(places.user),
    cwd: places.home,
    encoding: "utf8",
  });
  if (done.error) throw new CommandError(`cannot run ${name}: ${done.error.message}`);
  return { ok: done.status === 0, output: `${done.stdout}${done.stderr}`.trim() };
}

function makeFolder(places: ClusterPlaces, folder: string, mode: number): void {
  makeServerFolder(places.user, folder, mode);
}

/** Makes the folders of the cluster, and the link to them when they are outside the checkout. */
function makeFolders(places: ClusterPlaces): void {
  if (places.link) {
    makeFolder(places, places.home, 0o755);
    const existing = lstatSync(places.link, { throwIfNoEntry: false });
    if (existing && !existing.isSymbolicLink()) {
      throw new CommandError(
        `${places.link} exists, and ${places.user.name} cannot reach it.`,
        `Move it away; the cluster lives in ${places.home} instead.`,
      );
    }
    if (!existing) symlinkSync(places.home, places.link);
  } else {
    makeFolder(places, places.home, 0o755);
  }
  makeFolder(places, dirname(places.log), 0o755);
  makeFolder(places, places.run, 0o755);
  // Trust authentication is safe because nobody else gets through this folder to the socket.
  makeFolder(places, places.socket, 0o700);
}

/** Refuses to begin what would fill the disk. */
export function checkDiskSpace(folder: string, bytesNeeded: number, purpose: string): void {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  if (free >= bytesNeeded) return;
  const megabytes = (bytes: number) => `${Math.round(bytes / 1024 / 1024)} MB`;
  throw new CommandError(
    `no disk space: ${purpose} needs ${megabytes(bytesNeeded)}, ${folder} has ${megabytes(free)}.`,
    "Free some space, choose a smaller --scale, or set PG_FUSION_HOME to a folder on another disk.",
  );
}

function hasCharacterType(name: string): boolean {
  const listed = spawnSync("locale", ["-a"], { encoding: "utf8" }).stdout ?? "";
  return listed.split("\n").includes(name) || listed.split("\n").includes("C.utf8");
}

function initialiseData(places: ClusterPlaces, options: UpOptions): void {
  checkDiskSpace(places.home, emptyClusterBytes, "a new cluster");
  options.say(`creating a private PostgreSQL ${options.toolchain.version} in ${places.home}`);
  const fresh = join(places.home, "data.new");
  rmSync(fresh, { recursive: true, force: true });
  makeFolder(places, fresh, 0o700);
  // Collation C compares bytes; character type C.UTF-8 still knows letters beyond ASCII.
  const characterType = hasCharacterType("C.UTF-8") ? ["--lc-ctype=C.UTF-8"] : [];
  const made = runTool(places, options.toolchain, "initdb", [
    `--pgdata=${fresh}`,
    "--username=postgres",
    "--encoding=UTF8",
    "--locale=C",
    ...characterType,
    "--auth-local=trust",
    "--auth-host=reject",
  ]);
  if (!made.ok) throw new CommandError(`initdb failed:\n${made.output}`);
  appendFileSync(join(fresh, "postgresql.conf"), "\ninclude '../server.conf'\n");
  renameSync(fresh, places.data);
}

function checkMajor(places: ClusterPlaces, toolchain: Toolchain): void {
  const major = readFileSync(join(places.data, "PG_VERSION"), "utf8").trim();
  if (major === String(toolchain.major)) return;
  throw new CommandError(
    `${places.data} belongs to PostgreSQL ${major}; this checkout is built for ` +
      `${toolchain.version}.`,
    "Run `npx pg-fusion reset` to delete the cluster (its data can be generated again), or\n" +
      `set PG_CONFIG to the pg_config of PostgreSQL ${major} and run: npm run build`,
  );
}

function lastLines(file: string): string {
  if (!existsSync(file)) return "";
  return readFileSync(file, "utf8").trimEnd().split("\n").slice(-logLinesShown).join("\n");
}

function startServer(places: ClusterPlaces, options: UpOptions): void {
  const started = runTool(places, options.toolchain, "pg_ctl", [
    "start",
    "--silent",
    "--wait",
    `--timeout=${startSecondsMax}`,
    `--pgdata=${places.data}`,
    `--log=${places.log}`,
  ]);
  if (started.ok) return;
  const tail = lastLines(places.log);
  const portTaken = /could not (lock|bind|create).*|lock file ".*\.s\.PGSQL/.test(tail);
  const hint = portTaken
    ? `Choose another port: npx pg-fusion up --port ${places.port + 1}`
    : `The whole log: ${places.log}`;
  throw new CommandError(`the server did not start:\n${tail || started.output}`, hint);
}

function clearStale(places: ClusterPlaces, options: UpOptions): void {
  const state = serverState(places);
  if (state.kind === "orphaned") {
    throw new CommandError(
      `the server died, but its processes ${state.pids.join(", ")} still hold ${places.data}.`,
      `They end by themselves within seconds; if not: kill ${state.pids.join(" ")}`,
    );
  }
  if (state.kind !== "stale") return;
  options.say(`the server of process ${state.pid} ended without cleaning up; recovering`);
  rmSync(join(places.data, "postmaster.pid"), { force: true });
}

/** Makes sure that nobody else has the socket, and clears away what a killed server left of it. */
function checkPort(places: ClusterPlaces): void {
  const state = socketState(places);
  if (state.kind === "stale") for (const file of state.files) rmSync(file, { force: true });
  if (state.kind !== "held") return;
  throw new CommandError(
    `port ${places.port} is taken: process ${state.pid} holds its socket in ${places.socket}.`,
    `Stop that server, or choose another port: npx pg-fusion up --port ${places.port + 1}`,
  );
}

/** What a running server was started with; another value asks for a restart. */
function startFingerprint(places: ClusterPlaces, settings: string, plain: boolean): string {
  const hash = createHash("sha256").update(settings);
  if (!plain) hash.update(runtimeFingerprint(places));
  return hash.digest("hex");
}

export type UpResult = "alreadyRunning" | "started" | "restarted";

/** Brings the server up with the current build and settings, restarting it when they changed. */
export function bringUp(places: ClusterPlaces, options: UpOptions): UpResult {
  makeFolders(places);
  if (!existsSync(places.data)) initialiseData(places, options);
  checkMajor(places, options.toolchain);
  const runtime = options.plain ? undefined : runtimeFiles(places);
  const settings = serverSettings(places, runtime);
  const fingerprint = startFingerprint(places, settings, options.plain);
  const started = join(places.run, "started");
  const running = serverState(places).kind === "running";
  if (running) {
    const same = existsSync(started) && readFileSync(started, "utf8") === fingerprint;
    if (same) return "alreadyRunning";
    options.say("the build or the settings changed; restarting the server");
    stopServer(places, options.toolchain);
  }
  clearStale(places, options);
  checkPort(places);
  if (!options.plain) stageRuntime(places);
  writeFileSync(join(places.home, "server.conf"), settings);
  const extra = extraSettingsFile(places);
  if (!existsSync(extra)) writeFileSync(extra, "# Your own settings; never overwritten.\n");
  rmSync(started, { force: true });
  startServer(places, options);
  writeFileSync(started, fingerprint);
  writeFileSync(join(places.run, "port"), `${places.port}\n`);
  return running ? "restarted" : "started";
}

/**
 * Stops the server if it runs; true when it did. A fast shutdown that arrives while the server restarts
 * after a crash can wait forever for a checkpointer that is never started, so it is bounded; what an
 * immediate one leaves undone, the next start's recovery does.
 */
export function stopServer(places: ClusterPlaces, toolchain: Toolchain): boolean {
  if (serverState(places).kind !== "running") return false;
  const words = ["stop", "--silent", "--wait", `--pgdata=${places.data}`];
  const fast = ["--mode=fast", `--timeout=${fastStopSecondsMax}`];
  if (runTool(places, toolchain, "pg_ctl", [...words, ...fast]).ok) return true;
  const stopped = runTool(places, toolchain, "pg_ctl", [...words, "--mode=immediate"]);
  if (stopped.ok || serverState(places).kind !== "running") return true;
  throw new CommandError(`the server did not stop: ${stopped.output}`);
}

/** Removes everything of a stopped cluster. */
export function removeCluster(places: ClusterPlaces): void {
  for (const folder of [places.home, places.short]) rmSync(folder, { recursive: true, force: true });
  if (!places.link) return;
  rmSync(places.link, { force: true });
  // The shared parent goes with its last cluster.
  const parent = dirname(places.home);
  if (readdirSync(parent).length === 0) rmdirSync(parent);
}
