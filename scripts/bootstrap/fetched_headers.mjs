// Headers of PostgreSQL versions this machine does not have: apt downloads a distribution's packages into a folder with
// lists and settings of its own, and they are unpacked beside. Nothing is installed and no root is needed. A small
// script stands in for pg_config, whose binary may want a newer libc. Read next: ../check_versions.mjs.
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { outputOf } from "./console.mjs";

const debian = (suite) => ({ url: "http://deb.debian.org/debian", suite, part: "main", keyring: "debian" });
const ubuntu = (suite) => (
  { url: "http://archive.ubuntu.com/ubuntu", suite, part: "main universe", keyring: "ubuntu" });

/** The suites that have each major version's headers. Debian never released with 16. */
const sources = { 15: debian("bookworm"), 16: ubuntu("noble"), 17: debian("trixie"), 18: debian("forky") };

/** Every major version with a known source of headers. */
export const offeredMajors = Object.keys(sources);

const debianKeys = "/usr/share/keyrings/debian-archive-keyring.gpg";
const ubuntuKeys = "usr/share/keyrings/ubuntu-archive-keyring.gpg";

/** Downloads packages of one suite, and unpacks them into `root`; the reason when that does not work. */
function unpack(folder, root, { url, suite, part }, keys, packages) {
  const apt = join(folder, `apt-${suite}`);
  for (const name of ["lists/partial", "cache/archives/partial"]) mkdirSync(join(apt, name), { recursive: true });
  writeFileSync(join(apt, "status"), "");
  writeFileSync(join(apt, "sources.list"), `deb [signed-by=${keys}] ${url} ${suite} ${part}\n`);
  const places = {
    "Dir::Etc::sourcelist": join(apt, "sources.list"), "Dir::Etc::sourceparts": "-", "Dir::State": apt,
    "Dir::State::lists": join(apt, "lists"), "Dir::State::status": join(apt, "status"),
    "Dir::Cache": join(apt, "cache"),
    "APT::Sandbox::User": "", "Acquire::Languages": "none",
  };
  const options = Object.entries(places).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  const ask = (words) => spawnSync("apt-get", [...options, "-q", ...words], { cwd: apt, encoding: "utf8" });
  for (const words of [["update"], ["download", ...packages]]) {
    const asked = ask(words);
    const refused = asked.stderr.split("\n").find((line) => /^[EW]:/.test(line));
    if (asked.status !== 0) return refused ?? `apt-get ${words[0]} failed`;
  }
  for (const name of readdirSync(apt).filter((each) => each.endsWith(".deb"))) {
    if (spawnSync("dpkg-deb", ["-x", join(apt, name), root]).status !== 0) return `${name} cannot be unpacked`;
  }
  return undefined;
}

/** The keys a suite is signed with: Ubuntu's come in a package of Debian's, so that those are trusted by these. */
function keysOf(folder, source) {
  if (source.keyring === "debian") return { keys: debianKeys };
  const root = join(folder, "keys");
  const keys = join(root, ubuntuKeys);
  if (existsSync(keys)) return { keys };
  const reason = unpack(folder, root, debian("trixie"), debianKeys, ["ubuntu-keyring"]);
  return reason === undefined ? { keys } : { reason };
}

/** Answers what the extension's Makefile and Makefile.global ask of pg_config. */
function standIn(root, major, version) {
  const include = join(root, "usr/include/postgresql");
  const answers = {
    version: `PostgreSQL ${version}`, includedir: include, pkgincludedir: include,
    "includedir-server": join(include, major, "server"),
    pgxs: join(root, "usr/lib/postgresql", major, "lib/pgxs/src/makefiles/pgxs.mk"),
  };
  const cases = Object.entries(answers).map(([option, answer]) => `--${option}) echo '${answer}' ;;`);
  const file = join(root, "pg_config");
  writeFileSync(file, `#!/bin/sh\ncase "$1" in\n${cases.join("\n")}\n*) echo /nonexistent ;;\nesac\n`);
  chmodSync(file, 0o755);
  return file;
}

/** The compiler flags the server was built with, as its Makefile.global lists them. */
function recordedFlags(root, major) {
  const text = readFileSync(join(root, "usr/lib/postgresql", major, "lib/pgxs/src/Makefile.global"), "utf8");
  const flagsOf = (name) => new RegExp(`^${name} = (.*)$`, "m").exec(text)?.[1].trim().split(/\s+/) ?? [];
  return { c: flagsOf("CFLAGS"), cxx: flagsOf("CXXFLAGS") };
}

/**
 * The headers of one major version in `folder`, fetched unless they are there: the stand-in for pg_config, the exact
 * version, where it is from and its flags; or the reason why there are none.
 */
export function fetchHeaders(folder, major) {
  const source = sources[major];
  if (source === undefined) return { reason: `no suite is known to have it (only ${offeredMajors.join(", ")})` };
  const root = join(folder, "root");
  const config = join(root, "usr/include/postgresql", major, "server/pg_config.h");
  if (!existsSync(config)) {
    if (!existsSync(debianKeys)) return { reason: `${debianKeys} is missing (package debian-archive-keyring)` };
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(root, { recursive: true });
    const { keys, reason } = keysOf(folder, source);
    const problem = reason ?? unpack(folder, root, source, keys, [
      `postgresql-server-dev-${major}`, `postgresql-client-${major}`,
    ]);
    if (problem !== undefined) return { reason: problem };
  }
  // A newer libc than this machine's has these functions; port.h declares them where it is told there are none.
  const text = readFileSync(config, "utf8");
  writeFileSync(config, text.replaceAll(/^#define (HAVE_DECL_STRLC(?:PY|AT)) 1$/gm, "#define $1 0"));
  const version = /^#define PG_VERSION "(.*)"$/m.exec(text)?.[1] ?? major;
  const from = `${source.keyring} ${source.suite}`;
  return { pgConfig: standIn(root, major, version), version, from, flags: recordedFlags(root, major) };
}

/** Those of the flags that the compiler understands: the one of the package may be newer. */
export function understoodFlags(compiler, flags) {
  const language = compiler === "cc" ? "c" : "c++";
  return flags.filter(
    (flag) => outputOf(compiler, ["-Werror", flag, "-x", language, "-fsyntax-only", "/dev/null"]) !== undefined,
  );
}
