// `npm run soak:differential -- --statements N --seed N [--first N] [--differences N] [--shards N]`: generated
// statements against throw-away servers, one for each shard, whose workers have two threads, one or four; each
// statement compared with PostgreSQL (test/cluster/generated.test.ts). A few hundred run with `npm test`.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    statements: { type: "string", default: "20000" },
    seed: { type: "string", default: "1" },
    first: { type: "string", default: "0" },
    differences: { type: "string", default: "10" },
    shards: { type: "string", default: "1" },
  },
});
const first = Number(values.first);
const shards = Number(values.shards);
const threads = ["2", "1", "4"];
const perShard = Math.ceil((Number(values.statements) - first) / shards);

/** Runs the statements of one shard; answers how it ended. */
function soak(shard) {
  const begin = first + shard * perShard;
  const child = spawn(
    "npx",
    ["vitest", "run", "-c", "vitest.cluster.config.ts", "test/cluster/generated.test.ts"],
    {
      cwd: fileURLToPath(new URL("..", import.meta.url)),
      stdio: "inherit",
      env: {
        ...process.env,
        PG_FUSION_STATEMENTS: String(Math.min(begin + perShard, Number(values.statements))),
        PG_FUSION_SEED: values.seed,
        PG_FUSION_FIRST: String(begin),
        PG_FUSION_DIFFERENCES: values.differences,
        PG_FUSION_TEST_THREADS: threads[shard % threads.length],
      },
    },
  );
  return new Promise((resolve) => child.on("close", (status) => resolve(status ?? 1)));
}

const ends = await Promise.all(Array.from({ length: shards }, (_, shard) => soak(shard)));
process.exit(Math.max(...ends));
