// `npx pg-fusion install`: the extension in the PostgreSQL it was built for, and what to do next. The private server
// of `npm start` needs none of it. The work is in src/cluster/installation.ts.
import { installExtension } from "#cluster/installation.js";
import { projectRoot } from "#cluster/places.js";
import { readToolchain } from "#cluster/toolchain.js";
import type { Arguments } from "./arguments.js";

export function runInstall(given: Arguments): number {
  const toolchain = readToolchain(projectRoot);
  const { written, settings } = installExtension(projectRoot, toolchain, given.values.destination);
  const lines = [
    `pg_fusion is installed for PostgreSQL ${toolchain.version}:`,
    ...written.map((name) => `  ${name}`),
    "",
    "Next, in postgresql.conf:",
    ...settings.map((setting) => `  ${setting}`),
    "then restart the server, and in each database whose views and functions you want:",
    "  CREATE EXTENSION pg_fusion;",
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  return 0;
}
