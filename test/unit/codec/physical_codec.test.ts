// Plans survive their wire form unchanged, equal plans have equal bytes, and bytes that are no plan are refused,
// whether they were invented, cut or changed.
import { FusionError } from "#base/errors.js";
import { decodePhysicalPlan, encodePhysicalPlan } from "#codec/physical_codec.js";
import { planDigest } from "#codec/plan_digest.js";
import { DECIMAL_NAN } from "#expr/expression.js";
import type { Expression, Scalar } from "#expr/expression.js";
import { functionByKey, functionRows } from "#functions/registry.js";
import type { PhysicalOperator, PhysicalPlan } from "#plan/physical.js";
import type { ColumnType } from "#types/column_type.js";
import { encodingOf, scaleOf } from "#types/encoding_of.js";
import type { EngineType } from "#types/engine_type.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const engineType: fc.Arbitrary<EngineType> = fc.oneof(
  fc.constantFrom<EngineType>(
    { kind: "bool" }, { kind: "int2" }, { kind: "int4" }, { kind: "int8" }, { kind: "float4" },
    { kind: "float8" }, { kind: "date" }, { kind: "time" }, { kind: "timestamp" }, { kind: "timestamptz" }),
  fc.record({
    kind: fc.constant("decimal" as const),
    precision: fc.integer({ min: 1, max: 38 }),
    scale: fc.integer({ min: 0, max: 38 }),
  }),
  fc.record({ kind: fc.constant("text" as const), byteOrder: fc.boolean() }),
  fc.record({ kind: fc.constant("bpchar" as const), length: fc.integer({ min: 1, max: 50 }), byteOrder: fc.boolean() }),
  fc.record({
    kind: fc.constant("opaque" as const), width: fc.constantFrom(-1, 6, 16), byValue: fc.constant(false),
    bitwiseEqual: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant("opaque" as const), width: fc.constantFrom(1, 2, 4, 8), byValue: fc.constant(true),
    bitwiseEqual: fc.boolean(),
  }));

function columnOf(engine: EngineType, nullable: boolean): ColumnType {
  return {
    sqlType: 23, typmod: -1, collation: 100, engine, encoding: encodingOf(engine), scale: scaleOf(engine), nullable,
  };
}

const column = fc.tuple(engineType, fc.boolean()).map(([engine, nullable]) => columnOf(engine, nullable));

const bits = { int2: 16, int4: 32, int8: 64, date: 32, time: 64, timestamp: 64, timestamptz: 64 } as const;

/** A value of the type. */
function scalar(type: EngineType): fc.Arbitrary<Scalar> {
  switch (type.kind) {
    case "bool": return fc.boolean();
    case "float4": case "float8": return fc.double();
    case "text": case "bpchar": case "opaque": case "numeric": case "interval":
      return fc.uint8Array({ maxLength: 20 }).map((bytes) => new Uint8Array(bytes));
    case "decimal": {
      const limit = 10n ** BigInt(type.precision) - 1n;
      return fc.oneof(fc.bigInt({ min: -limit, max: limit }), fc.constant(DECIMAL_NAN));
    }
    default: {
      const half = 1n << BigInt(bits[type.kind] - 1);
      return fc.bigInt({ min: -half, max: half - 1n });
    }
  }
}

const BOOL = { kind: "bool" } as const;
const functions = functionRows().map(({ key }) => functionByKey(key));

/** A few expressions over columns: the columns, constants, and every function that takes them. */
function expressions(columns: readonly ColumnType[]): fc.Arbitrary<readonly Expression[]> {
  const reads = columns.map((each, index): Expression => ({ kind: "column", index, type: each.engine }));
  const calls = functions.flatMap((scalarFunction): Expression[] => {
    const found: Expression[] = [];
    for (const values of [...reads.map((a) => [a]), ...reads.flatMap((a) => reads.map((b) => [a, b]))]) {
      const type = scalarFunction.resultType(values.map((value) => value.type));
      if (type !== undefined) found.push({ kind: "call", function: scalarFunction.key, arguments: values, type });
    }
    return found;
  });
  const constants = fc.constantFrom(...columns).chain((each) =>
    fc.option(scalar(each.engine)).map((value): Expression => ({ kind: "constant", value, type: each.engine })));
  const called = calls.length > 0 ? [fc.constantFrom(...calls)] : [];
  const simple = fc.oneof(fc.constantFrom(...reads), constants, ...called);
  const condition = simple.map((argument): Expression => ({ kind: "isNull", argument, negated: true, type: BOOL }));
  const wrapped = fc.tuple(simple, condition, condition).chain(([value, when, other]) => fc.constantFrom<Expression>(
    value,
    { kind: "not", argument: when, type: BOOL },
    { kind: "and", arguments: [when, other], type: BOOL },
    { kind: "or", arguments: [when], type: BOOL },
    { kind: "booleanTest", argument: when, test: "unknown", negated: true, type: BOOL },
    { kind: "case", branches: [{ when, then: value }], otherwise: value, type: value.type },
    { kind: "coalesce", arguments: [value, value], type: value.type }));
  return fc.array(wrapped, { minLength: 1, maxLength: 4 });
}

function isGroupable({ type }: Expression): boolean {
  return type.kind !== "opaque" || type.bitwiseEqual;
}

const plan: fc.Arbitrary<PhysicalPlan> = fc.array(column, { minLength: 1, maxLength: 5 })
  .chain((columns) => fc.tuple(
    fc.constant(columns), expressions(columns), fc.constantFrom("scan", "project", "aggregate")))
  .map(([columns, list, shape]): PhysicalPlan => {
    const scan: PhysicalOperator = { kind: "scan", leaf: 0, columns };
    const types = list.map((each) => columnOf(each.type, true));
    const keys = list.filter(isGroupable);
    const root: PhysicalOperator = shape === "scan" ? scan : shape === "project"
      ? { kind: "project", input: scan, expressions: list, columns: types }
      : {
          kind: "hashAggregate",
          input: scan,
          keys,
          aggregates: [
            { function: "countRows", result: columnOf({ kind: "int8" }, false) },
            ...list.map((argument) => (
              { function: "count" as const, argument, result: columnOf({ kind: "int8" }, false) })),
          ],
          columns: [
            ...keys.map((key) => columnOf(key.type, true)),
            ...[0, ...list].map(() => columnOf({ kind: "int8" }, false)),
          ],
          groupsEstimate: 12,
        };
    const outputs = root.columns.map((type, index) => ({ name: `c${index}`, type }));
    return { version: 1, root, leafCount: 1, outputs, parameters: [{ id: 1, type: { kind: "int4" } }] };
  });

describe("plans", () => {
  it("come back as they were", () => {
    fc.assert(fc.property(plan, (original) => {
      const bytes = encodePhysicalPlan(original);
      expect(decodePhysicalPlan(bytes)).toEqual(original);
      expect(encodePhysicalPlan(decodePhysicalPlan(bytes))).toEqual(bytes);
      expect(planDigest(bytes)).toBe(planDigest(bytes.slice()));
    }), { numRuns: 200 });
  });

  it("that were changed or cut are refused or still whole", () => {
    fc.assert(fc.property(plan, fc.nat(), fc.nat(255), fc.boolean(), (original, at, byte, cut) => {
      const bytes = encodePhysicalPlan(original).slice();
      bytes[at % bytes.length] = byte;
      try {
        const read = decodePhysicalPlan(cut ? bytes.subarray(0, at % bytes.length) : bytes);
        encodePhysicalPlan(read);
      } catch (error) {
        expect(error).toBeInstanceOf(FusionError);
        expect(error).toMatchObject({ code: "malformedMessage" });
      }
    }), { numRuns: 500 });
  });
});

describe("plans that contradict themselves", () => {
  const int4 = columnOf({ kind: "int4" }, true);
  const scan: PhysicalOperator = { kind: "scan", leaf: 0, columns: [int4] };
  const read = (index: number): Expression => ({ kind: "column", index, type: { kind: "int4" } });
  const whole: PhysicalPlan = {
    version: 1, root: scan, leafCount: 1, outputs: [{ name: "a", type: int4 }], parameters: [],
  };
  const project = (expression: Expression): PhysicalPlan => ({
    ...whole,
    root: { kind: "project", input: scan, expressions: [expression], columns: [int4] },
  });
  const opaque = columnOf({ kind: "opaque", width: -1, byValue: false, bitwiseEqual: false }, true);
  const cases: Readonly<Record<string, PhysicalPlan>> = {
    "a column that is not there": project(read(1)),
    "an unknown function": project({ kind: "call", function: "int4.guess", arguments: [], type: { kind: "int4" } }),
    "a function of another type": project(
      { kind: "call", function: "int4.add", arguments: [read(0)], type: { kind: "int4" } }),
    "an undeclared parameter": project({ kind: "parameter", id: 3, type: { kind: "int4" } }),
    "a condition that is no truth value": project({
      kind: "case", branches: [{ when: read(0), then: read(0) }], otherwise: read(0), type: { kind: "int4" },
    }),
    "a constant out of range": project({ kind: "constant", value: 1n << 40n, type: { kind: "int4" } }),
    "a leaf too many": { ...whole, leafCount: 2 },
    "outputs of another width": { ...whole, outputs: [] },
    "a leaf scanned twice": {
      ...whole, root: { kind: "scan", leaf: 1, columns: [int4] },
    },
    "keys without equality": {
      ...whole,
      root: {
        kind: "hashAggregate",
        input: { kind: "scan", leaf: 0, columns: [opaque] },
        keys: [{ kind: "column", index: 0, type: opaque.engine }],
        aggregates: [],
        columns: [opaque],
        groupsEstimate: 0,
      },
      outputs: [{ name: "a", type: opaque }],
    },
  };
  const joined = (changes: object): PhysicalPlan => ({
    ...whole,
    leafCount: 2,
    root: {
      kind: "hashJoin", join: "inner", probe: scan, build: { kind: "scan", leaf: 1, columns: [int4] },
      probeKeys: [read(0)], buildKeys: [read(0)], columns: [int4, int4], buildRowsEstimate: 0, ...changes,
    },
    outputs: [{ name: "a", type: int4 }, { name: "b", type: int4 }],
  });
  const int8 = { kind: "int8" } as const;
  const eight: Expression = { kind: "constant", value: 8n, type: int8 };
  const joins: Readonly<Record<string, PhysicalPlan>> = {
    "a join of unlike keys": joined({ buildKeys: [eight] }),
    "a join of unpaired keys": joined({ buildKeys: [] }),
    "a semi join with build columns": joined({ join: "semi" }),
    "a join of no kind": joined({ join: "outer" }),
    "a NOT IN over no key": joined({ join: "nullAwareAnti", probeKeys: [], buildKeys: [], columns: [int4] }),
    "a join's condition that is no truth value": joined({ residual: read(1) }),
    "a join's condition beyond its columns": joined({ residual: read(2) }),
    "a union of unlike columns": {
      ...whole,
      leafCount: 2,
      root: {
        kind: "union", inputs: [scan, { kind: "scan", leaf: 1, columns: [columnOf(int8, true)] }], columns: [int4],
      },
    },
    "a limit that is no constant": {
      ...whole, root: { kind: "limit", input: scan, columns: [int4], count: read(0) },
    },
  };
  it("many levels are taken", () => {
    let plan = whole;
    for (let level = 0; level < 300; level++)
      plan = { ...plan, root: { kind: "limit", input: plan.root, columns: [int4], count: eight } };
    expect(decodePhysicalPlan(encodePhysicalPlan(plan))).toEqual(plan);
  });

  it("joins are taken when they are whole", () => {
    const plan = joined({});
    expect(decodePhysicalPlan(encodePhysicalPlan(plan))).toEqual(plan);
  });
  for (const [name, contradiction] of Object.entries({ ...cases, ...joins }))
    it(`are refused: ${name}`, () => {
      expect(() => decodePhysicalPlan(encodePhysicalPlan(contradiction))).toThrow(/malformed plan/);
    });
});
