// `npm run explore`: walks every world of the composed state machines. The command is src/explorer/explore_command.ts;
// this only finds its compiled form.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const compiled = new URL("../dist/explorer/explore_command.js", import.meta.url);
if (!existsSync(fileURLToPath(compiled))) {
  console.error("pg_fusion is not built: run npm run build");
  process.exit(1);
}
const { runExplore } = await import(compiled.href);
process.exitCode = runExplore(process.argv.slice(2));
