// What the scripts say on the terminal: one line per step, errors with what to do next.
// It is not a logger; the server and the worker have their own logs. Read start.mjs next.
import { spawnSync } from "node:child_process";

/** An expected failure: the message is printed without a stack, the hint below it. */
export class ScriptError extends Error {
  constructor(message, hint) {
    super(message);
    this.hint = hint;
  }
}

/** Prints one step of the work. */
export function say(text) {
  process.stderr.write(`pg_fusion: ${text}\n`);
}

/** Runs a program with its output on our terminal; throws a ScriptError when it fails. */
export function run(program, args, options = {}) {
  const done = spawnSync(program, args, { stdio: "inherit", ...options });
  if (done.error) throw new ScriptError(`cannot run ${program}: ${done.error.message}`);
  if (done.status !== 0) {
    const how = done.signal ? `was ended by ${done.signal}` : `failed with status ${done.status}`;
    throw new ScriptError(`${[program, ...args].join(" ")} ${how}`, options.hint);
  }
}

/** Runs a program quietly: its trimmed standard output, or undefined when it fails or is absent. */
export function outputOf(program, args, options = {}) {
  const done = spawnSync(program, args, { encoding: "utf8", ...options });
  return done.status === 0 ? done.stdout.trim() : undefined;
}

/** Runs a script's body; expected failures become a message, a hint and status 1. */
export async function main(body) {
  try {
    await body();
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error;
    process.stderr.write(`\npg_fusion: ${error.message}\n`);
    if (error.hint) process.stderr.write(`${error.hint}\n`);
    process.exitCode = 1;
  }
}
