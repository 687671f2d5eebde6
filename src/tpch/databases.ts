// Which database of the cluster holds which scale: `tpch` holds the first scale that was asked for,
// `tpch_<scale>` any other, so that no command deletes the data of another. Rows come from load.ts.
import { quoteIdentifier, quoteLiteral, withConnection } from "#cluster/connection.js";
import { installExtensionObjects } from "#cluster/extension_objects.js";
import type { ClusterPlaces } from "#cluster/places.js";
import type { Scale } from "./scale.js";

/** The database of a newcomer's first scale; what `pg-fusion env` names. */
export const mainDatabase = "tpch";

function ownDatabase(scale: Scale): string {
  return `${mainDatabase}_${String(scale.factor).replace(".", "_")}`;
}

/** Records the scale a database is for; set when it is made, before any row. */
function purpose(scale: Scale): string {
  return `TPC-H scale ${scale.factor}`;
}

/** Every TPC-H database with its purpose. */
export async function listDatabases(places: ClusterPlaces): Promise<ReadonlyMap<string, string>> {
  return withConnection(places, "postgres", async (connection) => {
    const { rows } = await connection.query(
      "SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database " +
        "WHERE datallowconn AND NOT datistemplate ORDER BY datname",
    );
    return new Map(rows.map(([name, comment]) => [name ?? "", comment ?? ""]));
  });
}

/** The database for a scale, made when absent, with the extension's functions of this build. */
export async function ensureDatabase(places: ClusterPlaces, scale: Scale): Promise<string> {
  const present = await listDatabases(places);
  const main = present.get(mainDatabase);
  const free = main === undefined || main === "" || main === purpose(scale);
  const name = free ? mainDatabase : ownDatabase(scale);
  if (present.get(name) !== purpose(scale)) {
    await withConnection(places, "postgres", async (connection) => {
      if (!present.has(name)) await connection.execute(`CREATE DATABASE ${quoteIdentifier(name)}`);
      const text = quoteLiteral(purpose(scale));
      await connection.execute(`COMMENT ON DATABASE ${quoteIdentifier(name)} IS ${text}`);
    });
  }
  await refreshExtensionObjects(places, name);
  return name;
}

/** Makes the extension's functions in a database those of this build. */
export async function refreshExtensionObjects(
  places: ClusterPlaces,
  database: string,
): Promise<void> {
  await withConnection(places, database, (connection) =>
    installExtensionObjects(connection, places),
  );
}
