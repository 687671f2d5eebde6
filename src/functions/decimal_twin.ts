// Numerics of any precision that are made of decimals by + - * and signs have a fixed scale, and most of them few
// digits: code for pages whose bounds prove that computes the same expression over plain integers. TPC-H's
// price * (1 - discount) * (1 + tax) may have 47 digits by its columns' types, and has 12. Read next:
// lowering/bounds.ts, lowering/aggregate_plan.ts.
import type { Expression } from "#expr/expression.js";
import type { EngineType } from "#types/engine_type.js";
import { isSpecial, readNumeric } from "./numeric_image.js";

type Decimal = Extract<EngineType, { kind: "decimal" }>;
type Twin = Expression & { readonly type: Decimal };

const twins: ReadonlyMap<string, string> = new Map([
  ["numeric.add", "decimal.add"], ["numeric.subtract", "decimal.subtract"], ["numeric.multiply", "decimal.multiply"],
  ["numeric.negate", "decimal.negate"], ["numeric.absolute", "decimal.absolute"],
]);

/** The expression over decimals, for narrow code alone; undefined for one that is not made of them. */
export function decimalTwin(expression: Expression): Expression | undefined {
  return twinOf(expression);
}

function twinOf(expression: Expression): Twin | undefined {
  if (expression.kind === "constant") return constantTwin(expression);
  if (expression.kind !== "call") return undefined;
  const [left, right] = expression.arguments;
  if (left === undefined) return undefined;
  if (expression.function === "cast.decimal.numeric") return isDecimal(left) ? left : undefined;
  const key = twins.get(expression.function);
  const first = key === undefined ? undefined : twinOf(left);
  if (key === undefined || first === undefined) return undefined;
  if (right === undefined) return { kind: "call", function: key, arguments: [first], type: first.type };
  const second = twinOf(right);
  if (second === undefined) return undefined;
  return { kind: "call", function: key, arguments: [first, second], type: typeOf(key, first.type, second.type) };
}

function isDecimal(expression: Expression): expression is Twin {
  return expression.type.kind === "decimal";
}

/** Narrow code asks for the scale alone. */
function typeOf(key: string, a: Decimal, b: Decimal): Decimal {
  const scale = key === "decimal.multiply" ? a.scale + b.scale : Math.max(a.scale, b.scale);
  return { kind: "decimal", precision: a.precision + b.precision, scale };
}

function constantTwin({ value, type }: Extract<Expression, { kind: "constant" }>): Twin | undefined {
  if (type.kind !== "numeric" || !(value instanceof Uint8Array)) return undefined;
  const number = readNumeric(value);
  if (isSpecial(number)) return undefined;
  const { coefficient, scale } = number;
  return { kind: "constant", value: coefficient, type: { kind: "decimal", precision: digitsOf(coefficient), scale } };
}

function digitsOf(coefficient: bigint): number {
  return String(coefficient < 0n ? -coefficient : coefficient).length;
}
