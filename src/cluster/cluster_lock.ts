// One command at a time works on a cluster: a file with our process id, made exclusively.
// It does not protect the running server; PostgreSQL does that itself.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CommandError } from "./command_error.js";
import type { ClusterPlaces } from "./places.js";
import { isAlive } from "./server_process.js";

function tryLock(file: string): boolean {
  try {
    writeFileSync(file, `${process.pid}\n`, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Runs `action` while we hold the cluster's lock; a holder that died loses it. */
export async function whileLocked<T>(places: ClusterPlaces, action: () => Promise<T>): Promise<T> {
  const file = join(places.run, "command.lock");
  mkdirSync(places.run, { recursive: true });
  if (!tryLock(file)) {
    const holder = Number(readFileSync(file, "utf8"));
    if (holder > 0 && isAlive(holder)) {
      throw new CommandError(
        `another pg-fusion command (process ${holder}) is working on ${places.home}.`,
        `Wait until it is done. If that process is something else, remove ${file}.`,
      );
    }
    rmSync(file, { force: true });
    if (!tryLock(file)) throw new CommandError("another pg-fusion command has just started.");
  }
  try {
    return await action();
  } finally {
    rmSync(file, { force: true });
  }
}
