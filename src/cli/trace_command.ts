// Hands `trace ...` to src/trace with the cluster's places. It knows nothing about traces itself.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { CommandError } from "#cluster/command_error.js";
import { findPlaces, projectRoot } from "#cluster/places.js";
import type { ClusterPlaces } from "#cluster/places.js";

type TraceCommand = (words: readonly string[], places: ClusterPlaces) => number | Promise<number>;

/** Runs a trace subcommand. */
export async function runTrace(words: readonly string[]): Promise<number> {
  if (!existsSync(join(projectRoot, "dist/trace/cli.js"))) {
    throw new CommandError("this build has no trace command.");
  }
  const name = "#trace/cli.js";
  const { runTraceCommand } = (await import(name)) as { runTraceCommand: TraceCommand };
  return runTraceCommand(words, findPlaces());
}
