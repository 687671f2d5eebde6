// Expressions put together: what the planner writes where no node of the statement says it. The variants themselves are
// expression.ts's.
import { BOOL, type EngineType } from "#types/engine_type.js";
import type { Expression, Scalar } from "./expression.js";

export function readColumn(index: number, type: EngineType): Expression {
  return { kind: "column", index, type };
}

export function constantOf(value: Scalar, type: EngineType): Expression {
  return { kind: "constant", value, type };
}

/** A call of a registered function. */
export function callOf(key: string, type: EngineType, ...given: readonly Expression[]): Expression {
  return { kind: "call", function: key, arguments: given, type };
}

export function isNull(argument: Expression): Expression {
  return { kind: "isNull", argument, negated: false, type: BOOL };
}

export function isPresent(argument: Expression): Expression {
  return { kind: "isNull", argument, negated: true, type: BOOL };
}

export function not(argument: Expression): Expression {
  return { kind: "not", argument, type: BOOL };
}

/** Conditions under one AND, where there are several; at least one. */
export function allOf(conditions: readonly Expression[]): Expression {
  const [only] = conditions;
  return only !== undefined && conditions.length === 1 ? only : { kind: "and", arguments: conditions, type: BOOL };
}

/** The value, or NULL where the condition is not true. */
export function onlyWhere(condition: Expression, value: Expression): Expression {
  const { type } = value;
  return { kind: "case", branches: [{ when: condition, then: value }], otherwise: constantOf(null, type), type };
}

/** Whether an expression is the constant NULL. */
export function isNullConstant(expression: Expression): boolean {
  return expression.kind === "constant" && expression.value === null;
}
