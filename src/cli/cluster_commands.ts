// The commands around the private cluster: up, psql, status, env, stop, reset. Each prints what a
// person wants to know next. The work is in src/cluster.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { removeCluster, stopServer } from "#cluster/cluster.js";
import { withConnection } from "#cluster/connection.js";
import { loadedLibrary } from "#cluster/loaded_library.js";
import type { ClusterPlaces } from "#cluster/places.js";
import { serverState } from "#cluster/server_process.js";
import { listDatabases, mainDatabase } from "#tpch/databases.js";
import type { Arguments } from "./arguments.js";
import { bringSession, openRunningSession, openSession, say } from "./session.js";
import type { Session } from "./session.js";

/** The variables libpq reads. */
function clientVariables(
  places: ClusterPlaces,
  database: string,
): Readonly<Record<string, string>> {
  return {
    PGHOST: places.socket,
    PGPORT: String(places.port),
    PGDATABASE: database,
    PGUSER: "postgres",
  };
}

function quoteForShell(value: string): string {
  return /^[\w./-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}

export async function runUp(given: Arguments): Promise<number> {
  const session = openSession(given);
  const database = await bringSession(session, given);
  say(`up: database ${database}, port ${session.places.port}, socket in ${session.places.socket}`);
  say("next: npx pg-fusion psql");
  return 0;
}

/** Opens psql with the engine on; ends with psql's own status. */
export async function openPsql(
  session: Session,
  database: string,
  words: readonly string[],
): Promise<number> {
  const variables = clientVariables(session.places, database);
  const child = spawn(join(session.toolchain.bindir, "psql"), words, {
    stdio: "inherit",
    env: { ...process.env, PGOPTIONS: "-c pg_fusion.enable=on", ...variables },
  });
  // Ctrl-C belongs to psql, which cancels the statement; we only wait for it.
  const ignore = () => undefined;
  process.on("SIGINT", ignore);
  const [status] = (await once(child, "close")) as [number | null];
  process.off("SIGINT", ignore);
  return status ?? 1;
}

export async function runPsql(given: Arguments): Promise<number> {
  const session = openRunningSession(given);
  const database =
    given.values.scale === undefined ? mainDatabase : await bringSession(session, given);
  return openPsql(session, database, given.words);
}

export function runEnv(given: Arguments): number {
  const { places } = openSession(given);
  for (const [name, value] of Object.entries(clientVariables(places, mainDatabase))) {
    process.stdout.write(`export ${name}=${quoteForShell(value)}\n`);
  }
  return 0;
}

export async function runStatus(given: Arguments): Promise<number> {
  const session = openSession(given);
  const state = serverState(session.places);
  const print = (name: string, value: string) =>
    process.stdout.write(`${name.padEnd(10)}${value}\n`);
  print("server", state.kind === "running" ? `running, process ${state.pid}` : state.kind);
  print("version", `PostgreSQL ${session.toolchain.version}`);
  print("home", session.places.home);
  print("log", session.places.log);
  if (state.kind !== "running") {
    print("next", existsSync(session.places.data) ? "npx pg-fusion up" : "npm start");
    return 3;
  }
  const { places } = openRunningSession(given);
  print("port", String(places.port));
  print("socket", places.socket);
  await withConnection(places, "postgres", async (connection) => {
    const library = await loadedLibrary(connection);
    print("extension", library ?? "not loaded");
    const known = "SELECT to_regprocedure('public.pg_fusion_worker_state()')";
    if (library === undefined || (await connection.value(known)) === undefined) return;
    print("worker", (await connection.value("SELECT pg_fusion_worker_state()")) ?? "unknown");
  });
  for (const [name, purpose] of await listDatabases(places)) print("database", `${name} ${purpose}`);
  return 0;
}

export function runStop(given: Arguments): number {
  const { places, toolchain } = openSession(given);
  say(stopServer(places, toolchain) ? "stopped" : "the server was not running");
  return 0;
}

export function runReset(given: Arguments): number {
  const { places, toolchain } = openSession(given);
  if (existsSync(places.data)) stopServer(places, toolchain);
  removeCluster(places);
  say(`removed ${places.home}`);
  return 0;
}
