// Which kind of writer sends the message that an event stands for: the recorder's causes are numbers of the sender, and
// every writer counts for itself. A trace file names the sender's ring as well.
import {
  executionBackend, executionWorker, planningBackend, planningWorker, scanProducer, type GeneratedMachine,
} from "#generated/machines.js";
import type { WriterKind } from "#trace/writer.js";
import { NOTES } from "./state_kinds.js";

/** Errors are sent by the main thread once the job is gone; what else a job says, its executor says. */
const byEvent: Readonly<Record<string, WriterKind>> = {
  [`${executionBackend.name} startedReceived`]: "executor",
  [`${executionBackend.name} finishedReceived`]: "executor",
  [`${executionBackend.name} failedReceived`]: "worker",
};

const byMachine: ReadonlyMap<number, WriterKind> = new Map<number, WriterKind>([
  [planningBackend.code, "worker"], [planningWorker.code, "backend"], [executionBackend.code, "executor"],
  [executionWorker.code, "backend"], [scanProducer.code, "executor"], [NOTES, "executor"],
]);

const named: readonly GeneratedMachine[] = [executionBackend];

/** Who sends what this event receives; undefined for events that are no messages. */
export function senderOf(machine: number, event: number): WriterKind | undefined {
  const known = named.find(({ code }) => code === machine);
  return (known && byEvent[`${known.name} ${known.events[event]}`]) ?? byMachine.get(machine);
}
