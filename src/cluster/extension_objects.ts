// Creates the extension's SQL functions in a database without CREATE EXTENSION, which before
// PostgreSQL 18 reads control files only from the system's folder: nothing is installed there.
// They land in the schema public, as they would by default.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { quoteLiteral } from "./connection.js";
import type { Connection } from "./connection.js";
import { loadedLibrary } from "./loaded_library.js";
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

/** Removes the functions of an earlier build, with whatever is built upon them. */
const dropObjects = `
  DO $$
  DECLARE
    old regprocedure;
  BEGIN
    FOR old IN SELECT oid FROM pg_proc WHERE probin ~ '/pg_fusion$' LOOP
      EXECUTE format('DROP FUNCTION IF EXISTS %s CASCADE', old);
    END LOOP;
  END $$`;

/** Makes the objects match the build; does nothing when the script is the one that was run last. */
export async function installExtensionObjects(
  connection: Connection,
  places: ClusterPlaces,
): Promise<void> {
  const library = await loadedLibrary(connection);
  if (library === undefined) return;
  const script = installScript(places, library);
  if (script === undefined) return;
  const hash = createHash("sha256").update(script).digest("hex");
  const present = "SELECT obj_description(to_regprocedure('public.pg_fusion_version()'), 'pg_proc')";
  if ((await connection.value(present)) === hash) return;
  await connection.execute(`
    BEGIN;
    SET LOCAL search_path = public;
    ${dropObjects};
    ${script}
    ;
    COMMENT ON FUNCTION pg_fusion_version() IS ${quoteLiteral(hash)};
    COMMIT;
  `);
}
