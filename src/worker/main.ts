// Entry of the worker process, started by the extension's supervisor: attaches to the region, starts executor threads,
// says that it is ready, and then only reacts. It is never started by hand. Read next: wiring.ts, executor_thread.ts.
import { readSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { monotonicNs } from "#base/clock.js";
import { FusionError } from "#base/errors.js";
import { FlightHeader } from "#generated/layout.js";
import { MACHINES_FINGERPRINT } from "#generated/machines.js";
import { EngineMemory, memoryLayout } from "#runtime/memory.js";
import { FlightWriter } from "#transport/flight_writer.js";
import { Region } from "#transport/region.js";
import { EnvironmentError, readEnvironment, type WorkerEnvironment } from "./environment.js";
import type { ExecutorLink } from "./executor_pool.js";
import type { ExecutorReport } from "./executor_ports.js";
import type { ExecutorThreadData } from "./executor_thread.js";
import { FlightPen } from "./flight_pen.js";
import { describe, logLine } from "./log.js";
import { StatementPlanner } from "./statement_planner.js";
import { wireWorker, type WiredWorker } from "./wiring.js";

const MIB = 1024 * 1024;

/** Ends the process; the supervisor starts the next one and tells sessions that this one is gone. */
function fail(what: string, thrown: unknown): never {
  logLine(`${what}: ${describe(thrown)}`);
  process.exit(1);
}

/** Both sides run the same machines, or records and conversations would mean different things. */
function checkMachines(flightFd: number): void {
  const bytes = new DataView(new ArrayBuffer(8));
  readSync(flightFd, bytes, 0, 8, FlightHeader.machines_fingerprint);
  if (bytes.getBigUint64(0, true) === MACHINES_FINGERPRINT) return;
  throw new FusionError({
    code: "internal",
    sqlstate: "58000",
    message: "pg_fusion: the worker and the extension are of different builds",
    hint: "Build both, then restart the server.",
  });
}

interface Threads {
  readonly links: readonly ExecutorLink[];
  readonly ready: Promise<unknown>;
}

function startThreads(
  environment: WorkerEnvironment, memory: EngineMemory, region: Region, report: (report: ExecutorReport) => void,
): Threads {
  const { regionFd, flightFd, wakeFds } = environment;
  const started = Array.from({ length: environment.executors }, (_, executor) => {
    const data: ExecutorThreadData = {
      executor, regionFd, flightFd, wakeFds, memory: memory.memory, layout: memory.layout,
    };
    const thread = new Worker(new URL("./executor_thread.js", import.meta.url), { workerData: data });
    thread.on("error", (error) => fail(`executor ${executor}`, error));
    thread.on("exit", (code) => fail(`executor ${executor}`, `it ended with code ${code}`));
    const ready = new Promise<void>((resolve) => {
      thread.on("message", (message: ExecutorReport) => {
        if (message.kind === "ready") resolve();
        report(message);
      });
    });
    const link: ExecutorLink = {
      post: (order) => thread.postMessage(order),
      wake: () => region.wakeExecutor(executor),
    };
    return { link, ready };
  });
  return { links: started.map(({ link }) => link), ready: Promise.all(started.map(({ ready }) => ready)) };
}

async function main(): Promise<void> {
  const environment = readEnvironment(process.env);
  checkMachines(environment.flightFd);
  const region = Region.attach(environment.regionFd, environment.wakeFds);
  const { pageBytes, pageCount } = region.numbers;
  const memory = new EngineMemory(memoryLayout(environment.memoryMb * MIB, pageBytes * pageCount));
  region.mapPool(memory.memory, memory.layout.poolOffset);
  let wired: WiredWorker | undefined;
  const threads = startThreads(environment, memory, region, (report) => wired?.report(report));
  await threads.ready;
  wired = wireWorker({
    transport: region,
    pen: new FlightPen(FlightWriter.forWorker(environment.flightFd)),
    planner: new StatementPlanner(monotonicNs),
    executors: threads.links,
    complain: logLine,
  });
  const { ring } = wired;
  region.onWake((slots) => ring(slots));
  if (!region.ready(environment.generation, environment.executors))
    fail("not ready", `generation ${environment.generation} was superseded`);
}

process.title = "pg_fusion worker";
process.on("uncaughtException", (error) => fail("uncaught", error));
process.on("unhandledRejection", (reason) => fail("unhandled rejection", reason));
// Nothing is lost by leaving at once: the region outlives this process, and every session learns of its end.
process.on("SIGTERM", () => process.exit(0));

main().catch((error: unknown) => {
  if (error instanceof EnvironmentError) {
    logLine(error.message);
    process.exit(1);
  }
  fail("cannot start", error);
});
