// Which parts of a message a replay must repeat: all of them, but for the times that measure the machine they were
// taken on. Anything else that differs is a divergence. The tape itself is tape.ts.
import { decodeExecutionFinished } from "#codec/execution_message.js";
import { decodePlanReady } from "#codec/plan_answer_message.js";
import { edgeCallArguments } from "#frontend/edge_calls.js";
import { MessageType } from "#generated/layout.js";
import type { TraceRecord } from "#trace/format/trace_record.js";
import type { Tape } from "./tape.js";

type Tree = unknown;

const words = (value: Tree): string =>
  JSON.stringify(value, (_, each: unknown) => {
    if (typeof each === "bigint") return String(each);
    return each instanceof Uint8Array ? Buffer.from(each).toString("hex") : each;
  }) ?? "undefined";

/** The first field in which two decoded messages differ. */
function firstDifference(then: Tree, now: Tree, path: string): { path: string; then: Tree; now: Tree } | undefined {
  const bothObjects = typeof then === "object" && typeof now === "object" && then !== null && now !== null &&
    !(then instanceof Uint8Array) && !(now instanceof Uint8Array);
  if (!bothObjects) return words(then) === words(now) ? undefined : { path, then, now };
  const names = new Set([...Object.keys(then), ...Object.keys(now)]);
  for (const name of names) {
    const [before, after] = [(then as Record<string, Tree>)[name], (now as Record<string, Tree>)[name]];
    const found = firstDifference(before, after, path === "" ? name : `${path}.${name}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A message without the times that nobody can repeat. */
function repeatable(type: number, payload: Uint8Array): Tree {
  if (type === MessageType.ExecutionFinished) {
    const { compileNs: _, codeBytes: _b, codeModules: _m, operators, ...rest } = decodeExecutionFinished(payload);
    // Which code there was already is the thread's history: pages done again while more was made belong to it.
    return { ...rest, operators: operators.map(({ timeNs: __, redoPages: ___, ...each }) => each) };
  }
  const { planningNs: _, ...rest } = decodePlanReady(payload, edgeCallArguments);
  return rest;
}

/** Compares what is sent now with what was sent then. */
export function compareMessage(tape: Tape, record: TraceRecord, payload: Uint8Array): void {
  const type = record.code;
  if (type !== MessageType.ExecutionFinished && type !== MessageType.PlanReady) {
    tape.sameData(record, "message", payload);
    return;
  }
  tape.checkData(record);
  const found = firstDifference(repeatable(type, record.data), repeatable(type, payload), "");
  if (found !== undefined) tape.diverge(record, found.path, words(found.then), words(found.now));
}
