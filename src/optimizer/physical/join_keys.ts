// A join's conditions as hash keys and a residual. Keys are compared as values of one engine type, so sides of
// different widths are widened first; what cannot be brought to one type without a loss stays in the residual.
import { callOf } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import { isFunctionKey } from "#functions/registry.js";
import { equalityOf } from "#optimizer/expressions/conditions.js";
import { castDecimal, widestDecimal } from "#optimizer/expressions/numeric_values.js";
import { type EngineType, isSameType } from "#types/engine_type.js";

export interface JoinKeys {
  readonly leftKeys: readonly Expression[];
  readonly rightKeys: readonly Expression[];
  readonly residual: readonly Expression[];
}

type Pair = readonly [Expression, Expression];

/** Within each list a number may be widened to those behind it, and keeps its value. */
const widths: readonly (readonly EngineType["kind"][])[] = [["int2", "int4", "int8"], ["float4", "float8"]];

function widened(expression: Expression, type: EngineType): Expression | undefined {
  if (expression.type.kind === type.kind) return expression;
  const key = `cast.${expression.type.kind}.${type.kind}`;
  return isFunctionKey(key) ? callOf(key, type, expression) : undefined;
}

function numbers(left: Expression, right: Expression): Pair | undefined {
  const kinds = widths.find((each) => each.includes(left.type.kind) && each.includes(right.type.kind));
  if (kinds === undefined) return undefined;
  const type = kinds.indexOf(left.type.kind) >= kinds.indexOf(right.type.kind) ? left.type : right.type;
  const [wideLeft, wideRight] = [widened(left, type), widened(right, type)];
  return wideLeft === undefined || wideRight === undefined ? undefined : [wideLeft, wideRight];
}

function decimals(left: Expression, right: Expression): Pair | undefined {
  if (left.type.kind !== "decimal" || right.type.kind !== "decimal") return undefined;
  const type = widestDecimal([left.type, right.type]);
  return type && [castDecimal(left, type), castDecimal(right, type)];
}

const hashable: ReadonlySet<EngineType["kind"]> = new Set([
  "bool", "float4", "float8", "date", "time", "timestamp", "timestamptz", "text", "bpchar",
  "numeric", "interval",
]);

/** Both sides as values of one type whose equality is the condition's. */
function unified(left: Expression, right: Expression): Pair | undefined {
  if (left.type.kind === right.type.kind && hashable.has(left.type.kind))
    return [left, { ...right, type: left.type } as Expression];
  if (left.type.kind === "opaque" && left.type.bitwiseEqual && isSameType(left.type, right.type))
    return [left, right];
  return numbers(left, right) ?? decimals(left, right);
}

/** Splits conditions; `isLeft` and `isRight` tell which side an expression reads alone. */
export function joinKeys(
  conditions: readonly Expression[], isLeft: (expression: Expression) => boolean,
  isRight: (expression: Expression) => boolean,
): JoinKeys {
  const leftKeys: Expression[] = [];
  const rightKeys: Expression[] = [];
  const residual: Expression[] = [];
  for (const condition of conditions) {
    const equality = equalityOf(condition);
    let pair: Pair | undefined;
    if (equality !== undefined && isLeft(equality.left) && isRight(equality.right))
      pair = unified(equality.left, equality.right);
    else if (equality !== undefined && isRight(equality.left) && isLeft(equality.right))
      pair = unified(equality.right, equality.left);
    if (pair === undefined) residual.push(condition);
    else {
      leftKeys.push(pair[0]);
      rightKeys.push(pair[1]);
    }
  }
  return { leftKeys, rightKeys, residual };
}
