// The worker's whole conversations with a scripted backend: planning, execution, cancel at each step, violations.
// No rings, no threads, no time: frames in, frames and orders out.
import { describe, expect, test } from "vitest";
import type { JobOrder, JobReport, PlanAnswer, SessionLease } from "#actors/ports.js";
import { FusionError } from "#base/errors.js";
import {
  decodeExecutionFailed, encodeCloseExecution, encodeStartExecution,
} from "#codec/execution_message.js";
import { MessageType } from "#generated/layout.js";
import { SessionTable, type ReceivedFrame } from "#worker/session_table.js";
import { fakeOrder } from "../../support/fake_job_world.js";

const SLOT = 3;
const lease = { slot: SLOT, epoch: 7 };
const startPayload = encodeStartExecution(fakeOrder(1).start);
const closePayload = encodeCloseExecution({ reason: "finished" });
const finished: JobReport = { kind: "finished" };
const failed: JobReport = {
  kind: "failed", failed: { sqlstate: "22012", message: "division by zero", detail: "", hint: "" },
};

class World {
  frames: (ReceivedFrame | Error)[] = [];
  current: { epoch: number; open: boolean } | undefined = { epoch: 7, open: true };
  readonly sent: { readonly type: number; readonly payload: Uint8Array }[] = [];
  readonly orders: JobOrder[] = [];
  readonly disposals: SessionLease[] = [];
  readonly complaints: string[] = [];
  detached = 0;
  violations = 0;
  answer: () => PlanAnswer = () => ({ kind: "planned", payload: new Uint8Array(8) });
  readonly table = new SessionTable({
    door: {
      receive: () => {
        const frame = this.frames.shift();
        if (frame instanceof Error) throw frame;
        return frame;
      },
      lease: () => this.current,
    },
    control: {
      send: (_, type, payload) => void this.sent.push({ type, payload }),
      detach: () => {
        this.detached += 1;
        this.current = undefined;
      },
      countViolation: () => void (this.violations += 1),
      recorder: () => ({ transition: () => undefined }),
    },
    planner: { plan: () => this.answer() },
    jobs: {
      assign: (order) => {
        this.orders.push(order);
        return 1;
      },
      dispose: (at) => void this.disposals.push(at),
    },
    complain: (text) => void this.complaints.push(text),
  });

  receive(type: MessageType, payload: Uint8Array = new Uint8Array(8)): void {
    this.frames.push({ epoch: 7, type, sequence: 1, payload });
    this.table.ring([SLOT]);
  }

  start(): void {
    this.receive(MessageType.StartExecution, startPayload);
  }

  close(): void {
    this.receive(MessageType.CloseExecution, closePayload);
  }

  /** The backend detached without room for a message. */
  vanish(): void {
    this.current = { epoch: 7, open: false };
    this.table.ring([SLOT]);
  }

  get types(): number[] {
    return this.sent.map(({ type }) => type);
  }

  expectGone(): void {
    expect(this.detached).toBe(1);
    expect(this.table.size).toBe(0);
    expect(this.complaints).toEqual([]);
  }
}

describe("planning", () => {
  test("a request is answered with its plan, then the slot is let go", () => {
    const world = new World();
    world.receive(MessageType.PlanRequest);
    expect(world.types).toEqual([MessageType.PlanReady]);
    world.close();
    world.expectGone();
  });

  test("a refusal and an error are answers too", () => {
    const world = new World();
    world.answer = () => ({ kind: "refused", payload: new Uint8Array(8) });
    world.receive(MessageType.PlanRequest);
    expect(world.types).toEqual([MessageType.PlanRefused]);
    world.vanish();
    world.expectGone();
    const second = new World();
    second.answer = () => {
      throw new TypeError("planner is broken");
    };
    second.receive(MessageType.PlanRequest);
    expect(second.types).toEqual([MessageType.ExecutionFailed]);
    expect(decodeExecutionFailed(second.sent[0]?.payload ?? startPayload)).toMatchObject({ sqlstate: "XX000" });
    second.close();
    second.expectGone();
  });

  test("a second request is a violation of that session only", () => {
    const world = new World();
    world.receive(MessageType.PlanRequest);
    world.receive(MessageType.PlanRequest);
    expect(world.violations).toBe(1);
    expect(world.types).toEqual([MessageType.PlanReady]);
    world.close();
    world.expectGone();
  });
});

describe("execution", () => {
  test("start, finish, close", () => {
    const world = new World();
    world.start();
    expect(world.orders).toHaveLength(1);
    expect(world.orders[0]?.start.producers).toEqual(fakeOrder(1).start.producers);
    world.table.report(lease, { kind: "started" });
    world.table.report(lease, { kind: "inputsEnded" });
    world.table.report(lease, finished);
    // The job itself tells the backend: nothing goes out from here while it is under way.
    expect(world.types).toEqual([]);
    expect(world.detached).toBe(0);
    world.close();
    world.expectGone();
    expect(world.disposals).toEqual([]);
  });

  test("an error of the job reaches the backend", () => {
    const world = new World();
    world.start();
    world.table.report(lease, failed);
    expect(decodeExecutionFailed(world.sent[0]?.payload ?? startPayload))
      .toMatchObject({ sqlstate: "22012", message: "division by zero" });
    world.close();
    world.expectGone();
  });

  test("a start message that cannot be read fails its session", () => {
    const world = new World();
    world.receive(MessageType.StartExecution, new Uint8Array(4));
    expect(world.types).toEqual([MessageType.ExecutionFailed]);
    expect(world.orders).toEqual([]);
    world.close();
    world.expectGone();
  });
});

/** The steps of an ordinary execution, up to its close. */
const steps: readonly ((world: World) => void)[] = [
  (world) => world.start(),
  (world) => world.table.report(lease, { kind: "started" }),
  (world) => world.table.report(lease, { kind: "inputsEnded" }),
  (world) => world.table.report(lease, finished),
];

describe("the backend goes away", () => {
  for (const how of ["close", "vanish", "closeThenVanish"] as const)
    for (let at = 0; at <= steps.length; at++)
      test(`by ${how} after ${at} steps: disposed once, detached after the job's last report`, () => {
        const world = new World();
        for (const step of steps.slice(0, at)) step(world);
        const running = at > 0 && at < steps.length;
        if (how === "vanish") world.vanish();
        else world.close();
        if (how === "closeThenVanish" && running) world.vanish();
        expect(world.disposals).toHaveLength(running ? 1 : 0);
        expect(world.detached).toBe(running ? 0 : 1);
        if (running) world.table.report(lease, at % 2 === 0 ? { kind: "disposed" } : finished);
        world.expectGone();
        expect(world.types).toEqual([]);
      });

  test("and the executor noticed first", () => {
    const world = new World();
    world.start();
    world.table.report(lease, { kind: "started" });
    world.table.report(lease, { kind: "disposed" });
    expect(world.detached).toBe(0);
    world.close();
    world.expectGone();
    expect(world.disposals).toEqual([]);
  });
});

describe("violations", () => {
  for (let at = 1; at < steps.length; at++)
    test(`a second start after ${at} steps ends the job, then tells the backend once`, () => {
      const world = new World();
      for (const step of steps.slice(0, at)) step(world);
      world.start();
      expect(world.violations).toBe(1);
      expect(world.disposals).toHaveLength(1);
      world.table.report(lease, { kind: "disposed" });
      expect(decodeExecutionFailed(world.sent.at(-1)?.payload ?? startPayload)).toMatchObject({ sqlstate: "08P01" });
      world.close();
      world.expectGone();
    });

  test("a frame that does not verify breaks its session", () => {
    const world = new World();
    world.start();
    world.frames.push(new FusionError({ code: "protocolViolation", sqlstate: "08P01", message: "bad frame" }));
    world.table.ring([SLOT]);
    world.table.report(lease, { kind: "disposed" });
    expect(decodeExecutionFailed(world.sent.at(-1)?.payload ?? startPayload)).toMatchObject({ message: "bad frame" });
    world.close();
    world.expectGone();
  });

  test("a message of the wrong direction is one", () => {
    const world = new World();
    world.receive(MessageType.ExecutionFinished);
    expect(world.violations).toBe(1);
    expect(world.types).toEqual([MessageType.ExecutionFailed]);
    world.close();
    world.expectGone();
  });

  test("a report for a session that is gone is said and dropped", () => {
    const world = new World();
    world.table.report({ slot: SLOT, epoch: 6 }, finished);
    expect(world.complaints).toHaveLength(1);
  });

  test("a lease that ended before its first frame is detached", () => {
    const world = new World();
    world.vanish();
    world.expectGone();
  });
});
