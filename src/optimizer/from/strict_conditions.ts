// Which FROM items a condition needs a real row of: it is not true when all columns of one are NULL, as they are for a
// row without partner. Above an outer join such a condition drops the rows the join made up, so an inner join gives the
// same, and may be ordered and filtered early. PostgreSQL reduces outer joins by the same rules.
// Counter-examples: a LEFT JOIN b ON ... WHERE coalesce(b.x, 0) = 0 keeps rows without partner, and so do b.x IS NULL,
// b.x = 1 OR a.x = 1, and b.x > ALL (an array that may be empty). Read next: from_clause.ts.
import type { AnalysedExpression } from "#frontend/analysed_expression.js";
import { isKnownStrict } from "#optimizer/expressions/safe_expressions.js";

type Ranges = ReadonlySet<number>;

const none: Ranges = new Set();

function union(all: readonly Ranges[]): Ranges {
  return new Set(all.flatMap((ranges) => [...ranges]));
}

function intersection(all: readonly Ranges[]): Ranges {
  const [first, ...more] = all;
  return new Set([...first ?? []].filter((range) => more.every((ranges) => ranges.has(range))));
}

/** Items whose NULLs make the expression NULL. */
function nullWithRanges(expression: AnalysedExpression): Ranges {
  switch (expression.kind) {
    case "variable": return expression.levelsUp === 0 ? new Set([expression.rangeIndex]) : none;
    case "relabel": case "not": return nullWithRanges(expression.argument);
    case "call":
      if (expression.returnsSet || !isKnownStrict(expression.function)) return none;
      return union(expression.arguments.map(nullWithRanges));
    // TRUE OR NULL is TRUE, FALSE AND NULL is FALSE: all of them have to be NULL.
    case "and": case "or": return intersection(expression.arguments.map(nullWithRanges));
    default: return none;
  }
}

/** Items whose NULLs keep the condition from being true. */
export function rangesNeeded(condition: AnalysedExpression): Ranges {
  switch (condition.kind) {
    case "and": return union(condition.arguments.map(rangesNeeded));
    case "or": return intersection(condition.arguments.map(rangesNeeded));
    case "nullTest":
      return condition.negated && !condition.ofRow ? nullWithRanges(condition.argument) : none;
    case "booleanTest":
      return !condition.negated && condition.test !== "unknown" ? nullWithRanges(condition.argument) : none;
    // Nothing equals any element of an empty array either.
    case "arrayComparison":
      return condition.any && isKnownStrict(condition.function) ? nullWithRanges(condition.scalar) : none;
    default: return nullWithRanges(condition);
  }
}
