// Keys of carried types: they are ordered as PostgreSQL orders the values, values come back from them, and compiled
// code makes the same ones. What a server says is in test/cluster/orders.test.ts.
import type { Expression, Scalar } from "#expr/expression.js";
import { enumImage } from "#functions/enum_table.js";
import { functionByKey } from "#functions/registry.js";
import { TABLE_TYPE } from "#functions/parameter_tables.js";
import type { PhysicalPlan } from "#plan/physical.js";
import { interpret } from "#runtime/interpreter/interpreter.js";
import type { EngineType } from "#types/engine_type.js";
import { describe, expect, test } from "vitest";
import { rowsOrError } from "../../support/compared_runs.js";
import { column, columnType, pagesOf, runPages, scanColumns } from "../../support/engine.js";

const TIMETZ: EngineType = { kind: "opaque", width: 12, byValue: false, bitwiseEqual: true };
const ENUM: EngineType = { kind: "opaque", width: 4, byValue: true, bitwiseEqual: true };
const NAME: EngineType = { kind: "opaque", width: 64, byValue: false, bitwiseEqual: true };

function timetz(microseconds: bigint, secondsWest: number): Uint8Array {
  const image = new DataView(new ArrayBuffer(12));
  image.setBigInt64(0, microseconds, true);
  image.setInt32(8, secondsWest, true);
  return new Uint8Array(image.buffer);
}

const name = (text: string): Uint8Array => Buffer.concat([Buffer.from(text), Buffer.alloc(64)]).subarray(0, 64);

/** In the order of PostgreSQL's timetz_cmp(): instants first, then zones, those in the east first. */
const times = [
  timetz(0n, -57_599), timetz(0n, -3600), timetz(3_600_000_000n, 0), timetz(0n, 3600), timetz(1n, 3600),
  timetz(86_400_000_000n, -3600), timetz(86_400_000_000n, 0), timetz(86_400_000_000n, 57_599),
];
const names = [name(""), name("A"), name("Ab"), name("a"), name("a twelve-byte"), name("é"), name("x".repeat(63))];
/** The second is beyond 2^31. */
const values = [70_002, 3_000_000_001, 70_001, 5, 90_000];

function evaluated(key: string, type: EngineType, tried: readonly Scalar[], table?: Uint8Array): readonly Scalar[] {
  const types = table === undefined ? [type] : [type, TABLE_TYPE];
  const result = functionByKey(key).resultType(types) as EngineType;
  const given: Expression[] = [column(0, type)];
  if (table !== undefined) given.push({ kind: "constant", value: table, type: TABLE_TYPE });
  const output = columnType(result);
  const plan: PhysicalPlan = {
    version: 1, leafCount: 1, parameters: [], outputs: [{ name: "value", type: output }],
    root: {
      kind: "project", input: { kind: "scan", leaf: 0, columns: [columnType(type, false)] },
      expressions: [{ kind: "call", function: key, arguments: given, type: result }], columns: [output],
    },
  };
  const rows: Scalar[][] = tried.map((each) => [each]);
  const expected = interpret(plan, [rows]);
  expect(rowsOrError(() => runPages(plan, pagesOf(scanColumns(plan), rows, 3)).rows))
    .toEqual(rowsOrError(() => expected));
  return expected.map(([value]) => value ?? null);
}

describe("keys", () => {
  test("of times with time zone go up, and lead back", () => {
    const keys = evaluated("timetz.key", TIMETZ, times) as readonly bigint[];
    expect(keys).toEqual(keys.toSorted((a, b) => (a < b ? -1 : 1)));
    expect(new Set(keys).size).toBe(times.length);
    expect(evaluated("timetz.ofKey", { kind: "int8" }, keys)).toEqual(times);
  });

  test("of enums are the places of the values", () => {
    const table = enumImage(values);
    const oids = values.map((oid) => BigInt.asIntN(32, BigInt(oid)));
    const keys = evaluated("enum.rank", ENUM, oids, table);
    expect(keys).toEqual([0n, 1n, 2n, 3n, 4n]);
    expect(evaluated("enum.ofRank", { kind: "int4" }, keys, table)).toEqual(oids);
    expect(evaluated("enum.rank", ENUM, [6n], table)).toEqual([5n]);
  });

  test("of names are their characters", () => {
    const texts = evaluated("name.text", NAME, names).map((each) => Buffer.from(each as Uint8Array).toString());
    expect(texts).toEqual(["", "A", "Ab", "a", "a twelve-byte", "é", "x".repeat(63)]);
  });
});
