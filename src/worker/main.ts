// Entry of the worker process, started by the extension's supervisor: attaches to the region, starts executor threads,
// says that it is ready, and then only reacts. It is never started by hand. Read next: wiring.ts, executor_thread.ts.
import { readSync } from "node:fs";
import { resolve } from "node:path";
import { setImmediate } from "node:timers/promises";
import { MessageChannel, Worker } from "node:worker_threads";
import { monotonicNs } from "#base/clock.js";
import { FusionError } from "#base/errors.js";
import { FlightHeader } from "#generated/layout.js";
import { MACHINES_FINGERPRINT } from "#generated/machines.js";
import { EngineMemory, memoryLayout } from "#runtime/memory.js";
import { FlightWriter } from "#transport/flight_writer.js";
import { Region } from "#transport/region.js";
import { EnvironmentError, readEnvironment } from "./environment.js";
import type { ExecutorLink } from "./executor_pool.js";
import type { ExecutorReport } from "./executor_ports.js";
import type { ExecutorThreadData } from "./executor_thread.js";
import { FlightPen } from "./flight_pen.js";
import { describe, logLine } from "./log.js";
import { newPeerWords } from "./peers.js";
import { sweepSpill } from "./spill_directory.js";
import type { WiredWorker } from "./wiring.js";

const MIB = 1024 * 1024;
/** In the working directory the supervisor gives us. */
const CAPTURE_FOLDER = "traces";
const SPILL_FOLDER = "spill";

/** Shared with the executor threads; see ExecutorThreadData.ending. */
const ending = new Int32Array(new SharedArrayBuffer(4));
let wakeExecutors = (): void => undefined;

/**
 * Ends the process at once. Nothing is lost: the region outlives it, and the supervisor tells every session. Node
 * waits for its threads, so those that sleep in the addon are woken to find that they may not sleep again.
 */
function end(code: number): never {
  Atomics.store(ending, 0, 1);
  wakeExecutors();
  process.exit(code);
}

/** Ends the process with an explanation; the supervisor starts the next one. */
function fail(what: string, thrown: unknown): never {
  logLine(`${what}: ${describe(thrown)}`);
  end(1);
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

/** Starts one executor thread; resolves when it can take orders. */
function startThread(
  data: ExecutorThreadData, region: Region, report: (report: ExecutorReport) => void,
): Promise<ExecutorLink> {
  const { executor } = data;
  const thread = new Worker(new URL("./executor_thread.js", import.meta.url), { workerData: data });
  thread.on("error", (error) => fail(`executor ${executor}`, error));
  thread.on("exit", (code) => fail(`executor ${executor}`, `it ended with code ${code}`));
  return new Promise((resolve) => {
    thread.on("message", (message: ExecutorReport) => {
      if (message.kind !== "ready") return report(message);
      resolve({
        executor,
        post: (order) => thread.postMessage(order, order.kind === "peer" ? [order.port] : []),
        wake: () => region.wakeExecutor(executor),
      });
    });
  });
}

/** Gives two threads a way to each other. */
function introduce(a: ExecutorLink, b: ExecutorLink): void {
  const { port1, port2 } = new MessageChannel();
  a.post({ kind: "peer", executor: b.executor, port: port1 });
  b.post({ kind: "peer", executor: a.executor, port: port2 });
  a.wake();
  b.wake();
}

/** The rest of the main thread's code; loading it takes as long as starting a thread, so both go on at once. */
async function loadWiring(region: Region) {
  const [{ wireWorker }, { StatementPlanner }] =
    await Promise.all([import("./wiring.js"), import("./statement_planner.js")]);
  const planner = new StatementPlanner(monotonicNs, (metric, amount) => region.addMetric(metric, amount));
  return { wireWorker, planner };
}

async function main(): Promise<void> {
  const environment = readEnvironment(process.env);
  const { regionFd, flightFd, wakeFds, executors } = environment;
  checkMachines(flightFd);
  const region = Region.attach(regionFd, wakeFds);
  const { pageBytes, pageCount } = region.numbers;
  const memory = new EngineMemory(memoryLayout(environment.memoryMb * MIB, pageBytes * pageCount));
  region.mapPool(memory.memory, memory.layout.poolOffset);

  wakeExecutors = () => {
    for (let executor = 0; executor < executors; executor++) region.wakeExecutor(executor);
  };

  const [captureFolder, spillFolder] = [resolve(CAPTURE_FOLDER), resolve(SPILL_FOLDER)];
  sweepSpill(spillFolder);
  const peerWords = newPeerWords();
  let wired: WiredWorker | undefined;
  const start = (executor: number): Promise<ExecutorLink> => startThread(
    {
      executor, regionFd, flightFd, wakeFds, memory: memory.memory, layout: memory.layout, captureFolder, spillFolder,
      generation: environment.generation, peerWords, ending,
    },
    region,
    (report) => wired?.report(report));
  const [first, { wireWorker, planner }] = await Promise.all([start(0), loadWiring(region)]);
  const pen = new FlightPen(FlightWriter.forWorker(flightFd));
  const worker = (wired = wireWorker({ transport: region, pen, planner, captureFolder, complain: logLine }));
  worker.addExecutor(first);
  region.onWake((slots) => worker.ring(slots));
  if (!region.ready(environment.generation, executors))
    fail("not ready", `generation ${environment.generation} was superseded`);
  const practice = planner.warmUp();
  if (practice !== undefined) worker.pool.warmUp(practice);
  for (const _ of planner.practiseJoins()) await setImmediate();
  // Statements need one thread; the others join while the first ones run.
  const links = [first];
  for (let executor = 1; executor < executors; executor++) {
    const link = await start(executor);
    for (const other of links) introduce(other, link);
    links.push(link);
    worker.addExecutor(link);
  }
}

process.title = "pg_fusion worker";
process.on("uncaughtException", (error) => fail("uncaught", error));
process.on("unhandledRejection", (reason) => fail("unhandled rejection", reason));
process.on("SIGTERM", () => end(0));

main().catch((error: unknown) => {
  if (error instanceof EnvironmentError) {
    logLine(error.message);
    end(1);
  }
  fail("cannot start", error);
});
