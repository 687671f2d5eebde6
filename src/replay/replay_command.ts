// `npx pg-fusion trace replay`, `trace export --arrow` and `trace regress`: the trace commands that need the engine or
// the plan. All others are src/trace/cli.ts's.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  guardedCommand, openTrace, parseWords, processOutput, TraceCommandError, usageError, writeNew, type TraceOutput,
} from "#trace/cli.js";
import { openRecording } from "#trace/recordings.js";
import { outcome, sessionsOf, wallTime } from "#trace/story.js";
import { writerLabel } from "#trace/record_lines.js";
import { arrowFile, ArrowExportError } from "./arrow_export.js";
import { replayTrace, type ReplayOutcome } from "./replay_trace.js";

/** The checkout: this module is two folders below it, compiled or not. */
const projectRoot = fileURLToPath(new URL("../..", import.meta.url));
const FILES_MAX = 10_000;

function tellOutcome(path: string, replayed: ReplayOutcome, output: TraceOutput): void {
  const { divergence, records, transitions, messages, pages, incomplete, engine } = replayed;
  const counts = `${records} records (${transitions} transitions, ${messages} messages, ${pages} pages)`;
  const short = incomplete.length > 0 ? `; ends early: ${incomplete.join(", ")}` : "";
  if (divergence === undefined) {
    output.line(`${path}: no divergence in ${counts}; engine ${engine}${short}`);
    return;
  }
  const { writer, record, actor, field, recorded, replayed: now } = divergence;
  output.line(`${path}: diverges at record ${record} of ${writerLabel(writer)}, after ${counts}${short}`);
  output.line(`  actor:    ${actor}`);
  output.line(`  field:    ${field}`);
  output.line(`  recorded: ${recorded}`);
  output.line(`  replayed: ${now}`);
}

function replay(words: readonly string[], output: TraceOutput): number {
  const { files } = parseWords(words, [], 1, FILES_MAX);
  let diverged = 0;
  for (const path of files) {
    const trace = openTrace(path);
    const replayed = replayTrace(trace);
    tellOutcome(path, replayed, output);
    if (replayed.divergence !== undefined) diverged += 1;
  }
  if (files.length > 1) output.line(`${files.length} traces, ${diverged} with a divergence`);
  return diverged > 0 ? 1 : 0;
}

function exportArrow(words: readonly string[], output: TraceOutput): void {
  // --leaf takes a number, which is no file.
  const at = words.indexOf("--leaf");
  const leaf = at < 0 ? "result" : Number(words[at + 1]);
  if (leaf !== "result" && (!Number.isInteger(leaf) || leaf < 0)) throw usageError();
  const rest = at < 0 ? words : [...words.slice(0, at), ...words.slice(at + 2)];
  const [from = "", to = ""] = parseWords(rest, ["--arrow"], 2, 2).files;
  try {
    const { bytes, pages } = arrowFile(openTrace(from), leaf);
    writeNew(to, bytes, output);
    output.line(`${pages} pages, one record batch each`);
  } catch (error) {
    throw error instanceof ArrowExportError ? new TraceCommandError(`${error.message}.`) : error;
  }
}

// Put together, so that nothing takes it for an import of this file.
const supportImport = `import { expectSameReplay } from ${JSON.stringify("../support/replayed_trace.js")};`;

const testFile = (name: string, story: string): string => `// Made by \`npx pg-fusion trace regress\`: ${story}.
// It plays the recording back through the machines and the engine of this checkout; whatever comes out otherwise than
// it was recorded fails the test, with the first record that differs.
import { test } from "vitest";
${supportImport}

test("${name}", () => expectSameReplay(new URL("${name}.fxtrace", import.meta.url)));
`;

/** A trace and a test that plays it, in the checkout's test/traces. */
function regress(words: readonly string[], output: TraceOutput, root: string): void {
  const [from = "", name = ""] = parseWords(words, [], 2, 2).files;
  if (!/^[a-z0-9_]+$/.test(name)) throw new TraceCommandError("a name has small letters, digits and _ only.", 2);
  const { flight, trace } = openRecording(from);
  if (trace === undefined) throw new TraceCommandError(`${basename(from)} is no trace file; dump it first.`);
  const folder = join(root, "test", "traces");
  if (!existsSync(join(root, "test"))) throw new TraceCommandError(`${root} is no checkout with tests.`);
  const [session] = sessionsOf(flight);
  const told = session === undefined ? "a trace" : `${session.kind} ${outcome(session)}`;
  mkdirSync(folder, { recursive: true });
  writeNew(join(folder, `${name}.fxtrace`), readFileSync(from), output);
  writeFileSync(join(folder, `${name}.test.ts`),
    testFile(name, `${told}, recorded ${wallTime(flight, flight.monotonicNs).slice(0, 19)} UTC`), { flag: "wx" });
  output.line(`wrote ${join(folder, `${name}.test.ts`)}`);
  if (trace.heading.level === "full")
    output.line("The trace is full: it holds rows. Look at them before you share it.");
}

/** The commands of this file. */
export function isReplayCommand([command, ...rest]: readonly string[]): boolean {
  return command === "replay" || command === "regress" || (command === "export" && rest.includes("--arrow"));
}

/** Runs `trace replay`, `trace regress` or `trace export --arrow`; returns the exit code. */
export function runReplayCommand(
  words: readonly string[], output: TraceOutput = processOutput, root = projectRoot,
): number {
  const [command, ...rest] = words;
  return guardedCommand(output, () => {
    if (command === "replay") return replay(rest, output);
    if (command === "regress") return regress(rest, output, root);
    return exportArrow(rest, output);
  });
}
