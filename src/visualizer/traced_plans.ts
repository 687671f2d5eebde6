// Plans out of a full trace: the plan that StartExecution carried, with the numbers that ExecutionFinished brought
// back. Lower levels hold no messages, so they have none. Read next: shown_plan.ts.
import { decodeExecutionFinished, decodeStartExecution, type OperatorStats } from "#codec/execution_message.js";
import { decodePhysicalPlan } from "#codec/physical_codec.js";
import { MessageType } from "#generated/layout.js";
import { explainOperators } from "#plan/explain.js";
import type { Trace } from "#trace/format/trace_reader.js";
import type { TraceRecord } from "#trace/format/trace_record.js";
import type { ShownOperator, ShownPlan } from "./shown_plan.js";

const named = ({ slot, session }: TraceRecord): string => `${slot}/${session}`;

function messages(trace: Trace, kind: "received" | "sent", type: number): readonly TraceRecord[] {
  return trace.writers.flatMap(({ records }) =>
    records.filter((record) => record.kind === kind && record.code === type && record.data.length > 0));
}

function actualOf(stats: OperatorStats | undefined): Partial<ShownOperator> {
  if (stats === undefined) return {};
  return {
    actualRows: stats.rowsOut, timeMs: stats.timeNs / 1e6, pages: stats.pages, bytes: stats.bytes,
    memoryKb: Math.ceil(stats.memoryBytes / 1024),
  };
}

/** A message of another build, or one that was cut short, shows nothing rather than stops everything. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function planOf(start: TraceRecord, stats: readonly OperatorStats[]): ShownPlan | undefined {
  return attempt(() => {
    const plan = decodePhysicalPlan(decodeStartExecution(start.data).plan);
    const operators = explainOperators(plan, { leafNames: [], verbose: true }).map((operator, number) => (
      { ...operator, number, ...actualOf(stats.find((each) => each.operator === number)) }));
    return { session: { slot: start.slot, epoch: start.session }, operators, scans: [] };
  });
}

export function plansOfTrace(trace: Trace): readonly ShownPlan[] {
  const stats = new Map<string, readonly OperatorStats[]>();
  for (const record of messages(trace, "sent", MessageType.ExecutionFinished))
    stats.set(named(record), attempt(() => decodeExecutionFinished(record.data).operators) ?? []);
  return messages(trace, "received", MessageType.StartExecution)
    .map((start) => planOf(start, stats.get(named(start)) ?? []))
    .filter((plan) => plan !== undefined);
}
