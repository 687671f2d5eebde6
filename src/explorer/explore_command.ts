// `npm run explore`: every configuration, or those whose names contain a word, with what was seen of each; a failure
// leaves a trace and its steps. With --mutants, how many mistakes in the machines the small configurations notice. The
// unit tests run a part of the same (test/unit/explorer).
import { smallConfigurations, largeConfigurations } from "./configurations.js";
import type { Configuration } from "./configuration.js";
import { traceOf } from "./counterexample.js";
import { explore, type Exploration } from "./exploration.js";
import { mutants, scoreMutants } from "./mutants.js";

/** Worlds of about 200 bytes: with their edges they take some 300 bytes each. */
const WORLDS_MAX = 12_000_000;

const counted = (count: number): string => count.toLocaleString("en-US");

function told({ worlds, edges, ends, longestWay, cut }: Exploration, seconds: number): string {
  const way = longestWay === undefined ? "steps may go in circles" : `at most ${longestWay} steps to an end`;
  const rest = cut ? "; more worlds than the limit, the rest was not seen" : `; ${way}`;
  return `  ${counted(worlds)} worlds, ${counted(edges)} steps, ${ends} ends${rest} (${seconds.toFixed(1)} s)`;
}

/** Explores one configuration and says so; false when it failed. */
function exploreAloud(configuration: Configuration, say: (line: string) => void): boolean {
  say(`${configuration.name}: ${configuration.question}`);
  const start = performance.now();
  const seen = explore(configuration, { worldsMax: WORLDS_MAX });
  say(told(seen, (performance.now() - start) / 1000));
  if (seen.failure === undefined) return true;
  const path = traceOf(configuration, seen.failure).write(`explorer-${configuration.name.replaceAll(/\W+/g, "-")}`);
  say([`  BROKEN: ${seen.failure.sentence}`, ...seen.failure.steps.map((step) => `    ${step}`), `  trace: ${path}`]
    .join("\n"));
  return false;
}

function scoreAloud(say: (line: string) => void): void {
  for (const kind of ["dropped", "robbed", "redirected"] as const) {
    const limits = { worldsMax: WORLDS_MAX };
    const { killed, survivors, untried } = scoreMutants(mutants([kind]), smallConfigurations, limits);
    say(`${kind}: ${killed} of ${killed + survivors.length} noticed, ${untried} at transitions that are never taken`);
    for (const { name } of survivors) say(`  not noticed: ${name}`);
  }
}

/** Returns the process's exit status. */
export function runExplore(words: readonly string[]): number {
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  if (words.includes("--mutants")) {
    scoreAloud(say);
    return 0;
  }
  const chosen = [...smallConfigurations, ...largeConfigurations]
    .filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
  if (chosen.length === 0) say("no configuration has a name like that");
  return chosen.map((each) => exploreAloud(each, say)).every((passed) => passed) && chosen.length > 0 ? 0 : 1;
}
