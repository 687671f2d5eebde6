// Reference evaluation of expressions over plain rows: the semantics written down once more, slowly and plainly, to
// judge compiled code by. Read next: expr/expression.ts, aggregate.ts.
import { assert } from "#base/assert.js";
import type { Expression, Scalar } from "#expr/expression.js";
import type { Present } from "#functions/function.js";
import { numberOfError } from "#functions/held_errors.js";
import { functionByKey } from "#functions/registry.js";
import { trimBlanks } from "../parameter_block.js";

/** A row computes a column when it is asked for: a projection nobody reads raises no error. */
export type Row = (column: number) => Scalar;
export type Parameters = ReadonlyMap<number, Scalar>;

/** Real values are stored rounded; char(n) without trailing blanks. */
function normalised(value: Scalar, expression: Expression): Scalar {
  if (expression.type.kind === "float4" && typeof value === "number") return Math.fround(value);
  if (expression.type.kind === "bpchar" && value instanceof Uint8Array) return trimBlanks(value);
  return value;
}

export function evaluate(expression: Expression, row: Row, parameters: Parameters): Scalar {
  const value = (argument: Expression): Scalar => evaluate(argument, row, parameters);
  switch (expression.kind) {
    case "column":
      return row(expression.index);
    case "constant":
      return normalised(expression.value, expression);
    case "parameter":
      return normalised(present(parameters.get(expression.id), `parameter ${expression.id}`), expression);
    case "call":
      return evaluateCall(expression, expression.arguments.map(value));
    case "and":
      return connective(expression.arguments, false, value);
    case "or":
      return connective(expression.arguments, true, value);
    case "not": {
      const argument = value(expression.argument);
      return argument === null ? null : !asBool(argument);
    }
    case "isNull":
      return (value(expression.argument) === null) !== expression.negated;
    case "booleanTest": {
      const wanted = expression.test === "unknown" ? null : expression.test === "true";
      return (value(expression.argument) === wanted) !== expression.negated;
    }
    case "case": {
      for (const { when, then } of expression.branches) {
        if (value(when) === true) return value(then);
      }
      return value(expression.otherwise);
    }
    case "coalesce": {
      for (const argument of expression.arguments) {
        const each = value(argument);
        if (each !== null) return each;
      }
      return null;
    }
    case "attempt":
      return attempted(expression, value);
  }
}

/** The argument's value, or its error; one without a number is raised. */
function attempted(
  { argument, yields }: Extract<Expression, { kind: "attempt" }>, value: (argument: Expression) => Scalar,
): Scalar {
  try {
    const held = value(argument);
    return yields === "value" ? held : null;
  } catch (error) {
    const number = BigInt(numberOfError(error));
    return yields === "value" ? null : number;
  }
}

function present(value: Scalar | undefined, name: string): Scalar {
  assert(value !== undefined, `${name} has a value`);
  return value;
}

function asBool(value: Scalar): boolean {
  assert(typeof value === "boolean", "a bool");
  return value;
}

/** Every function is strict. */
function evaluateCall(expression: Extract<Expression, { kind: "call" }>, values: readonly Scalar[]): Scalar {
  const present: Present[] = [];
  for (const value of values) {
    if (value === null) return null;
    present.push(value);
  }
  const types = { arguments: expression.arguments.map(({ type }) => type), result: expression.type };
  return functionByKey(expression.function).evaluate(present, types);
}

/** AND is decided by false, OR by true; arguments after the decision are not evaluated. */
function connective(
  list: readonly Expression[],
  decides: boolean,
  value: (argument: Expression) => Scalar,
): Scalar {
  let unknown = false;
  for (const argument of list) {
    const each = value(argument);
    if (each === null) unknown = true;
    else if (asBool(each) === decides) return decides;
  }
  return unknown ? null : !decides;
}
