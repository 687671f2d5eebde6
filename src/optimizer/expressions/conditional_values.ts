// NULLIF, IS DISTINCT FROM, GREATEST and LEAST as CASE expressions over comparisons the engine has. All their arguments
// are evaluated always, as PostgreSQL does: no branch hides one. Read next: expression_translator.ts.
import { constantOf, isNull, isPresent } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import type { SqlType } from "#frontend/analysed_expression.js";
import type { RequestFacts } from "#frontend/request_facts.js";
import { BOOL } from "#types/engine_type.js";
import { sqlTypes } from "#types/sql_types.js";
import { unifyCase } from "./alternatives.js";
import type { Translated } from "./translated.js";

/** A call of a comparison by OID, where the engine has it for these values. */
export type Compare = (functionOid: number, values: readonly Translated[]) => Translated | undefined;

/** The < of each type's default order. */
export const lessFunctions: ReadonlyMap<number, number> = new Map([
  [sqlTypes.bool, 56], [sqlTypes.int2, 64], [sqlTypes.int4, 66], [sqlTypes.int8, 469], [sqlTypes.float4, 289],
  [sqlTypes.float8, 295], [sqlTypes.numeric, 1722], [sqlTypes.date, 1087], [sqlTypes.time, 1102],
  [sqlTypes.timestamp, 2054], [sqlTypes.timestamptz, 1154], [sqlTypes.text, 740], [sqlTypes.varchar, 740],
  [sqlTypes.interval, 1164], [sqlTypes.bytea, 1949], [sqlTypes.uuid, 2954], [sqlTypes.oid, 716],
  [sqlTypes.timetz, 1354], [sqlTypes.name, 655],
]);

/** Of all enums. */
const ENUM_LESS = 3510;

/** Each further argument repeats the expression so far. */
const ARGUMENTS_MAX = 3;

/** The first value, or NULL where both are equal. */
export function nullIf(
  facts: RequestFacts, sql: SqlType, compare: Compare, equality: number, left: Translated, right: Translated,
): Translated | undefined {
  const equal = compare(equality, [left, right])?.expression;
  if (equal === undefined) return undefined;
  const nothing: Translated = { expression: constantOf(null, left.expression.type) };
  return unifyCase(facts, sql, [{ when: equal, then: nothing }], left);
}

/** Whether two values differ, NULL being a value like others. */
export function isDistinct(
  compare: Compare, equality: number, left: Translated, right: Translated,
): Translated | undefined {
  const equal = compare(equality, [left, right])?.expression;
  if (equal === undefined) return undefined;
  const expression: Expression = {
    kind: "case",
    branches: [
      { when: isNull(left.expression), then: isPresent(right.expression) },
      { when: isNull(right.expression), then: constantOf(true, BOOL) },
    ],
    otherwise: { kind: "not", argument: equal, type: BOOL },
    type: BOOL,
  };
  return { expression };
}

/** The greatest or least value that is not NULL; of equal ones the first. */
export function extreme(
  facts: RequestFacts, sql: SqlType, compare: Compare, kind: "greatest" | "least", values: readonly Translated[],
): Translated | undefined {
  const base = facts.baseType(sql.type);
  const less = facts.enumParameter(base) === undefined ? lessFunctions.get(base) : ENUM_LESS;
  const [first, ...others] = values;
  if (less === undefined || first === undefined || values.length > ARGUMENTS_MAX) return undefined;
  let best = first;
  for (const other of others) {
    const isBetter = compare(less, kind === "greatest" ? [best, other] : [other, best])?.expression;
    if (isBetter === undefined) return undefined;
    const chosen = unifyCase(facts, sql, [
      { when: isNull(best.expression), then: other },
      { when: isNull(other.expression), then: best },
      { when: isBetter, then: other },
    ], best);
    if (chosen === undefined) return undefined;
    best = chosen;
  }
  return best;
}
