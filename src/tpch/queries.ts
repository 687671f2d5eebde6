// The texts of the TPC-H queries, read from bench/tpch/queries. They carry the qualification
// parameters of the specification (clause 2.4) and are run as they stand by bench and tests.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CommandError } from "#cluster/command_error.js";
import { projectRoot } from "#cluster/places.js";

/** q1 to q22. */
export const queryNames: readonly string[] = Array.from({ length: 22 }, (_, at) => `q${at + 1}`);

/** The statement of one query, without its comment line and final semicolon. */
export function queryText(name: string): string {
  const file = join(projectRoot, "bench/tpch/queries", `${name}.sql`);
  if (!queryNames.includes(name) || !existsSync(file)) {
    throw new CommandError(`there is no query "${name}".`, "Choose among q1 to q22.");
  }
  return readFileSync(file, "utf8").replace(/^--.*\n/gm, "").trim().replace(/;$/, "");
}

/** Parses "q1,q6" or "all". */
export function parseQueries(text: string): readonly string[] {
  const names = text === "all" ? queryNames : text.split(",").map((name) => name.trim());
  for (const name of names) queryText(name);
  return names;
}
