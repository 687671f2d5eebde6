// What every command needs: the places of the cluster, the toolchain, and a server with data when
// the command asks for one. The steps themselves are in src/cluster and src/tpch.
import { bringUp } from "#cluster/cluster.js";
import { whileLocked } from "#cluster/cluster_lock.js";
import { CommandError } from "#cluster/command_error.js";
import { findPlaces } from "#cluster/places.js";
import type { ClusterPlaces } from "#cluster/places.js";
import { serverState } from "#cluster/server_process.js";
import { readToolchain } from "#cluster/toolchain.js";
import type { Toolchain } from "#cluster/toolchain.js";
import {
  ensureDatabase,
  listDatabases,
  mainDatabase,
  refreshExtensionObjects,
} from "#tpch/databases.js";
import { isLoaded, loadTpch } from "#tpch/load.js";
import { parseScale, scaleOf } from "#tpch/scale.js";
import type { Scale } from "#tpch/scale.js";
import type { Arguments } from "./arguments.js";
import { progressBar } from "./progress.js";

export interface Session {
  readonly places: ClusterPlaces;
  readonly toolchain: Toolchain;
}

/** Enough for a first look; loads in seconds. */
const firstScale = 0.1;

/** One line about what is being done. */
export function say(text: string): void {
  process.stderr.write(`pg_fusion: ${text}\n`);
}

export function openSession(given: Arguments): Session {
  const places = findPlaces({ port: given.values.port });
  return { places, toolchain: readToolchain(places.root) };
}

/** The session of a running server; its port is the server's own. */
export function openRunningSession(given: Arguments): Session {
  const session = openSession(given);
  const state = serverState(session.places);
  if (state.kind !== "running") {
    throw new CommandError("the server is not running.", "Start it: npx pg-fusion up");
  }
  return { ...session, places: findPlaces({ port: String(state.port) }) };
}

/** The scale asked for, else the one the main database was made for, else a small one. */
async function chooseScale(places: ClusterPlaces, given: Arguments): Promise<Scale> {
  if (given.values.scale !== undefined) return parseScale(given.values.scale);
  const purpose = (await listDatabases(places)).get(mainDatabase) ?? "";
  const known = /^TPC-H scale (\S+)$/.exec(purpose)?.[1];
  return known === undefined ? scaleOf(firstScale) : parseScale(known);
}

/** Makes sure that a database with this scale exists and is complete; returns its name. */
async function bringData(session: Session, scale: Scale): Promise<string> {
  const { places, toolchain } = session;
  const database = await ensureDatabase(places, scale);
  if (await isLoaded(places, database, scale)) return database;
  const bar = progressBar(`loading TPC-H scale ${scale.factor}`);
  await loadTpch(places, database, { toolchain, scale, onProgress: bar.show });
  bar.end();
  return database;
}

/** Server, extension and data; returns the database to use. */
export async function bringSession(session: Session, given: Arguments): Promise<string> {
  const { places, toolchain } = session;
  // A wrong scale is known before anything is started.
  if (given.values.scale !== undefined) parseScale(given.values.scale);
  return whileLocked(places, async () => {
    const result = bringUp(places, { toolchain, plain: given.flags.has("plain"), say });
    if (given.flags.has("no-data")) return "postgres";
    const database = await bringData(session, await chooseScale(places, given));
    if (result !== "alreadyRunning") {
      // A new build may bring other functions; every database of the cluster gets them.
      for (const name of (await listDatabases(places)).keys()) {
        await refreshExtensionObjects(places, name);
      }
    }
    return database;
  });
}
