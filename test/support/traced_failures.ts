// Checks whose failures leave a trace: what led there is told again, to src/trace/failure_trace.ts.
import { cancellation, pageLease, scan } from "#generated/machines.js";
import { FailureTrace } from "#trace/failure_trace.js";
import type { TraceSource } from "#trace/format/trace_record.js";
import type { WriterKind } from "#trace/writer.js";

/** Who runs a machine in the worker: jobs' machines run on executor threads. */
export function workerKindOf(machine: number): WriterKind {
  return [scan.code, cancellation.code, pageLease.code].some((code) => code === machine) ? "executor" : "worker";
}

/**
 * Runs a check; when it throws, what led there is told again by `retell`, written as a trace, and the error says where.
 * With a shrinking generator the last file is of the smallest failure.
 */
export function tracingFailures(
  name: string, source: TraceSource, check: () => void, retell: (trace: FailureTrace) => void,
): void {
  try {
    check();
  } catch (error) {
    const trace = new FailureTrace(source);
    try {
      retell(trace);
    } catch {
      // It fails again, as it should: what it did until then is the story.
    }
    trace.remark(error instanceof Error ? error.message : String(error));
    const path = trace.write(name);
    if (error instanceof Error) error.message += `\n(trace: ${path})`;
    throw error;
  }
}
