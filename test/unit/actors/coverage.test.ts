// How well the machines' transitions are tried: random conversations played with the real worker, and what recorders of
// real servers held when cluster tests ended. The visualizer shows docs/transition_coverage.json beside what walking
// each machine alone reaches; `npm run accept test/unit/actors/coverage.test.ts` rewrites it.
import { readFileSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { stepTable, type TransitionRecorder } from "#actors/table_actor.js";
import { generatedMachines } from "#generated/machines.js";
import { play, playDeath, scenario } from "../../support/conversations.js";
import { coveragePlace, readLive, transitionName, type TransitionName } from "../../support/transition_coverage.js";

const accept = process.env["PG_FUSION_ACCEPT"] === "1";
/** Fixed, so that the result is the same everywhere. */
const SEED = 27;

/** From the initial state by every event, as test/unit/actors/machines.test.ts does with its invariants. */
function walked(): ReadonlySet<TransitionName> {
  const names = new Set<TransitionName>();
  for (const machine of generatedMachines) {
    const reached = new Set<number>([machine.initial]);
    for (const state of reached)
      for (const event of machine.events.keys()) {
        const step = stepTable(machine, state, event);
        if (step === undefined) continue;
        reached.add(step.to);
        names.add(transitionName(machine.code, state, event) ?? "");
      }
  }
  return names;
}

function simulated(): ReadonlySet<TransitionName> {
  const names = new Set<TransitionName>();
  const recorder: TransitionRecorder = {
    transition: (machine, event, from) => void names.add(transitionName(machine, from, event) ?? ""),
  };
  for (const played of fc.sample(scenario, { seed: SEED, numRuns: 400 })) play(played, recorder);
  const deaths = fc.sample(fc.tuple(scenario, fc.nat({ max: 60 })), { seed: SEED, numRuns: 150 });
  for (const [played, after] of deaths) playDeath(played, after, recorder);
  return names;
}

interface Kept {
  readonly doc: string;
  readonly simulated: readonly TransitionName[];
  readonly live: readonly TransitionName[];
}

const sorted = (names: Iterable<TransitionName>): TransitionName[] => [...names].sort();

const readKept = (): Kept => JSON.parse(readFileSync(coveragePlace, "utf8")) as Kept;

test("what was reached once is still reached", () => {
  const [all, played, kept] = [walked(), simulated(), readKept()];
  if (accept) {
    const live = sorted(new Set([...kept.live, ...readLive()])).filter((name) => all.has(name));
    const now: Kept = { doc: kept.doc, simulated: sorted(played), live };
    writeFileSync(coveragePlace, `${JSON.stringify(now, undefined, 1)}\n`);
  }
  // A transition that is gone from its machine needs no test any more.
  expect(kept.simulated.filter((name) => all.has(name) && !played.has(name))).toEqual([]);
  for (const name of played) expect(all.has(name), name).toBe(true);
});

test("what is kept is of these machines, and each of them has been seen at work on a server", () => {
  const [all, { simulated: played, live }] = [walked(), readKept()];
  expect([...played, ...live].filter((name) => !all.has(name))).toEqual([]);
  const seen = new Set(live.map((name) => name.split(" ")[0]));
  expect(generatedMachines.filter(({ name }) => !seen.has(name)).map(({ name }) => name)).toEqual([]);
});
