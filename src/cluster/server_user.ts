// Which operating-system user runs the private server, and how to run a program as that user.
// PostgreSQL refuses to run as root, so root's cluster belongs to somebody else.
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, lstatSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { CommandError } from "./command_error.js";

export interface ServerUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  /** False when we already are that user. */
  readonly needsSwitch: boolean;
}

interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/** The user made when root has no `postgres` to lend. */
const createdUserName = "pg_fusion";

function accounts(): readonly Account[] {
  return readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"))
    .filter((fields) => fields.length >= 7)
    .map((fields) => ({
      name: fields[0] ?? "",
      uid: Number(fields[2]),
      gid: Number(fields[3]),
      home: fields[5] ?? "/",
    }));
}

function createAccount(): Account {
  const words = ["--system", "--no-create-home", "--shell", "/usr/sbin/nologin", createdUserName];
  const done = spawnSync("useradd", words, { encoding: "utf8" });
  const made = accounts().find((account) => account.name === createdUserName);
  if (made) return made;
  throw new CommandError(
    `PostgreSQL does not run as root, and no other user could be made: ${done.stderr?.trim()}`,
    "Make an unprivileged user, give it this checkout (chown -R), and run the command as that user.",
  );
}

/**
 * Ourselves, unless we are root. For root: the checkout's owner, so that it can read the files;
 * else `postgres`; else a system user made for this.
 */
export function chooseServerUser(root: string): ServerUser {
  const uid = process.getuid?.() ?? -1;
  const known = accounts();
  if (uid !== 0) {
    const self = known.find((account) => account.uid === uid);
    const home = self?.home ?? process.env["HOME"] ?? "/";
    const gid = process.getgid?.() ?? -1;
    return { name: self?.name ?? String(uid), uid, gid, home, needsSwitch: false };
  }
  const owner = statSync(root).uid;
  const account =
    known.find((one) => one.uid === owner && one.uid !== 0) ??
    known.find((one) => one.name === "postgres") ??
    known.find((one) => one.name === createdUserName) ??
    createAccount();
  return { ...account, needsSwitch: true };
}

/** Options for child_process that make the child that user, with a plain environment. */
export function spawnAs(user: ServerUser): {
  readonly env: NodeJS.ProcessEnv;
  readonly uid?: number;
  readonly gid?: number;
} {
  const env = {
    PATH: process.env["PATH"] ?? "/usr/local/bin:/usr/bin:/bin",
    HOME: user.home,
    LANG: "C.UTF-8",
    TZ: "UTC",
  };
  return user.needsSwitch ? { env, uid: user.uid, gid: user.gid } : { env };
}

/**
 * Makes a folder of the user's. What is there already must be a folder of theirs (or of root's, when
 * we are root): in a shared place such as /tmp somebody else could have put a trap.
 */
export function makeServerFolder(user: ServerUser, folder: string, mode: number): void {
  mkdirSync(folder, { recursive: true, mode });
  const found = lstatSync(folder);
  const ours = [user.uid, process.getuid?.() ?? user.uid].includes(found.uid);
  if (!found.isDirectory() || !ours) {
    throw new CommandError(`${folder} belongs to somebody else.`, "Remove it, or move it away.");
  }
  if (user.needsSwitch) chownSync(folder, user.uid, user.gid);
  chmodSync(folder, mode);
}

/** Whether the user can read a file, and pass every folder above it. */
export function canRead(user: ServerUser, path: string): boolean {
  const words = ["-c", 'test -r "$1"', "sh", path];
  return spawnSync("/bin/sh", words, { ...spawnAs(user), cwd: "/" }).status === 0;
}
