// `npx pg-fusion visualize [--live | FILE]`: the state-machine visualizer over the private cluster's flight recorder
// or over a recorded file, served to this machine or written as one HTML file; with a second recording to compare
// with, and with the plan of a statement. The page is page/main.ts.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FlightFileError } from "#trace/flight_reader.js";
import { TraceFileError } from "#trace/format/trace_reader.js";
import { reasonOf } from "#trace/unreadable.js";
import { pageDocument, PageMissingError, readPageParts } from "./document.js";
import { liveSource, recordedSource } from "./flight_source.js";
import { PageServer, type PageSource } from "./page_server.js";
import { packRecording } from "./recording.js";
import { ExplainReadError, plansOfExplain } from "./shown_plan.js";

/** Where the cluster keeps its data; more is not needed here. */
export interface VisualizePlaces {
  readonly data: string;
}

/** Standard output and standard error; tests bring their own, and say when to stop. */
export interface VisualizeWorld {
  line(text: string): void;
  failure(text: string): void;
  /** Resolves when the person has had enough. */
  stopped(): Promise<void>;
}

const processWorld: VisualizeWorld = {
  line: (text) => void process.stdout.write(`${text}\n`),
  failure: (text) => void process.stderr.write(`pg-fusion visualize: ${text}\n`),
  stopped: () => new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  }),
};

const USAGE = "usage: pg-fusion visualize [--live | FILE] [--compare FILE] [--explain FILE] [--output trace.html] " +
  "[--port N]";

interface Words {
  readonly file: string | undefined;
  readonly compare: string | undefined;
  readonly explain: string | undefined;
  readonly output: string | undefined;
  readonly port: number;
}

const valued: Readonly<Record<string, "compare" | "explain" | "output" | "port">> = {
  "--compare": "compare", "--explain": "explain", "--output": "output", "--out": "output", "--port": "port",
};

function parse(words: readonly string[]): Words | undefined {
  const given: Partial<Record<"file" | "compare" | "explain" | "output" | "port", string>> = {};
  let live = false;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    const name = valued[word];
    if (name !== undefined) {
      const value = words[++at];
      if (value === undefined) return undefined;
      given[name] = value;
    } else if (word === "--live") live = true;
    else if (word.startsWith("-") || given.file !== undefined) return undefined;
    else given.file = word;
  }
  const port = Number(given.port ?? 0);
  if (!Number.isInteger(port) || port < 0 || port > 65535 || (live && given.file !== undefined)) return undefined;
  const { file, compare, explain, output } = given;
  return { file, compare, explain, output, port };
}

/** The newest recording: incarnations rise with time and are written with leading zeros. */
export function newestFlight({ data }: VisualizePlaces): string | undefined {
  const folder = join(data, "pg_fusion");
  const name = readdirSync(folder).filter((file) => /^flight-[0-9a-f]+\.ring$/.test(file)).sort().at(-1);
  return name === undefined ? undefined : join(folder, name);
}

async function serve(source: PageSource, port: number, world: VisualizeWorld): Promise<void> {
  const server = await PageServer.start(source, readPageParts(), port);
  world.line(`open ${server.address}`);
  world.line(source.live ? "It follows the running server. Stop with Ctrl-C." : "Stop with Ctrl-C.");
  await world.stopped();
  await server.stop();
}

async function visualize(words: Words, places: VisualizePlaces, world: VisualizeWorld): Promise<void> {
  const { file, compare, explain, output, port } = words;
  const plans = explain === undefined ? [] : plansOfExplain(readFileSync(explain, "utf8"));
  const other = compare === undefined ? undefined : packRecording(compare);
  if (output !== undefined) {
    const path = file ?? newestFlight(places);
    if (path === undefined) throw new FlightFileError("there is no recording yet.");
    // It tells what a server did, if not with what data: for the owner's eyes until the owner passes it on.
    writeFileSync(output, pageDocument(readPageParts(), packRecording(path, plans), other), { mode: 0o600 });
    world.line(`wrote ${output}; open it in a browser.`);
    return;
  }
  if (file !== undefined) {
    await serve(recordedSource(packRecording(file, plans), other), port, world);
    return;
  }
  newestFlight(places);
  await serve(liveSource(() => newestFlight(places), plans, other), port, world);
}

/** Runs `visualize ...`; returns the exit code. */
export async function runVisualizeCommand(
  words: readonly string[], places: VisualizePlaces, world: VisualizeWorld = processWorld,
): Promise<number> {
  const parsed = parse(words);
  if (parsed === undefined) {
    world.failure(USAGE);
    return 2;
  }
  try {
    await visualize(parsed, places, world);
    return 0;
  } catch (error) {
    const expected = error instanceof FlightFileError || error instanceof TraceFileError ||
      error instanceof PageMissingError || error instanceof ExplainReadError ||
      (error as NodeJS.ErrnoException).code !== undefined;
    if (!expected) throw error;
    const isTaken = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
    world.failure(isTaken ? "the port is taken; leave --port away to get a free one." : reasonOf(error));
    return 1;
  }
}
