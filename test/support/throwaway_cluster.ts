// The server of the integration suites: made in a temporary folder before the first file, removed after
// the last. Tests find it through PGHOST and the like, as `new pg.Client()` does. PG_FUSION_TEST_HOME
// names the folder when scripts/test.mjs wants to clean up after a run that was killed; PG_FUSION_TEST_THREADS how many
// threads the worker has.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bringUp, removeCluster, stopServer } from "#cluster/cluster.js";
import { withConnection } from "#cluster/connection.js";
import { installExtensionObjects } from "#cluster/extension_objects.js";
import { findPlaces } from "#cluster/places.js";
import { extraSettingsFile } from "#cluster/server_settings.js";
import { readToolchain } from "#cluster/toolchain.js";
import { collectLive } from "./transition_coverage.js";

const database = "fusion_test";

export default async function setup(): Promise<() => void> {
  const given = process.env["PG_FUSION_TEST_HOME"];
  const folder = given ?? mkdtempSync(join(tmpdir(), "pg_fusion_test_"));
  const places = findPlaces({ home: folder });
  const toolchain = readToolchain(places.root);
  const remove = () => {
    stopServer(places, toolchain);
    removeCluster(places);
    if (given === undefined) rmSync(folder, { recursive: true, force: true });
  };
  try {
    const plain = process.env["PG_FUSION_TEST_PLAIN"] === "1";
    const threads = process.env["PG_FUSION_TEST_THREADS"];
    if (threads !== undefined) writeFileSync(extraSettingsFile(places), `pg_fusion.worker_threads = ${threads}\n`);
    bringUp(places, { toolchain, plain, say: () => undefined });
    await withConnection(places, "postgres", (connection) =>
      connection.execute(`CREATE DATABASE ${database}`),
    );
    await withConnection(places, database, (connection) =>
      installExtensionObjects(connection, places),
    );
  } catch (error) {
    remove();
    throw error;
  }
  Object.assign(process.env, {
    // Suites that run psql get the one of this server.
    PATH: `${toolchain.bindir}:${process.env["PATH"] ?? ""}`,
    PGHOST: places.socket,
    PGPORT: String(places.port),
    PGUSER: "postgres",
    PGDATABASE: database,
    PG_FUSION_TEST_HOME: folder,
  });
  return () => {
    collectLive(places.data);
    remove();
  };
}
