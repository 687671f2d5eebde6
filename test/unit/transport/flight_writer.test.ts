// Records written through the addon, read back from the file by their offsets.
import { closeSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  EXECUTORS_MAX, FLIGHT_WORKER_RECORDS, FLIGHT_WRITER_RECORDS, FlightHeader, FlightRecord, FlightRingHeader,
} from "#generated/layout.js";
import { addon } from "#transport/addon.js";
import { FlightWriter } from "#transport/flight_writer.js";
import { afterEach, beforeEach, expect, it } from "vitest";
import { RegionPeer } from "../../support/region_peer.js";

let folder: string;
let peer: RegionPeer;
let fd: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fusion-flight-"));
  peer = new RegionPeer();
  fd = peer.native.createFlight(join(folder, "flight.ring"));
});

afterEach(() => {
  closeSync(fd);
  peer.native.close();
  rmSync(folder, { recursive: true, force: true });
});

const lease = { slot: 3, epoch: 77 };
const ringBytes = (records: number): number => FlightRingHeader.SIZE + records * FlightRecord.SIZE;

/** The record of a writer with this sequence. */
function recordOf(writer: number, sequence: number): DataView {
  const file = readFileSync(join(folder, "flight.ring"));
  const records = writer === 0 ? FLIGHT_WORKER_RECORDS : FLIGHT_WRITER_RECORDS;
  const before = writer === 0 ? 0 : ringBytes(FLIGHT_WORKER_RECORDS) + (writer - 1) * ringBytes(FLIGHT_WRITER_RECORDS);
  const at = FlightHeader.SIZE + before + FlightRingHeader.SIZE + ((sequence - 1) % records) * FlightRecord.SIZE;
  return new DataView(file.buffer, file.byteOffset + at, FlightRecord.SIZE);
}

it("writes each thread's transitions into its own ring", () => {
  const worker = FlightWriter.forWorker(fd);
  const executor = FlightWriter.forExecutor(fd, 5);
  const transition = { machine: 2, event: 3, from: 4, to: 5, actor: 6, argument: 7, cause: 8 };
  expect(worker.record(lease, transition)).toBe(1);
  expect(worker.record(lease, { ...transition, argument: 2 ** 32 - 1, actor: 70_000 })).toBe(2);
  expect(executor.record(lease, transition)).toBe(1);
  for (const [writer, sequence] of [[0, 1], [6, 1]] as const) {
    const record = recordOf(writer, sequence);
    expect(record.getUint32(FlightRecord.sequence, true)).toBe(sequence);
    expect(record.getUint32(FlightRecord.session, true)).toBe(77);
    expect(record.getUint16(FlightRecord.slot, true)).toBe(3);
    expect(record.getUint16(FlightRecord.actor, true)).toBe(6);
    expect(record.getUint8(FlightRecord.machine)).toBe(2);
    expect(record.getUint8(FlightRecord.event)).toBe(3);
    expect(record.getUint8(FlightRecord.from_state)).toBe(4);
    expect(record.getUint8(FlightRecord.to_state)).toBe(5);
    expect(record.getUint32(FlightRecord.argument, true)).toBe(7);
    expect(record.getUint32(FlightRecord.cause, true)).toBe(8);
    expect(record.getBigUint64(FlightRecord.time_ns, true)).toBeGreaterThan(0n);
  }
  expect(recordOf(0, 2).getUint32(FlightRecord.argument, true)).toBe(2 ** 32 - 1);
  expect(recordOf(0, 2).getUint16(FlightRecord.actor, true)).toBe(70_000 & 0xffff);
  worker.close();
  executor.close();
});

it("refuses a file of another kind and a writer that does not exist", () => {
  expect(() => FlightWriter.forWorker(peer.native.fd())).toThrow("flight recorder");
  expect(() => FlightWriter.forExecutor(fd, EXECUTORS_MAX)).toThrow("flight recorder");
  const native = new (addon().Flight)(fd);
  expect(() => native.record(100_000, 0, 0, 0, 0, 0, 0, 0, 0, 0)).toThrow(RangeError);
  expect(() => native.record(0, 256, 0, 0, 0, 0, 0, 0, 0, 0)).toThrow(RangeError);
  native.close();
  expect(() => native.record(0, 0, 0, 0, 0, 0, 0, 0, 0, 0)).toThrow("closed");
});
