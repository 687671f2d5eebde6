// Puts the extension into a PostgreSQL's own folders, for CREATE EXTENSION: library, control file, script, and a copy
// of the worker with its packages and node, so that the checkout may move or go. It changes no server's settings;
// `settings` says what they need. Read staging.ts next, which says what the copy is made of.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CommandError } from "./command_error.js";
import { quoteSetting } from "./server_settings.js";
import { checkBuilt, copyRuntime, libraryName, workerName } from "./staging.js";
import type { Toolchain } from "./toolchain.js";

export interface Installation {
  /** Files and folders written, absolute. */
  readonly written: readonly string[];
  /** The lines postgresql.conf needs. */
  readonly settings: readonly string[];
}

function folderOf(toolchain: Toolchain, option: "--pkglibdir" | "--sharedir"): string {
  return execFileSync(toolchain.pgConfig, [option], { encoding: "utf8" }).trim();
}

/** Copies a file in one step: a server that runs has the old library mapped, and must keep it whole. */
function place(from: string, to: string): string {
  const fresh = `${to}.new`;
  cpSync(from, fresh, { dereference: true });
  renameSync(fresh, to);
  return to;
}

/**
 * Installs into the toolchain's PostgreSQL, below `destination` as packagers do (`make install DESTDIR=`), or in the
 * root of the file system. Throws a CommandError where something is not built or a folder is not ours to write.
 */
export function installExtension(root: string, toolchain: Toolchain, destination = ""): Installation {
  checkBuilt(root);
  const libraries = folderOf(toolchain, "--pkglibdir");
  const extensions = join(folderOf(toolchain, "--sharedir"), "extension");
  const runtime = join(libraries, "pg_fusion");
  try {
    for (const folder of [libraries, extensions]) mkdirSync(join(destination, folder), { recursive: true });
    copyRuntime(root, join(destination, runtime));
    // The copy's own library and scripts are where PostgreSQL looks for them.
    for (const name of ["sql", libraryName.split("/")[0] ?? ""])
      rmSync(join(destination, runtime, name), { recursive: true, force: true });
    const written = [
      join(destination, runtime),
      place(join(root, `${libraryName}.so`), join(destination, libraries, "pg_fusion.so")),
      ...readdirSync(join(root, "sql")).map((name) =>
        place(join(root, "sql", name), join(destination, extensions, name))),
    ];
    return {
      written,
      settings: [
        "shared_preload_libraries = 'pg_fusion'",
        `pg_fusion.node_path = ${quoteSetting(join(runtime, "node"))}`,
        `pg_fusion.worker_script = ${quoteSetting(join(runtime, workerName))}`,
      ],
    };
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new CommandError(
      `${path ?? libraries} cannot be written (${code}).`,
      "Run it as a user who may, for instance: sudo npx pg-fusion install",
    );
  }
}
