// Following a flight file that grows: each record once, in order, and what was overwritten in between is counted.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import {
  EXECUTORS_MAX, FLIGHT_MAGIC, FLIGHT_VERSION, FLIGHT_WORKER_RECORDS, FLIGHT_WRITER_RECORDS, FlightHeader,
  FlightRecord, FlightRingHeader, LAYOUT_FINGERPRINT,
} from "#generated/layout.js";
import { FlightFollower } from "#trace/flight_follower.js";
import { FlightFileError } from "#trace/flight_reader.js";

const folder = mkdtempSync(join(tmpdir(), "flight_follower_"));
const path = join(folder, "flight.ring");
afterEach(() => rmSync(path, { force: true }));

const WRITERS = 1 + EXECUTORS_MAX + 2;
const EXECUTOR = 1;

function ringAt(writer: number): number {
  if (writer === 0) return FlightHeader.SIZE;
  const first = FlightHeader.SIZE + FlightRingHeader.SIZE + FLIGHT_WORKER_RECORDS * FlightRecord.SIZE;
  return first + (writer - 1) * (FlightRingHeader.SIZE + FLIGHT_WRITER_RECORDS * FlightRecord.SIZE);
}

/** A recorder whose file is written anew after each record. */
class Recorder {
  readonly #bytes = new Uint8Array(ringAt(WRITERS));
  readonly #view = new DataView(this.#bytes.buffer);

  constructor() {
    this.#view.setBigUint64(FlightHeader.magic, FLIGHT_MAGIC, true);
    this.#view.setUint32(FlightHeader.version, FLIGHT_VERSION, true);
    this.#view.setBigUint64(FlightHeader.layout_fingerprint, LAYOUT_FINGERPRINT, true);
    this.#view.setUint32(FlightHeader.writer_count, WRITERS, true);
    this.#view.setUint32(FlightHeader.control_slot_count, 1, true);
    this.#view.setUint32(FlightHeader.scan_slot_count, 1, true);
    this.save();
  }

  record(writer: number, timeNs: number): void {
    const ring = ringAt(writer);
    const capacity = writer === 0 ? FLIGHT_WORKER_RECORDS : FLIGHT_WRITER_RECORDS;
    const sequence = Number(this.#view.getBigUint64(ring, true)) + 1;
    const at = ring + FlightRingHeader.SIZE + ((sequence - 1) % capacity) * FlightRecord.SIZE;
    this.#view.setBigUint64(at, BigInt(timeNs), true);
    this.#view.setUint32(at + FlightRecord.sequence, sequence, true);
    this.#view.setBigUint64(ring, BigInt(sequence), true);
  }

  save(): void {
    writeFileSync(path, this.#bytes);
  }
}

function following(act: (recorder: Recorder, look: (before?: number) => readonly [number[], number]) => void): void {
  const recorder = new Recorder();
  const follower = new FlightFollower(path);
  try {
    act(recorder, (before = 1e9) => {
      recorder.save();
      const { entries, lost } = follower.news(BigInt(before));
      return [entries.map(({ timeNs }) => Number(timeNs)), lost];
    });
  } finally {
    follower.close();
  }
}

test("each record is told once, merged by time", () => following((recorder, look) => {
  recorder.record(0, 30);
  recorder.record(EXECUTOR, 10);
  expect(look()).toEqual([[10, 30], 0]);
  expect(look()).toEqual([[], 0]);
  recorder.record(EXECUTOR, 50);
  recorder.record(0, 40);
  expect(look()).toEqual([[40, 50], 0]);
}));

test("young records wait until all writers may have published theirs", () => following((recorder, look) => {
  recorder.record(0, 30);
  recorder.record(EXECUTOR, 60);
  expect(look(50)).toEqual([[30], 0]);
  recorder.record(0, 55);
  expect(look(70)).toEqual([[55, 60], 0]);
}));

test("a writer that went round is read as far back as it still tells", () => following((recorder, look) => {
  recorder.record(EXECUTOR, 1);
  expect(look()).toEqual([[1], 0]);
  for (let at = 2; at <= FLIGHT_WRITER_RECORDS + 11; at++) recorder.record(EXECUTOR, at);
  const [times, lost] = look();
  expect([times.length, times[0], times.at(-1), lost]).toEqual(
    [FLIGHT_WRITER_RECORDS, 12, FLIGHT_WRITER_RECORDS + 11, 10]);
}));

test("a file of something else is refused", () => {
  writeFileSync(path, "something else");
  expect(() => new FlightFollower(path)).toThrow(FlightFileError);
  rmSync(folder, { recursive: true });
});
