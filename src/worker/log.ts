// One line to standard error, which the supervisor forwards to the server log. Written at once and by any thread:
// a process that is about to exit loses nothing, and executor threads have no event loop to wait for.
import { writeSync } from "node:fs";
import { FusionError } from "#base/errors.js";

const STDERR = 2;
/** Longer lines are cut: a log line is to be read. */
const LINE_BYTES_MAX = 2000;

export function logLine(text: string): void {
  try {
    writeSync(STDERR, `${text.slice(0, LINE_BYTES_MAX).replaceAll("\n", " | ")}\n`);
  } catch {
    // The pipe's reader is gone, and the supervisor with it: this process is about to be ended as well.
  }
}

/** Anything thrown: what is expected to happen by its texts, a defect by the place where it happened. */
export function describe(thrown: unknown): string {
  if (thrown instanceof FusionError && !(thrown.cause instanceof Error))
    return [thrown.message, thrown.detail, thrown.hint].filter((text) => text !== undefined).join(" ");
  return thrown instanceof Error ? thrown.stack ?? thrown.message : String(thrown);
}
