#!/usr/bin/env node
// The `pg-fusion` command: finds the compiled command line beside it and runs it. It builds nothing;
// `npm start` and `npm run build` do. Read src/cli/main.ts next.
import { existsSync, realpathSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";

// npx runs a link to this file, so the way to dist/ starts at the real path.
const script = realpathSync(fileURLToPath(import.meta.url));
const entry = new URL("../dist/cli/main.js", pathToFileURL(script));
if (!existsSync(entry)) {
  process.stderr.write("pg_fusion: not built yet. Run `npm start` (or `npm run build`) first.\n");
  process.exit(1);
}
const { runCommandLine } = await import(entry.href);
process.exitCode = await runCommandLine(process.argv.slice(2));
