// Reading flight files built in memory: order, torn and overwritten records, hostile headers, and the told story.
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  CLOSE_CAUSE_SHIFT, CLOSE_CAUSE_STATEMENT_TIMEOUT, EXECUTORS_MAX, FLIGHT_MAGIC, FLIGHT_VERSION, FLIGHT_WORKER_RECORDS,
  FLIGHT_WRITER_RECORDS, FlightHeader, FlightRecord, FlightRingHeader,
} from "#generated/layout.js";
import {
  executionBackend, executionWorker, MACHINES_FINGERPRINT, pageLease, planningBackend,
} from "#generated/machines.js";
import { runTraceCommand } from "#trace/cli.js";
import { FlightFileError, readFlight } from "#trace/flight_reader.js";
import { lastStatements, sessionsOf, tellSession } from "#trace/story.js";

const CONTROL_SLOTS = 4;
const SCAN_SLOTS = 4;
const WRITERS = 1 + EXECUTORS_MAX + CONTROL_SLOTS + SCAN_SLOTS;
const backendWriter = (slot: number) => 1 + EXECUTORS_MAX + slot;

function ringAt(writer: number): number {
  if (writer === 0) return FlightHeader.SIZE;
  const first = FlightHeader.SIZE + FlightRingHeader.SIZE + FLIGHT_WORKER_RECORDS * FlightRecord.SIZE;
  return first + (writer - 1) * (FlightRingHeader.SIZE + FLIGHT_WRITER_RECORDS * FlightRecord.SIZE);
}

class FlightImage {
  readonly bytes = new Uint8Array(ringAt(WRITERS));
  readonly view = new DataView(this.bytes.buffer);

  constructor() {
    this.view.setBigUint64(FlightHeader.magic, FLIGHT_MAGIC, true);
    this.view.setUint32(FlightHeader.version, FLIGHT_VERSION, true);
    this.view.setBigUint64(FlightHeader.machines_fingerprint, MACHINES_FINGERPRINT, true);
    this.view.setUint32(FlightHeader.writer_count, WRITERS, true);
    this.view.setUint32(FlightHeader.control_slot_count, CONTROL_SLOTS, true);
    this.view.setUint32(FlightHeader.scan_slot_count, SCAN_SLOTS, true);
  }

  record(writer: number, fields: {
    timeNs: number; machine: number; event: number; from: number; to: number;
    slot?: number; session?: number; argument?: number; cause?: number;
  }): number {
    const ring = ringAt(writer);
    const capacity = writer === 0 ? FLIGHT_WORKER_RECORDS : FLIGHT_WRITER_RECORDS;
    const sequence = Number(this.view.getBigUint64(ring, true)) + 1;
    const at = ring + FlightRingHeader.SIZE + ((sequence - 1) % capacity) * FlightRecord.SIZE;
    this.view.setBigUint64(at, BigInt(fields.timeNs), true);
    this.view.setUint32(at + FlightRecord.sequence, sequence, true);
    this.view.setUint32(at + FlightRecord.session, fields.session ?? 1, true);
    this.view.setUint8(at + FlightRecord.machine, fields.machine);
    this.view.setUint8(at + FlightRecord.event, fields.event);
    this.view.setUint8(at + FlightRecord.from_state, fields.from);
    this.view.setUint8(at + FlightRecord.to_state, fields.to);
    this.view.setUint16(at + FlightRecord.slot, fields.slot ?? 0, true);
    this.view.setUint32(at + FlightRecord.argument, fields.argument ?? 0, true);
    this.view.setUint32(at + FlightRecord.cause, fields.cause ?? 0, true);
    this.view.setBigUint64(ring, BigInt(sequence), true);
    return sequence;
  }
}

interface Machine { readonly code: number; readonly states: readonly string[]; readonly events: readonly string[] }
const step = (machine: Machine, event: string, from: string, to: string) => ({
  machine: machine.code, event: machine.events.indexOf(event),
  from: machine.states.indexOf(from), to: machine.states.indexOf(to),
});

/** An execution of `pages` pages as both sides record it. */
function recordExecution(image: FlightImage, pages: number): void {
  const start = image.record(backendWriter(2),
    { timeNs: 1000, slot: 2, ...step(executionBackend, "start", "idle", "starting") });
  // The worker's clock reading came a moment before the backend's: the cause still goes first.
  const received = step(executionWorker, "startReceived", "opening", "compiling");
  image.record(0, { timeNs: 900, slot: 2, cause: start, ...received });
  const [imported, released] = [
    step(pageLease, "imported", "issued", "imported"), step(pageLease, "released", "imported", "free"),
  ];
  for (let page = 0; page < pages; page++) {
    image.record(1, { timeNs: 2000 + page * 10, slot: 2, argument: page, ...imported });
    image.record(1, { timeNs: 2005 + page * 10, slot: 2, argument: page, ...released });
  }
  image.record(backendWriter(2),
    { timeNs: 900_000, slot: 2, ...step(executionBackend, "workerLost", "starting", "failed") });
}

/** After it, a statement that a timeout ends while it is planned. */
function recordEndedPlanning(image: FlightImage): void {
  image.record(backendWriter(3),
    { timeNs: 2_000_000, slot: 3, ...step(planningBackend, "request", "idle", "requesting") });
  const abandoned = step(planningBackend, "abandon", "requesting", "abandoned");
  const argument = CLOSE_CAUSE_STATEMENT_TIMEOUT << CLOSE_CAUSE_SHIFT;
  image.record(backendWriter(3), { timeNs: 9_000_000, slot: 3, argument, ...abandoned });
}

describe("reading", () => {
  test("merges writers by time, and causes before what they caused", () => {
    const image = new FlightImage();
    recordExecution(image, 1);
    const flight = readFlight(image.bytes);
    expect(flight.sameMachines).toBe(true);
    expect(flight.entries.map(({ writer }) => writer.kind))
      .toEqual(["backend", "worker", "executor", "executor", "backend"]);
    expect(flight.torn + flight.overwritten).toBe(0);
  });

  test("drops torn records and counts overwritten ones", () => {
    const image = new FlightImage();
    for (let at = 0; at < FLIGHT_WRITER_RECORDS + 5; at++)
      image.record(1, { timeNs: at, machine: 7, event: 0, from: 0, to: 1 });
    const torn = ringAt(1) + FlightRingHeader.SIZE + 9 * FlightRecord.SIZE + FlightRecord.sequence;
    image.view.setUint32(torn, 0, true);
    const flight = readFlight(image.bytes);
    expect(flight.entries).toHaveLength(FLIGHT_WRITER_RECORDS - 1);
    expect([flight.torn, flight.overwritten]).toEqual([1, 5]);
    expect(flight.lostBefore).toEqual(new Map([[1, 5n]]));
  });

  test("does not ask for this build's other layouts", () => {
    const image = new FlightImage();
    recordExecution(image, 3);
    image.view.setBigUint64(FlightHeader.layout_fingerprint, 1n, true);
    expect(readFlight(image.bytes).entries.length).toBeGreaterThan(0);
  });

  test("reads one version, which a change of the file's own layout must raise", () => {
    const schema = new URL("../../../schemas/layout/flight.json", import.meta.url);
    const { structs } = JSON.parse(readFileSync(schema, "utf8")) as {
      structs: readonly { name: string; size: number; fields: readonly (readonly string[])[] }[];
    };
    const told = [
      FLIGHT_WORKER_RECORDS, FLIGHT_WRITER_RECORDS, EXECUTORS_MAX,
      ...structs.map(({ name, size, fields }) => [name, size, ...fields.map(([field, type]) => `${field} ${type}`)]),
    ];
    const layout = createHash("sha256").update(JSON.stringify(told)).digest("hex").slice(0, 16);
    expect({ version: FLIGHT_VERSION, layout }).toEqual({ version: 1, layout: "0550dc9282f2e7f8" });
  });

  test("refuses what is no flight file, and survives any damage", () => {
    expect(() => readFlight(new Uint8Array(10))).toThrow(FlightFileError);
    expect(() => readFlight(new Uint8Array(FlightHeader.SIZE))).toThrow(FlightFileError);
    const image = new FlightImage();
    recordExecution(image, 3);
    const interesting = [...Array(FlightHeader.SIZE / 32).keys()].map((at) => at * 4)
      .concat([...Array(64).keys()].map((at) => ringAt(0) + at * 4));
    fc.assert(fc.property(fc.constantFrom(...interesting), fc.integer({ min: 0, max: 2 ** 32 - 1 }), (at, value) => {
      const bytes = image.bytes.slice(0, ringAt(3));
      new DataView(bytes.buffer).setUint32(at, value, true);
      try {
        const flight = readFlight(bytes);
        for (const session of sessionsOf(flight)) tellSession(flight, session);
      } catch (error) {
        expect(error).toBeInstanceOf(FlightFileError);
      }
    }), { numRuns: 50 });
  });
});

describe("telling", () => {
  interface Told {
    readonly code: number;
    readonly out: readonly string[];
    readonly err: readonly string[];
  }

  function tell(
    pages: number, words: readonly string[], others: Readonly<Record<string, Uint8Array>> = {},
  ): Told {
    const data = mkdtempSync(join(tmpdir(), "flight-"));
    try {
      mkdirSync(join(data, "pg_fusion"));
      const image = new FlightImage();
      if (pages >= 0) recordExecution(image, pages);
      writeFileSync(join(data, "pg_fusion", "flight-00000000000000aa.ring"), image.bytes);
      for (const [name, bytes] of Object.entries(others)) writeFileSync(join(data, "pg_fusion", name), bytes);
      const out: string[] = [];
      const err: string[] = [];
      const output = { line: (text: string) => void out.push(text), failure: (text: string) => void err.push(text) };
      const code = runTraceCommand(words, { data }, output);
      return { code, out, err };
    } finally {
      rmSync(data, { recursive: true });
    }
  }

  test("shows the last execution with both sides, states and effects", () => {
    const { code, out } = tell(1, ["show"]);
    expect(code).toBe(0);
    expect(out[0]).toContain("execution, slot 2, epoch 1: failed after 0.899 ms");
    expect(out.join("\n")).toMatch(/backend +execution_backend +start +idle -> starting {2}\[sendStartExecution\]/);
    expect(out.join("\n")).toMatch(
      /worker +execution_worker +startReceived +opening -> compiling {2}\[assignJob\] {2}\(caused by #1\)/);
    expect(out.join("\n")).toMatch(/executor 0 +page 0 +imported +issued -> imported/);
  });

  test("shows a statement that ended while it was planned, which no execution tells of", () => {
    const image = new FlightImage();
    recordExecution(image, 1);
    recordEndedPlanning(image);
    const flight = readFlight(image.bytes);
    const told = lastStatements(sessionsOf(flight), 1).flatMap((session) => tellSession(flight, session));
    expect(told.slice(0, 4)).toEqual([
      expect.stringMatching(/^planning, slot 3, epoch 1: abandoned after 7\.000 ms/),
      "why: cancelled by statement_timeout while the worker planned it, 7.000 ms after the start",
      "at that moment:",
      "  planning_backend: requesting for 7.000 ms",
    ]);
    expect(lastStatements(sessionsOf(flight), 5).map(({ kind }) => kind)).toEqual(["execution", "planning"]);
  });

  test("folds page traffic", () => {
    const { out } = tell(40, ["show", "--last", "3"]);
    const folded = out.find((text) => text.includes("page steps"));
    expect(folded).toContain("80 page steps in 0.000 ms  executor 0: 40 imported, 40 released");
  });

  test("lists recordings", () => {
    const { code, out } = tell(1, ["list"]);
    expect(code).toBe(0);
    expect(out[0]).toMatch(/flight-00000000000000aa\.ring .* 5 records {2}1 executions {2}0 other sessions/);
  });

  test("names what it cannot read, and goes on with what it can", () => {
    const older = "flight-0000000000000001.ring";
    for (const words of [["list"], ["grep", "idle -> starting"]]) {
      const { code, out, err } = tell(1, words, { [older]: new Uint8Array(5000) });
      expect(code).toBe(0);
      expect(out.length).toBeGreaterThan(0);
      expect(err.join("\n")).toContain(`${older}: this is no flight recorder file`);
    }
  });

  test("says what is missing", () => {
    expect(tell(-1, ["show"])).toMatchObject({ code: 1 });
    expect(tell(1, ["show", "--last", "0"])).toMatchObject({ code: 2 });
    expect(tell(1, ["replay"])).toMatchObject({ code: 2 });
    const err: string[] = [];
    const output = { line: () => undefined, failure: (text: string) => void err.push(text) };
    expect(runTraceCommand(["show"], { data: "/nowhere" }, output)).toBe(1);
    expect(err[0]).toContain("no such recording");
  });
});
