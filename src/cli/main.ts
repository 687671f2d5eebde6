// The `pg-fusion` command line: picks the command and turns expected failures into a message and a
// hint. scripts/pg-fusion.mjs calls it; the commands are in the files beside it.
import { CommandError } from "#cluster/command_error.js";
import { serverErrorOf } from "#cluster/connection.js";
import { findPlaces } from "#cluster/places.js";
import { isReplayCommand, runReplayCommand } from "#replay/replay_command.js";
import { runTraceCommand } from "#trace/cli.js";
import { runVisualizeCommand } from "#visualizer/visualize_command.js";
import { parseArguments } from "./arguments.js";
import { runBench } from "./bench_command.js";
import { openPsql, runEnv, runPsql, runReset, runStatus, runStop, runUp } from "./cluster_commands.js";
import { runInstall } from "./install_command.js";
import { bringSession, openSession } from "./session.js";
import { runTop } from "./top_command.js";
import { runTour } from "./tour.js";

const usage = `usage: npx pg-fusion <command> [options]

  up       bring up the private server with TPC-H  [--scale 0.1] [--port N] [--plain] [--no-data]
  psql     open psql in it, with pg_fusion.enable = on; further words go to psql
  status   what runs, and where
  env      PGHOST, PGPORT, PGDATABASE, PGUSER as shell exports: eval "$(npx pg-fusion env)"
  bench    tpch [--scale 1] [--queries q1,q6] [--runs 5] [--limit SECONDS] [--indexes] [--json FILE]
           scan [--scale 1] [--runs 5] [--json FILE]
           latency [--runs 300] [--json FILE]
           recorder [--scale 1] [--runs 30] [--json FILE]
  trace    what the state machines did: trace list | show | grep | diff | replay | regress | redact | dump | export
  top      live sessions and the page pool  [--once]
  visualize  the state machines in a browser: visualize [--live | FILE] [--output trace.html]
             [--compare FILE] [--explain FILE]
  stop     stop the server
  reset    stop it and delete everything it has
  install  put the extension into the PostgreSQL it was built for  [--destination DIR]

--plain starts the server without the extension. npm start builds, brings up and opens psql.
`;

/** `npm start` after the build: psql on a terminal, the tour elsewhere. */
async function runStart(words: readonly string[]): Promise<number> {
  const given = parseArguments(words);
  const session = openSession(given);
  const database = await bringSession(session, given);
  if (process.stdin.isTTY && process.stdout.isTTY) return openPsql(session, database, []);
  return runTour(session, database);
}

type Command = (words: readonly string[]) => number | Promise<number>;

const commands: Readonly<Record<string, Command>> = {
  start: runStart,
  up: (words) => runUp(parseArguments(words)),
  psql: (words) => runPsql(parseArguments(words, true)),
  status: (words) => runStatus(parseArguments(words)),
  env: (words) => runEnv(parseArguments(words)),
  bench: (words) => runBench(parseArguments(words)),
  trace: (words) => isReplayCommand(words) ? runReplayCommand(words) : runTraceCommand(words, findPlaces()),
  top: (words) => runTop(parseArguments(words)),
  visualize: (words) => runVisualizeCommand(words, findPlaces()),
  stop: (words) => runStop(parseArguments(words)),
  reset: (words) => runReset(parseArguments(words)),
  install: (words) => runInstall(parseArguments(words)),
};

/** Runs one command; returns the process's exit status. */
export async function runCommandLine(words: readonly string[]): Promise<number> {
  const [name = "help", ...rest] = words;
  const command = commands[name];
  if (!command) {
    const asked = ["help", "--help", "-h"].includes(name);
    (asked ? process.stdout : process.stderr).write(usage);
    return asked ? 0 : 2;
  }
  // Somebody who has read enough (`| head`) is no failure.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(0);
  });
  try {
    return await command(rest);
  } catch (error) {
    const told = error instanceof CommandError ? error : serverErrorOf(error);
    if (!told) throw error;
    const detail = "detail" in told ? told.detail : undefined;
    const lines = [`\npg_fusion: ${told.message.replace(/^pg_fusion: /, "")}`, detail, told.hint];
    process.stderr.write(`${lines.filter((line) => line !== undefined).join("\n")}\n`);
    return 1;
  }
}
