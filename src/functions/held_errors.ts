// Errors that are held back as numbers, until a row asks for the value they were met for: what numbers they have, and
// the function that raises them. Which expressions are held back is the planner's (optimizer/unnesting/held_back.ts).
import { FusionError } from "#base/errors.js";
import { BOOL } from "#types/engine_type.js";
import { errorTemplates, throwTemplate } from "./error_templates.js";
import type { ErrorTemplate, ScalarFunction } from "./function.js";
import { asBigint, first, push } from "./operand.js";

/** An error's number is its place, from 1 on. */
const held: readonly ErrorTemplate[] = Object.values(errorTemplates);

const numbered = new RegExp(["^(?:int[248]|float[48])\\.(?:add|subtract|multiply|divide|modulo|negate|absolute)$",
  "^date\\.(?:addDays|subtractDays|subtract)$", "^cast\\.(?:int[248]|float[48])\\.int[248]$"].join("|"));

/** Whether all errors of a function have numbers. */
export function hasNumberedErrors(key: string): boolean {
  return numbered.test(key);
}

/**
 * The number of an error that compiled code would raise. Undefined: it has none, and is raised as always; what is held
 * back calls such a function only with operands that do not fail (`callMayFail`).
 */
export function numberOfTemplate({ sqlstate, message, detail }: ErrorTemplate): number | undefined {
  const place = held.findIndex((each) =>
    each.sqlstate === sqlstate && each.message === message && each.detail === detail);
  return place < 0 ? undefined : place + 1;
}

/** The number of an error that was thrown; any other one is thrown again. */
export function numberOfError(error: unknown): number {
  const place = error instanceof FusionError
    ? held.findIndex(({ sqlstate, message }) => sqlstate === error.sqlstate && message === error.message) : -1;
  if (place < 0) throw error;
  return place + 1;
}

const raise: ScalarFunction = {
  key: "error.raise",
  procedures: [],
  doc: "An error that was held back, raised",
  resultType: ([number, ...others]) => (number?.kind === "int4" && others.length === 0 ? BOOL : undefined),
  mayFail: () => true,
  evaluate: (values) => {
    const template = held[Number(asBigint(first(values))) - 1];
    return template === undefined ? false : throwTemplate(template);
  },
  emit: (emission, operands) => {
    const { code } = emission;
    held.forEach((template, place) => {
      push(code, first(operands)).i32(place + 1).op("i32.eq");
      emission.raiseIf(template);
    });
    code.i32(0);
  },
};

export const heldErrors: readonly ScalarFunction[] = [raise];
