// `npm run check:versions`: compiles the extension against the headers of every PostgreSQL it claims, out of packages
// of distributions that have them (bootstrap/fetched_headers.mjs). Nothing is installed, nothing of theirs runs, and
// what cannot be fetched is said. `npm run check:versions -- 17` checks one. It is not part of `npm test`.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { main, run, say } from "./bootstrap/console.mjs";
import { fetchHeaders, offeredMajors, understoodFlags } from "./bootstrap/fetched_headers.mjs";

const projectRoot = fileURLToPath(new URL("..", import.meta.url));

/** Compiles and links every file with the project's own rules, and the package's flags as far as `cc` knows them. */
function compile(cache, { pgConfig, flags }) {
  const words = [
    "-s", "-j2", "-C", "native/extension", `PG_CONFIG=${pgConfig}`, `OUT=${join(cache, "out")}`, "CC=cc", "CXX=c++",
    `CFLAGS=${understoodFlags("cc", flags.c).join(" ")}`, `CXXFLAGS=${understoodFlags("c++", flags.cxx).join(" ")}`,
  ];
  run("make", words, {
    cwd: projectRoot, stdio: ["ignore", process.stderr, process.stderr], hint: `The headers are in ${cache}/root.`,
  });
}

await main(() => {
  const wanted = process.argv.slice(2);
  let unchecked = 0;
  for (const major of wanted.length > 0 ? wanted : offeredMajors) {
    const cache = join(projectRoot, "build/versions", major);
    const fetched = fetchHeaders(cache, major);
    if (fetched.reason === undefined) {
      compile(cache, fetched);
      say(`PostgreSQL ${fetched.version} (${fetched.from}): compiles without a warning`);
    } else {
      say(`PostgreSQL ${major}: not checked: ${fetched.reason}`);
      unchecked++;
    }
  }
  process.exitCode = unchecked === 0 ? 0 : 1;
});
