// Connects the worker's parts on the main thread: doorbells to sessions, sessions to the planner and to executor
// threads, reports back. Every port of actors/ports.ts gets its body here. The process around it is main.ts.
import type { ControlPort, PlannerPort, SessionLease } from "#actors/ports.js";
import { FusionError } from "#base/errors.js";
import { RECORDING_SILENT } from "#generated/layout.js";
import type { Transport } from "#transport/transport.js";
import { Captures } from "./capture/captures.js";
import { ExecutorPool, type ExecutorLink } from "./executor_pool.js";
import type { ExecutorReport } from "./executor_ports.js";
import { noteStaleFrames, type FlightPen } from "./flight_pen.js";
import { SessionTable } from "./session_table.js";

export interface WorkerParts {
  readonly transport: Transport;
  readonly pen: FlightPen;
  readonly planner: PlannerPort;
  /** Where backends make trace files. */
  readonly captureFolder: string;
  complain(text: string): void;
}

/** The worker's main thread, ready to be rung. */
export interface WiredWorker {
  readonly sessions: SessionTable;
  readonly pool: ExecutorPool;
  /** News for some control slots. */
  ring(slots: readonly number[]): void;
  /** An executor thread came up. */
  addExecutor(link: ExecutorLink): void;
  /** A message of an executor thread. */
  report(report: ExecutorReport): void;
}

function controlPort({ transport, pen, complain }: WorkerParts): ControlPort {
  const { control } = transport;
  return {
    send: (lease, type, payload) => {
      // Stale: the backend has left, its close is on the way. Full would take more than a conversation ever says.
      if (control.send(lease, type, payload, pen.lastSequence) === "full")
        throw new FusionError({
          code: "limitReached", sqlstate: "54000", message: `pg_fusion: slot ${lease.slot} takes no more messages`,
        });
    },
    detach: (lease) => {
      const swept = control.detach(lease);
      if (swept > 0) complain(`session ${lease.slot}/${lease.epoch}: ${swept} pages were swept`);
    },
    countViolation: (lease, text) => {
      transport.countViolation();
      complain(`session ${lease.slot}/${lease.epoch}: ${text}`);
    },
    recorder: (lease) => pen.recorder(lease, 0, (control.recording(lease) & RECORDING_SILENT) !== 0),
  };
}

export function wireWorker(parts: WorkerParts): WiredWorker {
  const { transport, pen, captureFolder, complain } = parts;
  const captures = new Captures({ transport, pen, folder: captureFolder, complain }, { kind: "worker", number: 0 });
  const pool = new ExecutorPool({
    assignExecutor: (lease: SessionLease, executor) => transport.control.assignExecutor(lease, executor),
  });
  const sessions = new SessionTable({
    door: transport.control,
    control: controlPort(parts),
    planner: parts.planner,
    jobs: pool,
    makeCaptured: (lease, planning, ports, make) => captures.session(lease, planning, ports, make),
    complain,
  });
  noteStaleFrames(transport.control, transport.control, pen);
  return {
    sessions,
    pool,
    addExecutor: (link) => pool.add(link),
    ring: (slots) => sessions.ring(slots),
    report: (report) => {
      pool.note(report);
      if (report.kind === "job") sessions.report(report.lease, report.report);
    },
  };
}
