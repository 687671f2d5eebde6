// Rewrites the expected texts of tests that print what they find (test/plans): runs those tests with PG_FUSION_ACCEPT
// set. The diff is reviewed like code. Arguments are passed on to vitest.
import { spawnSync } from "node:child_process";

const filters = process.argv.length > 2 ? process.argv.slice(2) : ["test/unit/optimizer"];
const { status } = spawnSync("npx", ["vitest", "run", ...filters], {
  stdio: "inherit",
  env: { ...process.env, PG_FUSION_ACCEPT: "1" },
});
process.exit(status ?? 1);
