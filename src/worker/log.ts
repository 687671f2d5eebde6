// One line to standard error, which the supervisor forwards to the server log. Written at once and by any thread:
// a process that is about to exit loses nothing, and executor threads have no event loop to wait for.
import { writeSync } from "node:fs";

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

/** Anything thrown, with the place where that is known. */
export function describe(thrown: unknown): string {
  return thrown instanceof Error ? thrown.stack ?? thrown.message : String(thrown);
}
