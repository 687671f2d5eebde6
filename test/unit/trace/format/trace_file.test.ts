// Trace files: what is written is read, damage costs the chunk it lies in, a cut tail costs the tail.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LAYOUT_FINGERPRINT } from "#generated/layout.js";
import { MACHINES_FINGERPRINT } from "#generated/machines.js";
import { crc32c } from "#trace/format/crc32c.js";
import { readTrace, TraceFileError } from "#trace/format/trace_reader.js";
import type { TraceHeading, TraceRecordFields } from "#trace/format/trace_record.js";
import { traceHeader, TraceWriter } from "#trace/format/trace_writer.js";

const heading: TraceHeading = {
  level: "full", source: "capture", redacted: false, pageBytes: 65_536, pageCount: 32, workerMemoryMb: 64,
  controlSlots: 8, layoutFingerprint: LAYOUT_FINGERPRINT, machinesFingerprint: MACHINES_FINGERPRINT, incarnation: 7n,
  wallNs: 1_700_000_000_000_000_000n, monotonicNs: 5_000n, limitBytes: 1 << 20, slot: 3, session: 9, backendPid: 42,
  role: 10,
};

const uint = (max: number) => fc.integer({ min: 0, max });
const record: fc.Arbitrary<TraceRecordFields> = fc.record({
  kind: fc.constantFrom("transition", "received", "sent", "call", "input", "note"),
  code: uint(255), timeNs: fc.bigInt(0n, (1n << 63n) - 1n), flight: uint(0xffffffff), cause: uint(0xffffffff),
  causeWriter: uint(0xffff), slot: uint(0xffff), session: uint(0xffffffff), actor: uint(0xffff), machine: uint(255),
  from: uint(255), to: uint(255), effects: uint(0xffffffff), argument: uint(0xffffffff),
  numbers: fc.tuple(uint(0xffffffff), uint(0xffffffff), uint(0xffffffff)), failed: fc.boolean(),
  data: fc.uint8Array({ maxLength: 40 }),
});

interface Written {
  readonly bytes: Uint8Array;
  readonly chunkEnds: readonly number[];
}

/** Two writers take turns; a flush after every `every` records. */
function write(records: readonly TraceRecordFields[], every: number): Written {
  const parts: Uint8Array[] = [traceHeader(heading)];
  const chunkEnds: number[] = [];
  let length = parts[0]?.length ?? 0;
  const append = (chunk: Uint8Array): boolean => {
    parts.push(chunk.slice());
    chunkEnds.push((length += chunk.length));
    return true;
  };
  const writers = (["worker", "executor"] as const).map((kind) =>
    new TraceWriter({ kind, number: 0 }, { append }, 1, () => 0n));
  records.forEach((each, at) => {
    writers[at % 2]?.add(each);
    if (at % every === every - 1) for (const writer of writers) writer.flush();
  });
  for (const writer of writers) writer.flush();
  return { bytes: Buffer.concat(parts), chunkEnds };
}

const plain = (fields: Partial<TraceRecordFields>) => ({ ...fields, data: [...(fields.data ?? [])], sequence: 0 });

describe("crc32c", () => {
  it("knows the published sums", () => {
    expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(0))).toBe(0);
  });

  it("continues a sum", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), (bytes, cut) => {
      expect(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut)))).toBe(crc32c(bytes));
    }));
  });
});

describe("trace files", () => {
  it("give back what was written", () => {
    fc.assert(fc.property(fc.array(record, { maxLength: 60 }), fc.integer({ min: 1, max: 9 }), (records, every) => {
      const trace = readTrace(write(records, every).bytes);
      expect(trace.heading).toEqual(heading);
      expect(trace.damagedBytes).toBe(0);
      for (const [at, kind] of (["worker", "executor"] as const).entries()) {
        const expected = records.filter((_, place) => place % 2 === at).map(plain);
        const writer = trace.writers.find((each) => each.kind === kind);
        expect((writer?.records ?? []).map((each) => plain(each))).toEqual(expected);
        expect(writer?.wholeUntil ?? 0).toBe(expected.length);
      }
    }));
  });

  it("keep facts and machines", () => {
    const parts = [traceHeader(heading)];
    const sink = { append: (chunk: Uint8Array) => parts.push(chunk) > 0 };
    const writer = new TraceWriter({ kind: "backend", number: 3 }, sink, 1, () => 0n);
    writer.facts(new Map([["work_mem", "4MB"], ["größe", ""]]));
    writer.machines();
    writer.loss(5);
    const trace = readTrace(Buffer.concat(parts));
    expect([...trace.facts]).toEqual([["work_mem", "4MB"], ["größe", ""]]);
    expect(trace.machines[0]?.name).toBe("planning_backend");
    expect(trace.writers[0]?.lost).toBe(5);
  });

  it("lose only the tail when they are cut anywhere", () => {
    fc.assert(fc.property(fc.array(record, { minLength: 1, maxLength: 30 }), fc.nat(), (records, cut) => {
      const { bytes, chunkEnds } = write(records, 3);
      const length = 128 + (cut % (bytes.length - 128));
      const trace = readTrace(bytes.subarray(0, length));
      const whole = chunkEnds.filter((end) => end <= length).length;
      const kept = trace.writers.reduce((sum, writer) => sum + writer.records.length, 0);
      expect(kept).toBeGreaterThanOrEqual(whole);
      expect(trace.damagedBytes).toBe(length - Math.max(128, ...chunkEnds.filter((end) => end <= length)));
    }));
  });

  it("lose one chunk to one flipped bit, and say after which record", () => {
    fc.assert(fc.property(fc.array(record, { minLength: 20, maxLength: 30 }), fc.nat(), (records, at) => {
      const { bytes, chunkEnds } = write(records, 2);
      const damaged = bytes.slice();
      const place = 128 + (at % (bytes.length - 128));
      damaged[place] = (damaged[place] as number) ^ 1;
      const trace = readTrace(damaged);
      const kept = trace.writers.reduce((sum, writer) => sum + writer.records.length, 0);
      expect(kept).toBe(records.length - 1);
      expect(trace.damagedBytes).toBeGreaterThan(0);
      expect(chunkEnds.length).toBe(records.length);
      const hurt = trace.writers.find((writer) => writer.lost > 0);
      if (hurt !== undefined) expect(hurt.wholeUntil).toBeLessThan(records.length / 2);
    }));
  });

  it("are refused by name when they are none, damaged at the head, or of another version", () => {
    const { bytes } = write([], 1);
    const with1 = (place: number): Uint8Array => {
      const changed = bytes.slice();
      changed[place] = (changed[place] as number) ^ 4;
      return changed;
    };
    expect(() => readTrace(new Uint8Array(500))).toThrow(TraceFileError);
    expect(() => readTrace(bytes.subarray(0, 100))).toThrow("this is no trace file");
    expect(() => readTrace(with1(50))).toThrow("the trace's header is damaged");
    expect(() => readTrace(with1(8))).toThrow("the trace has version 5, this build reads 1");
  });

  it("end when a chunk cannot be written", () => {
    const writer = new TraceWriter({ kind: "worker", number: 0 }, { append: () => false }, 1, () => 0n);
    writer.add({ kind: "note", code: 0 });
    writer.flush();
    expect(writer.open).toBe(false);
    writer.add({ kind: "note", code: 0 });
    expect(writer.sequence).toBe(1);
  });
});
