// Variances and standard deviations of numerics and integers, from a group's count, sum and sum of squares, all exact:
// PostgreSQL's numeric_stddev_internal. Only the planner makes these calls, above the sums. Those of floats are
// accumulated row by row (lowering/aggregate_moments.ts). Evaluated by the host.
import { NUMERIC } from "#types/engine_type.js";
import type { Present, ScalarFunction } from "./function.js";
import { hostFunction } from "./host_function.js";
import { add, divide, multiply, negate } from "./numeric_arithmetic.js";
import { type Numeric, type NumericNumber, isSpecial, readNumeric, writeNumeric } from "./numeric_image.js";
import { asBigint, asBytes, first, second } from "./operand.js";

export type SpreadFunction = "varPop" | "varSamp" | "stddevPop" | "stddevSamp";

/** The square root at a scale, rounded half away from zero. */
function squareRoot({ coefficient, scale }: NumericNumber, to: number): NumericNumber {
  // Of the radicand at twice the scale; its parity decides how many zeros that takes.
  const shift = 2 * to - scale;
  const radicand = shift >= 0 ? coefficient * 10n ** BigInt(shift) : coefficient / 10n ** BigInt(-shift);
  let root = radicand;
  if (radicand > 0n) {
    root = 1n << BigInt(Math.ceil(radicand.toString(2).length / 2));
    for (let next = (root + radicand / root) >> 1n; next < root; next = (root + radicand / root) >> 1n) root = next;
  }
  // (root + 1/2)^2 is root^2 + root + 1/4.
  const isUpper = radicand - root * root > root;
  return { coefficient: isUpper ? root + 1n : root, scale: to };
}

function spread(name: SpreadFunction, count: bigint, sum: Numeric, squares: Numeric): Numeric {
  if (isSpecial(sum) || isSpecial(squares)) return "NaN";
  const number: Numeric = { coefficient: count, scale: 0 };
  const isSample = name === "varSamp" || name === "stddevSamp";
  const numerator = add(multiply(number, squares), negate(multiply(sum, sum)));
  if (isSpecial(numerator) || numerator.coefficient <= 0n) return { coefficient: 0n, scale: 0 };
  const variance = divide(numerator, { coefficient: count * (isSample ? count - 1n : count), scale: 0 });
  if (isSpecial(variance) || name === "varPop" || name === "varSamp") return variance;
  return squareRoot(variance, variance.scale);
}

const third = (values: readonly Present[]): Present => values[2] as Present;

/** Values a function needs for an answer. */
export function spreadNeeds(name: SpreadFunction): 1 | 2 {
  return name === "varSamp" || name === "stddevSamp" ? 2 : 1;
}

export const numericSpreads: readonly ScalarFunction[] = (["varPop", "varSamp", "stddevPop", "stddevSamp"] as const)
  .map((name) => hostFunction({
    key: `numeric.${name}`,
    procedures: [],
    doc: `${name.startsWith("var") ? "Variance" : "Standard deviation"} of a count, a sum and a sum of squares`,
    arguments: ["int8", "numeric", "numeric"],
    result: NUMERIC,
    evaluate: (values) => writeNumeric(spread(
      name, asBigint(first(values)), readNumeric(asBytes(second(values))), readNumeric(asBytes(third(values))))),
  }));
