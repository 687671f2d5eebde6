// Casts between oid and integers. An oid is an integer without a sign, carried as the 32 bits it has: to and from int4
// nothing changes, int8 has room for all of them. Enums look like oids to the engine and have no such casts. Read next:
// cast_numbers.ts.
import { type EngineType, INT4, INT8, isSameType, OID } from "#types/engine_type.js";
import { throwTemplate } from "./error_templates.js";
import type { Emission, ErrorTemplate, Operand, Present, Procedure, ScalarFunction } from "./function.js";
import { asBigint, first, push } from "./operand.js";

const OID_END = 1n << 32n;
const outOfRange: ErrorTemplate = { sqlstate: "22003", message: "OID out of range" };

interface Listed {
  readonly key: string;
  readonly doc: string;
  readonly procedures: readonly Procedure[];
  readonly from: EngineType;
  readonly to: EngineType;
  readonly mayFail?: true;
  readonly evaluate: (value: bigint) => Present;
  readonly emit: (emission: Emission, value: Operand) => void;
}

const listed = ({ from, to, mayFail, evaluate, emit, ...named }: Listed): ScalarFunction => ({
  ...named,
  resultType: ([value, ...more]) => (value && isSameType(value, from) && more.length === 0 ? to : undefined),
  mayFail: () => mayFail === true,
  evaluate: (values) => evaluate(asBigint(first(values))),
  emit: (emission, operands) => emit(emission, first(operands)),
});

export const castsOfOids: readonly ScalarFunction[] = [
  listed({
    key: "cast.int8.oid", doc: "Cast of int8 to oid; an error outside its range", from: INT8, to: OID, mayFail: true,
    procedures: [{ oid: 1287, source: "i8tooid" }],
    evaluate: (value) => (value >= 0n && value < OID_END ? BigInt.asIntN(32, value) : throwTemplate(outOfRange)),
    emit(emission, value) {
      push(emission.code, value).i64(OID_END).op("i64.ge_u");
      emission.raiseIf(outOfRange);
      push(emission.code, value).op("i32.wrap_i64");
    },
  }),
  listed({
    key: "cast.oid.int8", doc: "Cast of oid to int8", from: OID, to: INT8,
    procedures: [{ oid: 1288, source: "oidtoi8" }],
    evaluate: (value) => BigInt.asUintN(32, value),
    emit: ({ code }, value) => void push(code, value).op("i64.extend_i32_u"),
  }),
  listed({
    key: "cast.int2.oid", doc: "The oid of the bits of an int2, its sign spread", from: { kind: "int2" }, to: OID,
    procedures: [], evaluate: (value) => value, emit: ({ code }, value) => void push(code, value),
  }),
  listed({
    key: "cast.int4.oid", doc: "The oid of the bits of an int4", procedures: [], from: INT4, to: OID,
    evaluate: (value) => value, emit: ({ code }, value) => void push(code, value),
  }),
  listed({
    key: "cast.oid.int4", doc: "The int4 of the bits of an oid", procedures: [], from: OID, to: INT4,
    evaluate: (value) => value, emit: ({ code }, value) => void push(code, value),
  }),
];
