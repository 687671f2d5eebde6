import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// `#folder/file.js` names the compiled module at run time; tests read the TypeScript source.
const source = fileURLToPath(new URL("./src/", import.meta.url));

export default defineConfig({
  resolve: { alias: [{ find: /^#(.*)\.js$/, replacement: `${source}$1.ts` }] },
  test: {
    include: ["test/{unit,traces}/**/*.test.ts"],
    setupFiles: ["test/support/property_seed.ts"],
    testTimeout: 30_000,
  },
});
