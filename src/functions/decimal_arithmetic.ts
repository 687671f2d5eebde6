// + - * negation and absolute value of numerics whose scale is fixed: PostgreSQL's results are exact, with the larger
// scale for sums and the sum of scales for products, so scaled integers agree digit by digit. Results that may have
// more than 38 digits are numeric_arithmetic.ts's, and so is division: its result scale depends on the values.
import { LEAST64 } from "#types/encoding_of.js";
import type { EngineType } from "#types/engine_type.js";
import {
  type DecimalType, asDecimalType, asShape, decimalOf, integerDigits, onNumbers, pushLifted, pushOperandIsNan,
  pushPair, pushScaled,
} from "./decimal.js";
import {
  type CallTypes,
  type Emission,
  type Operand,
  type ScalarFunction,
  shapeOf,
} from "./function.js";
import {
  addDecimal,
  compareDecimal,
  multiplyDecimal,
  multiplyDecimal64,
  negateDecimal,
} from "./library/int128.js";
import { tenTo } from "./numeric_image.js";
import { first, push, second } from "./operand.js";

function bothDecimal(types: readonly EngineType[]): readonly [DecimalType, DecimalType] | undefined {
  const [a, b] = types;
  return types.length === 2 && a?.kind === "decimal" && b?.kind === "decimal" ? [a, b] : undefined;
}

function sumType([a, b]: readonly [DecimalType, DecimalType]): DecimalType | undefined {
  const scale = Math.max(a.scale, b.scale);
  return decimalOf(Math.max(integerDigits(a), integerDigits(b)) + 1 + scale, scale);
}

function productType([a, b]: readonly [DecimalType, DecimalType]): DecimalType | undefined {
  return decimalOf(a.precision + b.precision, a.scale + b.scale);
}

function decimalPair(types: CallTypes): readonly [DecimalType, DecimalType] {
  return [asDecimalType(types.arguments[0]), asDecimalType(types.arguments[1])];
}

function emitSum(emission: Emission, operands: readonly Operand[], types: CallTypes, negated: boolean): void {
  const { code } = emission;
  const pair = decimalPair(types);
  const type = asDecimalType(types.result);
  const [lift1, lift2] = [type.scale - pair[0].scale, type.scale - pair[1].scale];
  if (emission.narrow) {
    pushScaled(emission, first(operands), lift1);
    pushScaled(emission, second(operands), lift2);
    code.op(negated ? "i64.sub" : "i64.add");
    return;
  }
  if (shapeOf(type, false) === "i64") {
    // Eighteen digits at most on both sides: an i64 holds the sum, and only NaN needs a look.
    pushScaled(emission, first(operands), lift1);
    pushScaled(emission, second(operands), lift2);
    code.op(negated ? "i64.sub" : "i64.add");
    const sum = code.local("i64");
    code.set(sum).i64(LEAST64).get(sum);
    pushOperandIsNan(emission, first(operands));
    pushOperandIsNan(emission, second(operands));
    code.op("i32.or").select();
    return;
  }
  pushLifted(emission, first(operands), lift1);
  code.drop();
  pushLifted(emission, second(operands), lift2);
  code.drop();
  if (negated) code.call(emission.library(negateDecimal));
  code.call(emission.library(addDecimal)).drop();
  asShape(emission, types.result);
}

function sumFunction(key: string, oid: number, source: string, negated: boolean): ScalarFunction {
  return {
    key,
    procedures: [{ oid, source }],
    doc: `${negated ? "Difference" : "Sum"} of numerics of fixed scale; the larger scale`,
    resultType(argumentTypes) {
      const pair = bothDecimal(argumentTypes);
      return pair && sumType(pair);
    },
    mayFail: () => false,
    evaluate(values, types) {
      const [a, b] = decimalPair(types);
      const { scale } = asDecimalType(types.result);
      return onNumbers(values, (x = 0n, y = 0n) => {
        const [left, right] = [x * tenTo(scale - a.scale), y * tenTo(scale - b.scale)];
        return negated ? left - right : left + right;
      });
    },
    emit: (emission, operands, types) => emitSum(emission, operands, types, negated),
    bound(magnitudes, types) {
      const pair = decimalPair(types);
      const { scale } = asDecimalType(types.result);
      const result =
        first(magnitudes) * 10 ** (scale - pair[0].scale) +
        second(magnitudes) * 10 ** (scale - pair[1].scale);
      return { result, peak: result };
    },
  };
}

const multiply: ScalarFunction = {
  key: "decimal.multiply",
  procedures: [{ oid: 1726, source: "numeric_mul" }],
  doc: "Product of numerics of fixed scale; the sum of the scales",
  resultType(argumentTypes) {
    const pair = bothDecimal(argumentTypes);
    return pair && productType(pair);
  },
  mayFail: () => false,
  evaluate: (values) => onNumbers(values, (x = 0n, y = 0n) => x * y),
  emit(emission, operands, types) {
    const { code } = emission;
    if (emission.narrow) {
      push(push(code, first(operands)), second(operands)).op("i64.mul");
      return;
    }
    if (first(operands).shape === "i64" && second(operands).shape === "i64") {
      push(push(code, first(operands)), second(operands)).call(emission.library(multiplyDecimal64));
      asShape(emission, types.result);
      return;
    }
    pushPair(emission, first(operands));
    pushPair(emission, second(operands));
    code.call(emission.library(multiplyDecimal)).drop();
    asShape(emission, types.result);
  },
  bound(magnitudes) {
    const result = first(magnitudes) * second(magnitudes);
    return { result, peak: result };
  },
};

function unaryType(argumentTypes: readonly EngineType[]): EngineType | undefined {
  const [only] = argumentTypes;
  return argumentTypes.length === 1 && only?.kind === "decimal" ? only : undefined;
}

const sameBound: ScalarFunction["bound"] = (magnitudes) => ({
  result: first(magnitudes),
  peak: first(magnitudes),
});

const negate: ScalarFunction = {
  key: "decimal.negate",
  procedures: [{ oid: 1771, source: "numeric_uminus" }],
  doc: "Negation of a numeric of fixed scale",
  resultType: unaryType,
  mayFail: () => false,
  evaluate: (values) => onNumbers(values, (x = 0n) => -x),
  emit(emission, operands, types) {
    const { code } = emission;
    if (emission.narrow) {
      push(code.i64(0), first(operands)).op("i64.sub");
      return;
    }
    pushPair(emission, first(operands));
    code.call(emission.library(negateDecimal));
    asShape(emission, types.result);
  },
  bound: sameBound,
};

const absolute: ScalarFunction = {
  key: "decimal.absolute",
  procedures: [
    { oid: 1704, source: "numeric_abs" },
    { oid: 1705, source: "numeric_abs" },
  ],
  doc: "Absolute value of a numeric of fixed scale",
  resultType: unaryType,
  mayFail: () => false,
  evaluate: (values) => onNumbers(values, (x = 0n) => (x < 0n ? -x : x)),
  emit(emission, operands, types) {
    const { code } = emission;
    const operand = first(operands);
    if (emission.narrow) {
      push(code.i64(0), operand).op("i64.sub");
      push(push(code, operand), operand).i64(0).op("i64.lt_s").select();
      return;
    }
    const [low, high] = [code.local("i64"), code.local("i64")];
    pushPair(emission, operand);
    code.set(high).set(low).get(low, high).i64(0).i64(0).call(emission.library(compareDecimal));
    code.i32(0).op("i32.lt_s");
    code.if([], () => code.get(low, high).call(emission.library(negateDecimal)).set(high).set(low));
    code.get(low, high);
    asShape(emission, types.result);
  },
  bound: sameBound,
};

export const decimalArithmetic: readonly ScalarFunction[] = [
  sumFunction("decimal.add", 1724, "numeric_add", false),
  sumFunction("decimal.subtract", 1725, "numeric_sub", true),
  multiply,
  negate,
  absolute,
];
