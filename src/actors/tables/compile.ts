// Compiles a machine to an integer table by exhausting it: from the initial state every event is tried in every
// state reached, through XState's own pure functions. It knows nothing of C or of files; scripts/generate/machines.mjs
// writes what it returns, and tests compare the table with the machine again.
import {
  initialTransition, transition, type AnyMachineSnapshot, type AnyStateMachine,
} from "xstate";
import { FusionError } from "#base/errors.js";

/** States of one machine, at most: they travel as one byte in flight records. */
const STATES_MAX = 64;
/** Effects of one machine, at most: a set of them is one 32-bit mask. */
const EFFECTS_MAX = 32;

export interface MachineCell {
  /** Index of the next state. */
  readonly to: number;
  /** Effects in the order the machine names them, as indexes into `effects`. */
  readonly effects: readonly number[];
}

export interface MachineTable {
  /** In the order of the definition; the initial state is at `initial`. */
  readonly states: readonly string[];
  readonly initial: number;
  readonly finals: readonly boolean[];
  /** Full event types, in the order of the definition. */
  readonly events: readonly string[];
  /** Effect names: an action's name, followed by its parameters' values. */
  readonly effects: readonly string[];
  /** cells[state][event]; undefined is a protocol violation. */
  readonly cells: readonly (readonly (MachineCell | undefined)[])[];
}

function notFinite(machine: AnyStateMachine, why: string): FusionError {
  return new FusionError({
    code: "internal",
    sqlstate: "XX000",
    message: `machine ${machine.id} cannot be compiled to a table: ${why}`,
  });
}

/** The state name of a snapshot; leaf machines are flat and carry no context. */
function stateOf(machine: AnyStateMachine, snapshot: AnyMachineSnapshot): string {
  if (typeof snapshot.value !== "string") throw notFinite(machine, "it has nested states");
  if (Object.keys(snapshot.context as object).length > 0) throw notFinite(machine, "it has a context");
  return snapshot.value;
}

interface Effect {
  readonly type: string;
  readonly params?: unknown;
}

/** "closeSession" with { reason: "enough" } is the effect closeSessionEnough. */
export function effectName(effect: Effect): string {
  const values = Object.values((effect.params ?? {}) as Record<string, string>);
  return effect.type + values.map((v) => v.charAt(0).toUpperCase() + v.slice(1)).join("");
}

/** Snapshots of every reachable state, by name. */
function explore(machine: AnyStateMachine, events: readonly string[]) {
  const [initial, startEffects] = initialTransition(machine);
  if (startEffects.length > 0) throw notFinite(machine, "it has effects before the first event");
  const found = new Map<string, AnyMachineSnapshot>([[stateOf(machine, initial), initial]]);
  for (const snapshot of found.values()) {
    for (const type of events) {
      if (!snapshot.can({ type })) continue;
      const [next] = transition(machine, snapshot, { type });
      const name = stateOf(machine, next);
      if (!found.has(name)) found.set(name, next);
      if (found.size > STATES_MAX) throw notFinite(machine, `more than ${STATES_MAX} states`);
    }
  }
  return { initial: stateOf(machine, initial), found };
}

/** Event types in the order in which the definition first mentions them. */
function declaredEvents(machine: AnyStateMachine): string[] {
  const events = new Set<string>();
  for (const state of Object.values(machine.states))
    for (const type of state.ownEvents) events.add(type);
  return [...events];
}

interface NamedStep {
  readonly to: string;
  readonly effects: readonly Effect[];
}

/** Effect names used, in the order in which setup() declares their actions: so they happen. */
function orderedEffects(machine: AnyStateMachine, steps: readonly NamedStep[]): string[] {
  const declared = Object.keys(machine.implementations.actions);
  const used = new Map<string, number>();
  for (const step of steps)
    for (const effect of step.effects) used.set(effectName(effect), declared.indexOf(effect.type));
  const names = [...used.keys()].sort((a, b) => (used.get(a) ?? 0) - (used.get(b) ?? 0));
  if (names.length > EFFECTS_MAX) throw notFinite(machine, `more than ${EFFECTS_MAX} effects`);
  return names;
}

function cellOf(machine: AnyStateMachine, step: NamedStep, states: string[], names: string[]): MachineCell {
  const effects = step.effects.map((effect) => names.indexOf(effectName(effect)));
  const ascending = effects.every((effect, i) => i === 0 || effect > (effects[i - 1] ?? effect));
  if (!ascending)
    throw notFinite(machine, `effects ${step.effects.map(effectName).join(", ")} are out of declared order`);
  return { to: states.indexOf(step.to), effects };
}

/**
 * Compiles one machine; one that is not finite, flat and free of context is a programming error. The effects of every
 * transition must stand in the order of their declaration, because a bit mask keeps no other.
 */
export function compileMachine(machine: AnyStateMachine): MachineTable {
  const events = declaredEvents(machine);
  const states = Object.keys(machine.states);
  const { initial, found } = explore(machine, events);
  const unreached = states.filter((state) => !found.has(state));
  if (unreached.length > 0) throw notFinite(machine, `unreachable states ${unreached.join(", ")}`);
  const snapshots = states.map((state) => found.get(state) as AnyMachineSnapshot);
  const steps = snapshots.map((snapshot) => events.map((type): NamedStep | undefined => {
    if (!snapshot.can({ type })) return undefined;
    const [next, effects] = transition(machine, snapshot, { type });
    return { to: stateOf(machine, next), effects };
  }));
  const effects = orderedEffects(machine, steps.flat().filter((step) => step !== undefined));
  const cells = steps.map((row) =>
    row.map((step) => step && cellOf(machine, step, states, effects)));
  const finals = snapshots.map((snapshot) => snapshot.status === "done");
  return { states, initial: states.indexOf(initial), finals, events, effects, cells };
}

