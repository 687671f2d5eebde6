// Brings the missing parts of the toolchain through apt when we may (root, or sudo without a
// password); otherwise stops with the exact command to type. It never creates the distribution's
// default cluster: ours is private (src/cli/cluster.ts).
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { outputOf, run, say, ScriptError } from "./console.mjs";
import { findToolchain, oldestPostgres, recordToolchain } from "./toolchain.mjs";

const noMainCluster = "/etc/postgresql-common/createcluster.d/pg_fusion.conf";
const names = {
  server: `a PostgreSQL server (${oldestPostgres} or newer) with psql`,
  headers: "the PostgreSQL server headers",
  icu: "the headers of ICU, which PostgreSQL's include",
  compiler: "a C and C++ compiler",
  make: "make",
  python: "python3 (node-gyp needs it to build the addon)",
};

/** The major version the distribution's `postgresql` package stands for. */
function distributionMajor() {
  const depends = outputOf("apt-cache", ["depends", "postgresql"]) ?? "";
  return /Depends: postgresql-(\d+)/.exec(depends)?.[1];
}

function debianPackages(missing, postgres) {
  const major = postgres?.major ?? distributionMajor() ?? String(oldestPostgres);
  if (Number(major) < oldestPostgres) {
    throw new ScriptError(
      `this distribution offers PostgreSQL ${major}; pg_fusion needs ${oldestPostgres} or newer.`,
      "Add the repository of https://wiki.postgresql.org/wiki/Apt and run the command again.",
    );
  }
  const packages = {
    server: `postgresql-${major}`,
    headers: `postgresql-server-dev-${major} libicu-dev`,
    icu: "libicu-dev",
    compiler: "g++",
    make: "make",
    python: "python3",
  };
  return missing.flatMap((need) => packages[need].split(" "));
}

/** The words to put before apt-get, or undefined when we may not install. */
function privilege() {
  if (process.getuid() === 0) return [];
  return outputOf("sudo", ["-n", "true"]) === undefined ? undefined : ["sudo", "-n"];
}

/** Keeps the server package from creating and starting a cluster that nobody asked for. */
function withoutMainCluster(prefix, action) {
  if (existsSync("/etc/postgresql-common") || prefix.length > 0) {
    // With sudo the file would need a shell as root; a stopped extra cluster does no harm.
    action();
    return;
  }
  mkdirSync(dirname(noMainCluster), { recursive: true });
  writeFileSync(noMainCluster, "create_main_cluster = false\n");
  try {
    action();
  } finally {
    rmSync(noMainCluster, { force: true });
  }
}

function install(prefix, missing, postgres) {
  const apt = (args) => {
    const words = [...prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", ...args];
    run(words[0], words.slice(1), {
      stdio: ["ignore", process.stderr, process.stderr],
      hint: "Repair apt, or install the packages by hand, and run the command again.",
    });
  };
  // A fresh image has no package lists, so even the version to ask for is unknown before this.
  apt(["update", "-q"]);
  const packages = debianPackages(missing, postgres);
  say(`installing ${packages.join(" ")} through apt`);
  withoutMainCluster(prefix, () => {
    apt(["install", "-q", "-y", "--no-install-recommends", ...packages]);
  });
}

function explain(missing, postgres) {
  const list = missing.map((need) => `  - ${names[need]}`).join("\n");
  if (!existsSync("/usr/bin/apt-get")) {
    return new ScriptError(
      `this machine lacks:\n${list}`,
      "Install them with your package manager (or set PG_CONFIG to the pg_config of a server " +
        "you built), and run the command again.",
    );
  }
  const packages = debianPackages(missing, postgres).join(" ");
  return new ScriptError(
    `this machine lacks:\n${list}`,
    `Run this, and then the command again:\n  sudo apt-get install -y ${packages}`,
  );
}

/** Makes sure that the toolchain is complete, and returns the PostgreSQL to build against. */
export function bringToolchain(root) {
  let found = findToolchain();
  if (found.missing.length > 0) {
    const prefix = existsSync("/usr/bin/apt-get") ? privilege() : undefined;
    if (prefix === undefined) throw explain(found.missing, found.postgres);
    say(`missing: ${found.missing.map((need) => names[need]).join(", ")}`);
    install(prefix, found.missing, found.postgres);
    found = findToolchain();
    if (found.missing.length > 0) throw explain(found.missing, found.postgres);
  }
  recordToolchain(root, found.postgres);
  return found.postgres;
}
