// Round trips of every control and scan message, and the answers to bytes that break their promises.
import * as messages from "#codec/execution_message.js";
import {
  decodePlanReady, decodePlanRefused, encodePlanReady, encodePlanRefused,
} from "#codec/plan_answer_message.js";
import { decodePlanRequest, encodePlanRequest } from "#codec/planning_message.js";
import * as scans from "#codec/scan_message.js";
import { filterKeyKinds, tableKinds, type EdgeExpression } from "#plan/planning.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const u32 = fc.integer({ min: 0, max: 0xffffffff });
const u16 = fc.integer({ min: 0, max: 0xffff });
const i32 = fc.integer({ min: -0x80000000, max: 0x7fffffff });
const i16 = fc.integer({ min: -0x8000, max: 0x7fff });
const u8 = fc.integer({ min: 0, max: 255 });
const count = fc.maxSafeNat();
const digest = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => new Uint8Array(array));
const text = fc.string({ unit: "binary", maxLength: 30 });
const letter = fc.constantFrom("a", "b", "r", "v");
const list = <T>(item: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(item, { maxLength: 5 });

/** Functions of the tests: OID n takes n mod 3 arguments. */
const argumentCount = (oid: number): number => oid % 3;
const edge: fc.Arbitrary<EdgeExpression> = fc.letrec<{ node: EdgeExpression }>((tie) => ({
  node: fc.oneof(
    { depthSize: "small" },
    fc.record({ kind: fc.constant("column" as const), index: u32 }),
    fc.integer({ min: 0, max: 2 }).chain((arity) => fc.record({
      kind: fc.constant("call" as const),
      function: fc.nat(1000).map((n) => n * 3 + arity),
      arguments: fc.array(tie("node"), { minLength: arity, maxLength: arity }),
    }))),
})).node;

function roundTrip<T>(
  item: fc.Arbitrary<T>, encode: (value: T) => Uint8Array, decode: (bytes: Uint8Array) => T,
): void {
  fc.assert(fc.property(item, (value) => {
    expect(plain(decode(encode(value)))).toEqual(plain(value));
  }), { numRuns: 50 });
}

/** Byte views as arrays, so that equality does not depend on the buffer behind them. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value];
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry)]));
}

describe("planning messages", () => {
  it("carry requests", () => {
    const column = fc.record({
      attribute: i16, type: u32, typmod: i32, collation: u32, notNull: fc.boolean(), averageWidth: i32,
      distinct: fc.double({ noNaN: true }).filter((n) => !Object.is(n, -0)),
      nullFraction: fc.integer({ min: 0, max: 4 }).map((n) => n / 4),
    });
    roundTrip(fc.record({
      serverVersion: u32,
      query: bytes,
      types: list(fc.record({
        oid: u32, name: text, length: i16, byValue: fc.boolean(), kind: letter, base: u32,
        element: u32, hashable: fc.boolean(), bitwiseEqual: fc.boolean(),
      })),
      collations: list(fc.record({
        oid: u32, deterministic: fc.boolean(), byteOrder: fc.boolean(),
        asciiLetters: fc.boolean(), libraryLetters: fc.boolean(), orderKeys: fc.boolean(),
      })),
      functions: list(fc.record({
        oid: u32, name: text, volatility: letter, parallel: letter, strict: fc.boolean(),
        leakproof: fc.boolean(),
      })),
      relations: list(fc.record({
        rteNode: u32, relation: u32, name: text, kind: letter,
        rows: fc.double({ noNaN: true }).filter((n) => !Object.is(n, -0)), pages: u32,
        columns: list(column),
        uniqueKeys: list(list(i16)),
      })),
      explain: fc.boolean(),
      timeZone: text,
      workMemoryKb: u32,
      conditions: list(fc.record({
        node: u32, selectivity: fc.double({ noNaN: true, min: 0, max: 1 }).filter((n) => !Object.is(n, -0)),
        bound: fc.constantFrom("none" as const, "upper" as const, "lower" as const),
      })),
      runtimeFilters: fc.boolean(),
      otherEncoding: fc.boolean(),
      zones: list(text),
    }), encodePlanRequest, decodePlanRequest);
  });

  it("carry plans", () => {
    roundTrip(fc.record({
      plan: bytes,
      planDigest: digest,
      leaves: list(fc.record({
        queryNode: u32, rangeIndex: u32, qualNodes: list(u32),
        columns: list(fc.record({ node: u32, guardNode: u32, encoding: u8, scale: i16 })),
        filters: list(fc.record({
          filter: u16, keys: list(fc.record({ column: u16, kind: fc.constantFrom(...filterKeyKinds) })),
        })),
      })),
      outputs: list(fc.record({
        name: text, type: u32, typmod: i32, collation: u32, encoding: u8, scale: i16,
      })),
      replacements: list(fc.record({
        node: u32, expression: fc.oneof(edge, fc.record({ kind: fc.constant("node" as const), node: u32 })),
      })),
      didWhere: fc.boolean(), didAggregate: fc.boolean(), didDistinct: fc.boolean(),
      didSort: fc.boolean(), didLimit: fc.boolean(), didWindow: fc.boolean(),
      rows: fc.integer({ min: 0, max: 1e9 }),
      operators: list(fc.record({
        name: text, depth: u16, details: list(fc.record({ label: text, text })),
        leaf: fc.nat(), rows: fc.nat(),
      }, { requiredKeys: ["name", "depth", "details"] })),
      explain: list(text),
      planningNs: count,
      orderMatters: fc.boolean(),
      engineNs: fc.integer({ min: 0, max: 1e12 }),
      edgeQuals: fc.array(fc.nat()),
      tables: list(fc.record({ id: u32, kind: fc.constantFrom(...tableKinds), zone: text, object: u32 })),
    }), encodePlanReady, (payload) => decodePlanReady(payload, argumentCount));
  });

  it("carry refusals", () => {
    roundTrip(fc.record({ construct: text, detail: text, hint: text, location: i32 }),
      encodePlanRefused, decodePlanRefused);
  });
});

describe("execution messages", () => {
  it("round trip", () => {
    roundTrip(fc.record({
      plan: bytes, planDigest: digest,
      producers: list(fc.record({ leaf: u16, producer: u16, scanSlot: u32, scanEpoch: u32 })),
      parameters: list(fc.record({
        id: u32, type: u32, isNull: fc.boolean(), encoding: u8, scale: i16, value: bytes,
      })),
      permitsScan: u32, permitsResult: u32, analyze: fc.boolean(),
      filters: fc.array(fc.record({ filter: u16, slot: u32, generation: u32 }), { maxLength: 5 }),
      memoryKb: count, spillLimitKb: fc.integer({ min: -1, max: 2 ** 31 - 1 }),
    }), messages.encodeStartExecution, messages.decodeStartExecution);
    roundTrip(fc.record({ executor: u16 }),
      messages.encodeExecutionStarted, messages.decodeExecutionStarted);
    roundTrip(fc.record({
      rows: count, resultPages: u32, compileNs: count, executeNs: count, waitNs: count,
      memoryBytes: count, codeBytes: u32, codeModules: u32, threads: u16,
      operators: list(fc.record({
        operator: u16, rowsIn: count, rowsOut: count, pages: count, bytes: count, timeNs: count,
        memoryBytes: count, redoPages: count, spilledBytes: count,
      })),
    }), messages.encodeExecutionFinished, messages.decodeExecutionFinished);
    roundTrip(fc.record({ sqlstate: text, message: text, detail: text, hint: text }),
      messages.encodeExecutionFailed, messages.decodeExecutionFailed);
    roundTrip(fc.record({ reason: fc.constantFrom(...messages.closeReasons) }),
      messages.encodeCloseExecution, messages.decodeCloseExecution);
  });
});

describe("scan messages", () => {
  it("round trip", () => {
    roundTrip(fc.record({ leaf: u16, producer: u16 }), scans.encodeOpenScan, scans.decodeOpenScan);
    roundTrip(fc.record({ reason: u8 }), scans.encodeStopScan, scans.decodeStopScan);
    roundTrip(fc.record({ rows: count, pages: count, bytes: count, rowsFiltered: count, timeNs: count }),
      scans.encodeScanFinished, scans.decodeScanFinished);
    roundTrip(fc.record({ sqlstate: text, message: text }),
      scans.encodeScanFailed, scans.decodeScanFailed);
  });
});

describe("bytes that break their promises", () => {
  it("are malformed messages, never something else", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (noise) => {
      for (const decode of [decodePlanRequest, messages.decodeStartExecution]) {
        try {
          decode(new Uint8Array(noise));
        } catch (error) {
          expect(error).toMatchObject({ code: "malformedMessage", sqlstate: "08P01" });
        }
      }
    }));
  });

  it("with an unknown close reason are refused", () => {
    const payload = messages.encodeCloseExecution({ reason: "cancelled" });
    const broken = payload.map((byte) => (byte === 2 ? 9 : byte));
    expect(() => messages.decodeCloseExecution(broken)).toThrow(/reason 9/);
  });
});
