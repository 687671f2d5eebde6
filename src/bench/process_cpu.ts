// Time that a process's threads have spent on a processor, in nanoseconds, from Linux's scheduler. On a shared machine
// it repeats far better than elapsed time does. Threads that have ended are not in it.
import { readdirSync, readFileSync } from "node:fs";

/** Sums over the threads of some processes; a thread that ends meanwhile counts as nothing. */
export function cpuNs(pids: readonly number[]): number {
  let sum = 0;
  for (const pid of pids)
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      try {
        const [running] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ");
        sum += Number(running);
      } catch {
        // It has ended.
      }
    }
  return sum;
}
