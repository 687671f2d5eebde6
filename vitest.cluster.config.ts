import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer } from "vitest/node";
import type { TestSpecification } from "vitest/node";

// Suites against a real server: one throw-away cluster for the whole run (test/support/throwaway_cluster.ts).
// One file at a time, because a suite that kills a backend restarts the server under all others; that one and the
// one that kills a worker come last, so that the others meet a server nobody has hurt.
const source = fileURLToPath(new URL("./src/", import.meta.url));

class GentleFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = (file: TestSpecification) => (/chaos|interrupted/.test(file.moduleId) ? 1 : 0);
    return [...files].sort(
      (a, b) => rank(a) - rank(b) || (a.moduleId < b.moduleId ? -1 : 1),
    );
  }
}

export default defineConfig({
  resolve: { alias: [{ find: /^#(.*)\.js$/, replacement: `${source}$1.ts` }] },
  test: {
    include: ["test/{cluster,slt,regress}/**/*.test.ts"],
    globalSetup: ["test/support/throwaway_cluster.ts"],
    fileParallelism: false,
    sequence: { sequencer: GentleFirst },
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
