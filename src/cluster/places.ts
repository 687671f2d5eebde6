// Where a private cluster keeps its things: one home folder with the data directory, the socket,
// the log and the run files. It decides names only; cluster.ts makes and removes them.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CommandError } from "./command_error.js";
import { canRead, chooseServerUser } from "./server_user.js";
import type { ServerUser } from "./server_user.js";

/** The checkout: this module is two folders below it, compiled or not. */
export const projectRoot = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** What was built, in the checkout: the library and what it was built for. scripts/test_sanitized.mjs has its own. */
export function buildFolder(): string {
  return process.env["PG_FUSION_BUILD"] ?? "build";
}

export interface ClusterPlaces {
  readonly root: string;
  readonly user: ServerUser;
  /** The folder everything of the cluster lives in. */
  readonly home: string;
  /** The link to `home` in the checkout, when the server's user cannot reach the checkout. */
  readonly link: string | undefined;
  readonly data: string;
  readonly socket: string;
  /** A folder with a short path, made only when something's own path is too long. */
  readonly short: string;
  readonly log: string;
  readonly run: string;
  readonly port: number;
  /** True when the built files must be copied for the server's user to read them. */
  readonly staged: boolean;
}

const defaultPort = 54330;
/** Room of sockaddr_un.sun_path on Linux, without its final zero. */
const socketPathBytesMax = 107;
/** Homes of clusters whose checkout the server's user cannot reach. */
const sharedParent = "/var/lib/pg_fusion";

function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

function checkedPort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1024 && port <= 65535) return port;
  throw new CommandError(`"${text}" is no port.`, "Choose a number between 1024 and 65535.");
}

/** The port asked for, else the one the cluster used last, else the default. */
function choosePort(asked: string | undefined, run: string): number {
  const wanted = asked ?? process.env["PG_FUSION_PORT"];
  if (wanted !== undefined && wanted !== "") return checkedPort(wanted);
  const remembered = join(run, "port");
  if (existsSync(remembered)) return checkedPort(readFileSync(remembered, "utf8").trim());
  return defaultPort;
}

function socketFolder(home: string, short: string, port: number): string {
  const inside = join(home, "socket");
  const fits = Buffer.byteLength(join(inside, `.s.PGSQL.${port}`)) <= socketPathBytesMax;
  return fits ? inside : short;
}

/** The path without links, because /proc shows the server's folder that way. */
function realHome(wanted: string): string {
  if (existsSync(wanted)) return realpathSync(wanted);
  return join(realpathSync(dirname(wanted)), basename(wanted));
}

export interface PlacesOptions {
  readonly root?: string;
  /** Overrides PG_FUSION_HOME and the checkout's .pg_fusion. */
  readonly home?: string | undefined;
  readonly port?: string | undefined;
}

/** Works out the places of the cluster, without touching the disk beyond looking. */
export function findPlaces(options: PlacesOptions = {}): ClusterPlaces {
  const root = options.root ?? projectRoot;
  const user = chooseServerUser(root);
  const wanted = options.home ?? process.env["PG_FUSION_HOME"] ?? join(root, ".pg_fusion");
  const reachable = canRead(user, dirname(wanted));
  const home = reachable ? realHome(wanted) : join(sharedParent, shortHash(wanted));
  const run = join(home, "run");
  const port = choosePort(options.port, run);
  const short = join("/tmp", `pg_fusion-${shortHash(home)}`);
  return {
    root,
    user,
    home,
    link: reachable ? undefined : wanted,
    data: join(home, "data"),
    socket: socketFolder(home, short, port),
    short,
    log: join(home, "log", "server.log"),
    run,
    port,
    staged: !canRead(user, join(root, "package.json")) || !canRead(user, nodeExecutable()),
  };
}

/** The node binary that runs now, without links: the worker is executed by this path. */
export function nodeExecutable(): string {
  return realpathSync(process.execPath);
}
