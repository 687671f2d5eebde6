import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// Suites against a real server: one throw-away cluster for the whole run (test/support/throwaway_cluster.ts).
// One file at a time, because a suite that kills a backend restarts the server under all others.
const source = fileURLToPath(new URL("./src/", import.meta.url));

export default defineConfig({
  resolve: { alias: [{ find: /^#(.*)\.js$/, replacement: `${source}$1.ts` }] },
  test: {
    include: ["test/{cluster,slt,regress}/**/*.test.ts"],
    globalSetup: ["test/support/throwaway_cluster.ts"],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
