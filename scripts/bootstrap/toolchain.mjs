// Finds what a build needs from the system: a PostgreSQL server with headers, a C and C++
// compiler, make, python3. It installs nothing; packages.mjs does, from the list made here.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { outputOf, ScriptError } from "./console.mjs";

/** The oldest server the extension compiles for. */
export const oldestPostgres = 15;
/** The oldest Node the worker runs on: the first 20 with the Node-API version the addon uses. */
const oldestNode = [20, 19];

/** Refuses a Node older than package.json's `engines` says. */
export function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const old = major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1]);
  if (!old) return;
  throw new ScriptError(
    `Node ${process.versions.node} is too old; pg_fusion needs ${oldestNode.join(".")} or newer.`,
    "Install a current Node 20 or 22 from https://nodejs.org and run the command again.",
  );
}

function versionedFolders(parent) {
  if (!existsSync(parent)) return [];
  return readdirSync(parent)
    .filter((name) => /^\d+$/.test(name))
    .sort((a, b) => Number(b) - Number(a))
    .map((name) => join(parent, name));
}

function pgConfigCandidates() {
  const chosen = process.env.PG_CONFIG;
  if (chosen) return [chosen];
  return [
    ...versionedFolders("/usr/lib/postgresql").map((folder) => join(folder, "bin/pg_config")),
    "/usr/local/pgsql/bin/pg_config",
    ...[18, 17, 16, 15].map((major) => `/usr/pgsql-${major}/bin/pg_config`),
    "pg_config",
  ];
}

/**
 * Whether a server's headers find what they include of ICU: pg_locale.h does when the server was
 * built with it, and not every server package brings those headers along.
 */
function hasIcuHeaders(serverHeaders) {
  const config = join(serverHeaders, "pg_config.h");
  const needed = existsSync(config) && /^#define USE_ICU 1/m.test(readFileSync(config, "utf8"));
  const places = ["/usr/include", "/usr/local/include"];
  return !needed || places.some((place) => existsSync(join(place, "unicode/ucol.h")));
}

/** What one pg_config tells, or undefined when it does not run. */
function describePostgres(pgConfig) {
  const ask = (option) => outputOf(pgConfig, [option]);
  const versionText = ask("--version");
  const version = /^PostgreSQL (\d+)(\S*)/.exec(versionText ?? "");
  if (!version) return undefined;
  const bindir = ask("--bindir") ?? "";
  const serverHeaders = ask("--includedir-server") ?? "";
  return {
    pgConfig,
    version: `${version[1]}${version[2]}`,
    major: Number(version[1]),
    bindir,
    hasServer: ["postgres", "initdb", "pg_ctl"].every((name) => existsSync(join(bindir, name))),
    hasClient: existsSync(join(bindir, "psql")),
    hasHeaders:
      existsSync(join(serverHeaders, "postgres.h")) &&
      existsSync(ask("--pgxs") ?? ""),
    hasIcu: hasIcuHeaders(serverHeaders),
  };
}

/** The PostgreSQL to use: newest complete one, else newest one that is partly there. */
function choosePostgres() {
  const known = pgConfigCandidates()
    .map(describePostgres)
    .filter((found) => found !== undefined && found.major >= oldestPostgres);
  const complete = known.find((one) => one.hasServer && one.hasHeaders && one.hasClient);
  return complete ?? known.find((one) => one.hasServer) ?? known[0];
}

/**
 * Looks at the machine. `missing` names each absent part with `need` ("server", "headers",
 * "icu", "compiler", "make", "python"), so that a package manager can be asked for it.
 */
export function findToolchain() {
  const postgres = choosePostgres();
  const missing = [];
  if (!postgres?.hasServer || !postgres.hasClient) missing.push("server");
  if (!postgres?.hasHeaders) missing.push("headers");
  else if (!postgres.hasIcu) missing.push("icu");
  const answers = (names) => names.some((name) => outputOf(name, ["--version"]) !== undefined);
  if (!answers(["cc", "gcc", "clang"]) || !answers(["c++", "g++", "clang++"])) {
    missing.push("compiler");
  }
  if (!answers(["make", "gmake"])) missing.push("make");
  if (!answers(["python3"])) missing.push("python");
  return { postgres, missing };
}

/** Remembers the chosen PostgreSQL beside what is built for it, for the command line. */
export function recordToolchain(root, postgres, folder = "build") {
  const text = `${JSON.stringify(postgres, undefined, 2)}\n`;
  const file = join(root, folder, "toolchain.json");
  if (existsSync(file) && readFileSync(file, "utf8") === text) return;
  mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(file, text);
}
