// Messages of the execution and scan conversations (schemas/control/execution.fbs, scan.fbs) as plain
// records, with their wire form. Actors speak these records; bytes appear only here and in the transport.
import { malformedMessage } from "#base/errors.js";
import { CloseExecution as CloseTable } from "#generated/control/close-execution.js";
import { ExecutionFailed as FailedTable } from "#generated/control/execution-failed.js";
import { ExecutionFinished as FinishedTable } from "#generated/control/execution-finished.js";
import { ExecutionStarted as StartedTable } from "#generated/control/execution-started.js";
import { FilterSlot as FilterTable } from "#generated/control/filter-slot.js";
import { OperatorStats as StatsTable } from "#generated/control/operator-stats.js";
import { ParameterValue as ParameterTable } from "#generated/control/parameter-value.js";
import { ProducerSlot as ProducerTable } from "#generated/control/producer-slot.js";
import { StartExecution as StartTable } from "#generated/control/start-execution.js";
import { Builder } from "flatbuffers";
import { checkVersion, decodeMessage, readVector } from "./flatbuffer_vector.js";

const EXECUTION_VERSION = 1;

export interface ParameterValue {
  readonly id: number;
  readonly type: number;
  readonly isNull: boolean;
  readonly encoding: number;
  readonly scale: number;
  readonly value: Uint8Array;
}

export interface ProducerSlot {
  readonly leaf: number;
  readonly producer: number;
  readonly scanSlot: number;
  readonly scanEpoch: number;
}

/** Where a runtime filter of the plan is to be published. */
export interface FilterSlot {
  readonly filter: number;
  readonly slot: number;
  readonly generation: number;
}

export interface StartExecution {
  readonly plan: Uint8Array;
  readonly planDigest: bigint;
  readonly producers: readonly ProducerSlot[];
  readonly parameters: readonly ParameterValue[];
  readonly permitsScan: number;
  readonly permitsResult: number;
  readonly analyze: boolean;
  readonly filters: readonly FilterSlot[];
  /** What the execution may hold before it spills; 0: whatever there is, and it never spills. */
  readonly memoryKb: number;
  /** What may be on disk at once; -1: no limit. */
  readonly spillLimitKb: number;
}

export interface ExecutionStarted {
  readonly executor: number;
}

/** Actual numbers of one operator; `operator` is its preorder index. */
export interface OperatorStats {
  readonly operator: number;
  readonly rowsIn: number;
  readonly rowsOut: number;
  readonly pages: number;
  readonly bytes: number;
  readonly timeNs: number;
  readonly memoryBytes: number;
  readonly redoPages: number;
  /** Written to disk. */
  readonly spilledBytes: number;
}

export interface ExecutionFinished {
  readonly rows: number;
  readonly resultPages: number;
  readonly compileNs: number;
  readonly executeNs: number;
  readonly waitNs: number;
  readonly operators: readonly OperatorStats[];
  /** Most that was held at once. */
  readonly memoryBytes: number;
  /** Of the modules the execution used. */
  readonly codeBytes: number;
  readonly codeModules: number;
  /** Most that worked on it at once. */
  readonly threads: number;
}

export interface ExecutionFailed {
  readonly sqlstate: string;
  readonly message: string;
  readonly detail: string;
  readonly hint: string;
}

export const closeReasons = ["finished", "enough", "cancelled", "backendError"] as const;
export type CloseReason = (typeof closeReasons)[number];

export interface CloseExecution {
  readonly reason: CloseReason;
}

/** Counters travel as 64-bit unsigned integers; negative or fractional readings of a clock become whole. */
function count(value: number): bigint {
  return BigInt(Math.max(0, Math.round(value)));
}

/** Writes a StartExecution. */
export function encodeStartExecution(message: StartExecution): Uint8Array {
  const builder = new Builder(512 + message.plan.length);
  const plan = builder.createByteVector(message.plan);
  const producers = StartTable.createProducersVector(builder, message.producers.map((slot) =>
    ProducerTable.createProducerSlot(
      builder, slot.leaf, slot.producer, slot.scanSlot, slot.scanEpoch)));
  const parameters = StartTable.createParametersVector(builder, message.parameters.map((value) =>
    ParameterTable.createParameterValue(
      builder, value.id, value.type, value.isNull, value.encoding, value.scale,
      builder.createByteVector(value.value))));
  const filters = StartTable.createFiltersVector(builder, message.filters.map((filter) =>
    FilterTable.createFilterSlot(builder, filter.filter, filter.slot, filter.generation)));
  builder.finish(StartTable.createStartExecution(
    builder, EXECUTION_VERSION, plan, message.planDigest, producers, parameters,
    message.permitsScan, message.permitsResult, message.analyze, filters,
    count(message.memoryKb), BigInt(message.spillLimitKb)));
  return builder.asUint8Array();
}

function readParameter(table: ParameterTable): ParameterValue {
  return {
    id: table.id(),
    type: table.type(),
    isNull: table.isNull(),
    encoding: table.encoding(),
    scale: table.scale(),
    value: table.valueArray() ?? new Uint8Array(0),
  };
}

function readProducer(table: ProducerTable): ProducerSlot {
  return {
    leaf: table.leaf(),
    producer: table.producer(),
    scanSlot: table.scanSlot(),
    scanEpoch: table.scanEpoch(),
  };
}

function readFilter(table: FilterTable): FilterSlot {
  return { filter: table.filter(), slot: table.slot(), generation: table.generation() };
}

/** Reads a StartExecution; plan and parameter bytes are views of the payload. */
export function decodeStartExecution(payload: Uint8Array): StartExecution {
  return decodeMessage("StartExecution", payload, (buffer) => {
    const table = StartTable.getRootAsStartExecution(buffer);
    checkVersion("StartExecution", table.version(), EXECUTION_VERSION);
    const plan = table.planArray();
    if (plan === null) throw malformedMessage("pg_fusion: StartExecution has no plan");
    return {
      plan,
      planDigest: table.planDigest(),
      producers: readVector(
        "producers", table.producersLength(), (i) => table.producers(i), readProducer),
      parameters: readVector(
        "parameters", table.parametersLength(), (i) => table.parameters(i), readParameter),
      permitsScan: table.permitsScan(),
      permitsResult: table.permitsResult(),
      analyze: table.analyze(),
      filters: readVector("filters", table.filtersLength(), (i) => table.filters(i), readFilter),
      memoryKb: Number(table.memoryKb()),
      spillLimitKb: Number(table.spillLimitKb()),
    };
  });
}

/** Writes an ExecutionStarted. */
export function encodeExecutionStarted(message: ExecutionStarted): Uint8Array {
  const builder = new Builder(64);
  builder.finish(StartedTable.createExecutionStarted(builder, message.executor));
  return builder.asUint8Array();
}

/** Reads an ExecutionStarted. */
export function decodeExecutionStarted(payload: Uint8Array): ExecutionStarted {
  return decodeMessage("ExecutionStarted", payload, (buffer) => ({
    executor: StartedTable.getRootAsExecutionStarted(buffer).executor(),
  }));
}

/** Writes an ExecutionFinished. */
export function encodeExecutionFinished(message: ExecutionFinished): Uint8Array {
  const builder = new Builder(256);
  const operators = FinishedTable.createOperatorsVector(builder, message.operators.map((stats) =>
    StatsTable.createOperatorStats(
      builder, stats.operator, count(stats.rowsIn), count(stats.rowsOut), count(stats.pages),
      count(stats.bytes), count(stats.timeNs), count(stats.memoryBytes), count(stats.redoPages),
      count(stats.spilledBytes))));
  builder.finish(FinishedTable.createExecutionFinished(
    builder, count(message.rows), message.resultPages, count(message.compileNs),
    count(message.executeNs), count(message.waitNs), operators,
    count(message.memoryBytes), message.codeBytes, message.codeModules, message.threads));
  return builder.asUint8Array();
}

function readStats(table: StatsTable): OperatorStats {
  return {
    operator: table.operator(),
    rowsIn: Number(table.rowsIn()),
    rowsOut: Number(table.rowsOut()),
    pages: Number(table.pages()),
    bytes: Number(table.bytes()),
    timeNs: Number(table.timeNs()),
    memoryBytes: Number(table.memoryBytes()),
    redoPages: Number(table.redoPages()),
    spilledBytes: Number(table.spilledBytes()),
  };
}

/** Reads an ExecutionFinished. */
export function decodeExecutionFinished(payload: Uint8Array): ExecutionFinished {
  return decodeMessage("ExecutionFinished", payload, (buffer) => {
    const table = FinishedTable.getRootAsExecutionFinished(buffer);
    return {
      rows: Number(table.rows()),
      resultPages: table.resultPages(),
      compileNs: Number(table.compileNs()),
      executeNs: Number(table.executeNs()),
      waitNs: Number(table.waitNs()),
      operators: readVector(
        "operators", table.operatorsLength(), (i) => table.operators(i), readStats),
      memoryBytes: Number(table.memoryBytes()),
      codeBytes: table.codeBytes(),
      codeModules: table.codeModules(),
      threads: table.threads(),
    };
  });
}

/** Writes an ExecutionFailed. */
export function encodeExecutionFailed(message: ExecutionFailed): Uint8Array {
  const builder = new Builder(512);
  builder.finish(FailedTable.createExecutionFailed(
    builder, builder.createString(message.sqlstate), builder.createString(message.message),
    builder.createString(message.detail), builder.createString(message.hint)));
  return builder.asUint8Array();
}

/** Reads an ExecutionFailed. */
export function decodeExecutionFailed(payload: Uint8Array): ExecutionFailed {
  return decodeMessage("ExecutionFailed", payload, (buffer) => {
    const table = FailedTable.getRootAsExecutionFailed(buffer);
    return {
      sqlstate: table.sqlstate() ?? "XX000",
      message: table.message() ?? "",
      detail: table.detail() ?? "",
      hint: table.hint() ?? "",
    };
  });
}

/** Writes a CloseExecution. */
export function encodeCloseExecution(message: CloseExecution): Uint8Array {
  const builder = new Builder(64);
  builder.finish(CloseTable.createCloseExecution(builder, closeReasons.indexOf(message.reason)));
  return builder.asUint8Array();
}

/** Reads a CloseExecution. */
export function decodeCloseExecution(payload: Uint8Array): CloseExecution {
  return decodeMessage("CloseExecution", payload, (buffer) => {
    const code = CloseTable.getRootAsCloseExecution(buffer).reason();
    const reason = closeReasons[code];
    if (reason === undefined) throw malformedMessage(`pg_fusion: CloseExecution reason ${code}`);
    return { reason };
  });
}
