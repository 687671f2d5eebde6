import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// The visualizer in a real browser, with a server of its own (scripts/test_browser.mjs brings both). Files one after
// the other: a browser and a server are enough for two cores.
const source = fileURLToPath(new URL("./src/", import.meta.url));

export default defineConfig({
  resolve: { alias: [{ find: /^#(.*)\.js$/, replacement: `${source}$1.ts` }] },
  test: {
    include: ["test/browser/**/*.test.ts"],
    globalSetup: ["test/support/throwaway_cluster.ts"],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // What is waited for comes at the next frame, or with the next look at a live server; a busy machine takes longer.
    expect: { poll: { timeout: 20_000 } },
  },
});
