// What the supervisor tells the worker: descriptors and numbers in the environment. A worker started by hand, or by
// another build of the extension, ends here with a sentence.
import { EXECUTORS_MAX } from "#generated/layout.js";

export interface WorkerEnvironment {
  readonly regionFd: number;
  readonly flightFd: number;
  /** First of consecutive descriptors: worker, control slots, scan slots. */
  readonly wakeFds: number;
  readonly generation: number;
  readonly executors: number;
  readonly memoryMb: number;
}

/** The environment is not what a supervisor sets. */
export class EnvironmentError extends Error {}

const FD_MAX = 1 << 20;
const GENERATION_MAX = 2 ** 32 - 1;
/** pg_fusion.worker_memory's range; the pool and this memory share 4 GiB. */
const MEMORY_MB_MAX = 3072;

/** Reads the PG_FUSION_ variables; throws an EnvironmentError naming the one that is wrong. */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): WorkerEnvironment {
  const whole = (name: string, min: number, max: number): number => {
    const text = env[name];
    const value = Number(text);
    if (text !== undefined && /^[0-9]+$/.test(text) && value >= min && value <= max) return value;
    throw new EnvironmentError(
      `${name} is ${text === undefined ? "not set" : JSON.stringify(text)}: a number from ${min} to ${max} ` +
      "is needed. PostgreSQL starts this program; it is not run by hand.");
  };
  return {
    regionFd: whole("PG_FUSION_REGION_FD", 3, FD_MAX),
    flightFd: whole("PG_FUSION_FLIGHT_FD", 3, FD_MAX),
    wakeFds: whole("PG_FUSION_WAKE_FDS", 3, FD_MAX),
    generation: whole("PG_FUSION_GENERATION", 1, GENERATION_MAX),
    executors: whole("PG_FUSION_EXECUTORS", 1, EXECUTORS_MAX),
    memoryMb: whole("PG_FUSION_WORKER_MEMORY_MB", 1, MEMORY_MB_MAX),
  };
}
