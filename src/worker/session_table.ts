// The sessions of the worker, one per control slot in use: finds the session a frame or a report belongs to, makes one
// for a first frame, forgets it when it is closed. What goes wrong in one session ends that session only.
import type {
  ControlPort, JobPort, JobReport, PlannerPort, Session, SessionFrame, SessionLease,
} from "#actors/ports.js";
import { ExecutionSession } from "#actors/execution_worker/execution_worker.effects.js";
import { PlanningSession } from "#actors/planning_worker/planning_worker.effects.js";
import { MessageType } from "#generated/layout.js";
import type { Captures } from "./capture/captures.js";
import type { SessionSurroundings } from "./capture/session_capture.js";

export interface ReceivedFrame extends SessionFrame {
  readonly epoch: number;
}

/** The receiving end of the control rings. */
export interface ControlDoor {
  /** The next whole frame of a slot, also sends on what did not fit before; throws on a frame that does not verify. */
  receive(slot: number): ReceivedFrame | undefined;
  /** The slot's present lease while the worker owns it. */
  lease(slot: number): { readonly epoch: number; readonly open: boolean } | undefined;
}

export interface SessionPorts {
  readonly door: ControlDoor;
  readonly control: ControlPort;
  readonly planner: PlannerPort;
  readonly jobs: JobPort;
  /** Makes the sessions whose steps are written to a trace, and nothing for all others. */
  readonly makeCaptured?: Captures["session"];
  complain(text: string): void;
}

export class SessionTable {
  readonly #ports: SessionPorts;
  readonly #sessions = new Map<number, Session>();

  constructor(ports: SessionPorts) {
    this.#ports = ports;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** News for some slots: frames, room in a ring, or a closed lease. */
  ring(slots: readonly number[]): void {
    for (const slot of slots) this.#serve(slot);
  }

  /** A job's report; a session that is gone has made its peace with the job before. */
  report(lease: SessionLease, report: JobReport): void {
    const session = this.#sessions.get(lease.slot);
    if (session?.lease.epoch !== lease.epoch || session.report === undefined) {
      this.#ports.complain(`session ${lease.slot}/${lease.epoch}: a ${report.kind} report came late`);
      return;
    }
    this.#guarded(session, () => session.report?.(report));
  }

  #serve(slot: number): void {
    for (;;) {
      const frame = this.#receive(slot);
      if (frame === "broken") break;
      if (frame === undefined) break;
      const session = this.#sessionFor(slot, frame);
      this.#guarded(session, () => session.receive(frame));
    }
    this.#noticeClose(slot);
  }

  /** A frame that does not verify breaks its session; nothing more is read from that ring. */
  #receive(slot: number): ReceivedFrame | undefined | "broken" {
    try {
      return this.#ports.door.receive(slot);
    } catch (error) {
      const lease = this.#ports.door.lease(slot);
      if (lease === undefined) return "broken";
      const session = this.#sessionOf({ slot, epoch: lease.epoch }, MessageType.PlanRequest);
      this.#guarded(session, () => session.break(error));
      return "broken";
    }
  }

  #sessionFor(slot: number, frame: ReceivedFrame): Session {
    return this.#sessionOf({ slot, epoch: frame.epoch }, frame.type);
  }

  /** The session of a lease; the type of its first frame decides what it is. */
  #sessionOf(lease: SessionLease, firstType: MessageType): Session {
    const known = this.#sessions.get(lease.slot);
    if (known?.lease.epoch === lease.epoch) return known;
    // The slot cannot have been leased anew before the worker detached, so no other session is in the way.
    const { control, planner, jobs } = this.#ports;
    const planning = firstType !== MessageType.StartExecution;
    const make = (ports: SessionSurroundings): Session => planning
      ? new PlanningSession(lease, ports.control, ports.planner)
      : new ExecutionSession(lease, ports.control, ports.jobs);
    const ports = { control, planner, jobs };
    const session = this.#ports.makeCaptured?.(lease, planning, ports, make) ?? make(ports);
    this.#sessions.set(lease.slot, session);
    return session;
  }

  /** Closing is visible in the slot even when no CloseExecution fitted into the ring. */
  #noticeClose(slot: number): void {
    const lease = this.#ports.door.lease(slot);
    if (lease === undefined || lease.open) return;
    const session = this.#sessions.get(slot);
    if (session?.lease.epoch === lease.epoch) this.#guarded(session, () => session.backendClosed());
    else this.#ports.control.detach({ slot, epoch: lease.epoch });
  }

  #guarded(session: Session, work: () => void): void {
    try {
      work();
    } catch (error) {
      const text = error instanceof Error ? error.stack ?? error.message : String(error);
      this.#ports.complain(`session ${session.lease.slot}: ${text}`);
      this.#breakQuietly(session, error);
    }
    if (session.closed && this.#sessions.get(session.lease.slot) === session)
      this.#sessions.delete(session.lease.slot);
  }

  #breakQuietly(session: Session, error: unknown): void {
    try {
      if (!session.closed) session.break(error);
    } catch (second) {
      this.#ports.complain(`session ${session.lease.slot}: ${String(second)}`);
    }
  }
}
