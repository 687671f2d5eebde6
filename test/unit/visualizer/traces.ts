// Traces made by hand for the visualizer's tests: transitions named by machine, event and states.
import { generatedMachines } from "#generated/machines.js";
import { writerKinds, type WriterKind } from "#trace/writer.js";
import { emptyChunk, type TraceChunk } from "#visualizer/trace_chunk.js";
import { TraceStore } from "#visualizer/trace_store.js";

export interface Told {
  readonly timeNs: number;
  readonly machine: string;
  readonly event: string;
  readonly from: string;
  readonly to: string;
  readonly slot?: number;
  readonly session?: number;
  readonly actor?: number;
  readonly argument?: number;
  readonly sequence?: number;
  readonly cause?: number;
  readonly by?: readonly [WriterKind, number];
}

export function chunkOf(records: readonly Told[]): TraceChunk {
  const chunk = emptyChunk(records.length);
  records.forEach((told, at) => {
    const machine = generatedMachines.find(({ name }) => name === told.machine);
    if (machine === undefined) throw new Error(`no machine ${told.machine}`);
    const numbers = [
      machine.events.indexOf(told.event), machine.states.indexOf(told.from), machine.states.indexOf(told.to),
    ];
    if (numbers.some((number) => number < 0)) throw new Error(`${told.machine} has no such step: ${told.event}`);
    const [kind, writer] = told.by ?? [machine.side === "worker" ? "worker" : "backend", told.slot ?? 0];
    chunk.timeNs[at] = told.timeNs;
    chunk.machine[at] = machine.code;
    [chunk.event[at], chunk.from[at], chunk.to[at]] = numbers as [number, number, number];
    chunk.slot[at] = told.slot ?? 0;
    chunk.session[at] = told.session ?? 1;
    chunk.actor[at] = told.actor ?? 0;
    chunk.argument[at] = told.argument ?? 0;
    chunk.sequence[at] = told.sequence ?? at + 1;
    chunk.cause[at] = told.cause ?? 0;
    chunk.writerKind[at] = writerKinds.indexOf(kind);
    chunk.writer[at] = writer;
  });
  return chunk;
}

export function storeOf(records: readonly Told[]): TraceStore {
  const store = new TraceStore();
  store.append(chunkOf(records));
  return store;
}

type Step = readonly [machine: string, event: string, from: string, to: string];

/** Steps one after the other, `everyNs` apart. */
export function told(startNs: number, everyNs: number, shared: Partial<Told>, steps: readonly Step[]): Told[] {
  return steps.map(([machine, event, from, to], at) =>
    ({ ...shared, timeNs: startNs + at * everyNs, machine, event, from, to }));
}

/** A statement whose producer has met an empty pool. */
export const starvedSteps: readonly Step[] = [
  ["execution_backend", "start", "idle", "starting"],
  ["execution_worker", "startReceived", "opening", "compiling"],
  ["execution_worker", "jobStarted", "compiling", "streaming"],
  ["scan", "open", "opening", "streaming"],
  ["execution_backend", "startedReceived", "starting", "running"],
  ["scan_producer", "opened", "opening", "producing"],
  ["scan_producer", "poolExhausted", "producing", "waitingForPage"],
];

export const cancelledSteps: readonly Step[] = [
  ["execution_backend", "start", "idle", "starting"],
  ["execution_worker", "startReceived", "opening", "compiling"],
  ["execution_backend", "cancel", "starting", "cancelled"],
  ["execution_worker", "closeReceived", "compiling", "cancelling"],
];

export const failedSteps: readonly Step[] = [
  ["execution_backend", "start", "idle", "starting"],
  ["execution_worker", "startReceived", "opening", "compiling"],
  ["execution_worker", "jobFailed", "compiling", "failed"],
  ["execution_backend", "failedReceived", "starting", "failed"],
];

export const finishedSteps: readonly Step[] = [
  ["execution_backend", "start", "idle", "starting"],
  ["execution_backend", "startedReceived", "starting", "running"],
  ["execution_backend", "resultEnded", "running", "draining"],
  ["execution_backend", "finishedReceived", "draining", "finished"],
];
