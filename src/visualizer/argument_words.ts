// What the number in a record's `argument` means, by machine and event: a page, rows, bytes, an executor, a reason or
// a SQLSTATE. The recorder writes numbers only (schemas/layout/flight.json).
import { CLOSE_CAUSE_SHIFT } from "#generated/layout.js";
import {
  executionBackend, executionWorker, pageLease, planningBackend, scanProducer, spillDirectory, type GeneratedMachine,
} from "#generated/machines.js";
import { sqlstateOf } from "#trace/sqlstate.js";
import { eventName, NOTES } from "./state_kinds.js";

type Meaning = (argument: number) => readonly [name: string, value: string];

const plain = (name: string): Meaning => (argument) => [name, String(argument)];
/** CloseExecution.reason and StopScan.reason (schemas/control). */
const closeReasons = ["finished", "enough", "cancelled", "error in the backend"];
const stopReasons = ["the engine has enough", "the job ends"];
const worded = (words: readonly string[]): Meaning => (argument) => ["reason", words[argument] ?? String(argument)];
/** CLOSE_CAUSE_* (schemas/layout/flight.json), from 1. */
const closeCauses = [
  "", "cancel request", "statement timeout", "lock timeout", "terminated", "client gone", "recovery conflict", "error",
];

/** How a backend ended a conversation, and what made it. */
function closing(argument: number): readonly [string, string] {
  const [reason, cause] = [argument & ((1 << CLOSE_CAUSE_SHIFT) - 1), argument >>> CLOSE_CAUSE_SHIFT];
  const words = closeReasons[reason] ?? String(reason);
  return ["reason", cause === 0 ? words : `${words}: ${closeCauses[cause] ?? String(cause)}`];
}

const page = plain("page");
const executor = plain("executor");

const byMachine: readonly (readonly [GeneratedMachine, Readonly<Record<string, Meaning>>])[] = [
  [planningBackend, { request: plain("bytes sent"), abandon: closing }],
  [executionBackend, {
    start: plain("bytes sent"), resultPageImported: plain("rows"), enough: closing, cancel: closing, abort: closing,
  }],
  [executionWorker, {
    jobStarted: executor, inputsEnded: executor, jobFinished: executor, jobFailed: executor,
    jobDisposed: executor, closeReceived: executor,
  }],
  [scanProducer, {
    pageIssued: plain("rows"), pageAcquired: page, pageReturned: page, stop: worded(stopReasons),
    fail: (argument) => ["SQLSTATE", sqlstateOf(argument) ?? String(argument)],
  }],
  [spillDirectory, { fileOpened: plain("file"), fileClosed: plain("open files"), removed: plain("files") }],
  [pageLease, Object.fromEntries(pageLease.events.map((event) => [event, page]))],
];

/** A record's argument in words; undefined where it says nothing. */
export function argumentWords(machine: number, event: number, argument: number): readonly [string, string] | undefined {
  if (machine === NOTES) return ["message type", String(argument)];
  const known = byMachine.find(([{ code }]) => code === machine)?.[1][eventName(machine, event)];
  return known?.(argument) ?? (argument === 0 ? undefined : ["argument", String(argument)]);
}
