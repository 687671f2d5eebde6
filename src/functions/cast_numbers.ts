// Casts among integers, floats and bool. Widening is free; narrowing checks the range; floats round half to even before
// the check, as rint does. Casts of numerics are in cast_decimal.ts.
import type { EngineType } from "#types/engine_type.js";
import { errorTemplates, throwTemplate } from "./error_templates.js";
import { nearest } from "./float_rounding.js";
import type { Emission, ErrorTemplate, Operand, Present, Procedure, ScalarFunction } from "./function.js";
import { asBigint, asNumber, first, push } from "./operand.js";

type NumberKind = "bool" | "int2" | "int4" | "int8" | "float4" | "float8";
type IntegerKind = "int2" | "int4" | "int8";

const bitsOf: Readonly<Record<IntegerKind, number>> = { int2: 16, int4: 32, int8: 64 };
const integerRange: Readonly<Record<IntegerKind, ErrorTemplate>> = {
  int2: errorTemplates.int2OutOfRange,
  int4: errorTemplates.int4OutOfRange,
  int8: errorTemplates.int8OutOfRange,
};

interface CastBody {
  readonly mayFail: boolean;
  readonly evaluate: (value: Present) => Present;
  readonly emit: (emission: Emission, operand: Operand) => void;
}

export function castFunction(
  from: EngineType["kind"],
  to: EngineType["kind"],
  type: EngineType,
  procedure: Procedure,
  body: CastBody,
): ScalarFunction {
  return {
    key: `cast.${from}.${to}`,
    procedures: [procedure],
    doc: `Cast of ${from} to ${to}${body.mayFail ? "; an error outside its range" : ""}`,
    resultType: ([only, ...more]) => (only?.kind === from && more.length === 0 ? type : undefined),
    mayFail: () => body.mayFail,
    evaluate: (values) => body.evaluate(first(values)),
    emit: (emission, operands) => body.emit(emission, first(operands)),
  };
}

/** Throws unless the value fits; bits of the target decide. */
export function fitInteger(kind: IntegerKind, value: bigint): bigint {
  if (BigInt.asIntN(bitsOf[kind], value) !== value) throwTemplate(integerRange[kind]);
  return value;
}

const widenInteger = (to: IntegerKind): CastBody => ({
  mayFail: false,
  evaluate: (value) => value,
  emit: ({ code }, operand) => {
    push(code, operand);
    if (to === "int8") code.op("i64.extend_i32_s");
  },
});

/** Narrows an i64 on the stack to int2 or int4 with the range check. */
export function emitNarrowI64(emission: Emission, to: "int2" | "int4"): void {
  const { code } = emission;
  const [wide, result] = [code.local("i64"), code.local("i32")];
  code.tee(wide).op("i32.wrap_i64");
  if (to === "int2") code.op("i32.extend16_s");
  code.tee(result).op("i64.extend_i32_s").get(wide).op("i64.ne");
  emission.raiseIf(integerRange[to]);
  code.get(result);
}

const narrowInteger = (to: "int2" | "int4"): CastBody => ({
  mayFail: true,
  evaluate: (value) => fitInteger(to, asBigint(value)),
  emit(emission, operand) {
    push(emission.code, operand);
    if (operand.shape === "i32") emission.code.op("i64.extend_i32_s");
    emitNarrowI64(emission, to);
  },
});

const integerToFloat = (from: IntegerKind, to: "float4" | "float8"): CastBody => ({
  mayFail: false,
  // A bigint becomes a real in one rounding, so through a double is only right when the double is exact.
  evaluate: (value) => (to === "float8" ? Number(asBigint(value)) : realOfBigint(asBigint(value))),
  emit: ({ code }, operand) => {
    push(code, operand);
    const source = from === "int8" ? "i64" : "i32";
    code.op(to === "float8" ? `f64.convert_${source}_s` : `f32.convert_${source}_s`);
  },
});

/** Rounds an int64 to the nearest real, ties to even, once. */
function realOfBigint(value: bigint): number {
  const magnitude = value < 0n ? -value : value;
  const excess = magnitude.toString(2).length - 24;
  if (excess <= 0) return Number(value);
  const unit = 1n << BigInt(excess);
  const rest = magnitude % unit;
  const down = magnitude - rest;
  const up = rest * 2n > unit || (rest * 2n === unit && (down / unit) % 2n === 1n);
  const rounded = up ? down + unit : down;
  return Number(value < 0n ? -rounded : rounded);
}

const floatToInteger = (to: IntegerKind): CastBody => {
  const limit = 2 ** (bitsOf[to] - 1);
  return {
    mayFail: true,
    evaluate(value) {
      const rounded = nearest(asNumber(value));
      if (!(rounded >= -limit && rounded < limit)) throwTemplate(integerRange[to]);
      return BigInt(rounded);
    },
    emit(emission, operand) {
      const { code } = emission;
      const rounded = code.local("f64");
      push(code, operand);
      if (operand.shape === "f32") code.op("f64.promote_f32");
      code.op("f64.nearest").tee(rounded).f64(-limit).op("f64.ge");
      code.get(rounded).f64(limit).op("f64.lt", "i32.and", "i32.eqz");
      emission.raiseIf(integerRange[to]);
      code.get(rounded).op(to === "int8" ? "i64.trunc_f64_s" : "i32.trunc_f64_s");
    },
  };
};

const realToDouble: CastBody = {
  mayFail: false,
  evaluate: (value) => value,
  emit: ({ code }, operand) => void push(code, operand).op("f64.promote_f32"),
};

const doubleToReal: CastBody = {
  mayFail: true,
  evaluate(value) {
    const double = asNumber(value);
    const real = Math.fround(double);
    if (Math.abs(real) === Infinity && Math.abs(double) !== Infinity)
      throwTemplate(errorTemplates.floatOverflow);
    if (real === 0 && double !== 0) throwTemplate(errorTemplates.floatUnderflow);
    return real;
  },
  emit(emission, operand) {
    const { code } = emission;
    const real = code.local("f32");
    push(code, operand).op("f32.demote_f64").tee(real).op("f32.abs").f32(Infinity).op("f32.eq");
    push(code, operand).op("f64.abs").f64(Infinity).op("f64.ne", "i32.and");
    emission.raiseIf(errorTemplates.floatOverflow);
    code.get(real).f32(0).op("f32.eq");
    push(code, operand).f64(0).op("f64.ne", "i32.and");
    emission.raiseIf(errorTemplates.floatUnderflow);
    code.get(real);
  },
};

const boolToInteger: CastBody = {
  mayFail: false,
  evaluate: (value) => (value === true ? 1n : 0n),
  emit: ({ code }, operand) => void push(code, operand),
};

const integerToBool: CastBody = {
  mayFail: false,
  evaluate: (value) => asBigint(value) !== 0n,
  emit: ({ code }, operand) => void push(code, operand).i32(0).op("i32.ne"),
};

const row = (from: NumberKind, to: NumberKind, oid: number, source: string, body: CastBody): ScalarFunction =>
  castFunction(from, to, { kind: to }, { oid, source }, body);

export const castsOfNumbers: readonly ScalarFunction[] = [
  row("int2", "int4", 313, "i2toi4", widenInteger("int4")),
  row("int2", "int8", 754, "int28", widenInteger("int8")),
  row("int4", "int8", 481, "int48", widenInteger("int8")),
  row("int4", "int2", 314, "i4toi2", narrowInteger("int2")),
  row("int8", "int2", 714, "int82", narrowInteger("int2")),
  row("int8", "int4", 480, "int84", narrowInteger("int4")),
  row("int2", "float4", 236, "i2tof", integerToFloat("int2", "float4")),
  row("int4", "float4", 318, "i4tof", integerToFloat("int4", "float4")),
  row("int8", "float4", 652, "i8tof", integerToFloat("int8", "float4")),
  row("int2", "float8", 235, "i2tod", integerToFloat("int2", "float8")),
  row("int4", "float8", 316, "i4tod", integerToFloat("int4", "float8")),
  row("int8", "float8", 482, "i8tod", integerToFloat("int8", "float8")),
  row("float4", "int2", 238, "ftoi2", floatToInteger("int2")),
  row("float4", "int4", 319, "ftoi4", floatToInteger("int4")),
  row("float4", "int8", 653, "ftoi8", floatToInteger("int8")),
  row("float8", "int2", 237, "dtoi2", floatToInteger("int2")),
  row("float8", "int4", 317, "dtoi4", floatToInteger("int4")),
  row("float8", "int8", 483, "dtoi8", floatToInteger("int8")),
  row("float4", "float8", 311, "ftod", realToDouble),
  row("float8", "float4", 312, "dtof", doubleToReal),
  row("bool", "int4", 2558, "bool_int4", boolToInteger),
  row("int4", "bool", 2557, "int4_bool", integerToBool),
];
