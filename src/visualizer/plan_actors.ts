// Which actors of a session do an operator's work, and the other way round: a scan has the worker's scan machine and
// its producers, everything else is computed by the executor, under the execution's machine on the worker's side.
import { cancellation, executionBackend, executionWorker, scan, scanProducer } from "#generated/machines.js";
import type { ShownPlan } from "./shown_plan.js";
import type { TraceStore } from "./trace_store.js";

const executing: readonly number[] = [executionWorker.code, cancellation.code];

/** Of a session, by the number of an operator. The backend, which reads the result, is at the root. */
export function actorsOfOperator(
  store: TraceStore, session: number, { operators }: ShownPlan, number: number,
): readonly number[] {
  const operator = operators[number];
  if (operator === undefined) return [];
  return (store.sessions[session]?.actors ?? []).filter((id) => {
    const actor = store.actors[id];
    if (actor === undefined) return false;
    const scans = actor.machine === scan.code || actor.machine === scanProducer.code;
    if (operator.leaf !== undefined) return scans && actor.leaf === operator.leaf;
    return executing.includes(actor.machine) || (number === 0 && actor.machine === executionBackend.code);
  });
}

/** Operators that an actor works for. */
export function operatorsOfActor(store: TraceStore, { operators }: ShownPlan, actor: number): readonly number[] {
  const { machine, leaf } = store.actors[actor] ?? { machine: 0, leaf: -1 };
  if (machine === executionBackend.code) return operators.length > 0 ? [0] : [];
  return operators.filter((operator) => {
    if (machine === scan.code || machine === scanProducer.code) return operator.leaf === leaf;
    return executing.includes(machine) && operator.leaf === undefined;
  }).map(({ number }) => number);
}
