// Who holds the data directory: reads postmaster.pid and /proc, and never signals anybody.
// PostgreSQL's own check trusts any process with the recorded number; this one looks at its folder.
import { existsSync, readFileSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import type { ClusterPlaces } from "./places.js";

export type ServerState =
  | { readonly kind: "stopped" }
  | { readonly kind: "running"; readonly pid: number; readonly port: number }
  /** postmaster.pid names a process that is gone, or that is another program by now. */
  | { readonly kind: "stale"; readonly pid: number }
  /** The postmaster is gone, and processes of it still hold the data directory. */
  | { readonly kind: "orphaned"; readonly pids: readonly number[] };

/** Whether a process runs: one that has ended but was never waited for does not. */
export function isAlive(pid: number): boolean {
  try {
    // The state follows the name, which is in parentheses and may contain any character.
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !["Z", "X"].includes(text.slice(text.lastIndexOf(")") + 2, text.lastIndexOf(")") + 3));
  } catch {
    return false;
  }
}

/** The folder a process works in; undefined when it is gone or not ours to ask. */
function workingFolder(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

/** Every process of a PostgreSQL server works inside its data directory. */
function processesIn(folder: string): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => workingFolder(pid) === folder);
}

/** Looks at the data directory's owner. `data` must be a real path, as /proc shows those. */
export function serverState(places: ClusterPlaces): ServerState {
  const file = join(places.data, "postmaster.pid");
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n") : undefined;
  const pid = lines ? Number(lines[0]) : 0;
  if (lines && pid > 0 && workingFolder(pid) === places.data) {
    return { kind: "running", pid, port: Number(lines[3]) };
  }
  const left = processesIn(places.data);
  if (left.length > 0) return { kind: "orphaned", pids: left };
  return lines ? { kind: "stale", pid } : { kind: "stopped" };
}

export type SocketState =
  | { readonly kind: "free" }
  | { readonly kind: "held"; readonly pid: number }
  /** The lock names a process that is gone; PostgreSQL may still believe in a zombie's number. */
  | { readonly kind: "stale"; readonly files: readonly string[] };

/** Who holds the socket of the cluster's port. */
export function socketState(places: ClusterPlaces): SocketState {
  const socket = join(places.socket, `.s.PGSQL.${places.port}`);
  const lock = `${socket}.lock`;
  if (!existsSync(lock)) return { kind: "free" };
  const pid = Number(readFileSync(lock, "utf8").split("\n")[0]);
  return pid > 0 && isAlive(pid) ? { kind: "held", pid } : { kind: "stale", files: [lock, socket] };
}
