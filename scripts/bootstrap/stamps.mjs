// Skips a build step whose inputs did not change: build/stamps/<step>.json keeps the hash of the
// input files' contents. It does not order the steps; build.mjs does.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Every regular file under the given paths, sorted; `accept` filters by path. */
export function filesUnder(root, paths, accept = () => true) {
  const found = [];
  const visit = (path) => {
    const full = join(root, path);
    if (!existsSync(full)) return;
    if (statSync(full).isFile()) {
      if (accept(path)) found.push(path);
      return;
    }
    for (const entry of readdirSync(full)) visit(join(path, entry));
  };
  for (const path of paths) visit(path);
  return found.sort();
}

/** Hash of file names and contents, and of whatever else the step depends on. */
export function hashOf(root, files, ...facts) {
  const hash = createHash("sha256");
  for (const fact of facts) hash.update(`${String(fact)}\0`);
  for (const file of files) {
    hash.update(`${file}\0`);
    hash.update(readFileSync(join(root, file)));
    hash.update("\0");
  }
  return hash.digest("hex");
}

/**
 * Runs `action` unless the stamp of `name` carries `hash` and every output exists.
 * The stamp is written after the action, so a step killed half-way runs again.
 */
export async function stampedStep(root, { name, hash, outputs, action }) {
  const stamp = join(root, "build", "stamps", `${name}.json`);
  const present = outputs.every((path) => existsSync(join(root, path)));
  if (present && existsSync(stamp)) {
    if (JSON.parse(readFileSync(stamp, "utf8")).hash === hash) return false;
  }
  await action();
  mkdirSync(join(root, "build", "stamps"), { recursive: true });
  writeFileSync(stamp, `${JSON.stringify({ hash })}\n`);
  return true;
}
