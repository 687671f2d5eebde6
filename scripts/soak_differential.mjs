// `npm run soak:differential -- --statements N --seed N [--first N] [--differences N]`: generated statements against a
// throw-away server, each compared with PostgreSQL (test/cluster/generated.test.ts). A few hundred run with `npm test`.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    statements: { type: "string", default: "20000" },
    seed: { type: "string", default: "1" },
    first: { type: "string", default: "0" },
    differences: { type: "string", default: "10" },
  },
});
const { status } = spawnSync(
  "npx",
  ["vitest", "run", "-c", "vitest.cluster.config.ts", "test/cluster/generated.test.ts"],
  {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    stdio: "inherit",
    env: {
      ...process.env,
      PG_FUSION_STATEMENTS: values.statements,
      PG_FUSION_SEED: values.seed,
      PG_FUSION_FIRST: values.first,
      PG_FUSION_DIFFERENCES: values.differences,
    },
  },
);
process.exit(status ?? 1);
