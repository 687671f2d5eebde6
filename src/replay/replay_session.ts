// Plays back the main thread's part of a session: the real session actor over ports that answer from the tape. In
// full recordings the real planner plans again, and its answer is compared. Jobs are replay_job.ts's.
import { ExecutionSession } from "#actors/execution_worker/execution_worker.effects.js";
import { PlanningSession } from "#actors/planning_worker/planning_worker.effects.js";
import type { ControlPort, JobPort, JobReport, PlannerPort, Session, SessionLease } from "#actors/ports.js";
import { decodeExecutionFailed, encodeStartExecution } from "#codec/execution_message.js";
import { MessageType } from "#generated/layout.js";
import { jobReports, TraceCall, TraceInput } from "#trace/format/trace_call.js";
import type { TraceRecord } from "#trace/format/trace_record.js";
import { compareMessage } from "./message_comparison.js";
import { recordedError, type Tape } from "./tape.js";

function controlPort(tape: Tape): ControlPort {
  return {
    send: (_, type, payload) =>
      tape.sent(type, payload, 0, (record, bytes) => compareMessage(tape, record, bytes)),
    detach: () => void tape.call(TraceCall.detach),
    countViolation: () => void tape.call(TraceCall.countViolation),
    recorder: () => tape.recorder(0),
  };
}

function jobPort(tape: Tape): JobPort {
  return {
    assign: () => tape.call(TraceCall.assignJob).argument,
    dispose: () => void tape.call(TraceCall.disposeJob),
  };
}

/** Plans again when the request is on the tape, else answers as then; the answer's bytes are compared when sent. */
function plannerPort(tape: Tape, planner: PlannerPort): PlannerPort {
  return {
    plan: (payload) => {
      if (!tape.full) {
        const planned = tape.call(TraceCall.plan).argument === 0;
        return { kind: planned ? "planned" : "refused", payload: new Uint8Array(0) };
      }
      return tape.compared(TraceCall.plan, () => planner.plan(payload), (record, { kind }) =>
        tape.same(record, "answer", record.argument === 0 ? "planned" : "refused", kind));
    },
  };
}

/** The payload of a received message; in control recordings one that says nothing. */
function payloadOf(tape: Tape, record: TraceRecord): Uint8Array {
  tape.checkData(record);
  if (tape.full || record.code !== MessageType.StartExecution) return record.data;
  return encodeStartExecution({
    plan: new Uint8Array(0), planDigest: 0n, producers: [], parameters: [], permitsScan: 0, permitsResult: 0,
    analyze: false, filters: [], memoryKb: 0, spillLimitKb: -1,
  });
}

/** A report as it was, with the error's text where the recording has it. */
function reportOf(record: TraceRecord): JobReport {
  const kind = jobReports[record.argument] ?? "disposed";
  if (kind !== "failed") return { kind };
  const failed = record.data.length > 0
    ? decodeExecutionFailed(record.data)
    : { sqlstate: "XX000", message: "", detail: "", hint: "" };
  return { kind, failed };
}

function feed(tape: Tape, session: Session, record: TraceRecord): void {
  if (record.kind === "received") {
    const type = record.code as MessageType;
    session.receive({ type, sequence: record.cause, payload: payloadOf(tape, record) });
    return;
  }
  if (record.kind === "input")
    switch (record.code) {
      case TraceInput.backendClosed:
        return session.backendClosed();
      case TraceInput.broke:
        return session.break(recordedError(record));
      case TraceInput.report:
        tape.checkData(record);
        return session.report?.(reportOf(record));
    }
  tape.diverge(record, "kind", record.kind, "nothing: the session was done with its input");
}

/** Plays a session's tape to its end; throws DivergenceError or TapeEnded. */
export function replaySession(tape: Tape, lease: SessionLease, planner: PlannerPort): void {
  const began = tape.expect("input", TraceInput.sessionBegan, "sessionBegan");
  const control = controlPort(tape);
  const session = began.argument === 0
    ? new PlanningSession(lease, control, plannerPort(tape, planner))
    : new ExecutionSession(lease, control, jobPort(tape));
  while (tape.peek() !== undefined) {
    feed(tape, session, tape.take());
    // Whatever the session's own code caught on its way out, the tape knows why it ended.
    if (tape.ended !== undefined) throw tape.ended;
  }
}
