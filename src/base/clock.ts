// The only clock of the project: monotonic nanoseconds for measuring. Never the time of day, and never a deadline
// that decides an outcome.
import { performance } from "node:perf_hooks";

/** Nanoseconds since some fixed moment of this process; exact to the microsecond for years. */
export function monotonicNs(): number {
  return performance.now() * 1e6;
}
