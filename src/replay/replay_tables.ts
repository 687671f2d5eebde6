// Plays back PostgreSQL's side, and pages: actors that run as tables in C. Every recorded event is put to the same
// table in TypeScript; state and effects must come out as recorded, and each actor must stand where it was left.
import { stepTable } from "#actors/table_actor.js";
import { generatedMachines, pageLease } from "#generated/machines.js";
import type { TraceRecord } from "#trace/format/trace_record.js";
import { DivergenceError, type Tape } from "./tape.js";

/** Which actor a transition belongs to: pages have one each, all others one for each machine and number. */
const actorKey = ({ slot, session, machine, actor }: TraceRecord): string => `${slot} ${session} ${machine} ${actor}`;

/** A page's states are seen by several processes; one process knows only that it follows its own. */
const isPage = (record: TraceRecord): boolean => record.machine === pageLease.code;

/**
 * Plays all transitions of a tape; throws DivergenceError. When the tape may begin in the middle, an actor is believed
 * about the state in which it is first seen.
 */
export function replayTables(tape: Tape, fromBeginning: boolean): void {
  const states = new Map<string, number>();
  const recorder = tape.recorder.bind(tape);
  for (let record = tape.peek(); record !== undefined; record = tape.peek()) {
    // Machine 0 is a note of the flight recorder.
    if (record.kind !== "transition" || record.machine === 0) {
      tape.take();
      continue;
    }
    const machine = generatedMachines[record.machine - 1];
    if (machine === undefined) tape.diverge(tape.take(), "machine", String(record.machine), "none of this build");
    const first = isPage(record) || !fromBeginning ? record.from : machine.initial;
    const standing = isPage(record) ? first : states.get(actorKey(record)) ?? first;
    const step = stepTable(machine, standing, record.code);
    if (step === undefined) {
      tape.take();
      tape.diverge(record, "event", machine.events[record.code] ?? String(record.code),
        `a violation in state ${machine.states[standing] ?? standing}`);
    }
    recorder(record.actor).transition(
      record.machine, record.code, standing, step.to, record.argument, record.cause);
    states.set(actorKey(record), step.to);
  }
  if (tape.ended instanceof DivergenceError) throw tape.ended;
}
