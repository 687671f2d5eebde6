// What LIMIT and OFFSET are worth in one execution, with PostgreSQL's errors for what they may not be.
import { assert, defined } from "#base/assert.js";
import type { Expression, Scalar } from "#expr/expression.js";
import { errorTemplates, throwTemplate } from "#functions/error_templates.js";

export interface LimitRequest {
  readonly count?: Expression | undefined;
  readonly offset?: Expression | undefined;
}

const UNLIMITED = (1n << 63n) - 1n;

/** Offset before count, as PostgreSQL judges them. */
export function limitValues(
  limit: LimitRequest, parameters: ReadonlyMap<number, Scalar>,
): { readonly count: bigint; readonly offset: bigint } {
  const offset = valueOf(limit.offset, parameters) ?? 0n;
  if (offset < 0n) throwTemplate(errorTemplates.negativeOffset);
  const count = valueOf(limit.count, parameters) ?? UNLIMITED;
  if (count < 0n) throwTemplate(errorTemplates.negativeLimit);
  return { count, offset };
}

/** Undefined for NULL and for what is not there. */
function valueOf(
  expression: Expression | undefined, parameters: ReadonlyMap<number, Scalar>,
): bigint | undefined {
  if (expression === undefined) return undefined;
  assert(expression.kind === "constant" || expression.kind === "parameter", "a limit is a constant or a parameter");
  const value = expression.kind === "constant"
    ? expression.value
    : defined(parameters.get(expression.id), `parameter ${expression.id}`);
  if (value === null) return undefined;
  assert(typeof value === "bigint", "a limit is an int8");
  return value;
}
