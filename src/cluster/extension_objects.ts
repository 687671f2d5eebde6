// Creates the extension's SQL functions in a database without CREATE EXTENSION, which before
// PostgreSQL 18 reads control files only from the system's folder: nothing is installed there.
// The objects live in the schema "fusion" of that database (a name with pg_ is reserved).
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { quoteIdentifier, quoteLiteral } from "./connection.js";
import type { Connection } from "./connection.js";
import type { ClusterPlaces } from "./places.js";

/** The install script with the library's absolute path; psql's own commands are dropped. */
function installScript(places: ClusterPlaces, library: string): string | undefined {
  const folder = join(places.root, "sql");
  if (!existsSync(folder)) return undefined;
  const name = readdirSync(folder).find((file) => /^pg_fusion--\d+(\.\d+)*\.sql$/.test(file));
  if (name === undefined) return undefined;
  return readFileSync(join(folder, name), "utf8")
    .split("\n")
    .filter((line) => !line.startsWith("\\"))
    .join("\n")
    .replaceAll("'MODULE_PATHNAME'", quoteLiteral(library));
}

/** Makes the objects match the build; does nothing when the schema's comment says they do. */
export async function installExtensionObjects(
  connection: Connection,
  places: ClusterPlaces,
  database: string,
): Promise<void> {
  const library = await connection.value("SHOW shared_preload_libraries");
  if (library === undefined || library === "") return;
  const script = installScript(places, library);
  if (script === undefined) return;
  const hash = createHash("sha256").update(script).digest("hex");
  const present = await connection.value(
    "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = 'fusion'",
  );
  if (present === hash) return;
  await connection.execute(`
    BEGIN;
    DROP SCHEMA IF EXISTS fusion CASCADE;
    CREATE SCHEMA fusion;
    SET LOCAL search_path = fusion;
    ${script}
    ;
    COMMENT ON SCHEMA fusion IS ${quoteLiteral(hash)};
    ALTER DATABASE ${quoteIdentifier(database)} SET search_path = "$user", public, fusion;
    COMMIT;
  `);
}
