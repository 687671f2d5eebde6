// Machines with one mistake each: a transition dropped, led elsewhere, or robbed of an effect. An exploration that does
// not notice one has a hole, so the share of those it notices is kept by a test. The tables are those of the runtime;
// only a copy is changed.
import { stepTable } from "#actors/table_actor.js";
import { generatedMachines, type GeneratedMachine } from "#generated/machines.js";
import type { Configuration } from "./configuration.js";
import { explore, type Limits } from "./exploration.js";

export type MutantKind = "dropped" | "redirected" | "robbed";

export interface Mutant {
  readonly kind: MutantKind;
  readonly name: string;
  /** Where the mistake is: no exploration that never comes there can notice it. */
  readonly machine: number;
  readonly cell: number;
  readonly machines: readonly GeneratedMachine[];
}

export interface MutationScore {
  readonly killed: number;
  readonly survivors: readonly Mutant[];
  /** Mistakes at transitions that none of the configurations takes. */
  readonly untried: number;
}

const EFFECT_BITS = 2 ** 32;

function withCell(machine: GeneratedMachine, cell: number, value: number): readonly GeneratedMachine[] {
  const cells = machine.cells.map((old, at) => (at === cell ? value : old));
  return generatedMachines.map((each) => (each.code === machine.code ? { ...machine, cells } : each));
}

function mutantsOfCell(machine: GeneratedMachine, cell: number, kinds: readonly MutantKind[]): Mutant[] {
  const [state, event] = [Math.floor(cell / machine.events.length), cell % machine.events.length];
  const step = stepTable(machine, state, event);
  if (step === undefined) return [];
  const place = `${machine.name} ${machine.states[state]} ${machine.events[event]}`;
  const make = (kind: MutantKind, what: string, value: number): Mutant => ({
    kind, name: `${place} ${what}`, machine: machine.code, cell, machines: withCell(machine, cell, value),
  });
  const redirected = machine.states.flatMap((to, code) => code === step.to ? []
    : [make("redirected", `to ${to}`, code * EFFECT_BITS + step.mask)]);
  const robbed = machine.effects.flatMap((effect, bit) => (step.mask & (1 << bit)) === 0 ? []
    : [make("robbed", `without ${effect}`, step.to * EFFECT_BITS + (step.mask & ~(1 << bit)))]);
  const all = { dropped: [make("dropped", "dropped", -1)], redirected, robbed };
  return kinds.flatMap((kind) => all[kind]);
}

/** All mutants of these kinds, in the order of the catalogue. */
export function mutants(kinds: readonly MutantKind[]): readonly Mutant[] {
  return generatedMachines.flatMap((machine) =>
    machine.cells.flatMap((_, cell) => mutantsOfCell(machine, cell, kinds)));
}

/** How many of these mutants the configurations notice, each explored only where the mistake can show. */
export function scoreMutants(
  all: readonly Mutant[], configurations: readonly Configuration[], limits: Limits,
): MutationScore {
  const reach = configurations.map((configuration) => ({ configuration, taken: explore(configuration, limits).taken }));
  const survivors: Mutant[] = [];
  let [killed, untried] = [0, 0];
  for (const mutant of all) {
    const tries = reach.filter(({ taken }) => taken[mutant.machine - 1]?.[mutant.cell] === 1);
    if (tries.length === 0) untried += 1;
    else if (tries.some(({ configuration }) => isNoticed(mutant, configuration, limits))) killed += 1;
    else survivors.push(mutant);
  }
  return { killed, survivors, untried };
}

function isNoticed(mutant: Mutant, configuration: Configuration, limits: Limits): boolean {
  return explore(configuration, limits, mutant.machines).failure !== undefined;
}
