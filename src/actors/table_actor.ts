// Runs one machine from its generated table: a step is an array read, so that actors cost nanoseconds in the worker.
// Not XState's interpreter: the definition is in <name>/<name>.machine.ts, and a test holds table and definition
// together. Every transition is recorded. Read next: ports.ts.
import type { GeneratedMachine } from "#generated/machines.js";

export type StateOf<M extends GeneratedMachine> = M["states"][number];
export type EventOf<M extends GeneratedMachine> = M["events"][number];
export type EffectOf<M extends GeneratedMachine> = M["effects"][number];

/** Takes every transition of one actor to the flight recorder; bound to its session. */
export interface TransitionRecorder {
  transition(
    machine: number, event: number, from: number, to: number, argument: number, cause: number,
  ): void;
}

const EFFECT_BITS = 2 ** 32;

/** Effect lists by machine and mask: the same few masks come again with every execution. */
const effectLists = new Map<GeneratedMachine, Map<number, readonly string[]>>();

function effectsOf(machine: GeneratedMachine, mask: number): readonly string[] {
  let lists = effectLists.get(machine);
  if (lists === undefined) effectLists.set(machine, (lists = new Map()));
  let list = lists.get(mask);
  if (list === undefined)
    lists.set(mask, (list = machine.effects.filter((_, bit) => (mask & (1 << bit)) !== 0)));
  return list;
}

/** One step of a machine's table: the next state and the effect mask, or undefined for a violation. */
export function stepTable(
  machine: GeneratedMachine, state: number, event: number,
): { readonly to: number; readonly mask: number } | undefined {
  const cell = machine.cells[state * machine.events.length + event] ?? -1;
  if (cell < 0) return undefined;
  const to = Math.floor(cell / EFFECT_BITS);
  return { to, mask: cell - to * EFFECT_BITS };
}

export class TableActor<M extends GeneratedMachine> {
  readonly #machine: M;
  readonly #recorder: TransitionRecorder;
  #state: number;

  constructor(machine: M, recorder: TransitionRecorder) {
    this.#machine = machine;
    this.#recorder = recorder;
    this.#state = machine.initial;
  }

  get state(): StateOf<M> {
    return this.#machine.states[this.#state] as StateOf<M>;
  }

  get final(): boolean {
    return this.#machine.finals.includes(this.#state);
  }

  accepts(event: EventOf<M>): boolean {
    return stepTable(this.#machine, this.#state, this.#machine.events.indexOf(event)) !== undefined;
  }

  /**
   * Takes one event and returns its effects in the order they are to happen; undefined when the event has no
   * place in the state: then nothing has changed. `argument` and `cause` go to the record.
   */
  send(event: EventOf<M>, argument = 0, cause = 0): readonly EffectOf<M>[] | undefined {
    const code = this.#machine.events.indexOf(event);
    const step = stepTable(this.#machine, this.#state, code);
    if (step === undefined) return undefined;
    this.#recorder.transition(this.#machine.code, code, this.#state, step.to, argument, cause);
    this.#state = step.to;
    return effectsOf(this.#machine, step.mask) as readonly EffectOf<M>[];
  }
}
