// Records of a trace as lines, one each: what grep searches, diff compares and `show --records` prints. Sessions told
// as a story, with page traffic folded, are story.ts's.
import { MessageType } from "#generated/layout.js";
import type { GeneratedMachine } from "#generated/machines.js";
import { callName, inputName, jobReports, noteName, scanImports, TraceCall, TraceInput } from "./format/trace_call.js";
import type { Trace, WriterTrace } from "./format/trace_reader.js";
import type { TraceRecord } from "./format/trace_record.js";
import type { TraceWriterName } from "./writer.js";

export interface PlacedRecord {
  readonly writer: WriterTrace;
  readonly record: TraceRecord;
}

const messageNames = new Map<number, string>(Object.entries(MessageType).map(([name, code]) => [code, name]));

export const writerLabel = ({ kind, number }: TraceWriterName): string =>
  kind === "worker" ? "worker" : `${kind} ${number}`;

/** All records of a trace in the order of their times; of one writer in its own order. */
function placedRecords(trace: Trace): PlacedRecord[] {
  const placed = trace.writers.flatMap((writer) => writer.records.map((record) => ({ writer, record })));
  return placed.sort((a, b) => {
    if (a.record.timeNs !== b.record.timeNs) return a.record.timeNs < b.record.timeNs ? -1 : 1;
    return a.writer === b.writer ? a.record.sequence - b.record.sequence : 0;
  });
}

function transitionWords(record: TraceRecord, machines: readonly GeneratedMachine[]): string {
  const machine = machines[record.machine - 1];
  const state = (code: number): string => machine?.states[code] ?? `state ${code}`;
  const effects = machine?.effects.filter((_, bit) => (record.effects & (1 << bit)) !== 0) ?? [];
  return [
    `${machine?.name ?? `machine ${record.machine}`} ${record.actor}`,
    machine?.events[record.code] ?? `event ${record.code}`,
    `${state(record.from)} -> ${state(record.to)}`,
    effects.length > 0 ? `[${effects.join(", ")}]` : "",
    record.argument !== 0 ? `argument ${record.argument}` : "",
  ].filter((word) => word !== "").join("  ");
}

function callWords({ code, actor, argument, numbers, failed }: TraceRecord): string {
  const [a, b, c] = numbers;
  if (failed) return `${callName(code)} failed`;
  switch (code) {
    case TraceCall.importScan:
      return `importScan ${actor} = ${scanImports[argument] ?? argument}` +
        (argument === 1 ? `, page ${a}, ${b} rows, ${c} bytes` : "");
    case TraceCall.acquireResult:
      return argument === 1 ? `acquireResult = page ${a}` : "acquireResult = none free";
    case TraceCall.writeResult:
      return `writeResult page ${argument}, ${a} bytes`;
    case TraceCall.issueResult:
      return `issueResult page ${a}, ${b} rows, ${c} bytes${argument === 1 ? "" : " = ring full"}`;
    case TraceCall.engineTake:
      return argument === 1 ? `engineTake = ${b} rows, ${a} bytes` : "engineTake = nothing";
    case TraceCall.enginePush:
      return `enginePush leaf ${actor}, page ${a} = ${argument === 1 ? "taken" : "later"}`;
    case TraceCall.producer:
      return `producer ${a} of leaf ${actor}, scan slot ${b}`;
    case TraceCall.report:
      return `report ${jobReports[argument] ?? argument}`;
    case TraceCall.now:
      return "now";
    default:
      return argument === 0 ? callName(code) : `${callName(code)} = ${argument}`;
  }
}

/** What a record says, without who and when. */
export function recordWords(record: TraceRecord, machines: readonly GeneratedMachine[]): string {
  const message = messageNames.get(record.code) ?? `message ${record.code}`;
  switch (record.kind) {
    case "transition":
      return transitionWords(record, machines);
    case "received":
      return `received ${message}, ${record.argument} bytes`;
    case "sent":
      return `sent ${message}${record.actor === 0 ? "" : ` to scan slot ${record.actor}`}, ${record.argument} bytes`;
    case "call":
      return callWords(record);
    case "input":
      return record.code === TraceInput.report
        ? `report ${jobReports[record.argument] ?? record.argument}`
        : inputName(record.code);
    case "note":
      return `${noteName(record.code)} ${new TextDecoder().decode(record.data)}`;
  }
}

/** "   1.234  executor 0 #17  scan 0  producerEnded  ..." */
function recordLine({ writer, record }: PlacedRecord, trace: Trace, startNs: bigint): string {
  const ms = (Number(record.timeNs - startNs) / 1e6).toFixed(3).padStart(12);
  const who = `${writerLabel(writer)} #${record.sequence}`.padEnd(18);
  const cause = record.cause === 0 ? "" : `  (caused by #${record.cause})`;
  return `${ms}  ${who}  ${recordWords(record, trace.machines)}${cause}`;
}

/** Every record of a trace as a line. */
export function recordLines(trace: Trace): string[] {
  const placed = placedRecords(trace);
  const start = placed[0]?.record.timeNs ?? 0n;
  return placed.map((each) => recordLine(each, trace, start));
}
