// `npx pg-fusion trace list` and `trace show [--last N] [FILE]`: the flight recorder of the private cluster in
// readable lines. It only reads; the server may be running, stopped or dead.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { FlightFileError, readFlight } from "./flight_reader.js";
import { lacksRecords, lastExecutions, sessionsOf, tellSession, wallTime } from "./story.js";

/** Where the cluster keeps its data; more is not needed here. */
export interface TracePlaces {
  readonly data: string;
}

/** Goes to standard output, or to standard error for failures; tests bring their own. */
export interface TraceOutput {
  line(text: string): void;
  failure(text: string): void;
}

const processOutput: TraceOutput = {
  line: (text) => void process.stdout.write(`${text}\n`),
  failure: (text) => void process.stderr.write(`pg-fusion trace: ${text}\n`),
};

const USAGE = "usage: pg-fusion trace list | trace show [--last N] [FILE]";
const LAST_MAX = 1000;

type Words =
  | { readonly command: "list" }
  | { readonly command: "show"; readonly last: number; readonly file: string | undefined };

function parse(words: readonly string[]): Words | undefined {
  const [command = "show", ...rest] = words;
  if (command === "list") return rest.length === 0 ? { command } : undefined;
  if (command !== "show") return undefined;
  let last = 1;
  let file: string | undefined;
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at] ?? "";
    if (word === "--last") {
      last = Number(rest[++at]);
      if (!Number.isInteger(last) || last < 1 || last > LAST_MAX) return undefined;
    } else if (word.startsWith("-") || file !== undefined) return undefined;
    else file = word;
  }
  return { command, last, file };
}

/** Flight files, oldest first: incarnations rise with time and are written with leading zeros. */
function flightFiles(places: TracePlaces): string[] {
  const folder = join(places.data, "pg_fusion");
  const names = readdirSync(folder).filter((name) => /^flight-[0-9a-f]+\.ring$/.test(name));
  return names.sort().map((name) => join(folder, name));
}

function show(words: Words & { command: "show" }, places: TracePlaces, output: TraceOutput): number {
  const path = words.file ?? flightFiles(places).at(-1);
  if (path === undefined) {
    output.failure("there is no recording yet. Start the cluster and run a statement with pg_fusion.enable = on.");
    return 1;
  }
  const flight = readFlight(readFileSync(path));
  if (!flight.sameMachines)
    output.failure("another build made this recording: names of states and events may not fit.");
  const told = lastExecutions(sessionsOf(flight), words.last);
  if (told.length === 0) {
    output.failure("the recording holds no execution. Run a statement with pg_fusion.enable = on.");
    return 1;
  }
  told.forEach((session, at) => {
    if (at > 0) output.line("");
    for (const text of tellSession(flight, session)) output.line(text);
    if (lacksRecords(flight, session)) output.line("Some records of this statement were overwritten by newer ones.");
  });
  if (flight.torn > 0) output.line(`${flight.torn} records were torn when their writer was killed.`);
  return 0;
}

function list(places: TracePlaces, output: TraceOutput): number {
  for (const path of flightFiles(places)) {
    const flight = readFlight(readFileSync(path));
    const sessions = sessionsOf(flight);
    const executions = sessions.filter(({ kind }) => kind === "execution").length;
    output.line([
      path, `from ${wallTime(flight, flight.monotonicNs)} UTC`, `${statSync(path).size} bytes`,
      `${flight.entries.length} records`, `${executions} executions`,
      `${sessions.length - executions} other sessions`,
    ].join("  "));
  }
  return 0;
}

function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "EACCES") return "the recording belongs to the server's user; run this as root or as that user.";
  if (code === "ENOENT") return "there is no such recording. Start the cluster with `npx pg-fusion up` first.";
  return error instanceof Error ? error.message : String(error);
}

/** Runs `trace ...`; returns the exit code. */
export function runTraceCommand(
  words: readonly string[], places: TracePlaces, output: TraceOutput = processOutput,
): number {
  const parsed = parse(words);
  if (parsed === undefined) {
    output.failure(USAGE);
    return 2;
  }
  try {
    return parsed.command === "list" ? list(places, output) : show(parsed, places, output);
  } catch (error) {
    const expected = error instanceof FlightFileError || (error as NodeJS.ErrnoException).code !== undefined;
    if (!expected) throw error;
    output.failure(reasonOf(error));
    return 1;
  }
}
