// Whole numbers near a double precision number, its sign and its square root: what IEEE arithmetic gives, which the C
// library's rint(), ceil(), floor() and sqrt() give as well. Exponentials and logarithms are not here: libraries
// differ in their last digit.
import type { NumericInstruction } from "#wasm/opcodes.js";
import { throwTemplate } from "./error_templates.js";
import type { ErrorTemplate, Procedure, ScalarFunction } from "./function.js";
import { asNumber, first, push } from "./operand.js";

const negativeRoot: ErrorTemplate = {
  sqlstate: "2201F", message: "cannot take square root of a negative number",
};

/** rint(): to the even one of two neighbours equally near; zeros keep their sign. */
export function nearest(value: number): number {
  if (!Number.isFinite(value)) return value;
  const floor = Math.floor(value);
  const rest = value - floor;
  const whole = rest < 0.5 || (rest === 0.5 && floor % 2 === 0) ? floor : floor + 1;
  return whole === 0 && (value < 0 || Object.is(value, -0)) ? -0 : whole;
}

interface Listed {
  readonly name: string;
  readonly doc: string;
  readonly procedures: readonly (readonly [oid: number, source: string])[];
  readonly evaluate: (value: number) => number;
  readonly instruction: NumericInstruction;
}

const listed = ({ name, doc, procedures, evaluate, instruction }: Listed): ScalarFunction => ({
  key: `float8.${name}`,
  doc,
  procedures: procedures.map(([oid, source]): Procedure => ({ oid, source })),
  resultType: ([a, ...more]) => (a?.kind === "float8" && more.length === 0 ? { kind: "float8" } : undefined),
  mayFail: () => false,
  evaluate: (values) => evaluate(asNumber(first(values))),
  emit: ({ code }, operands) => void push(code, first(operands)).op(instruction),
});

const sign: ScalarFunction = {
  ...listed({
    name: "sign", doc: "The sign of a float8", procedures: [[2310, "dsign"]], instruction: "f64.abs",
    evaluate: (value) => (value > 0 ? 1 : value < 0 ? -1 : 0),
  }),
  emit({ code }, operands) {
    push(code, first(operands)).f64(0).op("f64.gt");
    push(code, first(operands)).f64(0).op("f64.lt", "i32.sub", "f64.convert_i32_s");
  },
};

const squareRoot: ScalarFunction = {
  ...listed({
    name: "squareRoot", doc: "The square root of a float8; an error for negative ones", instruction: "f64.sqrt",
    procedures: [[1344, "dsqrt"], [230, "dsqrt"]],
    evaluate: (value) => (value < 0 ? throwTemplate(negativeRoot) : Math.sqrt(value)),
  }),
  mayFail: () => true,
  emit(emission, operands) {
    push(emission.code, first(operands)).f64(0).op("f64.lt");
    emission.raiseIf(negativeRoot);
    push(emission.code, first(operands)).op("f64.sqrt");
  },
};

export const floatRounding: readonly ScalarFunction[] = [
  listed({
    name: "round", doc: "A float8 rounded to the nearest whole number, halves to the even one",
    procedures: [[1342, "dround"], [228, "dround"]], evaluate: nearest, instruction: "f64.nearest",
  }),
  listed({
    name: "truncate", doc: "A float8 without its fraction", procedures: [[1343, "dtrunc"], [229, "dtrunc"]],
    evaluate: Math.trunc, instruction: "f64.trunc",
  }),
  listed({
    name: "ceiling", doc: "The least whole number not below a float8", procedures: [[2308, "dceil"], [2320, "dceil"]],
    evaluate: Math.ceil, instruction: "f64.ceil",
  }),
  listed({
    name: "floor", doc: "The greatest whole number not above a float8", procedures: [[2309, "dfloor"]],
    evaluate: Math.floor, instruction: "f64.floor",
  }),
  sign,
  squareRoot,
];
