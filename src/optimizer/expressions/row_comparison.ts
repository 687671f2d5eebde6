// Rows compared by < <= >= >, as PostgreSQL does (RowCompareExpr): column by column, and the first that is not equal
// decides. A NULL met before is the answer, and what stands behind the deciding column is not evaluated.
// Counter-example: (1, NULL) < (2, 3) is true, (1, NULL) < (1, 3) is NULL. = and <> come as ANDs and ORs of columns.
import { constantOf, isNull } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import type { AnalysedExpression, RowComparison } from "#frontend/analysed_expression.js";
import type { RequestFacts } from "#frontend/request_facts.js";
import { BOOL } from "#types/engine_type.js";
import { sqlTypes } from "#types/sql_types.js";
import type { Compare } from "./conditional_values.js";
import { lessFunctions } from "./conditional_values.js";
import type { Translated } from "./translated.js";

/**
 * The B-tree families whose order is their types' usual one: of bool, bytea, char(n), dates and timestamps, floats,
 * integers, intervals, numeric, oid, text, time, uuid.
 */
const usualFamilies: ReadonlySet<number> = new Set([
  424, 428, 426, 434, 1970, 1976, 1982, 1988, 1989, 1994, 1996, 2968,
]);
const ofCharacters: ReadonlySet<number> = new Set([426, 1994]);

/** Columns the engine compares, at most: each further one stands within those before it. */
const COLUMNS_MAX = 8;

const integers: ReadonlySet<number> = new Set([sqlTypes.int2, sqlTypes.int4, sqlTypes.int8]);

/** Whether no row makes the comparison itself fail. */
export function isSafeComparison({ columns }: Pick<RowComparison, "columns">): boolean {
  return columns.every(({ family, inputCollation }) =>
    usualFamilies.has(family) && (!ofCharacters.has(family) || inputCollation !== 0));
}

function lessFor(facts: RequestFacts, left: AnalysedExpression, right: AnalysedExpression): number | undefined {
  const [a, b] = [facts.baseType(left.type), facts.baseType(right.type)];
  // The engine's comparison of integers is one for all widths.
  if (a !== b && !(integers.has(a) && integers.has(b))) return undefined;
  return lessFunctions.get(a);
}

function constant(value: boolean | null): Expression {
  return constantOf(value, BOOL);
}

/** `values` are the columns' sides, translated. */
export function rowComparison(
  facts: RequestFacts, comparison: RowComparison, values: readonly (readonly [Translated, Translated])[],
  compareUnder: (collation: number) => Compare,
): Translated | undefined {
  const { columns } = comparison;
  if (!isSafeComparison(comparison) || columns.length > COLUMNS_MAX) return undefined;
  const isLess = comparison.comparison === "less" || comparison.comparison === "lessOrEqual";
  const branches: { when: Expression; then: Expression }[] = [];
  for (const [index, column] of columns.entries()) {
    const [left, right] = values[index] ?? [];
    const less = lessFor(facts, column.left, column.right);
    if (left === undefined || right === undefined || less === undefined) return undefined;
    const compare = compareUnder(column.inputCollation);
    const [below, above] = [compare(less, [left, right]), compare(less, [right, left])];
    if (below === undefined || above === undefined) return undefined;
    const sides = [left.expression, right.expression].filter((each) => each.kind !== "constant" || each.value === null);
    const unknown: Expression = { kind: "or", arguments: sides.map(isNull), type: BOOL };
    if (sides.length > 0) branches.push({ when: unknown, then: constant(null) });
    branches.push({ when: below.expression, then: constant(isLess) });
    branches.push({ when: above.expression, then: constant(!isLess) });
  }
  const otherwise = constant(comparison.comparison.endsWith("OrEqual"));
  return { expression: { kind: "case", branches, otherwise, type: BOOL } };
}
