// The small configurations, explored to their end: nothing breaks, everybody's end stays in reach, and what was found
// is what docs/exploration.json keeps: numbers of worlds, longest ways, transitions taken.
// `npm run accept test/unit/explorer/exploration.test.ts` rewrites it; its diff is reviewed like code.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { smallConfigurations } from "#explorer/configurations.js";
import { explore, sceneSteps, type Exploration } from "#explorer/exploration.js";
import { Scene } from "#explorer/scene.js";
import { generatedMachines } from "#generated/machines.js";
import { transitionName } from "../../support/transition_coverage.js";

const place = fileURLToPath(new URL("../../../docs/exploration.json", import.meta.url));
const accept = process.env["PG_FUSION_ACCEPT"] === "1";

interface Kept {
  readonly doc: string;
  readonly configurations: Readonly<Record<string, {
    readonly worlds: number; readonly steps: number; readonly ends: number; readonly longestWay: number | null;
  }>>;
  readonly explored: readonly string[];
}

const doc = "What exploring the composed machines found, by configuration: worlds, steps between them, worlds in " +
  "which nothing is left to do, most steps to one of those (null: steps may go in circles); and every " +
  "transition taken. Written by npm run accept test/unit/explorer/exploration.test.ts.";

const found = new Map<string, Exploration>();

function keptNow(): Kept {
  const configurations = Object.fromEntries([...found].map(([name, { worlds, edges, ends, longestWay }]) =>
    [name, { worlds, steps: edges, ends, longestWay: longestWay ?? null }]));
  const explored = new Set<string>();
  for (const { taken } of found.values())
    for (const [at, machine] of generatedMachines.entries())
      for (const [cell, isTaken] of (taken[at] ?? []).entries()) {
        const [state, event] = [Math.floor(cell / machine.events.length), cell % machine.events.length];
        if (isTaken === 1) explored.add(transitionName(machine.code, state, event) ?? "");
      }
  return { doc, configurations, explored: [...explored].sort() };
}

describe("explorations", () => {
  it.each(smallConfigurations.map((configuration) => [configuration.name, configuration] as const))(
    "%s: nothing breaks in any world", (name, configuration) => {
      const seen = explore(configuration, { worldsMax: 500_000 });
      expect(seen.failure).toBeUndefined();
      expect(seen.cut).toBe(false);
      found.set(name, seen);
    }, 120_000);

  it("every fault happens somewhere, and every step has a name of its own", () => {
    for (const configuration of smallConfigurations) {
      const names = sceneSteps(new Scene(configuration, generatedMachines)).map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
      // What needs more of something than a configuration has stays away; whole kinds of faults must not.
      const happened = found.get(configuration.name)?.happened ?? new Set();
      const faults = sceneSteps(new Scene(configuration, generatedMachines)).filter(({ fault }) => fault === true);
      expect(faults.filter(({ name }) => !happened.has(name)).map(({ name }) => name)).toEqual([]);
    }
  });

  it("finds what it found before", () => {
    const now = keptNow();
    if (accept) writeFileSync(place, `${JSON.stringify(now, undefined, 1)}\n`);
    expect(JSON.parse(readFileSync(place, "utf8"))).toEqual(now);
  });
});
