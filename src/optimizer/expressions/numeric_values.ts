// Numerics of fixed scale meeting those of any: the decimal the engine computes with becomes a numeric with the places
// PostgreSQL shows. Where all are decimals none is turned. Read next: alternatives.ts, functions/numeric_cast.ts.
import { callOf, constantOf, isNullConstant } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import { DECIMAL_NAN } from "#expr/expression.js";
import { writeNumeric } from "#functions/numeric_image.js";
import { DECIMAL128_PRECISION_MAX } from "#types/encoding_of.js";
import { type EngineType, NUMERIC, isSameType } from "#types/engine_type.js";
import type { Translated } from "./translated.js";

type Decimal = Extract<EngineType, { readonly kind: "decimal" }>;

/** Decimal digits of the integers. */
const integerDigits: Readonly<Partial<Record<EngineType["kind"], number>>> = { int2: 5, int4: 10, int8: 19 };

/** Integers and numerics of fixed scale as the latter; undefined for others. */
export function asDecimal(value: Expression): Expression | undefined {
  if (value.type.kind === "decimal") return value;
  const precision = integerDigits[value.type.kind];
  if (precision === undefined) return undefined;
  const type: EngineType = { kind: "decimal", precision, scale: 0 };
  return callOf(`cast.${value.type.kind}.decimal`, type, value);
}

/** The decimal that values of all types fit into without losing a digit. */
export function widestDecimal(types: readonly Decimal[]): Decimal | undefined {
  const scale = Math.max(...types.map((type) => type.scale));
  const precision = scale + Math.max(...types.map((type) => type.precision - type.scale));
  if (precision > DECIMAL128_PRECISION_MAX) return undefined;
  return { kind: "decimal", precision: Math.max(1, precision), scale };
}

/** A decimal as one of another type, by the function of numeric(numeric, typmod), which also widens. */
export function castDecimal(value: Expression, type: Decimal): Expression {
  return isSameType(value.type, type) ? value : callOf("cast.decimal.decimal", type, value);
}

/** The value as a numeric of any precision; others than decimals stay as they are. */
export function asNumeric({ expression, displayScale }: Translated): Expression {
  const { type } = expression;
  if (type.kind !== "decimal") return expression;
  if (displayScale !== undefined)
    return callOf("decimal.shown", NUMERIC, expression, displayScale);
  if (expression.kind !== "constant")
    return callOf("cast.decimal.numeric", NUMERIC, expression);
  const { value } = expression;
  if (value === null) return constantOf(value, NUMERIC);
  const number = value === DECIMAL_NAN || typeof value !== "bigint"
    ? "NaN" as const : { coefficient: value, scale: type.scale };
  return constantOf(writeNumeric(number), NUMERIC);
}

/** The values as one kind of numeric, when some of them are of any precision. */
export function numericsAlike(values: readonly Translated[]): readonly Translated[] {
  const isAny = ({ expression }: Translated): boolean =>
    expression.type.kind === "numeric" && !isNullConstant(expression);
  if (!values.some(isAny)) return values;
  return values.map((value) => (value.expression.type.kind === "decimal" ? { expression: asNumeric(value) } : value));
}

/** All of them as numerics of any precision. */
export function asNumerics(values: readonly Translated[]): readonly Translated[] {
  return values.map((value) => ({ expression: asNumeric(value) }));
}
