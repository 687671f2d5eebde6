// How a transition has been tried: seen in the recording at hand, seen in recorders of servers, taken by simulated
// conversations, taken while all machines together were explored, or only reached by walking its machine alone. The
// kept part is docs/transition_coverage.json and docs/exploration.json.
import { stepTable } from "#actors/table_actor.js";
import type { GeneratedMachine } from "#generated/machines.js";
import { transitionCoverage } from "#generated/transition_coverage.js";

/** Best first; the page draws each differently and names it. */
export const coverageKinds = ["here", "live", "simulated", "explored", "walked", "never"] as const;
export type Coverage = (typeof coverageKinds)[number];

export const coverageWords: Readonly<Record<Coverage, string>> = {
  here: "seen in this recording", live: "seen on a server", simulated: "taken in simulation",
  explored: "taken while all machines together were explored",
  walked: "only walked through by the exhaustive test of its machine", never: "never tried",
};

const reachable = new Map<GeneratedMachine, ReadonlySet<number>>();

/** States a machine reaches by its table from its beginning: its test walks all of them, with every event. */
function walkedStates(machine: GeneratedMachine): ReadonlySet<number> {
  const known = reachable.get(machine);
  if (known !== undefined) return known;
  const reached = new Set<number>([machine.initial]);
  for (const state of reached)
    for (const event of machine.events.keys()) {
      const step = stepTable(machine, state, event);
      if (step !== undefined) reached.add(step.to);
    }
  reachable.set(machine, reached);
  return reached;
}

/** All ways in which a transition has been tried, in words; `uses` are those of the recording at hand. */
export function coverageTold(machine: GeneratedMachine, from: number, event: number, uses: number): string {
  const kept = transitionCoverage[`${machine.name} ${machine.states[from]} ${machine.events[event]}`] ?? [];
  const best = coverageOf(machine, from, event, uses);
  const more = coverageKinds.filter((kind) => kind !== best && kept.some((each) => each === kind));
  return [best, ...more].map((kind) => coverageWords[kind]).join(", ");
}

/** The best of them. */
export function coverageOf(machine: GeneratedMachine, from: number, event: number, uses: number): Coverage {
  if (uses > 0) return "here";
  const kept = transitionCoverage[`${machine.name} ${machine.states[from]} ${machine.events[event]}`] ?? [];
  if (kept.includes("live")) return "live";
  if (kept.includes("simulated")) return "simulated";
  if (kept.includes("explored")) return "explored";
  return walkedStates(machine).has(from) ? "walked" : "never";
}
