// Plays a whole trace back, without PostgreSQL: every writer's part on its own, since what one got from another stands
// on its tape. The answer is how much was played and where it first differed. The command is replay_command.ts.
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { threadId } from "node:worker_threads";
import type { SessionLease } from "#actors/ports.js";
import { decodeStartExecution, type StartExecution } from "#codec/execution_message.js";
import { MessageType } from "#generated/layout.js";
import { runtimeFilter, spillDirectory } from "#generated/machines.js";
import { EngineMemory, memoryLayout } from "#runtime/memory.js";
import { scanImports, TraceCall } from "#trace/format/trace_call.js";
import type { TraceRecord } from "#trace/format/trace_record.js";
import type { Trace, WriterTrace } from "#trace/format/trace_reader.js";
import { PlanEngine } from "#worker/plan_engine.js";
import { StatementPlanner } from "#worker/statement_planner.js";
import { replayJob, type JobSurroundings } from "./replay_job.js";
import { replaySession } from "./replay_session.js";
import { replayTables } from "./replay_tables.js";
import { DivergenceError, Tape, TapeEnded, type Divergence } from "./tape.js";

export interface ReplayOutcome {
  readonly divergence: Divergence | undefined;
  readonly records: number;
  readonly transitions: number;
  readonly messages: number;
  readonly pages: number;
  /** Writers whose recording ends in the middle, or has gaps: played up to there. */
  readonly incomplete: readonly string[];
  /** Whether the engine ran again, or the tape answered for it. */
  readonly engine: "run again" | "as recorded" | "not used";
}

const MIB = 1024 * 1024;
/** Of this thread: the directory of the execution that ran is long gone, and not ours. */
const SPILL_FOLDER = join(tmpdir(), `pg_fusion-replay-${process.pid}-${threadId}`);

/** The message that started the execution, when the recording has it. */
export function startOf(trace: Trace): StartExecution | undefined {
  if (trace.heading.level !== "full") return undefined;
  const worker = trace.writers.find(({ kind }) => kind === "worker");
  const received = worker?.records.find(({ kind, code }) =>
    kind === "received" && code === MessageType.StartExecution);
  return received === undefined ? undefined : decodeStartExecution(received.data.slice());
}

/** An engine like the one that ran, in a memory of the same shape. */
function engineFor(trace: Trace, start: StartExecution | undefined): JobSurroundings {
  if (start === undefined) return { start, engine: undefined, memory: undefined };
  const { pageBytes, pageCount, workerMemoryMb } = trace.heading;
  const memory = new EngineMemory(memoryLayout(workerMemoryMb * MIB, pageBytes * pageCount));
  return {
    start,
    engine: new PlanEngine(memory, pageBytes, {
      folder: SPILL_FOLDER, generation: 0, count: () => undefined, raise: () => undefined,
      show: () => undefined,
    }),
    memory: { bytes: memory.bytes, poolOffset: memory.layout.poolOffset, pageBytes },
  };
}

/** The records before a writer's first gap: what follows one is another story. */
function wholePart(writer: WriterTrace): WriterTrace["records"] {
  return writer.records.filter(({ sequence }) => sequence <= writer.wholeUntil);
}

/** Records of one writer that are played on their own. */
interface Part {
  readonly writer: WriterTrace;
  readonly records: readonly TraceRecord[];
  /** Steps that the engine makes, which only full traces run again: of runtime filters and of what is on disk. */
  readonly ofEngine: boolean;
}

function partsOf(writer: WriterTrace): readonly Part[] {
  const whole = wholePart(writer);
  const isEngines = ({ kind, machine }: TraceRecord): boolean => writer.kind === "executor" &&
    kind === "transition" && (machine === runtimeFilter.code || machine === spillDirectory.code);
  const ofEngine = whole.filter(isEngines);
  if (ofEngine.length === 0) return [{ writer, records: whole, ofEngine: false }];
  return [
    { writer, records: whole.filter((record) => !isEngines(record)), ofEngine: false },
    { writer, records: ofEngine, ofEngine: true },
  ];
}

function play(tape: Tape, part: Part, trace: Trace, lease: SessionLease, surroundings: JobSurroundings): void {
  if (trace.heading.source !== "capture") replayTables(tape, false);
  else if (part.ofEngine) replayTables(tape, true);
  else if (tape.writer.kind === "worker") replaySession(tape, lease, new StatementPlanner(() => 0));
  else if (tape.writer.kind === "executor") replayJob(tape, lease, surroundings);
  else replayTables(tape, true);
}

/** A page that came in, or a page of the result. */
function isPage({ kind, code, argument }: TraceRecord): boolean {
  if (kind !== "call") return false;
  return code === TraceCall.writeResult || (code === TraceCall.importScan && scanImports[argument] === "page");
}

function earlier(one: Divergence | undefined, other: Divergence): Divergence {
  return one !== undefined && one.timeNs <= other.timeNs ? one : other;
}

/** Plays a trace back. */
export function replayTrace(trace: Trace): ReplayOutcome {
  const { slot, session } = trace.heading;
  const surroundings = engineFor(trace, startOf(trace));
  const incomplete: string[] = [];
  let divergence: Divergence | undefined;
  let [records, transitions, messages, pages] = [0, 0, 0, 0];
  for (const part of trace.writers.flatMap(partsOf)) {
    const { writer, records: whole } = part;
    const tape = new Tape(writer, whole, trace.heading.level, trace.machines);
    let ended = wholePart(writer).length < writer.records.length || writer.lost > 0;
    try {
      play(tape, part, trace, { slot, epoch: session }, surroundings);
    } catch (error) {
      if (error instanceof DivergenceError) divergence = earlier(divergence, error.divergence);
      else if (error instanceof TapeEnded) ended = true;
      else throw error;
    } finally {
      // A recording that ends early leaves its execution where it was.
      rmSync(SPILL_FOLDER, { recursive: true, force: true });
    }
    if (ended && !part.ofEngine) incomplete.push(`${writer.kind} ${writer.number}`);
    const played = whole.slice(0, tape.played);
    records += played.length;
    transitions += played.filter(({ kind }) => kind === "transition").length;
    messages += played.filter(({ kind }) => kind === "sent" || kind === "received").length;
    pages += played.filter(isPage).length;
  }
  const executed = trace.writers.some(({ kind }) => kind === "executor");
  const engine = !executed ? "not used" : surroundings.engine === undefined ? "as recorded" : "run again";
  return { divergence, records, transitions, messages, pages, incomplete, engine };
}
