// + - * / % negation and absolute value of smallint, integer and bigint, mixed widths included: PostgreSQL widens to
// the larger type, which is the result's, and raises 22003 where the exact result does not fit it.
import type { EngineType } from "#types/engine_type.js";
import type { FunctionBuilder } from "#wasm/function_builder.js";
import { errorTemplates, throwTemplate } from "./error_templates.js";
import type { Emission, ErrorTemplate, Operand, Procedure, ScalarFunction } from "./function.js";
import { multiplyOverflows } from "./library/multiply_overflows.js";
import { asBigint, first, push, pushAsI64, second } from "./operand.js";

type IntegerKind = "int2" | "int4" | "int8";

interface IntegerFacts {
  readonly rank: number;
  readonly bits: number;
  readonly least: bigint;
  readonly range: ErrorTemplate;
}

const integers: Readonly<Record<IntegerKind, IntegerFacts>> = {
  int2: { rank: 0, bits: 16, least: -(1n << 15n), range: errorTemplates.int2OutOfRange },
  int4: { rank: 1, bits: 32, least: -(1n << 31n), range: errorTemplates.int4OutOfRange },
  int8: { rank: 2, bits: 64, least: -(1n << 63n), range: errorTemplates.int8OutOfRange },
};

function integerKind(type: EngineType | undefined): IntegerKind | undefined {
  const kind = type?.kind;
  return kind === "int2" || kind === "int4" || kind === "int8" ? kind : undefined;
}

function inRange(kind: IntegerKind, value: bigint): bigint {
  if (BigInt.asIntN(integers[kind].bits, value) !== value) throwTemplate(integers[kind].range);
  return value;
}

/** Accepts arguments whose widest type is `kind`. */
function widens(
  kind: IntegerKind,
  argumentTypes: readonly EngineType[],
  count: number,
): EngineType | undefined {
  if (argumentTypes.length !== count) return undefined;
  let widest = -1;
  for (const type of argumentTypes) {
    const each = integerKind(type);
    if (each === undefined) return undefined;
    widest = Math.max(widest, integers[each].rank);
  }
  return widest === integers[kind].rank ? { kind } : undefined;
}

type Operation = "add" | "subtract" | "multiply" | "divide" | "modulo" | "negate" | "absolute";

const reference: Readonly<Record<Operation, (a: bigint, b: bigint) => bigint>> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => (b === 0n ? throwTemplate(errorTemplates.divisionByZero) : a / b),
  modulo: (a, b) => (b === 0n ? throwTemplate(errorTemplates.divisionByZero) : a % b),
  negate: (a) => -a,
  absolute: (a) => (a < 0n ? -a : a),
};

const words = { add: "add", subtract: "sub", multiply: "mul" } as const;

/** Sum, difference or product of integers up to 32 bits: exact one size up, then checked by narrowing. */
function emitSmall(
  emission: Emission,
  operands: readonly Operand[],
  kind: "int2" | "int4",
  word: "add" | "sub" | "mul",
): void {
  const { code } = emission;
  const result = code.local("i32");
  if (kind === "int2") {
    const exact = code.local("i32");
    push(push(code, first(operands)), second(operands))
      .op(`i32.${word}`)
      .tee(exact);
    code.op("i32.extend16_s").tee(result).get(exact).op("i32.ne");
  } else {
    const exact = code.local("i64");
    pushAsI64(pushAsI64(code, first(operands)), second(operands))
      .op(`i64.${word}`)
      .tee(exact);
    code.op("i32.wrap_i64").tee(result).op("i64.extend_i32_s").get(exact).op("i64.ne");
  }
  emission.raiseIf(integers[kind].range);
  code.get(result);
}

function emitBigint(emission: Emission, operands: readonly Operand[], word: "add" | "sub" | "mul"): void {
  const { code } = emission;
  const [a, b, result] = [code.local("i64"), code.local("i64"), code.local("i64")];
  pushAsI64(code, first(operands)).set(a);
  pushAsI64(code, second(operands)).set(b);
  code.get(a, b).op(`i64.${word}`).set(result);
  if (word === "mul") {
    // Two factors of 32 bits cannot overflow; only others pay for the division that decides.
    code.get(a).op("i64.extend32_s").get(a).op("i64.ne");
    code.get(b).op("i64.extend32_s").get(b).op("i64.ne", "i32.or");
    code.if(
      ["i32"],
      () => code.get(a, b).call(emission.library(multiplyOverflows)),
      () => code.i32(0),
    );
  } else {
    // Overflow shows in the sign: equal signs of the terms, another one of the result.
    code
      .get(a)
      .get(word === "add" ? result : b)
      .op("i64.xor");
    code
      .get(word === "add" ? b : a, result)
      .op("i64.xor", "i64.and")
      .i64(0)
      .op("i64.lt_s");
  }
  emission.raiseIf(integers.int8.range);
  code.get(result);
}

function emitQuotient(
  emission: Emission,
  operands: readonly Operand[],
  kind: IntegerKind,
  word: "div_s" | "rem_s",
): void {
  const { code } = emission;
  const type = kind === "int8" ? "i64" : "i32";
  const [a, b] = [code.local(type), code.local(type)];
  const pushWide = (operand: Operand): FunctionBuilder =>
    type === "i64" ? pushAsI64(code, operand) : push(code, operand);
  const constant = (value: bigint): FunctionBuilder =>
    type === "i64" ? code.i64(value) : code.i32(Number(value));
  pushWide(first(operands)).set(a);
  pushWide(second(operands)).tee(b).op(`${type}.eqz`);
  emission.raiseIf(errorTemplates.divisionByZero);
  if (word === "div_s") {
    constant(integers[kind].least).get(a).op(`${type}.eq`);
    constant(-1n).get(b).op(`${type}.eq`, "i32.and");
    emission.raiseIf(integers[kind].range);
  }
  code.get(a, b).op(`${type}.${word}`);
}

function emitSign(
  emission: Emission,
  operand: Operand,
  kind: IntegerKind,
  operation: "negate" | "absolute",
): void {
  const { code } = emission;
  const type = kind === "int8" ? "i64" : "i32";
  const zero = (): FunctionBuilder => (type === "i64" ? code.i64(0) : code.i32(0));
  push(code, operand);
  if (type === "i64") code.i64(integers[kind].least).op("i64.eq");
  else code.i32(Number(integers[kind].least)).op("i32.eq");
  emission.raiseIf(integers[kind].range);
  push(zero(), operand).op(`${type}.sub`);
  if (operation === "absolute") {
    push(code, operand);
    push(code, operand);
    zero().op(`${type}.lt_s`).select();
  }
}

function emit(
  emission: Emission,
  operands: readonly Operand[],
  kind: IntegerKind,
  operation: Operation,
): void {
  switch (operation) {
    case "add":
    case "subtract":
    case "multiply":
      if (kind === "int8") return emitBigint(emission, operands, words[operation]);
      return emitSmall(emission, operands, kind, words[operation]);
    case "divide":
      return emitQuotient(emission, operands, kind, "div_s");
    case "modulo":
      return emitQuotient(emission, operands, kind, "rem_s");
    case "negate":
    case "absolute":
      return emitSign(emission, first(operands), kind, operation);
  }
}

function integerFunction(
  kind: IntegerKind,
  operation: Operation,
  doc: string,
  procedures: readonly Procedure[],
): ScalarFunction {
  const unary = operation === "negate" || operation === "absolute";
  return {
    key: `${kind}.${operation}`,
    procedures,
    doc: `${doc} of ${kind}; an error where the result does not fit`,
    resultType: (argumentTypes) => widens(kind, argumentTypes, unary ? 1 : 2),
    mayFail: () => true,
    evaluate: (values) =>
      inRange(kind, reference[operation](asBigint(first(values)), unary ? 0n : asBigint(second(values)))),
    emit: (emission, operands) => emit(emission, operands, kind, operation),
  };
}

const procedure = (oid: number, source: string): Procedure => ({ oid, source });

export const integerArithmetic: readonly ScalarFunction[] = [
  integerFunction("int2", "add", "Sum", [procedure(176, "int2pl")]),
  integerFunction("int2", "subtract", "Difference", [procedure(180, "int2mi")]),
  integerFunction("int2", "multiply", "Product", [procedure(152, "int2mul")]),
  integerFunction("int2", "divide", "Quotient, truncated,", [procedure(153, "int2div")]),
  integerFunction("int2", "modulo", "Remainder, signed as the dividend,", [
    procedure(155, "int2mod"),
    procedure(940, "int2mod"),
  ]),
  integerFunction("int2", "negate", "Negation", [procedure(213, "int2um")]),
  integerFunction("int2", "absolute", "Absolute value", [
    procedure(1253, "int2abs"),
    procedure(1398, "int2abs"),
  ]),
  integerFunction("int4", "add", "Sum", [
    procedure(177, "int4pl"),
    procedure(178, "int24pl"),
    procedure(179, "int42pl"),
  ]),
  integerFunction("int4", "subtract", "Difference", [
    procedure(181, "int4mi"),
    procedure(182, "int24mi"),
    procedure(183, "int42mi"),
  ]),
  integerFunction("int4", "multiply", "Product", [
    procedure(141, "int4mul"),
    procedure(170, "int24mul"),
    procedure(171, "int42mul"),
  ]),
  integerFunction("int4", "divide", "Quotient, truncated,", [
    procedure(154, "int4div"),
    procedure(172, "int24div"),
    procedure(173, "int42div"),
  ]),
  integerFunction("int4", "modulo", "Remainder, signed as the dividend,", [
    procedure(156, "int4mod"),
    procedure(941, "int4mod"),
  ]),
  integerFunction("int4", "negate", "Negation", [procedure(212, "int4um")]),
  integerFunction("int4", "absolute", "Absolute value", [
    procedure(1251, "int4abs"),
    procedure(1397, "int4abs"),
  ]),
  integerFunction("int8", "add", "Sum", [
    procedure(463, "int8pl"),
    procedure(1278, "int48pl"),
    procedure(1274, "int84pl"),
    procedure(841, "int28pl"),
    procedure(837, "int82pl"),
  ]),
  integerFunction("int8", "subtract", "Difference", [
    procedure(464, "int8mi"),
    procedure(1279, "int48mi"),
    procedure(1275, "int84mi"),
    procedure(942, "int28mi"),
    procedure(838, "int82mi"),
  ]),
  integerFunction("int8", "multiply", "Product", [
    procedure(465, "int8mul"),
    procedure(1280, "int48mul"),
    procedure(1276, "int84mul"),
    procedure(943, "int28mul"),
    procedure(839, "int82mul"),
  ]),
  integerFunction("int8", "divide", "Quotient, truncated,", [
    procedure(466, "int8div"),
    procedure(1281, "int48div"),
    procedure(1277, "int84div"),
    procedure(948, "int28div"),
    procedure(840, "int82div"),
  ]),
  integerFunction("int8", "modulo", "Remainder, signed as the dividend,", [
    procedure(945, "int8mod"),
    procedure(947, "int8mod"),
  ]),
  integerFunction("int8", "negate", "Negation", [procedure(462, "int8um")]),
  integerFunction("int8", "absolute", "Absolute value", [
    procedure(1230, "int8abs"),
    procedure(1396, "int8abs"),
  ]),
];
