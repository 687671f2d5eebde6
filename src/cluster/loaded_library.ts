// The extension's library as the server has loaded it, maybe beside others such as pg_stat_statements. Where it comes
// from is staging.ts's business.
import type { Connection } from "./connection.js";

/** The item of shared_preload_libraries that is pg_fusion, as it is written there. */
export function libraryAmong(libraries: string): string | undefined {
  const names = libraries.split(",").map((name) => name.trim().replace(/^"(.*)"$/, "$1"));
  return names.find((name) => /(^|\/)pg_fusion(\.so)?$/.test(name));
}

/** Undefined: the server runs without the extension. */
export async function loadedLibrary(connection: Connection): Promise<string | undefined> {
  return libraryAmong((await connection.value("SHOW shared_preload_libraries")) ?? "");
}
