// The PostgreSQL the build chose, read from its toolchain.json. It looks for nothing itself;
// scripts/bootstrap/toolchain.mjs does, and writes the file.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CommandError } from "./command_error.js";
import { buildFolder } from "./places.js";

export interface Toolchain {
  readonly pgConfig: string;
  /** As `pg_config --version` says it: "15.20". */
  readonly version: string;
  readonly major: number;
  /** Folder of postgres, initdb, pg_ctl and psql. */
  readonly bindir: string;
}

function isToolchain(value: unknown): value is Toolchain {
  if (typeof value !== "object" || value === null) return false;
  const fields = value as Record<string, unknown>;
  return (
    typeof fields["pgConfig"] === "string" &&
    typeof fields["version"] === "string" &&
    typeof fields["major"] === "number" &&
    typeof fields["bindir"] === "string"
  );
}

/** Reads the build's choice; a missing or moved PostgreSQL is an error that says what to do. */
export function readToolchain(root: string): Toolchain {
  const file = join(root, buildFolder(), "toolchain.json");
  const parsed: unknown = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
  if (!isToolchain(parsed)) {
    throw new CommandError("this checkout is not built yet.", "Run: npm run build");
  }
  if (!existsSync(join(parsed.bindir, "postgres"))) {
    throw new CommandError(
      `PostgreSQL ${parsed.version} is no longer in ${parsed.bindir}.`,
      "Run: npm run build   (it looks for the server again)",
    );
  }
  return parsed;
}
