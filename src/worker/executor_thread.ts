// Entry of an executor thread: attaches to the region with its own handles, shares the one WebAssembly memory, and runs
// the loop as long as the process lives. Between turns it visits the event loop, so that garbage is finalised.
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { present } from "#base/assert.js";
import { EngineMemory, type MemoryLayout } from "#runtime/memory.js";
import { FlightWriter } from "#transport/flight_writer.js";
import { Region } from "#transport/region.js";
import { Captures } from "./capture/captures.js";
import { ExecutorLoop } from "./executor_loop.js";
import type { ExecutorOrder, ExecutorReport } from "./executor_ports.js";
import { FlightPen } from "./flight_pen.js";
import { logLine } from "./log.js";
import { Peers } from "./peers.js";
import { PlanEngine } from "./plan_engine.js";
import { RegionJobTransport } from "./region_transport.js";

/** What the main thread gives a new thread. */
export interface ExecutorThreadData {
  readonly executor: number;
  readonly regionFd: number;
  readonly flightFd: number;
  readonly wakeFds: number;
  readonly memory: WebAssembly.Memory;
  readonly layout: MemoryLayout;
  readonly captureFolder: string;
  readonly spillFolder: string;
  /** Of the worker process. */
  readonly generation: number;
  /** How threads find each other. */
  readonly peerWords: Int32Array;
  /** One word; not 0: the process is about to end, and nobody may go to sleep any more. */
  readonly ending: Int32Array;
}

/** A sleep is cut short by any news; without news a thread looks around once a second. */
const SLEEP_MS_MAX = 1000;

function run(data: ExecutorThreadData): void {
  const port = present(parentPort, "an executor runs in a worker thread");
  const { executor, layout } = data;
  const region = Region.attach(data.regionFd, data.wakeFds);
  region.usePool(data.memory, layout.poolOffset);
  const memory = new EngineMemory(layout, data.memory);
  const pen = new FlightPen(FlightWriter.forExecutor(data.flightFd, executor));
  const ending = (): boolean => Atomics.load(data.ending, 0) !== 0;
  const complain = (text: string): void => logLine(`executor ${executor}: ${text}`);
  const report = (message: ExecutorReport): void => port.postMessage(message);
  const jobTransport = new RegionJobTransport(region, pen, memory.bytes, complain);
  const captures = new Captures(
    { transport: region, pen, folder: data.captureFolder, complain }, { kind: "executor", number: executor });
  const peers = new Peers(executor, data.peerWords, (other) => region.wakeExecutor(other));
  const engine = new PlanEngine(memory, region.numbers.pageBytes, {
    folder: data.spillFolder,
    generation: data.generation,
    count: (metric, amount) => region.addMetric(metric, amount),
    raise: (metric, value) => region.raiseMetric(metric, value),
    show: (lease, bytes) => region.control.showOnDisk(lease, bytes),
  }, peers);
  const loop = new ExecutorLoop(
    executor,
    {
      seen: () => region.executorSeen(executor),
      wait: (seen) => {
        if (!ending()) region.executorWait(executor, seen, SLEEP_MS_MAX);
      },
      takeOrder: () => receiveMessageOnPort(port)?.message as ExecutorOrder | undefined,
      report,
    },
    engine,
    jobTransport,
    (lease, told) => captures.job(lease, executor, jobTransport, memory.bytes, told),
    {
      addPeer: (other, way) => peers.add(other, way),
      noteLoad: (load) => peers.noteLoad(load),
      take: () => {
        const request = peers.take();
        return request && engine.help(request, () => region.wakeExecutor(request.executor));
      },
    },
  );
  const turn = (): void => {
    loop.turn();
    if (!ending()) setImmediate(turn);
  };
  report({ kind: "ready" });
  setImmediate(turn);
}

run(workerData as ExecutorThreadData);
