// + - * / negation and absolute value of real and double precision, mixed included: IEEE operations as PostgreSQL's C
// code compiles to, followed by its overflow, underflow and zero-divisor checks.
import type { EngineType } from "#types/engine_type.js";
import { errorTemplates, throwTemplate } from "./error_templates.js";
import type { Emission, Operand, Procedure, ScalarFunction } from "./function.js";
import { asNumber, first, push, second } from "./operand.js";

type FloatKind = "float4" | "float8";
type Operation = "add" | "subtract" | "multiply" | "divide";

const words = { add: "add", subtract: "sub", multiply: "mul", divide: "div" } as const;
const wasmType = { float4: "f32", float8: "f64" } as const;

/** Any two floats of which at least one is double give double. */
function floatType(
  kind: FloatKind,
  argumentTypes: readonly EngineType[],
  count: number,
): EngineType | undefined {
  if (argumentTypes.length !== count) return undefined;
  if (argumentTypes.some(({ kind: each }) => each !== "float4" && each !== "float8")) return undefined;
  const widest = argumentTypes.some(({ kind: each }) => each === "float8") ? "float8" : "float4";
  return widest === kind ? { kind } : undefined;
}

/** The value of an operation before checks, in the precision of the type. */
function compute(kind: FloatKind, operation: Operation, a: number, b: number): number {
  // A double holds more than twice the digits of a real, so rounding its result once more changes nothing.
  const exact =
    operation === "add" ? a + b : operation === "subtract" ? a - b : operation === "multiply" ? a * b : a / b;
  return kind === "float4" ? Math.fround(exact) : exact;
}

const isInfinite = (value: number): boolean => value === Infinity || value === -Infinity;

/** The value with PostgreSQL's checks. */
export function floatResult(kind: FloatKind, operation: Operation, a: number, b: number): number {
  if (operation === "divide" && b === 0 && !Number.isNaN(a)) throwTemplate(errorTemplates.divisionByZero);
  const result = compute(kind, operation, a, b);
  const bMatters = operation !== "divide";
  if (isInfinite(result) && !isInfinite(a) && !(bMatters && isInfinite(b)))
    throwTemplate(errorTemplates.floatOverflow);
  if (result !== 0 || a === 0) return result;
  if (operation === "multiply" && b !== 0) throwTemplate(errorTemplates.floatUnderflow);
  if (operation === "divide" && !isInfinite(b)) throwTemplate(errorTemplates.floatUnderflow);
  return result;
}

/** Pushes the operand in the precision of the result. */
function pushFloat(emission: Emission, operand: Operand, kind: FloatKind): void {
  push(emission.code, operand);
  if (kind === "float8" && operand.shape === "f32") emission.code.op("f64.promote_f32");
}

function emit(emission: Emission, operands: readonly Operand[], kind: FloatKind, operation: Operation): void {
  const { code } = emission;
  const type = wasmType[kind];
  const [a, b, result] = [code.local(type), code.local(type), code.local(type)];
  const constant = (value: number): void => void (type === "f32" ? code.f32(value) : code.f64(value));
  const pushInfinite = (value: typeof a): void => {
    code.get(value).op(`${type}.abs`);
    constant(Infinity);
    code.op(`${type}.eq`);
  };
  const pushZero = (value: typeof a): void => {
    code.get(value);
    constant(0);
    code.op(`${type}.eq`);
  };
  pushFloat(emission, first(operands), kind);
  code.set(a);
  pushFloat(emission, second(operands), kind);
  code.set(b);
  if (operation === "divide") {
    pushZero(b);
    code.get(a, a).op(`${type}.eq`, "i32.and");
    emission.raiseIf(errorTemplates.divisionByZero);
  }
  // Of two NaNs the processor keeps the first operand's sign; float4pl and float4mul are compiled the other way round.
  const swapped = kind === "float4" && (operation === "add" || operation === "multiply");
  code.get(...(swapped ? [b, a] : [a, b])).op(`${type}.${words[operation]}`).set(result);
  pushInfinite(result);
  pushInfinite(a);
  if (operation !== "divide") {
    pushInfinite(b);
    code.op("i32.or");
  }
  code.op("i32.eqz", "i32.and");
  emission.raiseIf(errorTemplates.floatOverflow);
  if (operation === "multiply" || operation === "divide") {
    pushZero(result);
    pushZero(a);
    if (operation === "multiply") pushZero(b);
    else pushInfinite(b);
    code.op("i32.or", "i32.eqz", "i32.and");
    emission.raiseIf(errorTemplates.floatUnderflow);
  }
  code.get(result);
}

function floatFunction(
  kind: FloatKind,
  operation: Operation,
  procedures: readonly Procedure[],
): ScalarFunction {
  return {
    key: `${kind}.${operation}`,
    procedures,
    doc: `IEEE ${words[operation]} of ${kind}; an error on overflow or a zero divisor`,
    resultType: (argumentTypes) => floatType(kind, argumentTypes, 2),
    mayFail: () => true,
    evaluate: (values) => floatResult(kind, operation, asNumber(first(values)), asNumber(second(values))),
    emit: (emission, operands) => emit(emission, operands, kind, operation),
  };
}

function signFunction(
  kind: FloatKind,
  operation: "negate" | "absolute",
  procedures: readonly Procedure[],
): ScalarFunction {
  return {
    key: `${kind}.${operation}`,
    procedures,
    doc: `${operation === "negate" ? "Negation" : "Absolute value"} of ${kind}: only the sign bit changes`,
    resultType: (argumentTypes) => floatType(kind, argumentTypes, 1),
    mayFail: () => false,
    evaluate: (values) =>
      operation === "negate" ? -asNumber(first(values)) : Math.abs(asNumber(first(values))),
    emit: ({ code }, operands) =>
      void push(code, first(operands)).op(`${wasmType[kind]}.${operation === "negate" ? "neg" : "abs"}`),
  };
}

const procedure = (oid: number, source: string): Procedure => ({ oid, source });

export const floatArithmetic: readonly ScalarFunction[] = [
  floatFunction("float4", "add", [procedure(204, "float4pl")]),
  floatFunction("float4", "subtract", [procedure(205, "float4mi")]),
  floatFunction("float4", "multiply", [procedure(202, "float4mul")]),
  floatFunction("float4", "divide", [procedure(203, "float4div")]),
  signFunction("float4", "negate", [procedure(206, "float4um")]),
  signFunction("float4", "absolute", [procedure(207, "float4abs"), procedure(1394, "float4abs")]),
  floatFunction("float8", "add", [
    procedure(218, "float8pl"),
    procedure(281, "float48pl"),
    procedure(285, "float84pl"),
  ]),
  floatFunction("float8", "subtract", [
    procedure(219, "float8mi"),
    procedure(282, "float48mi"),
    procedure(286, "float84mi"),
  ]),
  floatFunction("float8", "multiply", [
    procedure(216, "float8mul"),
    procedure(279, "float48mul"),
    procedure(283, "float84mul"),
  ]),
  floatFunction("float8", "divide", [
    procedure(217, "float8div"),
    procedure(280, "float48div"),
    procedure(284, "float84div"),
  ]),
  signFunction("float8", "negate", [procedure(220, "float8um")]),
  signFunction("float8", "absolute", [procedure(221, "float8abs"), procedure(1395, "float8abs")]),
];
