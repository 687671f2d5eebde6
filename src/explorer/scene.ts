// What all steps of an exploration share: the configuration, the machines, and who listens. Every transition of an
// actor goes through take(), by the same tables that the runtime uses; an event without a place breaks the run. What
// the region does is region.ts's. Read next: region.ts, exploration.ts.
import { stepTable } from "#actors/table_actor.js";
import type { GeneratedMachine } from "#generated/machines.js";
import type { TraceWriterName } from "#trace/writer.js";
import type { Configuration } from "./configuration.js";
import { shapeOf, type World, type Place, type Shape } from "./world_shape.js";

/** Something that must never be, with the sentence that says so. */
export class Broken extends Error {}

export function hold(holds: boolean, sentence: string): void {
  if (!holds) throw new Broken(sentence);
}

/** Who took a transition: for traces. */
export interface Who {
  readonly writer: TraceWriterName;
  /** Number among the actors of the same machine and lease. */
  readonly actor: number;
  /** Where its control lease stands: the slot itself, or the place of the slot plus 1. */
  readonly slot: { readonly known: number } | { readonly at: Place };
  readonly epoch: Place;
}

export interface Transition {
  readonly machine: number;
  readonly event: number;
  readonly from: number;
  readonly to: number;
  readonly argument: number;
}

export type Listener = (who: Who, transition: Transition, world: World) => void;

/** Every machine's cells with their effects spelt out. */
class CompiledMachine {
  readonly machine: GeneratedMachine;
  readonly #events: ReadonlyMap<string, number>;
  readonly #cells: readonly ({ readonly to: number; readonly effects: readonly string[] } | undefined)[];

  constructor(machine: GeneratedMachine) {
    this.machine = machine;
    this.#events = new Map(machine.events.map((event, code) => [event, code]));
    this.#cells = machine.cells.map((_, at) => {
      const count = machine.events.length;
      const step = stepTable(machine, Math.floor(at / count), at % count);
      return step && { to: step.to, effects: machine.effects.filter((_, bit) => (step.mask & (1 << bit)) !== 0) };
    });
  }

  event(name: string): number {
    return this.#events.get(name) ?? -1;
  }

  cell(state: number, event: number) {
    return this.#cells[state * this.machine.events.length + event];
  }
}

export class Scene {
  readonly configuration: Configuration;
  readonly shape: Shape;
  /** By machine code: whether state * events + event was ever taken. */
  readonly taken: readonly Uint8Array[];
  listener: Listener | undefined;
  readonly #machines: readonly CompiledMachine[];

  constructor(configuration: Configuration, machines: readonly GeneratedMachine[]) {
    this.configuration = configuration;
    this.shape = shapeOf(configuration);
    this.#machines = machines.map((machine) => new CompiledMachine(machine));
    this.taken = machines.map((machine) => new Uint8Array(machine.cells.length));
  }

  /** An event of an actor whose state stands at `at`: its effects, in order. */
  take(
    world: World, who: Who, machine: GeneratedMachine, at: Place, event: string, argument = 0,
  ): readonly string[] {
    const compiled = this.#machines[machine.code - 1] as CompiledMachine;
    const [from, code] = [world.get(at), compiled.event(event)];
    const cell = compiled.cell(from, code);
    if (cell === undefined)
      throw new Broken(`${machine.name} ${who.actor} has no place for ${event} in ${machine.states[from]}`);
    (this.taken[machine.code - 1] as Uint8Array)[from * machine.events.length + code] = 1;
    world.set(at, cell.to);
    hold(event !== "violated" || cell.effects.includes("countViolation"), `${machine.name} did not count a violation`);
    this.listener?.(who, { machine: machine.code, event: code, from, to: cell.to, argument }, world);
    return cell.effects;
  }

  isFinal(machine: GeneratedMachine, state: number): boolean {
    return (this.#machines[machine.code - 1] as CompiledMachine).machine.finals.includes(state);
  }
}

/** The number of a machine's state. */
export function stateOf<M extends GeneratedMachine>(machine: M, state: M["states"][number]): number {
  return machine.states.indexOf(state);
}

/** One thing that may happen next, of one process. */
export interface Step {
  readonly name: string;
  /** Whether it can happen; changes nothing. */
  can(world: World): boolean;
  go(world: World): void;
  /** Costs one of the budget: the world is unkind, and need not be. */
  readonly fault?: true;
}
