// Bundles the visualizer's page (src/visualizer/page) into dist/visualizer/page: one script and one style sheet,
// which the command puts into one HTML document. build.mjs calls it.
import { copyFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const projectRoot = fileURLToPath(new URL("..", import.meta.url));

/** `#folder/file.js` names a compiled module at run time; the page is made from the sources. */
const ownImports = (root) => ({
  name: "own imports",
  setup(bundle) {
    bundle.onResolve({ filter: /^#/ }, ({ path }) => ({
      path: join(root, "src", path.slice(1).replace(/\.js$/, ".ts")),
    }));
  },
});

export async function buildPage(root = projectRoot) {
  const style = join(root, "dist/visualizer/page/page.css");
  mkdirSync(dirname(style), { recursive: true });
  await build({
    entryPoints: [join(root, "src/visualizer/page/main.ts")],
    outfile: join(root, "dist/visualizer/page/main.js"),
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2023",
    charset: "utf8",
    plugins: [ownImports(root)],
    logLevel: "warning",
  });
  copyFileSync(join(root, "src/visualizer/page/page.css"), style);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await buildPage();
