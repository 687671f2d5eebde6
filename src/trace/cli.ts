// `npx pg-fusion trace ...`: what the state machines did, in readable lines, from the flight recorder of the private
// cluster or from trace files. It only reads, but for redact, dump and export, which write one new file; the server may
// be running, stopped or dead. Replays need the engine and are src/replay's.
import { writeFileSync } from "node:fs";
import { traceOfFlight } from "./format/trace_flight.js";
import { TraceFileError, type Trace } from "./format/trace_reader.js";
import { FlightFileError } from "./flight_reader.js";
import { perfettoJson } from "./perfetto.js";
import { recordLines } from "./record_lines.js";
import { captureFiles, flightFiles, openRecording, type Recording, type TracePlaces } from "./recordings.js";
import { redactTrace } from "./redact.js";
import { lacksRecords, lastStatements, outcome, sessionsOf, tellSession, wallTime } from "./story.js";
import { diffTraces } from "./trace_diff.js";
import { reasonOf } from "./unreadable.js";

export type { TracePlaces } from "./recordings.js";

/** Goes to standard output, or to standard error for failures; tests bring their own. */
export interface TraceOutput {
  line(text: string): void;
  failure(text: string): void;
}

export const processOutput: TraceOutput = {
  line: (text) => void process.stdout.write(`${text}\n`),
  failure: (text) => void process.stderr.write(`pg-fusion trace: ${text}\n`),
};

const TRACE_USAGE = `usage: pg-fusion trace list
       pg-fusion trace show [--last N] [--records] [FILE]
       pg-fusion trace grep PATTERN [FILE...]
       pg-fusion trace diff FILE FILE
       pg-fusion trace replay FILE...
       pg-fusion trace regress FILE NAME
       pg-fusion trace redact FILE NEW_FILE
       pg-fusion trace dump [--last N] NEW_FILE
       pg-fusion trace export --perfetto|--arrow FILE NEW_FILE`;
const LAST_MAX = 1000;

/** What is wrong with a command, for its user. */
export class TraceCommandError extends Error {
  readonly status: number;

  constructor(message: string, status = 1) {
    super(message);
    this.status = status;
  }
}

export const usageError = (): TraceCommandError => new TraceCommandError(TRACE_USAGE, 2);

interface Words {
  readonly files: readonly string[];
  readonly last: number;
  readonly flags: ReadonlySet<string>;
}

/** Words of a command: `count` files and the options it knows. */
export function parseWords(words: readonly string[], known: readonly string[], min: number, max: number): Words {
  const files: string[] = [];
  const flags = new Set<string>();
  let last = 1;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (!word.startsWith("--")) {
      files.push(word);
      continue;
    }
    if (!known.includes(word)) throw usageError();
    flags.add(word);
    if (word !== "--last") continue;
    last = Number(words[++at]);
    if (!Number.isInteger(last) || last < 1 || last > LAST_MAX) throw usageError();
  }
  if (files.length < min || files.length > max) throw usageError();
  return { files, last, flags };
}

/** A new file, never over an old one, for its owner's eyes. */
export function writeNew(path: string, content: Uint8Array | string, output: TraceOutput): void {
  try {
    writeFileSync(path, content, { mode: 0o600, flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new TraceCommandError(`${path} exists already.`);
  }
  output.line(`wrote ${path}`);
}

function newestFlight(places: TracePlaces): string {
  const path = flightFiles(places).at(-1);
  if (path !== undefined) return path;
  throw new TraceCommandError(
    "there is no recording yet. Start the cluster and run a statement with pg_fusion.enable = on.");
}

/** A trace file, told apart from a flight recorder's file. */
export function openTrace(path: string): Trace {
  const { trace } = openRecording(path);
  if (trace === undefined)
    throw new TraceCommandError(`${path} is no trace file but a flight recorder's; dump it first.`);
  return trace;
}

function tellFacts(trace: Trace, output: TraceOutput): void {
  const { level, source, redacted } = trace.heading;
  output.line(`trace, ${level} level${redacted ? " (redacted)" : ""}, from ${source}`);
  const statement = trace.facts.get("statement");
  if (statement !== undefined && statement !== "") output.line(`statement: ${statement.replace(/\s+/g, " ").trim()}`);
  if (trace.damagedBytes > 0) output.line(`${trace.damagedBytes} bytes are damaged, or a tail that was cut off.`);
}

function show(words: readonly string[], places: TracePlaces, output: TraceOutput): void {
  const { files, last, flags } = parseWords(words, ["--last", "--records"], 0, 1);
  const { flight, trace } = openRecording(files[0] ?? newestFlight(places));
  if (!flight.sameMachines)
    output.failure("another build made this recording: names of states and events may not fit.");
  if (trace !== undefined) tellFacts(trace, output);
  if (flags.has("--records")) {
    if (trace === undefined) throw new TraceCommandError("--records needs a trace file; make one with trace dump.");
    for (const text of recordLines(trace)) output.line(text);
    return;
  }
  const sessions = sessionsOf(flight);
  const told = trace === undefined ? lastStatements(sessions, last) : sessions;
  if (told.length === 0)
    throw new TraceCommandError("the recording holds no statement. Run one with pg_fusion.enable = on.");
  told.forEach((session, at) => {
    if (at > 0) output.line("");
    for (const text of tellSession(flight, session)) output.line(text);
    if (lacksRecords(flight, session)) output.line("Some records of this statement are missing.");
  });
  if (flight.torn > 0) output.line(`${flight.torn} records were torn when their writer was killed.`);
}

function listLine({ path, bytes, flight, trace }: Recording): string {
  const sessions = sessionsOf(flight);
  const from = `from ${wallTime(flight, flight.monotonicNs)} UTC`;
  if (trace !== undefined) {
    const [session] = sessions;
    const told = session === undefined ? "nothing" : `${session.kind} ${outcome(session)}`;
    return [path, from, `${bytes} bytes`, trace.heading.level, told].join("  ");
  }
  const executions = sessions.filter(({ kind }) => kind === "execution").length;
  return [
    path, from, `${bytes} bytes`, `${flight.entries.length} records`, `${executions} executions`,
    `${sessions.length - executions} other sessions`,
  ].join("  ");
}

type PathLines = readonly [path: string, lines: readonly string[]];

const isUnreadable = (error: unknown): error is Error =>
  error instanceof FlightFileError || error instanceof TraceFileError;

/** Lines of everything that is kept, with its path; what cannot be read is named and passed over. */
function linesOfAll(
  places: TracePlaces, output: TraceOutput, read: (path: string) => readonly string[],
): readonly PathLines[] {
  return [...flightFiles(places), ...captureFiles(places)].flatMap((path): readonly PathLines[] => {
    try {
      return [[path, read(path)]];
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      output.failure(`${path}: ${error.message}`);
      return [];
    }
  });
}

function list(words: readonly string[], places: TracePlaces, output: TraceOutput): void {
  parseWords(words, [], 0, 0);
  const listed = linesOfAll(places, output, (path) => [listLine(openRecording(path))]);
  for (const [, lines] of listed) for (const line of lines) output.line(line);
}

/** All lines of a recording; a flight's sessions are told as traces, so that both read alike. */
function linesOf(path: string): readonly string[] {
  const { flight, trace } = openRecording(path);
  if (trace === undefined) return sessionsOf(flight).flatMap((each) => tellSession(flight, each));
  return [...[...trace.facts].map(([name, value]) => `${name} = ${value}`), ...recordLines(trace)];
}

function grep(words: readonly string[], places: TracePlaces, output: TraceOutput): number {
  const { files } = parseWords(words, [], 1, LAST_MAX);
  const [wanted = "", ...named] = files;
  let pattern: RegExp;
  try {
    pattern = new RegExp(wanted);
  } catch {
    throw new TraceCommandError(`${wanted} is no regular expression.`, 2);
  }
  let found = 0;
  const searched = named.length === 0 ? linesOfAll(places, output, linesOf)
    : named.map((path): PathLines => [path, linesOf(path)]);
  for (const [path, lines] of searched)
    for (const line of lines.filter((text) => pattern.test(text))) {
      output.line(`${path}: ${line.trim()}`);
      found += 1;
    }
  return found > 0 ? 0 : 1;
}

function diff(words: readonly string[], output: TraceOutput): number {
  const [one = "", other = ""] = parseWords(words, [], 2, 2).files;
  const lines = diffTraces(openTrace(one), openTrace(other));
  for (const line of lines) output.line(line);
  if (lines.length === 0) output.line("The traces say the same, times and chance numbers aside.");
  return lines.length > 0 ? 1 : 0;
}

function redact(words: readonly string[], output: TraceOutput): void {
  const [from = "", to = ""] = parseWords(words, [], 2, 2).files;
  writeNew(to, redactTrace(openTrace(from)), output);
}

/** The last statements of the newest flight recorder as a trace file; what rings still hold of them. */
function dump(words: readonly string[], places: TracePlaces, output: TraceOutput): void {
  const { files, last, flags } = parseWords(words, ["--last"], 1, 1);
  const { flight, controlSlots } = openRecording(newestFlight(places));
  const wanted = flags.has("--last") ? lastStatements(sessionsOf(flight), last) : undefined;
  writeNew(files[0] ?? "", traceOfFlight(flight, controlSlots, wanted), output);
}

function exportPerfetto(words: readonly string[], output: TraceOutput): void {
  const { files, flags } = parseWords(words, ["--perfetto"], 2, 2);
  if (!flags.has("--perfetto")) throw usageError();
  writeNew(files[1] ?? "", perfettoJson(openRecording(files[0] ?? "").flight), output);
}

/** Runs a command's work; failures that are not ours to know become a sentence and an exit code. */
export function guardedCommand(output: TraceOutput, work: () => number | void): number {
  try {
    return work() ?? 0;
  } catch (error) {
    const expected = isUnreadable(error) || error instanceof TraceCommandError ||
      (error as NodeJS.ErrnoException).code !== undefined;
    if (!expected) throw error;
    output.failure(reasonOf(error));
    return error instanceof TraceCommandError ? error.status : 1;
  }
}

/** Runs `trace ...`; returns the exit code. */
export function runTraceCommand(
  words: readonly string[], places: TracePlaces, output: TraceOutput = processOutput,
): number {
  const [command = "show", ...rest] = words;
  return guardedCommand(output, () => {
    switch (command) {
      case "list":
        return list(rest, places, output);
      case "show":
        return show(rest, places, output);
      case "grep":
        return grep(rest, places, output);
      case "diff":
        return diff(rest, output);
      case "redact":
        return redact(rest, output);
      case "dump":
        return dump(rest, places, output);
      case "export":
        return exportPerfetto(rest, output);
      default:
        throw usageError();
    }
  });
}
