// Builds the node addon with node-gyp. The headers come from the prefix of the running node when it carries
// them, so that no download is needed and the addon always fits the node that loads it.
import { spawnSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const prefix = dirname(dirname(realpathSync(process.execPath)));
const nodeGyp = join(root, "node_modules/node-gyp/bin/node-gyp.js");
const args = [nodeGyp, "configure", "build", "--directory", "native/addon", "-j", "2", "--loglevel", "warn"];
if (existsSync(join(prefix, "include/node/node_api.h"))) args.push("--nodedir", prefix);

const built = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" });
process.exit(built.status ?? 1);
