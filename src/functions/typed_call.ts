// Calls of registered functions, of the type the function gives for its arguments: for callers that choose a function
// by its key. What has an argument missing, or arguments the function does not take, is no call.
import { callOf } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import { functionByKey } from "./registry.js";

export function typedCall(key: string, ...given: readonly (Expression | undefined)[]): Expression | undefined {
  const present = given.filter((each) => each !== undefined);
  if (present.length < given.length) return undefined;
  const type = functionByKey(key).resultType(present.map((each) => each.type));
  return type && callOf(key, type, ...present);
}
