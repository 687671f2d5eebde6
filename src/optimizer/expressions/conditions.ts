// Conditions as lists of conjuncts, in the forms the planner can place. Read next: from_clause.ts.
import type { Expression } from "#expr/expression.js";
import { columnsRead } from "#expr/traverse.js";
import type { AnalysedExpression } from "#frontend/analysed_expression.js";
import type { CanonicalTexts } from "#frontend/text_fields.js";

/** A condition as conjuncts, nested ANDs flattened and factors common to all arms of an OR taken out. */
export function conjunctsOf(condition: AnalysedExpression, texts: CanonicalTexts): readonly AnalysedExpression[] {
  if (condition.kind === "and") return condition.arguments.flatMap((each) => conjunctsOf(each, texts));
  if (condition.kind === "or") return factored(condition, texts);
  return [condition];
}

/**
 * (A AND B) OR (A AND C) is A AND (B OR C), in three-valued logic too, and PostgreSQL's planner rewrites it so. It
 * finds the join condition that Q19 of TPC-H repeats in each arm. Arms that are left without a conjunct make the OR
 * true wherever the factors are: A OR (A AND C) is A.
 */
function factored(
  condition: Extract<AnalysedExpression, { kind: "and" | "or" }>, texts: CanonicalTexts,
): readonly AnalysedExpression[] {
  const arms = condition.arguments.map((arm) => conjunctsOf(arm, texts));
  const keys = arms.map((arm) => arm.map((each) => texts.of(each.source)));
  const [first = [], ...others] = arms;
  const [firstKeys = []] = keys;
  const isCommon = (key: string): boolean => keys.every((arm) => arm.includes(key));
  const common = first.filter((_each, index) => isCommon(firstKeys[index] ?? ""));
  if (common.length === 0 || others.length === 0) return [condition];
  const rest = arms.map((arm, index) => arm.filter((_each, at) => !isCommon(keys[index]?.[at] ?? "")));
  if (rest.some((arm) => arm.length === 0)) return common;
  const remaining = rest.map((arm): AnalysedExpression => {
    const [only] = arm;
    return arm.length === 1 && only !== undefined ? only : { ...condition, kind: "and", arguments: arm };
  });
  return [...common, { ...condition, arguments: remaining }];
}

/** Whether the expression is NULL (or, as a condition, not true) whenever the column is NULL. */
export function rejectsNull(expression: Expression, column: number): boolean {
  switch (expression.kind) {
    case "column": return expression.index === column;
    // Every function of the engine is strict.
    case "call": return expression.arguments.some((each) => rejectsNull(each, column));
    case "and": return expression.arguments.some((each) => rejectsNull(each, column));
    case "or": return expression.arguments.every((each) => rejectsNull(each, column));
    default: return false;
  }
}

export interface Equality {
  readonly left: Expression;
  readonly right: Expression;
}

/** The sides of an equality of two expressions that both read columns. */
export function equalityOf(condition: Expression): Equality | undefined {
  if (condition.kind !== "call" || !condition.function.endsWith(".equal")) return undefined;
  const [left, right] = condition.arguments;
  if (left === undefined || right === undefined) return undefined;
  return columnsRead(left).size > 0 && columnsRead(right).size > 0 ? { left, right } : undefined;
}

/** Whether rows can be found by a key among the conditions. */
export function hasEquality(conditions: readonly Expression[]): boolean {
  return conditions.some((condition) => equalityOf(condition) !== undefined);
}

/** The comparisons that a comparison of rows is made of. */
export function comparisonsIn(test: Expression): readonly Expression[] {
  return test.kind === "and" ? test.arguments : [test];
}
